"""Letters: what a message says, and handing it to the mail server.

Nothing clinical is in a letter: who is greeted, which clinic writes, how to reach it.
"""

import re
import smtplib
import uuid
from contextlib import suppress
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic.models import Clinic
from treatments.reminders import words
from treatments.reminders.models import Message, MessageKind

# The rows of an installation are told from those of another by its mail domain, see `message_id`.
NAMESPACE = uuid.UUID("5a8d9a37-a061-4d6a-80de-18c77e3a3709")
LONGEST_NAME = 80
SUBJECTS: dict[str, Promise] = {
    MessageKind.MAINTENANCE: _("A reminder from %(clinic)s"),
    MessageKind.INTERVIEW: _("Before your visit to %(clinic)s"),
    MessageKind.OFFER: _("A time is free at %(clinic)s"),
    MessageKind.OFFER_LOST: _("The time at %(clinic)s is taken"),
}


class PutOff(Exception):
    """Not now: try again later. `doubtful`: it may have arrived all the same."""

    def __init__(self, why: str | Promise, *, doubtful: bool = False):
        super().__init__(str(why))
        self.why, self.doubtful = str(why), doubtful


class Refused(Exception):
    """Never: the same message to the same address would be refused again."""

    def __init__(self, why: str | Promise):
        super().__init__(str(why))
        self.why = str(why)


def message_id(message: Message) -> str:
    """The Message-ID, the same for every attempt, so that most mailboxes collapse a repetition."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    offered = f"offer-{message.offer_id}" if message.offer_id else f"link-{message.link_id}"
    subject = message.course_id or offered
    what = f"{domain}/{message.kind}/{message.channel}/{subject}/{message.subject_version}"
    return f"<{uuid.uuid5(NAMESPACE, what)}@{domain}>"


def letter(message: Message, clinic: Clinic, *, address: str = "") -> EmailMultiAlternatives:
    """The letter that says `message` to its patient. `address`: where their personal link leads, if it has one."""
    name = one_line(clinic.name)
    greet = one_line(message.patient.called or message.patient.name)
    context = {
        "greet": greet,
        "clinic": clinic,
        "address": address,
        "link": message.link,
        "offer": message.offer,
    }
    built = EmailMultiAlternatives(
        subject=SUBJECTS[message.kind] % {"clinic": name},
        body=render_to_string(f"reminders/mail/{message.kind}.txt", context),
        from_email=formataddr((name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[message.patient.email],
        reply_to=[clinic.email] if clinic.email else None,
        headers={"Message-ID": message.message_id, "Auto-Submitted": "auto-generated"},
    )
    built.attach_alternative(render_to_string(f"reminders/mail/{message.kind}.html", context), "text/html")
    return built


def one_line(text: str) -> str:
    """`text` without line breaks and control characters, fit for a header."""
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029\s]+", " ", text).strip()[:LONGEST_NAME]


def post(letter: EmailMultiAlternatives) -> None:
    """Hand the letter over. Raises PutOff or Refused; what else it raises is a fault of the program."""
    connection = get_connection()
    try:
        _connect(connection)
        _hand_over(connection, letter)
    finally:
        with suppress(OSError):  # what the server says to our good-bye changes nothing
            connection.close()


def _connect(connection) -> None:
    try:
        connection.open()
    except (
        OSError
    ) as error:  # smtplib's errors are OSErrors too; a wrong password is ours to repair, not the letter's
        raise PutOff(words.UNREACHABLE) from error


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
