"""Courses that end and the reminders that follow, for tests."""

import datetime as dt
from itertools import count

from django.db import transaction

from clinic import events
from clinic.models import Room, User
from conftest import NOW
from contraindications.models import RuleSet, Screening
from patients.models import Patient
from patients.tests import factories as patients
from treatments.catalogue.models import Area, Goal, Protocol, Technique
from treatments.courses import actions as courses
from treatments.courses.models import Course
from treatments.reminders.models import Heartbeat, Message
from treatments.schedule.models import Session

_numbers = count(1)


def someone(by: User, **fields) -> Patient:
    """A patient with an e-mail address."""
    return patients.patient(by=by, **{"email": f"ana{next(_numbers)}@mail.example", **fields})


def confirmed_course(patient: Patient, *, by: User, at: dt.datetime = NOW, **fields) -> Course:
    """A confirmed course, straight into the table: how it came about is not what is tested here."""
    screening = Screening.objects.create(
        patient=patient,
        rule_set=RuleSet.objects.first(),
        as_of=at.date(),
        facts={},
        plan={},
        result={},
        verdict="clear",
        digest="0" * 64,
        at=at,
        by=by,
    )
    values = {
        "goal": Goal.objects.first(),
        "area": Area.objects.first(),
        "technique": Technique.objects.first(),
        "protocol": Protocol.objects.first(),
        "sessions_planned": 1,
        "interval_min": 7,
        "interval_target": 14,
        "interval_max": 21,
        "session_minutes": 45,
        "screening": screening,
        "state": "confirmed",
        "confirmed_at": at,
        "confirmed_by": by,
        "created_at": at,
        "created_by": by,
        **fields,
    }
    return Course.objects.create(patient=patient, **values)


def finished_course(patient: Patient, *, by: User, at: dt.datetime = NOW, **fields) -> Course:
    """A course whose last session was performed at `at`."""
    course = confirmed_course(patient, by=by, at=at - dt.timedelta(days=60), **fields)
    courses.finish(course, at=at)
    course.refresh_from_db()
    return course


def reminder(by: User, *, at: dt.datetime = NOW, patient: Patient | None = None, **fields) -> Message:
    """The first of the recalls that a finished course left, alone; `fields` are written over it."""
    course = finished_course(patient or someone(by), by=by, at=at)
    Message.objects.filter(course=course, step__gt=1).delete()
    Message.objects.filter(course=course).update(**fields)
    return Message.objects.get(course=course)


def booked_session(course: Course, starts_at: dt.datetime, *, by: User) -> Session:
    """A booked session without reservations."""
    return Session.objects.create(
        course=course,
        number=next(_numbers),
        practitioner=by,
        room=Room.objects.get_or_create(name="Room of the reminders")[0],
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(minutes=45),
        booked_at=starts_at - dt.timedelta(days=7),
        booked_by=by,
    )


@transaction.atomic
def announce(event) -> None:
    events.announce(event)


def ticked(at: dt.datetime) -> None:
    """The tick left word then."""
    Heartbeat.objects.update_or_create(pk=1, defaults={"ticked_at": at})
