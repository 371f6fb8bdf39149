"""What the calendar shows on the pages of a patient and of a course: the sessions, and what to book next."""

import datetime as dt
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone

from clinic.roles import BOOKING
from patients.models import Patient
from patients.panels import Panel
from treatments.courses.booked import Booked
from treatments.courses.models import Course
from treatments.schedule.aftermath import Broken
from treatments.schedule.models import Session
from treatments.schedule.querysets import courses_to_book
from treatments.schedule.steps import next_steps


@dataclass(frozen=True, slots=True)
class ToBook:
    """A confirmed course of which sessions are missing."""

    course: Course
    missing: int


def sessions_of(request: HttpRequest, patient: Patient) -> dict:
    """The patient's sessions, the next one first, and the courses to book. Two SQL queries."""
    user, day = request.user, timezone.localdate()
    sessions = list(Session.objects.visible_to(user).of_patient(patient))
    courses = courses_to_book(user).filter(patient=patient, state="confirmed").select_related("goal")
    steps = next_steps(user, sessions)  # type: ignore[arg-type]
    return {
        "patient": patient,
        "sessions": [(session, steps.get(session.pk)) for session in next_first(sessions, day)],
        "to_book": [] if patient.has_ended else to_book(list(courses), sessions),
        "broken": broken(sessions).said,
        "to_come": {
            session.course_id: session.course for session in sessions if session.state == "booked"
        }.values(),
        "clinical": user.is_clinical,  # type: ignore[union-attr]
    }


def next_first(sessions: list[Session], day: dt.date) -> list[Session]:
    """`sessions`, given the latest first: the booked ones from `day` on by time, then what was, the latest first."""
    to_come = [s for s in sessions if s.state == "booked" and timezone.localdate(s.starts_at) >= day]
    return to_come[::-1] + [s for s in sessions if s not in to_come]


def broken(sessions: list[Session]) -> Broken:
    """How often this patient did not come, or cancelled late."""
    return Broken(
        missed=sum(session.state == "missed" for session in sessions),
        late=sum(session.cancelled_late for session in sessions),
    )


def to_book(courses: list[Course], sessions: list[Session]) -> list[ToBook]:
    """The courses of which sessions are missing, with how many."""
    standing = [session.course_id for session in sessions if session.state in ("booked", "performed")]
    counted = [ToBook(course, course.sessions_planned - standing.count(course.pk)) for course in courses]
    return [one for one in counted if one.missing > 0]


def booked_of(course: Course) -> Booked:
    """How `course` is booked today. One SQL query."""
    sessions = list(Session.objects.filter(course=course).standing().with_held())
    today = timezone.localdate()
    coming = [one for one in sessions if one.state == "booked" and timezone.localdate(one.starts_at) >= today]
    return Booked(
        missing=max(0, course.sessions_planned - len(sessions)),
        to_come=len(coming),
        held=sum(one.held for one in coming),
    )


PANEL = Panel("sessions", 20, BOOKING, "schedule/_panel.html", sessions_of)
