"""Changes to courses: save a plan, confirm it, screen it again, finish or cancel it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from clinic import events
from clinic.models import User
from contraindications.actions import store_screening
from contraindications.clearance import Clearance, clearance
from contraindications.models import Decision, Screening
from contraindications.screening import evaluate
from patients.models import Patient
from treatments.catalogue.models import Area, Goal, Ingredient, InjectionMethod, Product, Protocol, Technique
from treatments.courses.events import CourseCancelled, CourseConfirmed, CourseFinished
from treatments.courses.models import Course, CourseState
from treatments.courses.plans import plan_of


class ChangedMeanwhile(Exception):
    """Somebody else saved, confirmed or cancelled this plan since it was opened; nothing was written."""


class NotCleared(Exception):
    """The plan cannot be confirmed as it stands. `clearance` says what is missing."""

    def __init__(self, clearance: Clearance):
        super().__init__(clearance.said)
        self.clearance = clearance


class ReasonMissing(Exception):
    """More than three actives need the practitioner's written reason (S1 L49; never a block)."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a practitioner chose on the plan's page."""

    goal: Goal
    area: Area
    technique: Technique
    protocol: Protocol | None
    sessions: int
    interval: tuple[int, int, int]  # shortest, intended, longest, in days
    session_minutes: int
    injection_method: InjectionMethod | None = None
    injection_depth: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    ingredients: Sequence[Ingredient] = ()
    products: Sequence[Product] = ()
    procedure_substances: Sequence[Ingredient] = ()
    composition_reason: str = ""

    def columns(self) -> dict:
        """The columns of a course that these choices fill."""
        shortest, intended, longest = self.interval
        return {
            "goal": self.goal,
            "area": self.area,
            "technique": self.technique,
            "protocol": self.protocol,
            "sessions_planned": self.sessions,
            "interval_min": shortest,
            "interval_target": intended,
            "interval_max": longest,
            "session_minutes": self.session_minutes,
            "injection_method": self.injection_method,
            "injection_depth": self.injection_depth,
            "parameters": self.parameters,
            "composition_reason": self.composition_reason,
        }


@transaction.atomic
def create_plan(patient: Patient, choices: Choices, *, by: User, at: dt.datetime) -> Course:
    """Save a new plan and screen it. Raises ValidationError where a fact of the table would not hold."""
    course = Course(patient=patient, created_at=at, created_by=by, **choices.columns())
    course.full_clean(validate_unique=False)
    course.save()
    _fill_cocktail(course, choices)
    rescreen(course, by=by, at=at)
    return course


@transaction.atomic
def change_plan(course: Course, choices: Choices, *, version: int, by: User, at: dt.datetime) -> Course:
    """Save other choices for a plan that is not confirmed, and screen it again.

    Raises ChangedMeanwhile if it is no longer the plan that was opened, ValidationError as in `create_plan`.
    """
    course = _still(course, version, CourseState.PLANNED)
    for name, value in choices.columns().items():
        setattr(course, name, value)
    course.version = version + 1
    course.full_clean(validate_unique=False)
    course.save()
    _fill_cocktail(course, choices)
    rescreen(course, by=by, at=at)
    return course


@transaction.atomic
def confirm(course: Course, *, version: int, by: User, at: dt.datetime) -> Course:
    """Make the plan a course that can be booked, on a screening of that day.

    Raises ChangedMeanwhile, ReasonMissing, or NotCleared when the verdict, together with what people decided about
    its findings, does not let it pass (screening.md section 5).
    """
    course = _still(course, version, CourseState.PLANNED)
    screening, cleared = rescreen(course, by=by, at=at)
    if not cleared.confirmable:
        raise NotCleared(cleared)
    if screening.result["composition"]["needs_reason"] and not course.composition_reason.strip():
        raise ReasonMissing
    course.state, course.confirmed_at, course.confirmed_by = CourseState.CONFIRMED, at, by
    course.version = version + 1
    course.save(update_fields=["state", "confirmed_at", "confirmed_by", "version"])
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
def rescreen(course: Course, *, by: User | None, at: dt.datetime) -> tuple[Screening, Clearance]:
    """Screen the plan against today's facts and the rule set in force, keep the screening, and say what may happen.

    A screening with the same digest is not stored twice: nothing changed since. Raises CannotScreen.
    """
    evaluation = evaluate(course.patient, plan_of(course), day=timezone.localdate(at))
    screening = course.screening
    if screening is None or screening.digest != evaluation.digest:
        screening = store_screening(evaluation, patient=course.patient, by=by, at=at)
        course.screening = screening
        Course.objects.filter(pk=course.pk).update(screening=screening)
    return screening, clearance(screening, Decision.objects.of(course.patient))


def _still(course: Course, version: int, *states: str) -> Course:
    """The course, locked, if it is still the one that was opened. Raises ChangedMeanwhile."""
    rows = Course.objects.select_for_update(of=("self",)).for_page()
    found = rows.filter(pk=course.pk, version=version, state__in=states).first()
    if found is None:
        raise ChangedMeanwhile
    return found


def _fill_cocktail(course: Course, choices: Choices) -> None:
    course.ingredients.set(choices.ingredients)
    course.products.set(choices.products)
    course.procedure_substances.set(choices.procedure_substances)
