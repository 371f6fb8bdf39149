"""Where a session that is sought could be: what the calendar highlights, and what a click there means."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone

from treatments.courses.models import Course
from treatments.schedule import rules
from treatments.schedule.calendar.columns import By
from treatments.schedule.calendar.spans import Days
from treatments.schedule.equipment import who_could_treat
from treatments.schedule.models import Session
from treatments.schedule.occupations import series_of
from treatments.schedule.proposing.desk import Desk, desk
from treatments.schedule.rules import MINUTE, Opening, Slot, Span
from treatments.schedule.rules.openings import starts_in


@dataclass(frozen=True, slots=True)
class Sought:
    """A session for which time is looked for: a missing one of a course, or one that is booked and is to move."""

    course: Course
    number: int
    moving: Session | None = None

    @property
    def day(self) -> dt.date | None:
        """Where to begin to look: the day that it is on, or the first that the interval allows. One SQL query."""
        if self.moving:
            return timezone.localdate(self.moving.starts_at)
        before = series_of(self.course).standing.get(self.number - 1)
        return timezone.localdate(before) + dt.timedelta(days=self.course.interval_target) if before else None


def next_missing(course: Course) -> Sought | None:
    """The first session of the course that is not booked; None: all are. One SQL query."""
    missing = series_of(course).missing
    return Sought(course, missing[0]) if missing else None


def openings(sought: Sought, days: Days, *, at: dt.datetime) -> tuple[Desk, list[Opening]]:
    """The desk, and when the session could start on these days within the interval; none on days that are past."""
    begin, _until = days.span
    known = desk(
        sought.course,
        list(who_could_treat(sought.course)),
        at=max(at, begin),
        asked_at=at,
        last=max(days.last, timezone.localdate(at)),
        moving=[sought.moving] if sought.moving else (),
        added_minutes=sought.moving.added_minutes if sought.moving else 0,
    )
    found = rules.by_day(rules.openings(known.free, known.takes), earliest=known.at, zone=known.clock.zone)
    shown = [found.get(day, []) for day in days]
    return known, [one for day in shown if _within_interval(known, sought, day) for one in day]


def _within_interval(known: Desk, sought: Sought, day: list[Opening]) -> bool:
    if not day:
        return False
    return not rules.interval_faults({sought.number: day[0].first}, known.series, known.clock)


def free_for(sought: Sought, days: Days, by: By, *, at: dt.datetime) -> list[tuple[int, Span]]:
    """(column, span) in which the session could lie, spans of a column apart from each other."""
    known, found = openings(sought, days, at=at)
    spans: dict[int, list[Span]] = {}
    for one in found:
        if column := _column(one, by):
            spans.setdefault(column, []).append((one.first, one.last + known.takes.minutes * MINUTE))
    return [(column, span) for column, own in spans.items() for span in _joined(sorted(own))]


def _column(opening: Opening, by: By) -> int | None:
    return {By.PRACTITIONER: opening.practitioner, By.ROOM: opening.room}.get(by)


def _joined(spans: list[Span]) -> Iterator[Span]:
    """Spans that meet made one."""
    begin, until = spans[0]
    for first, last in spans[1:]:
        if first > until:
            yield begin, until
            begin, until = first, last
        until = max(until, last)
    yield begin, until


def slot_at(sought: Sought, moment: dt.datetime, by: By, column: int, *, at: dt.datetime) -> Slot | None:
    """The start nearest to where the calendar was clicked, in that column; None if the session fits nowhere there."""
    known, found = openings(sought, Days(timezone.localdate(moment), 1), at=at)
    starts = [
        Slot(sought.number, start, one.room, one.practitioner)
        for one in found
        if _column(one, by) == column and one.first <= moment + known.takes.minutes * MINUTE
        for start in starts_in(one, known.clock.grid, known.clock.zone)
        if moment - known.takes.minutes * MINUTE <= start
    ]
    return min(starts, key=lambda slot: abs(slot.starts_at - moment), default=None)
