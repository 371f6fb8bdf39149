"""One kind of what a session needs, such as rooms: when each is free, and which gaps a session would leave there."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from treatments.schedule.rules.grid import Grid, GridDay
from treatments.schedule.rules.openings import Need
from treatments.schedule.rules.steps import Minutes, Steps, Times, union

Left = tuple[Steps, Steps]  # the steps at which at least one gap is left, and those at which two are


@dataclass(frozen=True, slots=True)
class Supply:
    """The free time of each, and the steps at which a session could start, as a row.

    A gap of less than `shortest` minutes fits no session; what is over at the minute `since` is none.
    """

    parts: Sequence[Minutes]
    free: Mapping[int, Times]
    steps: Mapping[int, Steps]
    since: int
    shortest: int
    known: dict[tuple[int, int], Left] = field(default_factory=dict)

    @classmethod
    def of(cls, need: Need, grid: Grid, *, since: int = 0, shortest: int = 0) -> "Supply":
        free = {resource: Times.of(spans) for resource, spans in need.free.items()}
        steps = {one: grid.starts(times, need.parts) for one, times in free.items()}
        return cls(need.parts, free, steps, since, shortest)

    @property
    def any(self) -> Steps:
        """The steps at which at least one of them is free."""
        return union(self.steps.values())

    def gaps(self, resource: int, start: int) -> int:
        """How many gaps a session from the minute `start` on leaves beside itself that are too short for any."""
        free, begin, end = self.free[resource], start + self.parts[0][0], start + self.parts[-1][1]
        before = free.lows[bisect_right(free.lows, begin) - 1]
        after = free.highs[bisect_right(free.lows, end - 1) - 1]
        return (before > self.since and 0 < begin - before < self.shortest) + (
            0 < after - end < self.shortest
        )

    def best(self, start: int, place: int) -> tuple[int, int]:
        """(gaps, resource): of those free at a place of the row, a minute, the first that leaves the fewest."""
        found: list[tuple[int, int]] = []
        for resource, row in self.steps.items():
            if row >> place & 1:
                found.append((self.gaps(resource, start), resource))
                if not found[-1][0]:
                    break
        return min(found, key=lambda one: one[0])

    def left(self, resource: int, day: GridDay) -> Left:
        """The same for every step of a day at once."""
        key = resource, day.ordinal
        if key not in self.known:
            self.known[key] = self._left(self.free[resource], day)
        return self.known[key]

    def _left(self, free: Times, day: GridDay) -> Left:
        begin, end, before, after = self.parts[0][0], self.parts[-1][1], 0, 0
        first = max(bisect_right(free.lows, day.minutes.start + begin) - 1, 0)
        spans = slice(first, bisect_right(free.lows, day.minutes.stop + end))
        for low, high in zip(free.lows[spans], free.highs[spans], strict=True):
            if low > self.since:
                before |= day.between(low + 1 - begin, min(low + self.shortest - 1, high) - begin)
            after |= day.between(max(low, high - self.shortest + 1) - end, high - 1 - end)
        return before | after, before & after

    def fewest(self, day: GridDay, own: Iterable[tuple[int, Steps]], wanted: Steps) -> Left:
        """Of the `wanted` steps those at which whatever is chosen leaves gaps; `own` are the steps of each."""
        one, two = wanted, wanted
        for resource, steps in own:
            least, most = self.left(resource, day)
            one, two = one & ~(steps & ~least), two & ~(steps & ~most)
            if not one:
                break
        return one, two
