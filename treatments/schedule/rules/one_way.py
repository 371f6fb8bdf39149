"""Series on given days: what they cost at every hour of the first session at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from treatments.schedule.rules.ground import Ground
from treatments.schedule.rules.steps import Steps
from treatments.schedule.rules.tally import Tally

Counted = list[tuple[int, Steps]]  # the steps by what they cost, the least first


@dataclass(frozen=True)
class OneWay:
    """The sessions on these days, the first included. On none of them is the clock changed: a step is one hour.

    Others and gaps are of series with all sessions at the hour of the first.
    """

    ground: Ground
    days: Sequence[int]

    @property
    def weekdays(self) -> int:
        """How many of the sessions are on another weekday than the first."""
        first, *rest = (self.ground.days[day].weekday for day in self.days)
        return sum(weekday != first for weekday in rest)

    @cached_property
    def minutes(self) -> Counted:
        """Every step of the first day by how many minutes the others are off its hour: their sets grow to reach it."""
        tally, steps = Tally(), self.ground.anybody(self.days[0])
        for day in self.days[1:]:
            reached = self.ground.anybody(day)
            while missing := steps & ~reached:
                tally.add(missing)
                reached |= reached << 1 | reached >> 1
        unit = self.ground.days[self.days[0]].minutes.step
        return [(count * unit, some) for count, some in tally.split(steps)]

    @cached_property
    def _with_whom(self) -> list[Mapping[int, Steps]]:
        return [self.ground.with_whom(day) for day in self.days]

    def others(self, practitioner: int, steps: Steps) -> Counted:
        """Of these steps those at which they treat in the first session, by how many they do not treat in."""
        first, *rest = (free.get(practitioner, 0) for free in self._with_whom)
        own, tally = first & steps, Tally()
        for free in rest:
            tally.add(own & ~free)
        return tally.split(own)

    def gaps(self, practitioner: int, steps: Steps) -> Counted:
        """The steps by how many gaps are left, with this practitioner wherever they have time."""
        tally = Tally()
        for day in self.days:
            for left in self.ground.gaps(day, practitioner, steps):
                tally.add(left & steps)
        return tally.split(steps)
