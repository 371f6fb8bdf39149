"""The best ways to lay the sessions of a course through free time.

The days alone decide what comes first, the sum of the days that intervals are off their target; so the days are
searched first, as sets (integers with a bit for each day), and only their best ways are looked at for weekday and hour,
then for who treats, then for the gaps that are left. What might be proposed is held by the least that it can cost and
followed further; whatever is then the cheapest at its full cost is the next best. Steps of a day that cost the same are
followed together.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from operator import add
from typing import NamedTuple

from treatments.schedule.rules.clock import Clock, day_of
from treatments.schedule.rules.ground import Ground
from treatments.schedule.rules.one_way import OneWay
from treatments.schedule.rules.openings import Slot
from treatments.schedule.rules.picks import IN_FULL, TO_THE_HOUR, TO_THE_PERSON, Picked, Picks
from treatments.schedule.rules.series import Common, Cost, Series
from treatments.schedule.rules.steps import Steps, moment_of, places
from treatments.schedule.rules.ways import Ways

DAYS_ONLY = 0  # how far a lead has been followed


class Lead(NamedTuple):
    """Where the first session to be proposed may be: a day, at any of these steps, with whom once that is known."""

    day: int
    steps: Steps
    practitioner: int | None = None
    followed: int = DAYS_ONLY
    alike: bool = False  # all sessions are at the hour of the first

    @property
    def first(self) -> int:
        """The place of its first step."""
        return (self.steps & -self.steps).bit_length() - 1


Priced = tuple[Cost, Lead]  # the least that a lead can cost, at its first step


@dataclass(frozen=True)
class Search:
    """The ways through one ground for one series."""

    ground: Ground
    series: Series
    clock: Clock
    first_days: range
    one_ways: dict[int, OneWay | None] = field(default_factory=dict)

    @cached_property
    def ways(self) -> Ways:
        standing = {n: day_of(start, self.clock.zone) for n, start in self.series.standing.items()}
        days = {number: day.toordinal() for number, day in standing.items()}
        return Ways(self.series, self.ground.opened(), self.first_days, days)

    @cached_property
    def picks(self) -> Picks:
        return Picks(self.ground, self.series, self.ways)

    def leads(self) -> Iterator[Priced]:
        """Every day for the first session to be proposed, at the least that it can cost."""
        for off, day in self.ways.leads():
            grid = self.ground.days[day]
            yield Cost(off, 0, 0, 0, 0, grid.minutes[0]), Lead(day, grid.all_steps)

    def part(self, least: Cost, lead: Lead, steps: Steps) -> Priced:
        """The lead at some of its steps only."""
        some = lead._replace(steps=steps)
        return least._replace(starts=self.ground.days[lead.day].minutes[some.first]), some

    def follow(self, least: Cost, lead: Lead) -> Iterator[Priced]:
        """The same lead, its price known further: never less than it was known to be."""
        way = self._one_way(lead.day)
        if lead.followed == DAYS_ONLY:
            yield from self._hours(least, lead, way)
        elif lead.followed == TO_THE_HOUR:
            yield from self._people(least, lead, way)
        elif way and lead.alike:
            for gaps, steps in way.gaps(lead.practitioner or 0, lead.steps):
                yield self.part(least._replace(gaps=gaps), lead._replace(followed=IN_FULL), steps)
        else:
            yield self._alone(least, lead._replace(followed=IN_FULL))

    def _hours(self, least: Cost, lead: Lead, way: OneWay | None) -> Iterator[Priced]:
        """The steps by how far the other sessions are off their hour; where that is known, the nearest and the rest."""
        steps = self.ground.anybody(lead.day) & lead.steps
        if way is None:
            for place in places(steps):
                yield self._alone(least, Lead(lead.day, 1 << place, None, TO_THE_HOUR))
        elif steps:
            yield from self._nearest(least, lead._replace(steps=steps), way)

    def _nearest(self, least: Cost, lead: Lead, way: OneWay) -> Iterator[Priced]:
        (minutes, nearest), *further = [
            (off, some) for off, all_ in way.minutes if (some := all_ & lead.steps)
        ]
        bound = least._replace(weekdays=way.weekdays, minutes=minutes)
        whole = Lead(lead.day, nearest, None, TO_THE_HOUR, alike=not minutes)
        yield self.part(bound, whole, nearest)
        if further:
            yield self.part(bound._replace(minutes=further[0][0]), lead, lead.steps & ~nearest)

    def _people(self, least: Cost, lead: Lead, way: OneWay | None) -> Iterator[Priced]:
        for who, free in self.ground.with_whom(lead.day).items():
            theirs = lead._replace(practitioner=who, followed=TO_THE_PERSON)
            if way and lead.alike:
                for others, some in way.others(who, lead.steps):
                    yield self.part(least._replace(others=others), theirs, some)
            else:
                for place in places(free & lead.steps):
                    yield self._alone(least, theirs._replace(steps=1 << place))

    def _one_way(self, day: int) -> OneWay | None:
        """The series from this day on if it has but one best way and the clock is never changed on it."""
        if day not in self.one_ways:
            days = self._only_way(day)
            even = days and all(self.ground.days[one].is_even for one in days)
            self.one_ways[day] = OneWay(self.ground, days) if even else None
        return self.one_ways[day]

    def _only_way(self, day: int) -> list[int]:
        """The days of the only best way; none where there are several, or sessions that stand."""
        days = [] if self.series.standing else [day]
        for number in range(1, self.series.sessions):
            after = self.ways.best_after(number, days[-1]) if days else []
            days = [*days, *after] if len(after) == 1 else []
        return days

    # A single step

    def _alone(self, least: Cost, lead: Lead) -> Priced:
        """What a lead with one step costs, as far as it is followed."""
        common, counted = self._common(lead), lead.followed
        grid, step, who = self.ground.days[lead.day], lead.first, lead.practitioner
        others = int(who is not None and who != common.practitioner)
        gaps = self.picks.fewest_gaps(lead.day, step, who)[0] if counted == IN_FULL and who is not None else 0
        own = int(grid.weekday != common.weekday), abs(grid.walls[step] - common.minute), others, gaps
        rest, _day = self.picks.rest(self.ways.lead, lead.day, common, counted)
        weekdays, minutes, others, gaps = map(add, own, (*rest, 0, 0)[:4])
        return Cost(least.days, weekdays, minutes, others, gaps, grid.minutes[step]), lead

    def _common(self, lead: Lead) -> Common:
        """What the series has in common: what stands says it, else the lead."""
        if self._stands:
            return self._stands
        grid = self.ground.days[lead.day]
        return Common(grid.weekday, grid.walls[lead.first], lead.practitioner)

    @cached_property
    def _stands(self) -> Common | None:
        if not self.series.standing:
            return None
        local = self.series.standing[min(self.series.standing)].astimezone(self.clock.zone)
        return Common(local.isoweekday(), local.hour * 60 + local.minute, self.series.practitioner)

    def slots(self, lead: Lead) -> list[Slot]:
        """The best series with this lead at its first step; it is followed in full."""
        common, day, first = self._common(lead), lead.day, self.ways.lead
        picked = {first: (day, self.picks.fewest_gaps(day, lead.first, lead.practitioner or 0)[1])}
        for number in range(first + 1, self.series.sessions + 1):
            _costs, day = self.picks.rest(number - 1, day, common, IN_FULL)
            if number not in self.series.standing:
                picked[number] = day, self.picks.pick(day, common, IN_FULL)[1]
        return [self._slot(number, *where) for number, where in picked.items()]

    def _slot(self, number: int, day: int, picked: Picked) -> Slot:
        room, *devices = picked.things
        start = moment_of(self.ground.days[day].minutes[picked.step])
        return Slot(number, start, room, picked.practitioner, tuple(devices))
