"""Which times to propose for a whole course."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, reduce
from operator import or_

from treatments.schedule.rules.clock import Clock, Span, day_of, wall
from treatments.schedule.rules.occupation import Occupation
from treatments.schedule.rules.openings import (
    ANY_TIME,
    Daytime,
    Free,
    Opening,
    Slot,
    both,
    by_day,
    has_start,
    nearest,
    openings,
    practitioner_starts,
    slots_of,
    starts,
)

FIRST_WITHIN_DAYS = 28  # how long after the wished day the first session is looked for


@dataclass(frozen=True, slots=True)
class Series:
    """The sessions of a course, numbered from 1, and the days that may lie between one and the next.

    `standing`: the start of each session that is booked or performed; the others are to be proposed.
    """

    sessions: int
    at_least: int
    target: int
    at_most: int
    standing: Mapping[int, dt.datetime] = field(default_factory=dict)

    @property
    def missing(self) -> list[int]:
        return [number for number in range(1, self.sessions + 1) if number not in self.standing]

    def allows(self, days: int) -> bool:
        return self.at_least <= days <= self.at_most


class Lack(StrEnum):
    """Why a session finds no time."""

    PAST = "past"
    PRACTITIONER = "practitioner"
    PATIENT = "patient"
    ROOM = "room"
    TOGETHER = "together"  # each has time, never at once


@dataclass(frozen=True, slots=True)
class Lacking:
    """Session `number` has no time between these days (both included), for want of `lack`."""

    number: int
    first: dt.date
    last: dt.date
    lack: Lack


def propose(
    free: Free,
    takes: Occupation,
    series: Series,
    *,
    earliest: dt.datetime,
    clock: Clock,
    daytime: Daytime = ANY_TIME,
) -> list[Slot] | Lacking:
    """Times for all missing sessions of the series, or which session has none and for want of what.

    The first session comes as early as the rest allows. The others keep, in this order, the intended interval, the
    weekday and the hour of the first; every interval lies between the shortest and the longest. If there is any
    such series whose first session lies within FIRST_WITHIN_DAYS, one is found.
    """
    days = by_day(openings(free, takes), earliest=earliest, zone=clock.zone, daytime=daytime)
    search = _Search(days, series, clock, day_of(earliest, clock.zone))
    deepest = 0, search.today
    for first in search.first_days():
        reached = search.reachable(first)
        if len(reached) == series.sessions:
            return search.best(first, reached)
        deepest = max(deepest, (len(reached), search.last_of(reached)))
    return _lacking(free, takes, series, deepest, earliest, clock)


def _lacking(
    free: Free,
    takes: Occupation,
    series: Series,
    deepest: tuple[int, dt.date],
    earliest: dt.datetime,
    clock: Clock,
) -> Lacking:
    """Name the session that the search came no further than, its days and who had no time."""
    reached, day = deepest
    gap = (series.at_least, series.at_most) if reached else (0, FIRST_WITHIN_DAYS)
    first, last = (day + dt.timedelta(days=days) for days in gap)
    number = next((n for n in series.missing if n > reached), series.missing[-1])
    if last < day_of(earliest, clock.zone):
        return Lacking(number, first, last, Lack.PAST)
    begin = max(earliest, wall(first, dt.time.min, clock.zone))
    until = wall(last + dt.timedelta(days=1), dt.time.min, clock.zone)
    return Lacking(number, first, last, _who(free, takes, (begin, until)))


def _who(free: Free, takes: Occupation, window: Span) -> Lack:
    whole = (0, takes.minutes)
    if not both(practitioner_starts(free, takes), [window]):
        return Lack.PRACTITIONER
    if not both(starts(free.patient, whole), [window]):
        return Lack.PATIENT
    if not any(both(starts(spans, whole), [window]) for spans in free.rooms.values()):
        return Lack.ROOM
    return Lack.TOGETHER


# The search. Days are counted from `origin`; a set of days is an integer with a bit for each, so that "all days 14
# to 35 days later" is a few shifts. Reachable days first; the best way through them only where there is one.

# A gap a day off weighs more than any number of other weekdays, these more than any sum of minutes (30 sessions).
DAY_OFF, OTHER_WEEKDAY = 10_000_000, 100_000


@dataclass(frozen=True)
class _Search:
    """Where the sessions of a series may be, and the best way through."""

    days: Mapping[dt.date, Sequence[Opening]]
    series: Series
    clock: Clock
    today: dt.date

    @cached_property
    def origin(self) -> dt.date:
        standing = (day_of(start, self.clock.zone) for start in self.series.standing.values())
        return min([self.today, *standing])

    def _bit(self, day: dt.date) -> int:
        return 1 << (day - self.origin).days

    def _date(self, index: int) -> dt.date:
        return self.origin + dt.timedelta(days=index)

    def _standing(self, number: int) -> dt.date | None:
        start = self.series.standing.get(number)
        return day_of(start, self.clock.zone) if start else None

    @cached_property
    def _open_days(self) -> list[dt.date]:
        """The days on which a session can start at a step of the grid."""
        return [
            day
            for day, found in self.days.items()
            if any(has_start(opening, self.clock.grid, self.clock.zone) for opening in found)
        ]

    @cached_property
    def _opened(self) -> int:
        return reduce(or_, map(self._bit, self._open_days), 0)

    def first_days(self) -> Iterator[dt.date]:
        """Where the first session stands, or the days on which it may be, the earliest first."""
        if standing := self._standing(1):
            yield standing
            return
        last = self.today + dt.timedelta(days=FIRST_WITHIN_DAYS)
        yield from (day for day in self._open_days if day <= last or 2 in self.series.standing)

    def reachable(self, first: dt.date) -> list[int]:
        """For each session from the first on the days it may be; shorter where one of them has none."""
        reached = [self._bit(first)]
        for number in range(2, self.series.sessions + 1):
            standing = self._standing(number)
            own = self._bit(standing) if standing else self._opened
            if not (standing and number - 1 in self.series.standing):
                own &= self._later(reached[-1])
            if not own:
                break
            reached.append(own)
        return reached

    def _later(self, days: int) -> int:
        """All days that are an allowed interval after one of these."""
        gaps = range(self.series.at_least, self.series.at_most + 1)
        return reduce(or_, (days << gap for gap in gaps), 0)

    def last_of(self, reached: list[int]) -> dt.date:
        return self._date(reached[-1].bit_length() - 1)

    def best(self, first: dt.date, reached: list[int]) -> list[Slot]:
        """The cheapest way through the reachable days: for each session and day the best day before it."""
        anchor = self._first_start(first).astimezone(self.clock.zone)
        starts_on: dict[int, Slot] = {}
        ways: list[dict[int, tuple[int, int]]] = [{reached[0].bit_length() - 1: (0, 0)}]
        for number, days in enumerate(reached[1:], 2):
            ways.append({})
            for index in _bits(days):
                own = 0
                if number not in self.series.standing:
                    slot = starts_on.setdefault(index, self._slot(index, anchor))
                    own = self._own_cost(slot, anchor)
                cost, before = min(self._ways_to(number, index, ways[-2]))
                ways[-1][index] = cost + own, before
        return self._walk_back(ways, first, starts_on)

    def _ways_to(
        self, number: int, index: int, before: Mapping[int, tuple[int, int]]
    ) -> Iterator[tuple[int, int]]:
        """(cost, day before) of each way to have this session on this day."""
        if {number, number - 1} <= self.series.standing.keys():
            yield from ((cost, day) for day, (cost, _before) in before.items())
            return
        for gap in range(self.series.at_least, self.series.at_most + 1):
            if index - gap in before:
                yield before[index - gap][0] + DAY_OFF * abs(gap - self.series.target), index - gap

    def _walk_back(
        self, ways: list[dict[int, tuple[int, int]]], first: dt.date, starts_on: Mapping[int, Slot]
    ) -> list[Slot]:
        found = []
        index = min(ways[-1], key=lambda day: (ways[-1][day][0], day))
        for number in range(len(ways), 1, -1):
            if number not in self.series.standing:
                slot = starts_on[index]
                found.append(Slot(number, slot.starts_at, slot.room))
            index = ways[number - 1][index][1]
        if 1 not in self.series.standing:
            found.append(self._first_slot(first))
        return found[::-1]

    def _first_slot(self, day: dt.date) -> Slot:
        return slots_of(1, self.days[day], self.clock.grid, self.clock.zone)[0]

    def _first_start(self, day: dt.date) -> dt.datetime:
        return self.series.standing.get(1) or self._first_slot(day).starts_at

    def _slot(self, index: int, anchor: dt.datetime) -> Slot:
        """The slot of a day that is nearest to the hour of the first session."""
        day = self._date(index)
        wanted = wall(day, anchor.time(), self.clock.zone)
        near = [
            (abs(start - wanted), start, place)
            for place, opening in enumerate(self.days[day])
            if (start := nearest(opening, wanted, self.clock.grid, self.clock.zone))
        ]
        _distance, start, place = min(near)
        return Slot(0, start, self.days[day][place].room)

    def _own_cost(self, slot: Slot, anchor: dt.datetime) -> int:
        here = slot.starts_at.astimezone(self.clock.zone)
        minutes = abs((here.hour - anchor.hour) * 60 + here.minute - anchor.minute)
        return OTHER_WEEKDAY * (here.weekday() != anchor.weekday()) + minutes


def _bits(days: int) -> Iterator[int]:
    """The days of a set."""
    while days:
        lowest = days & -days
        yield lowest.bit_length() - 1
        days ^= lowest
