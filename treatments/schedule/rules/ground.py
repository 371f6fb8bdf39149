"""What a search goes through: the days that are wished, and who and what is free on them."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from treatments.schedule.rules.clock import Clock, day_of, wall
from treatments.schedule.rules.grid import Grid, GridDay
from treatments.schedule.rules.occupation import Occupation
from treatments.schedule.rules.openings import ANY_TIME, Free, Need
from treatments.schedule.rules.steps import Steps, minute_of, union
from treatments.schedule.rules.supply import Left, Supply
from treatments.schedule.rules.wishes import Wishes


@dataclass(frozen=True, slots=True)
class Ground:
    """By day and practitioner the steps at which all that is needed is free, beside it all that makes that up."""

    days: Mapping[int, GridDay]  # by ordinal
    practitioners: Supply
    patient: Supply
    things: tuple[Supply, ...]  # the rooms, then each kind of device
    wished: Steps  # on the grid within the wished days and time of day, not before the earliest
    common: Steps  # of the wished those at which all but practitioners are free
    whom: dict[int, dict[int, Steps]] = field(default_factory=dict)
    anybodys: dict[int, Steps] = field(default_factory=dict)
    left_by: dict[tuple[int, int], Left] = field(default_factory=dict)

    def only(self, practitioner: int) -> "Ground":
        """The same with one practitioner."""
        steps = {practitioner: self.practitioners.steps[practitioner]}
        return replace(
            self, practitioners=replace(self.practitioners, steps=steps), whom={}, anybodys={}, left_by={}
        )

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

    def anybody(self, ordinal: int) -> Steps:
        """The steps of a day at which all is free, whoever treats."""
        if ordinal not in self.anybodys:
            self.anybodys[ordinal] = union(self.with_whom(ordinal).values())
        return self.anybodys[ordinal]

    def gaps(self, ordinal: int, practitioner: int, steps: Steps) -> Iterator[Steps]:
        """Sets of steps of a day: in how many of them one is, so many gaps are left then, with this practitioner.

        At those of the `steps` at which they are not free it is somebody else who leaves the fewest.
        """
        own = self.with_whom(ordinal).get(practitioner, 0)
        theirs = self.practitioners.left(practitioner, self.days[ordinal])
        others = self._left_by(ordinal, -1) if steps & ~own else (0, 0)
        for mine, other in zip(theirs, others, strict=True):
            yield own & mine | other & ~own
        for kind in range(len(self.things)):
            yield from self._left_by(ordinal, kind)

    def _left_by(self, ordinal: int, kind: int) -> Left:
        """At which steps of a day even the best of this kind of thing leaves gaps; -1: of practitioners."""
        if (ordinal, kind) not in self.left_by:
            day, supply = self.days[ordinal], self.practitioners if kind < 0 else self.things[kind]
            rows = ((one, day.of(row)) for one, row in supply.steps.items())
            own = self.with_whom(ordinal).items() if kind < 0 else rows
            self.left_by[ordinal, kind] = supply.fewest(day, own, self.anybody(ordinal))
        return self.left_by[ordinal, kind]


def ground(
    free: Free, takes: Occupation, wishes: Wishes, *, until: dt.date, clock: Clock, shortest: int
) -> Ground:
    """The free time up to the day `until` that lies within the wishes; no session is under `shortest` minutes."""
    grid = Grid.over(day_of(wishes.earliest, clock.zone), min(until, wishes.latest or until), clock)
    days = {n: day for n, day in grid.days.items() if day.weekday in (wishes.weekdays or range(1, 8))}
    since = minute_of(wishes.earliest)
    rooms = {room: spans for room, spans in free.rooms.items() if wishes.room in (None, room)}
    people = {who: spans for who, spans in free.practitioners.items() if wishes.practitioner in (None, who)}
    patient = Supply.of(Need(((0, takes.minutes),), {0: free.patient}), grid)
    practitioners, *things = (
        Supply.of(need, grid, since=since, shortest=shortest and shortest + beside)
        for need, beside in [
            (Need(takes.parts, people), takes.before + takes.after),
            (Need((takes.room,), rooms), takes.before + takes.after),
            *((need, need.parts[-1][1] - takes.minutes) for need in free.devices),
        ]
    )
    wished = grid.since(since)
    if wishes.daytime != ANY_TIME or wishes.weekdays:
        wished &= union(_wished(day, wishes, takes, clock) << day.first for day in days.values())
    common = wished & patient.any
    for kind in things:
        common &= kind.any
    return Ground(days, practitioners, patient, tuple(things), wished, common)


def _wished(day: GridDay, wishes: Wishes, takes: Occupation, clock: Clock) -> Steps:
    """The steps of the day at which a session lies within the time of day that is wished."""
    if wishes.daytime == ANY_TIME:
        return day.all_steps
    date, last = dt.date.fromordinal(day.ordinal), day.minutes.stop
    if wishes.daytime.until:
        last = minute_of(wall(date, wishes.daytime.until, clock.zone)) - takes.minutes
    return day.between(minute_of(wall(date, wishes.daytime.earliest, clock.zone)), last)
