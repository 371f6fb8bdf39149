"""E-mail, through whatever mail backend Django has been given."""

import re
import smtplib
from contextlib import suppress
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from treatments.reminders import words
from treatments.reminders.channels.lines import Letter, PutOff, Refused

LONGEST_NAME = 80


def one_line(text: str) -> str:
    """`text` without line breaks and control characters, fit for a header."""
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029\s]+", " ", text).strip()[:LONGEST_NAME]


def built(letter: Letter) -> EmailMultiAlternatives:
    """The letter as Django sends it."""
    mail = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        from_email=formataddr((one_line(letter.sender), parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[letter.to],
        reply_to=[letter.reply_to] if letter.reply_to else None,
        headers={"Message-ID": letter.message_id, "Auto-Submitted": "auto-generated", **letter.headers},
    )
    if letter.html:
        mail.attach_alternative(letter.html, "text/html")
    for file in letter.attachments:
        mail.attach(file.name, file.content, file.mimetype)
    return mail


class EmailLine:
    """One connection to the mail server."""

    def __init__(self) -> None:
        self.connection = get_connection()

    def open(self) -> None:
        try:
            self.connection.open()
        except (
            OSError
        ) as error:  # smtplib's are OSErrors too; a wrong password is ours to repair, not the letter's
            raise PutOff(words.UNREACHABLE) from error

    def send(self, letter: Letter) -> str:
        _hand_over(self.connection, built(letter))
        return ""

    def close(self) -> None:
        with suppress(OSError):  # what the server says to our good-bye changes nothing
            self.connection.close()


def _hand_over(connection, letter: EmailMultiAlternatives) -> None:
    try:
        connection.send_messages([letter])
    except smtplib.SMTPRecipientsRefused as refused:
        raise _answered(max(code for code, _said in refused.recipients.values()), final=True) from refused
    except smtplib.SMTPResponseException as said:
        raise _answered(said.smtp_code, final=isinstance(said, smtplib.SMTPDataError)) from said
    except OSError as error:
        raise PutOff(words.BROKEN_OFF, doubtful=True) from error
    except ValueError as error:
        raise Refused(words.BAD_ADDRESS) from error


def _answered(code: int, *, final: bool) -> PutOff | Refused:
    """What a reply code means: 5xx about recipient or content is final; about anything else a setting is wrong."""
    if final and code >= 500:
        return Refused(words.REFUSED % {"code": code})
    return PutOff(words.PUT_OFF % {"code": code})
