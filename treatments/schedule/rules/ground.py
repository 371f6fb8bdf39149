"""What a search goes through: the days that are wished, and who and what is free on them."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from treatments.schedule.rules.clock import Clock, day_of, wall
from treatments.schedule.rules.grid import Grid, GridDay
from treatments.schedule.rules.occupation import Occupation
from treatments.schedule.rules.openings import ANY_TIME, Free, Need
from treatments.schedule.rules.steps import Minutes, Steps, Times, minute_of, union
from treatments.schedule.rules.wishes import Wishes


@dataclass(frozen=True, slots=True)
class Supply:
    """One kind of what a session needs: its free time, and the steps at which a session could start, each as a row."""

    parts: Sequence[Minutes]
    free: Mapping[int, Times]
    steps: Mapping[int, Steps]

    @classmethod
    def of(cls, need: Need, grid: Grid) -> "Supply":
        free = {resource: Times.of(spans) for resource, spans in need.free.items()}
        return cls(need.parts, free, {one: grid.starts(times, need.parts) for one, times in free.items()})

    @property
    def any(self) -> Steps:
        """The steps at which at least one of them is free."""
        return union(self.steps.values())

    def gaps(self, resource: int, start: int, *, since: int, shortest: int) -> int:
        """How many gaps a session from `start` on leaves beside itself that are too short for any session."""
        free, begin, end = self.free[resource], start + self.parts[0][0], start + self.parts[-1][1]
        before = free.lows[bisect_right(free.lows, begin) - 1]
        after = free.highs[bisect_right(free.lows, end - 1) - 1]
        return (before > since and 0 < begin - before < shortest) + (0 < after - end < shortest)


@dataclass(frozen=True, slots=True)
class Ground:
    """By day and practitioner the steps at which all that is needed is free, beside it all that makes that up."""

    days: Mapping[int, GridDay]  # by ordinal
    practitioners: Supply
    patient: Supply
    things: tuple[Supply, ...]  # the rooms, then each kind of device
    wished: Steps  # on the grid within the wished days and time of day, not before the earliest
    common: Steps  # of the wished those at which all but practitioners are free
    since: int
    shortest: int
    whom: dict[int, dict[int, Steps]] = field(default_factory=dict)

    def only(self, practitioner: int) -> "Ground":
        """The same with one practitioner."""
        steps = {practitioner: self.practitioners.steps[practitioner]}
        return replace(self, practitioners=replace(self.practitioners, steps=steps), whom={})

    def opened(self) -> list[int]:
        """The days on which a session can be."""
        anybody = self.common & self.practitioners.any
        return [ordinal for ordinal, day in self.days.items() if day.of(anybody)]

    def with_whom(self, ordinal: int) -> Mapping[int, Steps]:
        """Who could treat on this day, and at which of its steps."""
        if ordinal not in self.whom:
            day = self.days[ordinal]
            common = day.of(self.common)
            found = {one: common & row >> day.first for one, row in self.practitioners.steps.items()}
            self.whom[ordinal] = {one: steps for one, steps in found.items() if steps}
        return self.whom[ordinal]


def ground(
    free: Free, takes: Occupation, wishes: Wishes, *, until: dt.date, clock: Clock, shortest: int
) -> Ground:
    """The free time up to the day `until` that lies within the wishes; gaps under `shortest` minutes fit nothing."""
    grid = Grid.over(day_of(wishes.earliest, clock.zone), min(until, wishes.latest or until), clock)
    days = {n: day for n, day in grid.days.items() if day.weekday in (wishes.weekdays or range(1, 8))}
    whole = ((0, takes.minutes),)
    patient = Supply.of(Need(whole, {0: free.patient}), grid)
    rooms = {room: spans for room, spans in free.rooms.items() if wishes.room in (None, room)}
    things = tuple(Supply.of(need, grid) for need in (Need((takes.room,), rooms), *free.devices))
    people = {who: spans for who, spans in free.practitioners.items() if wishes.practitioner in (None, who)}
    wished = union(_wished(day, wishes, takes, clock) << day.first for day in days.values())
    common = wished & patient.any
    for kind in things:
        common &= kind.any
    return Ground(
        days=days,
        practitioners=Supply.of(Need(takes.parts, people), grid),
        patient=patient,
        things=things,
        wished=wished,
        common=common,
        since=minute_of(wishes.earliest),
        shortest=shortest,
    )


def _wished(day: GridDay, wishes: Wishes, takes: Occupation, clock: Clock) -> Steps:
    """The steps of the day at which a session lies within the time of day that is wished, none before the first."""
    first, last = minute_of(wishes.earliest), day.minutes.stop
    if wishes.daytime != ANY_TIME:
        date = dt.date.fromordinal(day.ordinal)
        first = max(first, minute_of(wall(date, wishes.daytime.earliest, clock.zone)))
        if wishes.daytime.until:
            last = minute_of(wall(date, wishes.daytime.until, clock.zone)) - takes.minutes
    return day.between(first, last)
