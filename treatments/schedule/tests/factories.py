"""A clinic with rooms and hours, and courses to book, for tests."""

import datetime as dt
import uuid

from clinic.models import Clinic, NursesWith, Room, WorkingHours
from conftest import NOW
from treatments.courses.tests.factories import course
from treatments.schedule import actions, rules
from treatments.schedule.rules import Slot


def room(name="Room 1", **fields) -> Room:
    return Room.objects.create(name=name, **fields)


def working_hours(practitioner, *, weekdays=range(1, 6), starts=dt.time(8), ends=dt.time(18)) -> None:
    """At work on these ISO weekdays."""
    WorkingHours.objects.bulk_create(
        WorkingHours(practitioner=practitioner, weekday=day, starts=starts, ends=ends) for day in weekdays
    )


def nurses_alone() -> None:
    """The clinic asks for no doctor to be at work while nurses treat."""
    Clinic.objects.update_or_create(pk=1, defaults={"nurses_with_doctor": NursesWith.NEVER})


def confirmed_course(*, by, at=NOW, patient=None, sessions=5):
    """A confirmed course for the face with anaesthetic cream, 75 minutes a session, every 14 to 35 days."""
    return course(
        by=by, at=at, patient=patient, sessions=sessions, procedure_substances=["anaesthetic_cream"]
    )


def slots(course, room, *, first=None, hour=10, every=21) -> list[Slot]:
    """A slot for every session of the course, one every so many days at the same hour, from the day after NOW."""
    day = first or NOW.date() + dt.timedelta(days=1)
    return [
        Slot(
            number,
            rules.wall(day + dt.timedelta(days=every * (number - 1)), dt.time(hour), NOW.tzinfo),
            room.pk,
        )
        for number in range(1, course.sessions_planned + 1)
    ]


def booked(course, room, *, practitioner, at=NOW, **when):
    """The sessions of the course, booked through the action."""
    return actions.book_course(
        course,
        slots(course, room, **when),
        practitioner=practitioner,
        by=practitioner,
        at=at,
        key=uuid.uuid4(),
    )


def waiting(course, number=1, *, by, at=NOW, **wishes):
    """On the waiting list, with no wish but these."""
    nothing = {
        "practitioner": None,
        "room": None,
        "weekdays": [],
        "not_before": None,
        "over_by": None,
        "latest": None,
    }
    said = {**nothing, "earliest": NOW.date(), **wishes}
    return actions.put_on_list(course, number, said, by=by, at=at)
