"""A booked session is given up: its time is free again."""

import datetime as dt
from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic import events
from clinic.models import Clinic, User
from clinic.versions import ChangedMeanwhile
from patients.models import Patient
from treatments.courses.events import CourseCancelled
from treatments.courses.models import Course
from treatments.schedule.actions.common import first_come, lock_booked, lock_courses
from treatments.schedule.events import SessionCancelled
from treatments.schedule.models import Session, SessionState, Standing
from treatments.schedule.places import lock_sessions, release, told_free

CANCELLED = [
    "state",
    "cancelled_at",
    "cancelled_by",
    "cancelled_by_patient",
    "cancel_reason",
    "cancelled_late",
    "version",
]
LATE_REASON = gettext_lazy("Cancelled late by the patient.")


def is_late(session: Session, hours: int, at: dt.datetime) -> bool:
    """Would giving it up at `at` be late, where the clinic says how many hours before its start?"""
    return at >= session.starts_at - dt.timedelta(hours=hours)


def cancel_session(
    session: Session, *, reason: str, version: int, by: User | None, at: dt.datetime, by_clinic: bool = False
) -> Session:
    """Give a booked session up; its time is free again.

    `by`: who answers for it, None for the patient by their own link, who need not say why. `by_clinic`: it is not the
    patient who gives it up, and so it never counts as late. Raises ChangedMeanwhile, or ValueError without a reason.
    """
    if by is not None and not reason.strip():
        raise ValueError("a session is cancelled for a reason")

    def change() -> Session:
        lock_courses([session.course_id])
        row = lock_booked({session.pk: version})[session.pk]
        lock_sessions([row])
        row.cancelled_late = not by_clinic and is_late(row, Clinic.current().late_cancel_hours, at)
        return _cancel(row, reason=reason.strip(), by=by, at=at)

    return first_come(change, list)


def cancel_all_of(
    patient: Patient, shown: Mapping[int, int], *, reason: str, by: User, at: dt.datetime
) -> int:
    """Give up these sessions to come of a patient whose record ends, {key: version}, or none. Returns how many.

    None counts as late. Raises ChangedMeanwhile where one is not as shown, is somebody else's or has begun; SlotTaken.
    """

    def change() -> int:
        theirs = Session.objects.filter(pk__in=shown, course__patient=patient, starts_at__gt=at)
        courses = dict(theirs.values_list("pk", "course"))
        if courses.keys() != shown.keys():
            raise ChangedMeanwhile
        lock_courses(set(courses.values()))
        rows = list(lock_booked(shown).values())
        lock_sessions(rows)
        for row in rows:
            _cancel(row, reason=reason, by=by, at=at)
        return len(rows)

    return first_come(change, list)


def cancel_sessions_of(event: CourseCancelled) -> None:
    """The course was given up: so are the sessions that were still to come."""
    course = Course.objects.select_related("cancelled_by").get(pk=event.course_id)
    sessions = list(course.sessions.booked().select_for_update().order_by("pk"))
    lock_sessions(sessions)
    for session in sessions:
        _cancel(session, reason=_("The course was cancelled."), by=course.cancelled_by, at=event.at)


def _cancel(row: Session, *, reason: str, by: User | None, at: dt.datetime) -> Session:
    row.state, row.cancelled_at, row.cancelled_by, row.cancel_reason = SessionState.CANCELLED, at, by, reason
    row.cancelled_by_patient = by is None
    row.version += 1
    row.save(update_fields=CANCELLED)
    freed = release(row)
    Standing.objects.filter(session=row).delete()
    events.announce(SessionCancelled(row.pk, at))
    told_free([freed], at=at)
    return row
