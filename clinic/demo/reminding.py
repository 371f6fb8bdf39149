"""What comes after the last session: the reminder, and what became of it."""

import datetime as dt

from clinic.demo.planning import interviewed, planned
from clinic.demo.scene import Scene
from clinic.demo.stories import After, Story
from clinic.models import Clinic
from patients.actions import edit_patient
from patients.actions.people import FIELDS
from treatments.courses import actions as courses
from treatments.courses.models import Course
from treatments.reminders import words
from treatments.reminders.actions import Outcome
from treatments.reminders.kinds import Values
from treatments.reminders.models import Message, MessageState
from treatments.reminders.writing import write


def ended(course: Course, story: Story, scene: Scene) -> None:
    """What became of the reminder of a finished course."""
    message = Message.objects.filter(course=course).first()
    desk, patient = scene.staff["desk"], course.patient
    if message is None:
        return
    if story.after is After.OPTED_OUT:
        fields = {name: getattr(patient, name) for name in FIELDS} | {"reminders": False}
        edit_patient(patient, fields=fields, version=patient.version, by=desk, at=scene.at)
    elif story.after is After.CAME_BACK:
        again(course, story, scene)
    elif story.after is not After.WAITS:
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
