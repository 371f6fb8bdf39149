"""What the sessions after the first cost on the best days for them: at the nearest hour, with the best people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import add
from typing import NamedTuple

from treatments.schedule.rules.ground import Ground
from treatments.schedule.rules.series import Common, Series
from treatments.schedule.rules.steps import Steps
from treatments.schedule.rules.ways import Ways

TO_THE_HOUR, TO_THE_PERSON, IN_FULL = 2, 3, 4  # how many of the costs are counted
Costs = tuple[int, ...]  # of weekdays, minutes, others, gaps: as many as are counted


class Picked(NamedTuple):
    """A step of a day, with whom, and what else is taken there: the room, then the devices."""

    step: int
    practitioner: int
    things: tuple[int, ...]


@dataclass(frozen=True)
class Picks:
    """What was found to be the best so far, each looked for once."""

    ground: Ground
    series: Series
    ways: Ways
    nears: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    picks: dict[tuple, tuple[Costs, Picked]] = field(default_factory=dict)
    gaps: dict[tuple, tuple[int, Picked]] = field(default_factory=dict)
    rests: dict[tuple, tuple[Costs, int]] = field(default_factory=dict)

    def rest(self, number: int, day: int, common: Common, counted: int) -> tuple[Costs, int]:
        """What the sessions after this one cost on the best way, and the next day of it."""
        if number == self.series.sessions:
            return (0, 0, 0, 0)[:counted], day
        same = common.practitioner if counted > TO_THE_HOUR else None
        key = number, day, common.weekday, common.minute, same, counted
        if key not in self.rests:
            self.rests[key] = min(
                self._through(number + 1, after, common, counted)
                for after in self.ways.best_after(number, day)
            )
        return self.rests[key]

    def _through(self, number: int, day: int, common: Common, counted: int) -> tuple[Costs, int]:
        """What this session on this day and those after it cost, and this day."""
        rest, _next = self.rest(number, day, common, counted)
        if number in self.series.standing:
            return rest, day
        weekday = int(self.ground.days[day].weekday != common.weekday)
        own = (weekday, *self.pick(day, common, counted)[0])
        return tuple(map(add, own, rest)), day

    def pick(self, day: int, common: Common, counted: int) -> tuple[Costs, Picked]:
        """What the best step of a day costs (minutes, others, gaps), and what is taken there once gaps are counted."""
        key = day, common.minute, common.practitioner if counted > TO_THE_HOUR else None, counted
        if key not in self.picks:
            self.picks[key] = self._best_pick(day, common, counted)
        return self.picks[key]

    def _best_pick(self, day: int, common: Common, counted: int) -> tuple[Costs, Picked]:
        grid, who = self.ground.days[day], self.ground.with_whom(day)
        near = self._near(day, common.minute)
        off = abs(grid.walls[near[0]] - common.minute)
        if counted < TO_THE_PERSON:
            return (off,), Picked(near[0], 0, ())
        same = common.practitioner
        pairs = self._with(near, {same: who[same]} if same is not None and same in who else {})
        others = int(not pairs)
        pairs = pairs or self._with(near, who)
        if counted < IN_FULL:
            return (off, others), Picked(*pairs[0], ())
        gaps, picked = min(
            (self.fewest_gaps(day, *pair) for pair in pairs), key=lambda one: (one[0], one[1].step)
        )
        return (off, others, gaps), picked

    def _near(self, day: int, minute: int) -> list[int]:
        """The steps of a day at which somebody is free that are nearest to this minute of it."""
        if (day, minute) not in self.nears:
            self.nears[day, minute] = self.ground.days[day].nearest(self.ground.anybody(day), minute)
        return self.nears[day, minute]

    @staticmethod
    def _with(near: list[int], who: Mapping[int, Steps]) -> list[tuple[int, int]]:
        """(step, practitioner) of all who are free at one of these steps."""
        return [(step, one) for step in near for one, steps in who.items() if steps >> step & 1]

    def fewest_gaps(self, day: int, step: int, who: int) -> tuple[int, Picked]:
        """The fewest gaps that are left then, and what is taken: of each kind the first that leaves the fewest."""
        if (day, step, who) not in self.gaps:
            self.gaps[day, step, who] = self._count_gaps(day, step, who)
        return self.gaps[day, step, who]

    def _count_gaps(self, day: int, step: int, who: int) -> tuple[int, Picked]:
        grid, ground = self.ground.days[day], self.ground
        start, place = grid.minutes[step], grid.first + step
        gaps, things = ground.practitioners.gaps(who, start), list[int]()
        for kind in ground.things:
            fewest, thing = kind.best(start, place)
            things.append(thing)
            gaps += fewest
        return gaps, Picked(step, who, tuple(things))
