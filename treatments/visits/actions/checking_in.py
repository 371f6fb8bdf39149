"""A patient is checked in: asked again, screened again as of that day, and both are kept."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from clinic.models import User
from patients.actions import NobodyToAsk, Seen, submit_interview
from patients.models import Interview, Patient
from patients.rules import Answer
from treatments.courses.actions import rescreen
from treatments.courses.models import Course, CourseState
from treatments.schedule.models import Session, SessionState
from treatments.visits.asking import asking
from treatments.visits.models import CheckIn


class CheckInRefused(Exception):
    """The patient cannot be checked in now; nothing was written."""


class NotDue(CheckInRefused):
    """The session is not booked for this day."""


class NotAsked(CheckInRefused):
    """Not every question of a check-in was answered."""


class AlreadyCheckedIn(CheckInRefused):
    """Somebody else checked this patient in, on the same answers."""

    def __init__(self, check_in: CheckIn):
        super().__init__(f"session {check_in.session_id} is checked in")
        self.check_in = check_in


@transaction.atomic
def check_in(
    session: Session,
    *,
    answers: Mapping[str, Answer],
    allergies: Mapping[str, Any] | None,
    on: Seen,
    by: User,
    at: dt.datetime,
) -> CheckIn:
    """Make the next version of what the patient told us, and keep how the plan is screened with it today.

    What was asked on this day before is not asked again; with no answers at all the version that stands is kept.
    The same form twice is one check-in. Raises NobodyToAsk, NotDue, NotAsked, AlreadyCheckedIn, CannotScreen;
    InterviewMoved when `on` is no longer what stands, ValidationError when an answer cannot be.
    """
    day = timezone.localdate(at)
    patient = Patient.objects.lock(session.course.patient)
    if patient.has_ended:
        raise NobodyToAsk
    if answers or allergies is not None:
        submit_interview(patient, answers=answers, allergies=allergies, by=by, at=at, on=on)
    stands = _asked_all(patient, day)
    course = Course.objects.select_for_update(of=("self",), no_key=True).for_page().get(pk=session.course_id)
    row = Session.objects.select_for_update(of=("self",)).get(pk=session.pk)
    if not is_due(row, course, day):
        raise NotDue
    done = CheckIn.objects.that_counts(row)
    if done and done.interview_id == stands.pk:
        return _only_mine(done, by)
    screening, _cleared = rescreen(course, by=by, at=at, day=day)
    return CheckIn.objects.create(session=row, at=at, by=by, interview=stands, screening=screening)


def is_due(row: Session, course: Course, day: dt.date) -> bool:
    """Does the session take place on `day`, as far as it is booked?"""
    booked = row.state == SessionState.BOOKED and course.state == CourseState.CONFIRMED
    return booked and timezone.localdate(row.starts_at) == day


def _asked_all(patient: Patient, day: dt.date) -> Interview:
    """The version that stands, if nothing is left to ask on `day`. Raises NotAsked."""
    left = asking(patient, day=day)
    if left.needed or left.stands is None:
        raise NotAsked
    return left.stands


def _only_mine(done: CheckIn, by: User) -> CheckIn:
    if done.by_id != by.pk:
        raise AlreadyCheckedIn(done)
    return done
