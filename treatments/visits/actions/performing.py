"""A session is performed: recorded once, never changed; after the last one the course is finished."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from clinic import events
from clinic.models import User
from contraindications.clearance import Clearance
from contraindications.models import Screening
from contraindications.screening import CannotScreen
from patients.models import Patient, Report
from treatments.courses.actions import finish, rescreen
from treatments.courses.models import Course, CourseState
from treatments.courses.plans import cocktail_of
from treatments.schedule.models import Session, SessionState, Standing
from treatments.visits import rules
from treatments.visits.events import SessionPerformed
from treatments.visits.models import CheckIn, Visit


class NotPerformable(Exception):
    """The session cannot be performed now; `why` says which rule refuses. Nothing was written."""

    def __init__(self, why: rules.Refusal):
        super().__init__(why)
        self.why = why


class AlreadyPerformed(Exception):
    """Somebody recorded this session before; `visit` is that record."""

    def __init__(self, visit: Visit):
        super().__init__(f"session {visit.session_id} is performed")
        self.visit = visit


@transaction.atomic
def perform(session: Session, *, note: str, by: User, at: dt.datetime) -> Visit:
    """Record that the session took place, on a screening for its day: the facts that were known on that day.

    Made up for later, `performed_at` is the end of the session as booked and `recorded_at` the moment of the record.
    Raises AlreadyPerformed or NotPerformable. The session after which none of the plan is left finishes the course.
    """
    Patient.objects.lock(
        session.course.patient
    )  # nothing new is said while it is decided whether this may be
    course = Course.objects.select_for_update(of=("self",)).for_page().get(pk=session.course_id)
    row = Session.objects.select_for_update(of=("self",)).get(pk=session.pk)
    done = Visit.objects.select_related("performed_by").filter(session=row).first()
    if done:
        raise AlreadyPerformed(done)
    session_day = timezone.localdate(row.starts_at)
    late = session_day < timezone.localdate(at)
    screening, cleared = _screened(course, session_day, by=by, at=at)
    why = refusal(row, course, cleared, by=by, day=timezone.localdate(at))
    if why or screening is None:
        raise NotPerformable(why or rules.Refusal.NOT_CLEARED)
    visit = Visit.objects.create(
        session=row,
        performed_at=row.ends_at if late else at,
        performed_by=by,
        cooperating_doctor=None if by.is_doctor else by.cooperating_doctor,
        cocktail=cocktail_of(course),
        screening=screening,
        check_in=CheckIn.objects.that_counts(row),
        note=note.strip(),
        recorded_at=at,
    )
    row.state, row.version = SessionState.PERFORMED, row.version + 1
    row.save(update_fields=["state", "version"])
    Standing.objects.filter(session=row).delete()
    events.announce(SessionPerformed(row.pk, at))
    if course.sessions.filter(state=SessionState.PERFORMED).count() >= course.sessions_planned:
        finish(course, at=visit.performed_at)
    return visit


def refusal(
    row: Session, course: Course, cleared: Clearance | None, *, by: User, day: dt.date
) -> rules.Refusal | None:
    """Why this person cannot perform the session on `day`, or None. Three SQL queries."""
    return rules.refusal(
        booked=row.state == SessionState.BOOKED and course.state == CourseState.CONFIRMED,
        session_day=timezone.localdate(row.starts_at),
        day=day,
        may_treat=User.objects.who_may_treat().filter(pk=by.pk).exists(),
        unconfirmed=Report.objects.unsettled().filter(patient=course.patient_id).exists(),
        checked_in=row.pk in CheckIn.objects.checked_in([row]),
        performable=cleared is not None and cleared.performable_by(by.pk),
    )


def _screened(
    course: Course, day: dt.date, *, by: User, at: dt.datetime
) -> tuple[Screening, Clearance] | tuple[None, None]:
    try:
        return rescreen(course, by=by, at=at, day=day)
    except CannotScreen:
        return None, None
