"""What no log may hold: the secrets that stand in addresses."""

import logging
import re

from gunicorn.glogging import Logger

# Whoever has such an address is let in: a patient by a personal link, whoever is choosing a new password, a calendar.
SECRETS = re.compile(
    r"(/interview/with/|/offer/|/my/with/|/my/unsubscribe/|/password/reset/key/|/feeds/)[^\s/?\"'>]+"
)


def redacted(text: str) -> str:
    """`text` with the secret part of addresses taken out.

    >>> redacted("Not Found: /interview/with/abc/")
    'Not Found: /interview/with/[secret]/'
    """
    return SECRETS.sub(r"\1[secret]", text)


class WithoutSecrets(logging.Formatter):
    """Writes a line as it would be, traceback included, without what stands in addresses."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


class WebServerLogger(Logger):
    """gunicorn's own log, and its log of requests for whoever switches that on."""

    def setup(self, cfg) -> None:
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                told = handler.formatter
                handler.setFormatter(WithoutSecrets(told._fmt, told.datefmt) if told else WithoutSecrets())
