"""What comes after the last session: the reminder, and what became of it."""

import datetime as dt

from django.db.models import Q

from clinic.demo.planning import interviewed, planned
from clinic.demo.scene import Scene
from clinic.demo.stories import After, Story
from clinic.models import Clinic
from patients.actions import edit_patient
from patients.actions.people import FIELDS
from treatments.courses import actions as courses
from treatments.courses.models import Course
from treatments.reminders import kinds, words
from treatments.reminders.actions import Outcome
from treatments.reminders.kinds import Values
from treatments.reminders.models import Message, MessageKind, MessageState
from treatments.reminders.rules import Needless
from treatments.reminders.writing import write
from treatments.schedule.models import SessionState

REFUSED, CAME_BACK = 3, 7  # of forty, counted from the newest: the desk finds some that can be tried again
A_MONTH = dt.timedelta(days=30)
WRITTEN = ["sent_to", "sent_subject", "sent_text", "language"]
BECAME = ["state", "attempts", "sent_at", "delivered_at", "bounced_at", "maybe_twice", "why"]


def posted(at: dt.datetime) -> None:
    """What the worker would have done by now with all that was due: nearly all of it arrived. Nothing leaves the house.

    The stories were lived without a worker, so of sessions that are over nobody was reminded: within a month they were.
    """
    over = Q(state=MessageState.SUPPRESSED, session__state=SessionState.PERFORMED, due_at__gt=at - A_MONTH)
    told = Q(kind__in=[MessageKind.REMINDER, MessageKind.PRECARE]) & over
    rows = Message.objects.filter(Q(state=MessageState.DUE) | told, due_at__lt=at)
    asked_again = rows.filter(
        kind=MessageKind.RECHECK
    )  # its letter makes a link that works; they answered at the desk
    asked_again.update(state=MessageState.SUPPRESSED, why=str(words.NEEDLESS[Needless.ANSWERED]))
    messages = list(rows.select_related("patient", "staff").order_by("due_at", "pk"))
    said, clinic = _said(messages, at), Clinic.current()
    for number, message in enumerate(reversed(messages)):
        became(message, number)
        if message.pk not in said:
            message.state, message.attempts, message.sent_at = MessageState.SUPPRESSED, 0, None
            message.why = str(words.NEEDLESS[Needless.NO_RULES])
        elif message.sent_at:
            written = write(message, said[message.pk], clinic, at=message.due_at)
            message.sent_to, message.sent_subject = written.letter.to, written.letter.subject
            message.sent_text, message.language = written.kept_text, written.text.language
    Message.objects.bulk_update(messages, [*WRITTEN, *BECAME], batch_size=200)


def _said(messages: list[Message], at: dt.datetime) -> dict[int, Values]:
    """What each says, of those that are not needless. What to leave after a session is counted down: as of its hour."""
    after = [one for one in messages if one.kind == MessageKind.AFTERCARE]
    said = kinds.values([one for one in messages if one not in after], at=at)
    for one in after:
        said |= kinds.values([one], at=one.due_at)
    return said


def became(message: Message, number: int) -> None:
    """Of many letters one is refused, one comes back, one may have arrived twice."""
    left = message.due_at + dt.timedelta(seconds=20 + number % 50)
    message.state, message.attempts, message.sent_at, message.why = MessageState.SENT, 1, left, ""
    message.maybe_twice = number % 60 == 15
    if number % 40 == REFUSED:
        message.state, message.sent_at, message.why = MessageState.FAILED, None, str(words.BAD_ADDRESS)
    elif number % 40 == CAME_BACK:
        message.state, message.bounced_at = MessageState.BOUNCED, left + dt.timedelta(minutes=2)
        message.why = "The mailbox does not exist (5.1.1)."
    elif number % 3 == 0:
        message.state, message.delivered_at = MessageState.DELIVERED, left + dt.timedelta(seconds=9)


def ended(course: Course, story: Story, scene: Scene) -> None:
    """What became of the first reminder of a finished course; those that follow are still to come."""
    message = Message.objects.filter(course=course).order_by("step").first()
    desk, patient = scene.staff["desk"], course.patient
    if message is None:
        return
    if story.after is After.OPTED_OUT:
        fields = {name: getattr(patient, name) for name in FIELDS} | {"reminders": False}
        edit_patient(patient, fields=fields, version=patient.version, by=desk, at=scene.at)
    elif story.after is After.CAME_BACK:
        again(course, story, scene)
    elif story.after is not After.WAITS and message.due_at < scene.at:
        settled(message, story.after)


def again(course: Course, story: Story, scene: Scene) -> None:
    """The patient is back before the reminder: a new course is confirmed."""
    by, at = course.created_by, scene.at - dt.timedelta(days=1)
    interviewed(course.patient, story, by=by, at=at)
    row = planned(course.patient, story, by=by, at=at, scene=scene)
    courses.confirm(row, version=row.version, by=by, at=at)


def settled(message: Message, after: After) -> None:
    """Write what the worker would have written on the day. Nothing leaves the house."""
    said = write(message, Values({}), Clinic.current(), at=message.due_at)
    outcome = {
        After.SENT: Outcome(
            MessageState.SENT,
            False,
            sent_to=said.letter.to,
            sent_subject=said.letter.subject,
            sent_text=said.kept_text,
            sent_at=message.due_at + dt.timedelta(seconds=40),
        ),
        After.FAILED: Outcome(MessageState.FAILED, False, why=str(words.REFUSED % {"code": 550})),
        After.EXPIRED: Outcome(MessageState.EXPIRED, False, why=str(words.TOO_LATE)),
    }[after]
    attempts = 0 if after is After.EXPIRED else 1
    Message.objects.filter(pk=message.pk).update(attempts=attempts, **outcome.columns())
