"""A session is performed: recorded once, never changed; after the last one the course is finished."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from clinic import events
from clinic.models import User
from contraindications.actions import store_screening
from contraindications.clearance import Clearance, clearance
from contraindications.models import Decision, Screening
from contraindications.screening import CannotScreen, Evaluation, evaluate
from patients.models import Patient, Report
from treatments.courses.actions import finish, rescreen
from treatments.courses.models import Course, CourseState
from treatments.courses.plans import cocktail_of, plan_of
from treatments.schedule.models import Session, SessionState, Standing
from treatments.schedule.rules import wall
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
    """Record that the session took place, on a screening for its day.

    Made up for later, it is screened on what had been told by the end of that day, whatever was said since;
    `performed_at` is then the end of the session as booked and `recorded_at` the moment of the record.
    Raises AlreadyPerformed or NotPerformable. The session after which none of the plan is left finishes the course.
    """
    Patient.objects.lock(
        session.course.patient
    )  # nothing new is said while it is decided whether this may be
    course = Course.objects.select_for_update(of=("self",), no_key=True).for_page().get(pk=session.course_id)
    row = Session.objects.select_for_update(of=("self",)).get(pk=session.pk)
    done = Visit.objects.select_related("performed_by").filter(session=row).first()
    if done:
        raise AlreadyPerformed(done)
    late = timezone.localdate(row.starts_at) < timezone.localdate(at)
    screening, cleared = (_screened_as_it_stood if late else _screened)(course, row, by=by, at=at)
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
        ended=course.patient.ended_before(timezone.localdate(row.starts_at)),
        session_day=timezone.localdate(row.starts_at),
        day=day,
        may_treat=User.objects.who_may_treat().filter(pk=by.pk).exists(),
        unconfirmed=Report.objects.pending(course.patient, before=told_before(row, day)) is not None,
        checked_in=row.pk in CheckIn.objects.checked_in([row]),
        performable=cleared is not None and cleared.performable_by(by.pk),
    )


def told_before(row: Session, day: dt.date) -> dt.datetime | None:
    """The end of the session's day, where that is over on `day`: what was told since then is not about it."""
    session_day = timezone.localdate(row.starts_at)
    if session_day >= day:
        return None
    return wall(session_day + dt.timedelta(days=1), dt.time.min, timezone.get_default_timezone())


def judged(course: Course, row: Session, *, day: dt.date) -> tuple[Evaluation, Clearance]:
    """The verdict for the day of the session, or `day` if that is sooner, and what may happen. Raises CannotScreen."""
    as_of, before = min(day, timezone.localdate(row.starts_at)), told_before(row, day)
    evaluation = evaluate(course.patient, plan_of(course), day=as_of, before=before)
    return evaluation, clearance(evaluation, Decision.objects.of(course.patient))


Screened = tuple[Screening, Clearance] | tuple[None, None]


def _screened(course: Course, row: Session, *, by: User, at: dt.datetime) -> Screened:
    try:
        return rescreen(course, by=by, at=at, day=timezone.localdate(row.starts_at))
    except CannotScreen:
        return None, None


def _screened_as_it_stood(course: Course, row: Session, *, by: User, at: dt.datetime) -> Screened:
    """The verdict of that day is kept beside today's: the course goes on standing on today's."""
    try:
        evaluation, cleared = judged(course, row, day=timezone.localdate(at))
    except CannotScreen:
        return None, None
    return store_screening(evaluation, patient=course.patient, by=by, at=at), cleared
