"""All that is known of the courses whose sessions cannot stay, asked for all of them at once."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clinic.models import Clinic
from treatments.catalogue import questions
from treatments.catalogue.rules import StepRow
from treatments.courses.models import Course
from treatments.schedule.changing.moving import last_day
from treatments.schedule.models import Session, SessionState
from treatments.schedule.occupations import clock, occupation_in, series_with
from treatments.schedule.proposing.desk import Desk, span_until
from treatments.schedule.proposing.several import FreeTimes
from treatments.schedule.resources import looked

Leaving = Sequence[Session]  # of one course, those that cannot stay, in order


@dataclass(frozen=True, slots=True)
class Affected:
    """The courses with their sessions that stand, and everybody's free time: a fixed number of SQL queries."""

    courses: Mapping[int, Course]
    standing: Mapping[int, Sequence[Session]]  # by course, in order
    times: FreeTimes  # as if no session that may move were anywhere
    steps: Sequence[StepRow]
    shortest: int  # minutes
    clinic: Clinic
    at: dt.datetime
    last: dt.date

    @classmethod
    def gather(cls, several: Sequence[Leaving], *, at: dt.datetime) -> "Affected":
        """Of at least one course, for as long as any of them can be put off. Nothing is written."""
        clinic, courses = Clinic.current(), _courses(several)
        standing = _standing(courses)
        rests = [(_rest(standing[own[0].course_id], own), own) for own in several]
        last = max(last_day(rest, own, start=at) for rest, own in rests)
        span = span_until(at, last, clock(clinic))
        moving = [row.pk for rest, _own in rests for row in rest if row.state == SessionState.BOOKED]
        times = looked(lambda make: FreeTimes.ask(courses.values(), span, at=at, moving=moving, make=make))
        steps = questions.steps_in_use()
        shortest = questions.shortest_session(steps)
        return cls(courses, standing, times, steps, shortest, clinic, at, last)

    def rest(self, leaving: Leaving) -> list[Session]:
        """The sessions of the course that stand, from the first that is leaving on."""
        return _rest(self.standing[leaving[0].course_id], leaving)

    def before(self, leaving: Leaving) -> Session | None:
        """The last session that stands before the first that is leaving."""
        standing = self.standing[leaving[0].course_id]
        return next((row for row in reversed(standing) if row.number < leaving[0].number), None)

    def desk(self, leaving: Leaving) -> Desk:
        """What the rules are asked with: the other courses' sessions are in the way, its own from here on are not."""
        course, rest = self.courses[leaving[0].course_id], self.rest(leaving)
        moving = [row for row in rest if row.state == SessionState.BOOKED]
        standing, able = self.standing[course.pk], self.times.able[course.technique_id]
        takes = occupation_in(course, self.steps, self.clinic)
        return Desk(
            course=course,
            clinic=self.clinic,
            standing=standing,
            people={one.pk: one for one in able.people},
            rooms={one.pk: one for one in able.rooms},
            series=series_with(course, [row for row in standing if row not in moving]),
            takes=takes,
            free=self.times.of(course, takes, own={row.pk for row in moving}),
            clock=clock(self.clinic),
            at=self.at,
            asked_at=self.at,
            last=self.last,
            until=self.last,
            shortest=self.shortest,
        )


def _courses(several: Sequence[Leaving]) -> dict[int, Course]:
    """With what says how long their sessions take. Two SQL queries."""
    rows = Course.objects.filter(pk__in=[own[0].course_id for own in several])
    rows = rows.select_related("patient", "technique", "area__parent")
    return {row.pk: row for row in rows.prefetch_related("procedure_substances")}


def _standing(courses: Mapping[int, Course]) -> dict[int, list[Session]]:
    """The sessions of each course that stand, in order. One SQL query."""
    found: dict[int, list[Session]] = {course: [] for course in courses}
    rows = Session.objects.standing().filter(course__in=found).select_related("practitioner", "room")
    for row in rows.order_by("number"):
        row.course = courses[row.course_id]
        found[row.course_id].append(row)
    return found


def _rest(standing: Sequence[Session], leaving: Leaving) -> list[Session]:
    return [row for row in standing if row.number >= leaving[0].number]
