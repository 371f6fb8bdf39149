"""E-mail: through a mail server on one connection for many letters, or through whatever backend Django was given."""

import re
import smtplib
from contextlib import suppress
from dataclasses import replace
from email.utils import formataddr, parseaddr
from functools import lru_cache
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address

from treatments.reminders import words
from treatments.reminders.channels import mime
from treatments.reminders.channels.lines import Letter, Line, NoSuchAddress, PutOff, Refused, Unreachable
from treatments.reminders.channels.providers import ProviderLine

LONGEST_NAME = 80
PLAIN = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
# RFC 5321: no such mailbox, not of ours, not a name. Enhanced codes (RFC 3463) tell these from somebody's policy.
NO_SUCH_MAILBOX, ABOUT_THE_MAILBOX = {550, 551, 553}, re.compile(rb"5\.(1\.\d|2\.1)\b")
ENHANCED = re.compile(rb"5\.\d{1,3}\.\d")
CLOSING_DOWN = 421  # whatever it is said to, it is about the connection


def email_line() -> Line:
    """A line of the backend that the settings name. Raises Unreachable for one that is not there, or lacks a key."""
    try:
        backend = get_connection()
    except (ImportError, ImproperlyConfigured) as error:
        raise Unreachable(words.NOT_SET_UP) from error
    return SmtpLine(backend) if isinstance(backend, EmailBackend) else ProviderLine(backend, built)


def one_line(text: str) -> str:
    """`text` without line breaks and control characters, fit for a header."""
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029\s]+", " ", text).strip()[:LONGEST_NAME]


def sender(letter: Letter) -> str:
    """The clinic's name and address."""
    return _named(one_line(letter.sender), settings.DEFAULT_FROM_EMAIL)


@lru_cache(maxsize=8)
def _named(name: str, address: str) -> str:
    return formataddr((name, parseaddr(address)[1]))


def headers(letter: Letter) -> dict[str, str]:
    """What is said besides sender, recipient and subject. `Auto-Submitted`: no answering machine answers it."""
    return {"Message-ID": letter.message_id, "Auto-Submitted": "auto-generated", **letter.headers}


def built(letter: Letter) -> EmailMultiAlternatives:
    """The letter as Django and providers send it."""
    mail = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        from_email=sender(letter),
        to=[letter.to],
        reply_to=[letter.reply_to] if letter.reply_to else None,
        headers=headers(letter),
    )
    if letter.html:
        mail.attach_alternative(letter.html, "text/html")
    for file in letter.attachments:
        mail.attach(file.name, file.content, file.mimetype)
    return mail


def content(letter: Letter) -> bytes:
    """The letter as it goes over the wire. Raises ValueError for what cannot be written into a header."""
    reply_to = _address(letter.reply_to) if letter.reply_to else ""
    named = {"From": sender(letter), "Reply-To": reply_to, **headers(letter)}
    return mime.content(replace(letter, to=_address(letter.to)), named)


class SmtpLine:
    """One connection to the mail server."""

    def __init__(self, backend: EmailBackend) -> None:
        self.backend = backend
        self.server: Any = None  # an smtplib.SMTP once it is open

    def open(self) -> None:
        try:
            self.backend.open()
            self.server = self.backend.connection
            self.server.ehlo_or_helo_if_needed()
        except smtplib.SMTPResponseException as said:  # a wrong password is ours to repair, not the letter's
            self.close()
            raise Unreachable(words.NOT_LET_IN % {"code": said.smtp_code}) from said
        except OSError as error:
            self.close()
            raise Unreachable(words.UNREACHABLE) from error

    def send(self, letter: Letter) -> str:
        try:
            written = content(letter)
            own, to = _address(settings.DEFAULT_FROM_EMAIL), _address(letter.to)
        except ValueError as error:
            raise Refused(words.BAD_ADDRESS) from error
        hand_over(self.server, own, to, written)
        return ""

    def close(self) -> None:
        with suppress(OSError):  # what the server says to our good-bye changes nothing
            self.backend.close()


def _address(one: str) -> str:
    """The bare address in ASCII. Raises ValueError for what is none. Most are plain: reading them takes long."""
    return one if PLAIN.fullmatch(one) else parseaddr(sanitize_address(one, settings.DEFAULT_CHARSET))[1]


def hand_over(server: smtplib.SMTP, sender: str, to: str, content: bytes) -> None:
    """One letter on an open connection, which stays fit for the next unless the answer was about everything."""
    try:
        _converse(server, sender, to, content)
    except (PutOff, Refused) as answer:
        if not getattr(answer, "everything", False):
            with suppress(OSError):  # if it breaks now, the next letter finds out
                server.rset()
        raise


def _converse(server: smtplib.SMTP, sender: str, to: str, content: bytes) -> None:
    """Sender, recipient, content. Only if the content was under way and no answer came, it may have arrived."""
    under_way = False
    try:
        _heed(server.mail(sender), about_us=True)
        _heed_recipient(server.rcpt(to))
        under_way = True
        _heed(server.data(content))
    except smtplib.SMTPDataError as said:  # to the word DATA, before any content
        raise _answered(said.smtp_code) from said
    except OSError as error:
        raise PutOff(words.BROKEN_OFF, doubtful=under_way, everything=True) from error
    except SoftTimeLimitExceeded as error:
        server.close()  # without a good-bye: whoever does not answer would not answer that either
        raise PutOff(words.BROKEN_OFF, doubtful=under_way, everything=True) from error


def _heed(reply: tuple[int, bytes], *, about_us: bool = False) -> None:
    code, _said = reply
    if code >= 400:
        raise _answered(code, about_us=about_us)


def _heed_recipient(reply: tuple[int, bytes]) -> None:
    code, said = reply
    if code in NO_SUCH_MAILBOX and (ABOUT_THE_MAILBOX.match(said) or not ENHANCED.match(said)):
        raise NoSuchAddress(words.NO_SUCH_MAILBOX % {"code": code})
    _heed(reply)


def _answered(code: int, *, about_us: bool = False) -> PutOff | Refused:
    """What a reply code means: 5xx about recipient or content is final, about the sender ours to repair."""
    if code >= 500 and not about_us:
        return Refused(words.REFUSED % {"code": code})
    return PutOff(words.PUT_OFF % {"code": code}, everything=about_us or code == CLOSING_DOWN)
