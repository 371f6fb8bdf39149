"""Letters with personal links, and the phones on which they are opened, for tests."""

from itertools import count

from django.test import Client
from django.urls import reverse

from conftest import NOW
from patients.models import Patient
from treatments.reminders import links
from treatments.reminders.models import LinkPurpose, LinkToken, Message

_steps = count(100)  # no promise of the house's own is of such a step


def letter(patient: Patient, kind="reminder", *, at=NOW, **about) -> Message:
    """A message that was sent, straight into the table: how it came about is not what is tested here."""
    sent = {"due_at": at, "try_at": at, "not_after": at, "created_at": at, "sent_at": at, "state": "sent"}
    where = {"sent_to": patient.email, "channel": "email"}
    fields = {**sent, **where, "subject_version": 1, "message_id": "<m@clinic.example>", **about}
    return Message.objects.create(kind=kind, patient=patient, step=next(_steps), **fields)


def of_session(session, *, at=NOW, **fields) -> Message:
    """The reminder of a session."""
    return letter(session.course.patient, session=session, at=at, **fields)


def of_course(course, sessions, kind="booked", *, at=NOW) -> Message:
    """A letter that tells of several sessions."""
    return letter(course.patient, kind, course=course, about=[one.pk for one in sessions], at=at)


def token(message: Message, purpose=LinkPurpose.SESSION, *, at=NOW, until=None) -> str:
    """The secret in the letter."""
    return links.mint(message, purpose, until=until, at=at)


class Phone:
    """A patient's phone on which the link of a letter is open."""

    def __init__(self, message: Message, purpose=LinkPurpose.SESSION, *, at=NOW, **options):
        self.browser = Client(**options)
        self.browser.get(reverse("messages:enter", args=[token(message, purpose, at=at)]))
        self.link = LinkToken.objects.latest("pk")

    def url(self, name="here", *args) -> str:
        return reverse(f"messages:{name}", args=[self.link.pk, *args])

    def get(self, name="here", *args, **data):
        return self.browser.get(self.url(name, *args), data)

    def post(self, name, *args, **data):
        return self.browser.post(self.url(name, *args), data)

    def page(self, name="here", *args) -> str:
        return self.get(name, *args).content.decode()
