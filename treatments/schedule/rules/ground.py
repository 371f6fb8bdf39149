"""What a search goes through: the days that are wished, and who and what is free on them."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from treatments.schedule.rules.clock import Clock, day_of, wall
from treatments.schedule.rules.occupation import Occupation
from treatments.schedule.rules.openings import ANY_TIME, Free, Need
from treatments.schedule.rules.steps import (
    GridDay,
    Minutes,
    Steps,
    either,
    fitting,
    grid_day,
    in_minutes,
    minute_of,
    on_days,
)
from treatments.schedule.rules.wishes import Wishes

EVER = 1 << 60


@dataclass(frozen=True, slots=True)
class Supply:
    """One kind of what a session needs: its free spans, and by day the steps at which a session could start."""

    parts: Sequence[Minutes]
    free: Mapping[int, Sequence[Minutes]]
    steps: Mapping[int, Mapping[int, Steps]]

    @classmethod
    def of(cls, need: Need, days: Sequence[GridDay]) -> "Supply":
        free = {resource: in_minutes(spans) for resource, spans in need.free.items()}
        steps = {resource: on_days(fitting(spans, need.parts), days) for resource, spans in free.items()}
        return cls(need.parts, free, steps)

    def gaps(self, resource: int, start: int, *, since: int, shortest: int) -> int:
        """How many gaps a session from `start` on leaves beside itself that are too short for any session."""
        spans, begin, end = self.free[resource], start + self.parts[0][0], start + self.parts[-1][1]
        before = spans[bisect_right(spans, (begin, EVER)) - 1][0]
        after = spans[bisect_right(spans, (end - 1, EVER)) - 1][1]
        return (before > since and 0 < begin - before < shortest) + (0 < after - end < shortest)


@dataclass(frozen=True, slots=True)
class Ground:
    """By day and practitioner the steps at which all that is needed is free, beside it all that makes that up."""

    days: Mapping[int, GridDay]  # by ordinal
    practitioners: Supply
    patient: Supply
    things: tuple[Supply, ...]  # the rooms, then each kind of device
    wished: Mapping[int, Steps]  # within the time of day, not before the earliest
    with_whom: Mapping[int, Mapping[int, Steps]]
    since: int
    shortest: int

    def only(self, practitioner: int) -> "Ground":
        """The same with one practitioner."""
        own = {
            day: {practitioner: who[practitioner]}
            for day, who in self.with_whom.items()
            if practitioner in who
        }
        return replace(self, with_whom=own)


def ground(
    free: Free, takes: Occupation, wishes: Wishes, *, until: dt.date, clock: Clock, shortest: int
) -> Ground:
    """The free time up to the day `until` that lies within the wishes; gaps under `shortest` minutes fit nothing."""
    days = _days(wishes, until, clock)
    whole = ((0, takes.minutes),)
    patient = Supply.of(Need(whole, {0: free.patient}), days)
    rooms = {room: spans for room, spans in free.rooms.items() if wishes.room in (None, room)}
    things = tuple(Supply.of(need, days) for need in (Need((takes.room,), rooms), *free.devices))
    people = {who: spans for who, spans in free.practitioners.items() if wishes.practitioner in (None, who)}
    practitioners = Supply.of(Need(takes.parts, people), days)
    wished = _wished(days, wishes, takes, clock)
    common = _all([wished, patient.steps[0], *(either(kind.steps.values()) for kind in things)])
    return Ground(
        days={day.ordinal: day for day in days},
        practitioners=practitioners,
        patient=patient,
        things=things,
        wished=wished,
        with_whom=_with_whom(practitioners, common),
        since=minute_of(wishes.earliest),
        shortest=shortest,
    )


def _days(wishes: Wishes, until: dt.date, clock: Clock) -> list[GridDay]:
    """The days that are wished, in order."""
    first, last = day_of(wishes.earliest, clock.zone), min(until, wishes.latest or until)
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    wished = [day for day in days if not wishes.weekdays or day.isoweekday() in wishes.weekdays]
    return [day for day in (grid_day(day, clock) for day in wished) if day.steps]


def _wished(days: Sequence[GridDay], wishes: Wishes, takes: Occupation, clock: Clock) -> dict[int, Steps]:
    """The steps of each day at which a session lies within the time of day that is wished, none before the first."""
    found = {}
    for day in days:
        first, last = minute_of(wishes.earliest), day.steps[-1]
        if wishes.daytime != ANY_TIME:
            date = dt.date.fromordinal(day.ordinal)
            first = max(first, minute_of(wall(date, wishes.daytime.earliest, clock.zone)))
            if wishes.daytime.until:
                last = minute_of(wall(date, wishes.daytime.until, clock.zone)) - takes.minutes
        if steps := day.between(first, last):
            found[day.ordinal] = steps
    return found


def _all(several: Sequence[Mapping[int, Steps]]) -> dict[int, Steps]:
    """The steps of each day that are in all of the sets."""
    first, *rest = several
    found = dict(first)
    for one in rest:
        found = {day: both for day, steps in found.items() if (both := steps & one.get(day, 0))}
    return found


def _with_whom(practitioners: Supply, common: Mapping[int, Steps]) -> dict[int, dict[int, Steps]]:
    found: dict[int, dict[int, Steps]] = {day: {} for day in common}
    for practitioner, days in practitioners.steps.items():
        for day, steps in days.items():
            if shared := steps & common.get(day, 0):
                found[day][practitioner] = shared
    return {day: who for day, who in found.items() if who}
