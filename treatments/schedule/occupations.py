"""From a course to the plain values that the rules of the calendar take."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from django.db.models import prefetch_related_objects
from django.utils import timezone

from clinic.models import Clinic, DayHours, User, WorkingHours
from clinic.prepared import Prepared, asked
from treatments.catalogue import questions
from treatments.catalogue.rules import StepRow
from treatments.courses.models import Course
from treatments.schedule.models import Session
from treatments.schedule.rules import Clock, Hours, Occupation, Series, Step, occupation

STANDING = Prepared(lambda: Session.objects.standing().filter(course=asked("course")).order_by("number"))
WEEKLY = Prepared(
    lambda: WorkingHours.objects.filter(practitioner__among=asked("people")).values_list(
        "practitioner", "weekday", "starts", "ends"
    )
)
OF_DAYS = Prepared(
    lambda: DayHours.objects.filter(practitioner__among=asked("people")).values_list(
        "practitioner", "day", "starts", "ends"
    )
)


def clock(clinic: Clinic | None = None) -> Clock:
    """The clinic's zone and grid. One SQL query if the clinic is not given."""
    return Clock(timezone.get_default_timezone(), (clinic or Clinic.current()).grid_minutes)


def occupation_of(course: Course, steps: Iterable[StepRow] | None = None) -> Occupation:
    """What a session of the course takes, as the catalogue has the day of its area, with the clinic's buffers.

    Up to five SQL queries.
    """
    return occupation_in(course, questions.steps_in_use() if steps is None else steps, Clinic.current())


def occupation_in(course: Course, steps: Iterable[StepRow], clinic: Clinic) -> Occupation:
    """The same with the catalogue's steps and the clinic's settings at hand. Two SQL queries if not loaded already."""
    known = "used" in vars(course)
    used = course.used if known else [row.code for row in course.procedure_substances.all()]
    day = questions.steps(steps, course.area, used)
    takes = occupation([Step(step.minutes, step.frees_practitioner) for step in day], course.session_minutes)
    return takes.with_buffers(clinic.buffer_before, clinic.buffer_after)


def standing_of(course: Course) -> list[Session]:
    """The sessions of the course that stand, in order. One SQL query where none does, else three."""
    rows = STANDING.objects(course=course.pk)
    prefetch_related_objects(rows, "practitioner", "room")
    for row in rows:
        row.course = course
    return rows


def series_of(course: Course, *, without: Collection[Session] = ()) -> Series:
    """The sessions of the course with those that stand, but not those `without`. One SQL query."""
    rows = course.sessions.standing().order_by("number")
    return series_with(course, [row for row in rows if row.pk not in {session.pk for session in without}])


def series_with(course: Course, standing: Sequence[Session]) -> Series:
    """The sessions of the course with those that stand, by number."""
    return Series(
        sessions=course.sessions_planned,
        at_least=course.interval_min,
        target=course.interval_target,
        at_most=course.interval_max,
        standing={row.number: row.starts_at for row in standing},
        practitioner=standing[0].practitioner_id if standing else None,
    )


def hours_of(practitioners: Iterable[User]) -> dict[int, list[Hours]]:
    """Working hours by practitioner, weekly ones and those of single days. Two SQL queries."""
    found: dict[int, list[Hours]] = {person.pk: [] for person in practitioners}
    for person, *hours in WEEKLY.rows(people=list(found)):
        found[person].append(Hours(*hours))
    for person, day, starts, ends in OF_DAYS.rows(people=list(found)):
        found[person].append(Hours(day.isoweekday(), starts or dt.time.min, ends or dt.time.min, day))
    return found
