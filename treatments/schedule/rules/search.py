"""The best ways to lay the sessions of a course through free time.

The days alone decide what comes first, the sum of the days that intervals are off their target; so the days are
searched first, as sets (integers with a bit for each day), and only their best ways are looked at for weekday and hour,
then for who treats, then for the gaps that are left. What might be proposed is held by the least that it can cost and
followed step by step; whatever is then the cheapest at its full cost is the next best.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import add
from typing import NamedTuple

from treatments.schedule.rules.clock import Clock, day_of
from treatments.schedule.rules.ground import Ground
from treatments.schedule.rules.openings import Slot
from treatments.schedule.rules.series import Common, Cost, Series
from treatments.schedule.rules.steps import Steps, moment_of, places, union
from treatments.schedule.rules.ways import Ways

DAYS_ONLY, TO_THE_HOUR, TO_THE_PERSON, IN_FULL = range(4)  # how far a lead has been followed
Costs = tuple[int, ...]  # of weekdays, minutes, others, gaps: as many as are counted
COUNTED = {TO_THE_HOUR: 2, TO_THE_PERSON: 3, IN_FULL: 4}


class Picked(NamedTuple):
    """A step of a day, with whom, and what else is taken there: the room, then the devices."""

    step: int
    practitioner: int
    things: tuple[int, ...]


class Lead(NamedTuple):
    """Where the first session to be proposed may be: a day, then a step of it, then with whom."""

    day: int
    step: int | None = None
    practitioner: int | None = None
    followed: int = DAYS_ONLY


@dataclass(frozen=True)
class Search:
    """The ways through one ground for one series."""

    ground: Ground
    series: Series
    clock: Clock
    first_days: range
    nears: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    picks: dict[tuple, tuple[Costs, Picked]] = field(default_factory=dict)
    gaps: dict[tuple, tuple[int, Picked]] = field(default_factory=dict)
    rests: dict[tuple, tuple[Costs, int]] = field(default_factory=dict)

    @cached_property
    def ways(self) -> Ways:
        standing = {n: day_of(start, self.clock.zone) for n, start in self.series.standing.items()}
        days = {number: day.toordinal() for number, day in standing.items()}
        return Ways(self.series, self.ground.opened(), self.first_days, days)

    # Leads

    def leads(self) -> Iterator[tuple[Cost, Lead]]:
        """Every day for the first session to be proposed, at the least that it can cost."""
        for off, day in self.ways.leads():
            yield Cost(off, 0, 0, 0, 0, self.ground.days[day].minutes[0]), Lead(day)

    def follow(self, least: Cost, lead: Lead) -> Iterator[tuple[Cost, Lead]]:
        """The same lead, its price known further: never less than it was known to be."""
        day, step, _who, followed = lead
        if followed == DAYS_ONLY and step is None:
            for place in places(self._anybody(day)):
                yield least._replace(starts=self.ground.days[day].minutes[place]), Lead(day, place)
        elif followed == DAYS_ONLY:
            yield self._priced(least, lead._replace(followed=TO_THE_HOUR))
        elif followed == TO_THE_HOUR:
            for who, steps in self.ground.with_whom(day).items():
                if steps >> (step or 0) & 1:
                    yield self._priced(least, Lead(day, step, who, TO_THE_PERSON))
        else:
            yield self._priced(least, lead._replace(followed=IN_FULL))

    def _priced(self, least: Cost, lead: Lead) -> tuple[Cost, Lead]:
        """What the lead costs, as far as it is followed."""
        common, counted = self._common(lead), COUNTED[lead.followed]
        grid, step, who = self.ground.days[lead.day], lead.step or 0, lead.practitioner
        others = int(who is not None and who != common.practitioner)
        gaps = self._gaps(lead.day, step, who)[0] if who is not None else 0
        own = int(grid.weekday != common.weekday), abs(grid.walls[step] - common.minute), others, gaps
        rest, _day = self._rest(self.ways.lead, lead.day, common, counted)
        weekdays, minutes, others, gaps = map(add, own, (*rest, 0, 0)[:4])
        return Cost(least.days, weekdays, minutes, others, gaps, least.starts), lead

    def _common(self, lead: Lead) -> Common:
        """What the series has in common: what stands says it, else the lead."""
        if self._stands:
            return self._stands
        grid = self.ground.days[lead.day]
        return Common(grid.weekday, grid.walls[lead.step or 0], lead.practitioner)

    @cached_property
    def _stands(self) -> Common | None:
        if not self.series.standing:
            return None
        local = self.series.standing[min(self.series.standing)].astimezone(self.clock.zone)
        return Common(local.isoweekday(), local.hour * 60 + local.minute, self.series.practitioner)

    def slots(self, lead: Lead) -> list[Slot]:
        """The best series with this lead, which is followed in full."""
        common, day, first = self._common(lead), lead.day, self.ways.lead
        picked = {first: (day, self._gaps(day, lead.step or 0, lead.practitioner or 0)[1])}
        for number in range(first + 1, self.series.sessions + 1):
            _costs, day = self._rest(number - 1, day, common, COUNTED[IN_FULL])
            if number not in self.series.standing:
                picked[number] = day, self._pick(day, common, COUNTED[IN_FULL])[1]
        return [self._slot(number, *where) for number, where in picked.items()]

    def _slot(self, number: int, day: int, picked: Picked) -> Slot:
        room, *devices = picked.things
        start = moment_of(self.ground.days[day].minutes[picked.step])
        return Slot(number, start, room, picked.practitioner, tuple(devices))

    # What the other sessions cost

    def _rest(self, number: int, day: int, common: Common, counted: int) -> tuple[Costs, int]:
        """What the sessions after this one cost on the best way, and the next day of it."""
        if number == self.series.sessions:
            return (0, 0, 0, 0)[:counted], day
        key = (
            number,
            day,
            common.weekday,
            common.minute,
            common.practitioner if counted > 2 else None,
            counted,
        )
        if key not in self.rests:
            self.rests[key] = min(
                self._through(number + 1, after, common, counted)
                for after in self.ways.best_after(number, day)
            )
        return self.rests[key]

    def _through(self, number: int, day: int, common: Common, counted: int) -> tuple[Costs, int]:
        """What this session on this day and those after it cost, and this day."""
        rest, _next = self._rest(number, day, common, counted)
        if number in self.series.standing:
            return rest, day
        weekday = int(self.ground.days[day].weekday != common.weekday)
        own = (weekday, *self._pick(day, common, counted)[0])
        return tuple(map(add, own, rest)), day

    def _pick(self, day: int, common: Common, counted: int) -> tuple[Costs, Picked]:
        """What the best step of a day costs (minutes, others, gaps), and what is taken there once gaps are counted."""
        key = day, common.minute, common.practitioner if counted > 2 else None, counted
        if key not in self.picks:
            self.picks[key] = self._best_pick(day, common, counted)
        return self.picks[key]

    def _best_pick(self, day: int, common: Common, counted: int) -> tuple[Costs, Picked]:
        grid, who = self.ground.days[day], self.ground.with_whom(day)
        near = self._near(day, common.minute)
        off = abs(grid.walls[near[0]] - common.minute)
        if counted < COUNTED[TO_THE_PERSON]:
            return (off,), Picked(near[0], 0, ())
        same = common.practitioner
        pairs = self._with(near, {same: who[same]} if same is not None and same in who else {})
        others = int(not pairs)
        pairs = pairs or self._with(near, who)
        if counted < COUNTED[IN_FULL]:
            return (off, others), Picked(*pairs[0], ())
        gaps, picked = min((self._gaps(day, *pair) for pair in pairs), key=lambda one: (one[0], one[1].step))
        return (off, others, gaps), picked

    def _near(self, day: int, minute: int) -> list[int]:
        """The steps of a day at which somebody is free that are nearest to this minute of it."""
        if (day, minute) not in self.nears:
            self.nears[day, minute] = self.ground.days[day].nearest(self._anybody(day), minute)
        return self.nears[day, minute]

    @staticmethod
    def _with(near: list[int], who: Mapping[int, Steps]) -> list[tuple[int, int]]:
        """(step, practitioner) of all who are free at one of these steps."""
        return [(step, one) for step in near for one, steps in who.items() if steps >> step & 1]

    def _anybody(self, day: int) -> Steps:
        """The steps of a day at which all is free, whoever treats."""
        return union(self.ground.with_whom(day).values())

    def _gaps(self, day: int, step: int, who: int) -> tuple[int, Picked]:
        """The fewest gaps that are left then, and what is taken: of each kind the first that leaves the fewest."""
        if (day, step, who) not in self.gaps:
            self.gaps[day, step, who] = self._fewest_gaps(day, step, who)
        return self.gaps[day, step, who]

    def _fewest_gaps(self, day: int, step: int, who: int) -> tuple[int, Picked]:
        grid, ground = self.ground.days[day], self.ground
        start, place = grid.minutes[step], grid.first + step
        bounds = {"since": ground.since, "shortest": ground.shortest}
        gaps, things = ground.practitioners.gaps(who, start, **bounds), list[int]()
        for kind in ground.things:
            able = [one for one, row in kind.steps.items() if row >> place & 1]
            left = {one: kind.gaps(one, start, **bounds) for one in able}
            things.append(min(able, key=left.__getitem__))
            gaps += left[things[-1]]
        return gaps, Picked(step, who, tuple(things))
