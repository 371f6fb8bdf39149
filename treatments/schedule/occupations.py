"""From a course to the plain values that the rules of the calendar take."""

from collections.abc import Iterable

from django.utils import timezone

from clinic.models import Clinic, User, WorkingHours
from treatments.catalogue.models import VisitStep
from treatments.courses.models import Course
from treatments.schedule.models import Session
from treatments.schedule.rules import Clock, Hours, Occupation, Series, Step, occupation


def clock() -> Clock:
    """The clinic's zone and grid. One SQL query."""
    return Clock(timezone.get_default_timezone(), Clinic.current().grid_minutes)


def occupation_of(course: Course) -> Occupation:
    """What a session of the course takes, as the catalogue has the day of its area. Up to five SQL queries."""
    held = {i.code for i in [*course.ingredients.all(), *course.procedure_substances.all()]}
    steps = [
        Step(minutes_of(step, course.area.code), step.frees_practitioner)
        for step in VisitStep.objects.in_use().prefetch_related("areas")
        if (not step.optional or step.code in held) and concerns(step, course)
    ]
    return occupation(steps, course.session_minutes)


def concerns(step: VisitStep, course: Course) -> bool:
    """Is this step part of the day for the course's area? One without areas is for all."""
    areas = {area.pk for area in step.areas.all()}
    return not areas or course.area_id in areas


def minutes_of(step: VisitStep, area: str) -> int:
    """How long the step takes in this area; 0 where the clinic has set nothing."""
    return step.minutes_by_area.get(area) or step.minutes or 0


def series_of(course: Course, *, without: Session | None = None) -> Series:
    """The sessions of the course with those that stand, but `without`. One SQL query."""
    standing = course.sessions.standing().values_list("pk", "number", "starts_at")
    return Series(
        sessions=course.sessions_planned,
        at_least=course.interval_min,
        target=course.interval_target,
        at_most=course.interval_max,
        standing={n: starts_at for pk, n, starts_at in standing if without is None or pk != without.pk},
    )


def hours_of(practitioners: Iterable[User]) -> dict[int, list[Hours]]:
    """Weekly working hours by practitioner. One SQL query."""
    found: dict[int, list[Hours]] = {person.pk: [] for person in practitioners}
    for row in WorkingHours.objects.filter(practitioner__in=found):
        found[row.practitioner_id].append(Hours(row.weekday, row.starts, row.ends))
    return found
