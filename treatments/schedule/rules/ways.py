"""Through which days a series may go, and through which it goes with the fewest days off target.

A set of days is an integer with a bit for each, so that "all days 14 to 35 days later" is a few shifts.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import or_

from treatments.schedule.rules.series import Series
from treatments.schedule.rules.steps import places


@dataclass(frozen=True)
class Ways:
    """Days are ordinals. `opened`: those on which a session can be; `standing`: that of each session that stands."""

    series: Series
    opened: Iterable[int]
    first_days: range  # where the first session may be
    standing: dict[int, int]
    known: dict[tuple[int, int], list[int]] = field(default_factory=dict)

    @cached_property
    def lead(self) -> int:
        """The number of the first session to be proposed."""
        return self.series.missing[0]

    @cached_property
    def _gaps(self) -> list[tuple[int, int]]:
        return self.series.gaps

    @cached_property
    def _origin(self) -> int:
        return min([self.first_days.start, *self.standing.values()])

    def _set(self, days: Iterable[int]) -> int:
        return reduce(or_, (1 << (day - self._origin) for day in days), 0)

    def _list(self, days: int) -> list[int]:
        return [self._origin + place for place in places(days)]

    @cached_property
    def _reached(self) -> list[int]:
        """For each session from the first on the days it may be; shorter where one of them has none."""
        opened, found = self._set(self.opened), list[int]()
        for number in range(1, self.series.sessions + 1):
            own = self._set([self.standing[number]]) if number in self.standing else opened
            if number == 1 and not {1, 2} & self.standing.keys():
                own &= self._set(self.first_days)
            if number > 1 and not {number - 1, number} <= self.standing.keys():
                own &= reduce(or_, (found[-1] << days for _off, days in self._gaps))
            if not own:
                break
            found.append(own)
        return found

    @property
    def lead_through(self) -> bool:
        """Is there any way for the whole series?"""
        return len(self._reached) == self.series.sessions

    @property
    def deepest(self) -> tuple[int, int | None]:
        """The last session that has a day, and the last day that it may be; (0, None) where not even the first has."""
        reached = self._reached
        return len(reached), self._list(reached[-1])[-1] if reached else None

    @cached_property
    def days_off(self) -> dict[int, dict[int, int]]:
        """By session and day the fewest days off target from there to the end; no entry where there is no way."""
        last = self.series.sessions
        found = {last: dict.fromkeys(self._list(self._reached[-1]), 0)}
        for number in range(last - 1, self.lead - 1, -1):
            found[number] = {}
            for day in self._list(self._reached[number - 1]):
                least = None
                for off, after in self._after(number, day):
                    if least is not None and off >= least:
                        break
                    if after in found[number + 1]:
                        rest = off + found[number + 1][after]
                        least = rest if least is None else min(least, rest)
                if least is not None:
                    found[number][day] = least
        return found

    def _after(self, number: int, day: int) -> Iterable[tuple[int, int]]:
        """(days off target, day) for the session after this one, the nearest to the target first."""
        if {number, number + 1} <= self.standing.keys():
            return [(0, self.standing[number + 1])]
        return ((off, day + days) for off, days in self._gaps)

    def best_after(self, number: int, day: int) -> list[int]:
        """The days of the next session that lie on a way with the fewest days off target."""
        if (number, day) not in self.known:
            rest, least = self.days_off[number + 1], self.days_off[number][day]
            self.known[number, day] = [
                after for off, after in self._after(number, day) if off + rest.get(after, least + 1) == least
            ]
        return self.known[number, day]

    def leads(self) -> Iterator[tuple[int, int]]:
        """(days off target, day) for the first session to be proposed."""
        before = self.standing.get(self.lead - 1)
        for day, off in self.days_off[self.lead].items():
            yield off + (abs(day - before - self.series.target) if before else 0), day
