"""Changes to courses: save a plan, confirm it, screen it again, finish or cancel it."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic import events
from clinic.models import User
from clinic.versions import ChangedMeanwhile
from contraindications.clearance import Clearance
from contraindications.models import Screening
from contraindications.screening import CANNOT_SCREEN, CannotScreen
from patients.models import Patient
from treatments.courses import locks
from treatments.courses.events import CourseCancelled, CourseConfirmed, CourseFinished
from treatments.courses.models import Cause, Course, CourseState
from treatments.courses.picked import Picked
from treatments.courses.rescreening import screen_now
from treatments.courses.run import Run

ENDED = gettext_lazy("This record has ended: nothing is planned by it any more.")


class AlreadySaved(Exception):
    """This form saved a plan before, with other choices (a page brought back by the browser). Nothing was written."""


class NotConfirmable(Exception):
    """The plan cannot be confirmed as it stands; the message says why, in words for clinical staff."""


@transaction.atomic
def create_plan(
    patient: Patient, picked: Picked, run: Run, *, key: UUID, by: User, at: dt.datetime
) -> Course:
    """Save a new plan and screen it. The same `key` again (a form posted twice) gives the course saved first.

    Raises AlreadySaved if that one holds other choices, ValidationError where a fact of the table would not hold,
    CannotScreen where no verdict can be given.
    """
    locks.planning()
    with connection.cursor() as cursor:  # the second of two posts waits for the first
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(key)])
    patient = _lock(patient)
    saved = Course.objects.filter(key=key, patient=patient).first()
    if saved is not None:
        if not _holds(saved, picked, run):
            raise AlreadySaved
        return saved
    _refuse_ended(patient)
    course = Course(patient=patient, key=key, created_at=at, created_by=by, **_columns(picked, run))
    course.full_clean()
    course.save()
    _fill_cocktail(course, picked)
    rescreen(course, by=by, at=at)
    return course


@transaction.atomic
def change_plan(
    course: Course, picked: Picked, run: Run, *, version: int, by: User, at: dt.datetime
) -> Course:
    """Save other choices for a plan that is not confirmed, and screen it again.

    Raises ChangedMeanwhile if it is no longer the plan that was opened, ValidationError as in `create_plan`.
    """
    locks.planning()
    course = _still(course, version, CourseState.PLANNED)
    _refuse_ended(course.patient)
    for name, value in _columns(picked, run).items():
        setattr(course, name, value)
    course.version = version + 1
    course.full_clean()
    course.save()
    _fill_cocktail(course, picked)
    rescreen(course, by=by, at=at)
    return course


@transaction.atomic
def change_cocktail(
    course: Course, picked: Picked, run: Run, *, version: int, by: User, at: dt.datetime
) -> Course:
    """Use something else, or used otherwise, in a course under way: a substance left out after a new allergy.

    Its sessions to come are screened again with it. Goal, area, technique and number of sessions stay; so does how long
    a session takes, for which time is reserved. Raises ChangedMeanwhile; ValidationError for any of these, and as in
    `create_plan`; NotConfirmable unless the plan could be confirmed as it would be. Then nothing is written.
    """
    locks.planning()
    course = _still(course, version, CourseState.CONFIRMED)
    _refuse_ended(course.patient)
    _refuse_another_course(course, picked, run)
    columns = _columns(picked, run)
    for name in ("injection_method", "injection_depth", "parameters", "composition_reason"):
        setattr(course, name, columns[name])
    course.version = version + 1
    course.full_clean()
    course.save()
    _fill_cocktail(course, picked)
    _refuse_unless_confirmable(course, by=by, at=at, cause=Cause.PLAN)
    return course


def _refuse_another_course(course: Course, picked: Picked, run: Run) -> None:
    same = (course.goal, course.area, course.technique, course.sessions_planned)
    if same != (picked.goal, picked.area, picked.technique, run.sessions):
        raise ValidationError(
            _(
                "Goal, area, technique and number of sessions stay in a course under way: cancel it and plan anew."
            )
        )
    if course.session_minutes != run.minutes:
        raise ValidationError(
            _(
                "With this a session takes %(now)s minutes instead of %(before)s, and time is reserved for these."
            )
            % {"now": run.minutes, "before": course.session_minutes}
        )


@transaction.atomic
def confirm(course: Course, *, version: int, by: User, at: dt.datetime) -> Course:
    """Make the plan a course that can be booked, on a screening of that day.

    Raises ChangedMeanwhile; NotConfirmable when the verdict, together with what people decided about its findings,
    does not let it pass (screening.md section 5), or the reason for more than three actives is missing (section 6).
    """
    course = _still(course, version, CourseState.PLANNED)
    if course.patient.has_ended:
        raise NotConfirmable(ENDED)
    _refuse_unless_confirmable(course, by=by, at=at)
    course.state, course.confirmed_at, course.confirmed_by = CourseState.CONFIRMED, at, by
    course.maintains, course.version = Course.objects.maintained_by(course), version + 1
    course.save(update_fields=["state", "confirmed_at", "confirmed_by", "maintains", "version"])
    events.announce(CourseConfirmed(course.pk, at))
    return course


@transaction.atomic
def cancel(course: Course, *, version: int, by: User, at: dt.datetime) -> Course:
    """Give the course up. Raises ChangedMeanwhile if it has changed, is finished or was cancelled before."""
    course = _still(course, version, CourseState.PLANNED, CourseState.CONFIRMED)
    course.state, course.cancelled_at, course.cancelled_by = CourseState.CANCELLED, at, by
    course.version = version + 1
    course.save(update_fields=["state", "cancelled_at", "cancelled_by", "version"])
    events.announce(CourseCancelled(course.pk, at))
    return course


@transaction.atomic
def finish(course: Course, *, at: dt.datetime) -> bool:
    """The last session was performed. Returns whether this call was the one that finished the course."""
    confirmed = Course.objects.filter(pk=course.pk, state=CourseState.CONFIRMED)
    if not confirmed.update(state=CourseState.FINISHED, finished_at=at, version=F("version") + 1):
        return False
    events.announce(CourseFinished(course.pk, at))
    return True


@transaction.atomic
def rescreen(
    course: Course, *, by: User | None, at: dt.datetime, day: dt.date | None = None
) -> tuple[Screening, Clearance]:
    """Screen the plan with the rule set in force, keep the screening, and say what may happen.

    It is screened for the clinic's day of `at`, or for `day`, on what was known then. A screening with the same
    digest is not stored twice: nothing changed since. Call it with the course locked, so
    that what is screened is what is saved. Raises CannotScreen.
    """
    screening, cleared, _screened = screen_now(course, cause=Cause.DAY, by=by, at=at, day=day)
    return screening, cleared


@transaction.atomic
def screen_again(course: Course, *, by: User | None, at: dt.datetime) -> Course:
    """Screen a plan or a course under way on what is known today.

    Raises ChangedMeanwhile if it is finished or cancelled, CannotScreen.
    """
    found = (
        Course.objects.select_for_update(of=("self",), no_key=True)
        .for_page()
        .open()
        .filter(pk=course.pk)
        .first()
    )
    if found is None:
        raise ChangedMeanwhile
    rescreen(found, by=by, at=at)
    return found


def _lock(patient: Patient) -> Patient:
    """Whoever changes what is known of the patient waits, and then finds the plan; or the plan finds what was said."""
    return Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)


def _refuse_ended(patient: Patient) -> None:
    if patient.has_ended:
        raise ValidationError(ENDED)


def _refuse_unless_confirmable(
    course: Course, *, by: User, at: dt.datetime, cause: Cause = Cause.DAY
) -> None:
    try:
        screening, cleared, _screened = screen_now(course, cause=cause, by=by, at=at)
    except CannotScreen as error:
        raise NotConfirmable(CANNOT_SCREEN) from error
    if not cleared.confirmable:
        raise NotConfirmable(cleared.said)
    if screening.result["composition"]["needs_reason"] and not course.composition_reason.strip():
        raise NotConfirmable(_("More than three actives need your reason in writing."))


def _still(course: Course, version: int, *states: str) -> Course:
    """The course, locked, if it is still the one that was opened. Raises ChangedMeanwhile."""
    rows = Course.objects.select_for_update(of=("self",), no_key=True).for_page()
    found = rows.filter(pk=course.pk, version=version, state__in=states).first()
    if found is None:
        raise ChangedMeanwhile
    return found


def _columns(picked: Picked, run: Run) -> dict[str, Any]:
    """The columns of a course that the choices fill."""
    shortest, intended, longest = run.interval
    return {
        "goal": picked.goal,
        "area": picked.area,
        "technique": picked.technique,
        "injection_method": picked.injection_method,
        "injection_depth": picked.injection_depth,
        "parameters": {name: format(value.normalize(), "f") for name, value in picked.parameters.items()},
        "composition_reason": picked.composition_reason,
        "protocol": run.protocol,
        "sessions_planned": run.sessions,
        "interval_min": shortest,
        "interval_target": intended,
        "interval_max": longest,
        "session_minutes": run.minutes,
    }


def _holds(course: Course, picked: Picked, run: Run) -> bool:
    """Does the saved plan hold exactly these choices?"""
    lists = ("ingredients", "products", "procedure_substances")
    return all(getattr(course, name) == value for name, value in _columns(picked, run).items()) and all(
        set(getattr(course, name).all()) == set(getattr(picked, name)) for name in lists
    )


def _fill_cocktail(course: Course, picked: Picked) -> None:
    course.ingredients.set(picked.ingredients)
    course.products.set(picked.products)
    course.procedure_substances.set(picked.procedure_substances)
