"""A clinic with rooms and hours, and courses to book, for tests."""

import datetime as dt
import uuid

from clinic.models import Room, WorkingHours
from conftest import NOW
from patients.tests.factories import clear_interview
from patients.tests.factories import patient as new_patient
from treatments.catalogue.models import Area, Goal, Ingredient, Technique
from treatments.courses import actions as courses
from treatments.courses.models import Course
from treatments.schedule import actions, rules
from treatments.schedule.rules import Slot


def room(name="Room 1", **fields) -> Room:
    return Room.objects.create(name=name, **fields)


def working_hours(practitioner, *, weekdays=range(1, 6), starts=dt.time(8), ends=dt.time(18)) -> None:
    """At work on these ISO weekdays."""
    WorkingHours.objects.bulk_create(
        WorkingHours(practitioner=practitioner, weekday=day, starts=starts, ends=ends) for day in weekdays
    )


def confirmed_course(*, by, at=NOW, patient=None, sessions=5, cream=True, minutes=75, **fields):
    """A course of hyaluronic acid for the face, screened clear and confirmed, through the actions."""
    if patient is None:
        patient = new_patient(by=by)
    if not patient.interviews.submitted().exists():
        clear_interview(patient, by, at)
    values = {
        "goal": Goal.objects.get(code="wrinkles"),
        "area": Area.objects.get(code="face"),
        "technique": Technique.objects.get(code="needle_syringe"),
        "sessions_planned": sessions,
        "interval_min": 14,
        "interval_target": 21,
        "interval_max": 35,
        "session_minutes": minutes,
        "created_at": at,
        "created_by": by,
        **fields,
    }
    course = Course.objects.create(patient=patient, **values)
    course.ingredients.set(Ingredient.objects.filter(code="hyaluronic_acid"))
    course.procedure_substances.set(Ingredient.objects.filter(code="anaesthetic_cream") if cream else [])
    return courses.confirm(course, version=course.version, by=by, at=at)


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
