"""The days that matter, as one row of steps: the whole free time of somebody is one integer with a bit for each.

The row runs on through the night and through changes of the clock: its steps are a `unit` of minutes apart, the
clinic's grid, or where a change of the clock would shift that, as much of it as stays in step.
"""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import gcd

from treatments.schedule.rules.clock import Clock, wall
from treatments.schedule.rules.steps import Minutes, Steps, Times, minute_of, moment_of, places, union

A_DAY = 24 * 60  # minutes


@dataclass(frozen=True, slots=True)
class GridDay:
    """A day of the clinic: its part of the row, and what minute of the day the clinic's clock shows then."""

    ordinal: int
    weekday: int  # ISO
    first: int  # place of its beginning in the row
    minutes: range  # of its places
    walls: Sequence[int]  # of its places; a range where the clock is not changed
    all_steps: Steps  # those of its places that are on the grid

    @property
    def is_even(self) -> bool:
        """The clock is not changed on this day."""
        return isinstance(self.walls, range)

    def of(self, row: Steps) -> Steps:
        """The day's own steps of a row."""
        return row >> self.first & self.all_steps

    def between(self, lo: int, hi: int) -> Steps:
        """The steps from one minute to another, both included."""
        begin, unit = self.minutes.start, self.minutes.step
        first, behind = max(0, -((begin - lo) // unit)), min(len(self.minutes), (hi - begin) // unit + 1)
        return ((1 << behind) - (1 << first)) & self.all_steps if behind > first else 0

    def shown(self, begin: int, until: int) -> Steps:
        """The steps at which the clock shows a minute of the day from one on to before another."""
        if not isinstance(self.walls, range):
            return sum(1 << place for place, minute in enumerate(self.walls) if begin <= minute < until)
        first, behind = -(-begin // self.walls.step), -(-until // self.walls.step)
        return (1 << behind) - (1 << first)

    def nearest(self, steps: Steps, minute: int) -> list[int]:
        """Those of the steps at which the clock is nearest to this minute of the day."""
        if not isinstance(self.walls, range):
            every = places(steps)
            least = min(abs(self.walls[place] - minute) for place in every)
            return [place for place in every if abs(self.walls[place] - minute) == least]
        here = bisect_left(self.walls, minute)
        before, after = (steps & ((1 << here) - 1)).bit_length() - 1, steps >> here << here
        found = [before] if before >= 0 else []
        if after:
            following = (after & -after).bit_length() - 1
            off = self.walls[following] - minute
            if not found or off < minute - self.walls[before]:
                return [following]
            if off == minute - self.walls[before]:
                found.append(following)
        return found


@dataclass(frozen=True, slots=True)
class Grid:
    """The row of all days from one to another."""

    begin: int  # the minute of its first place
    unit: int
    size: int
    days: Mapping[int, GridDay]  # by ordinal
    all_steps: Steps  # those of its places that are on the grid

    @classmethod
    @lru_cache(maxsize=16)  # it is the same for every page that looks as far on the same day
    def over(cls, first: dt.date, last: dt.date, clock: Clock) -> "Grid":
        """From one day to another, both included; none where the last is before the first."""
        dates = [first + dt.timedelta(days=n) for n in range(max((last - first).days, -1) + 2)]
        begins = [minute_of(wall(date, dt.time.min, clock.zone)) for date in dates]
        unit = gcd(clock.grid, A_DAY, *(until - begin for begin, until in pairwise(begins)))
        usual = range(0, A_DAY, unit)
        on_grid = _on_grid(usual, clock.grid)
        days = {}
        for date, begin, until in zip(dates, begins, begins[1:], strict=False):
            minutes, first_place = range(begin, until, unit), (begin - begins[0]) // unit
            even = until - begin == A_DAY
            walls = usual if even else _walls(minutes, clock.zone)
            steps = on_grid if even else _on_grid(walls, clock.grid)
            ordinal = date.toordinal()
            days[ordinal] = GridDay(ordinal, date.isoweekday(), first_place, minutes, walls, steps)
        every = union(day.all_steps << day.first for day in days.values())
        return cls(begins[0], unit, (begins[-1] - begins[0]) // unit, days, every)

    def since(self, minute: int) -> Steps:
        """The steps of all days from a minute on."""
        first = max(0, -((self.begin - minute) // self.unit))
        return self.all_steps >> first << first

    def starts(self, free: Times, parts: Sequence[Minutes]) -> Steps:
        """The places at which every part, in minutes from its start, lies in free time."""
        found = self._starts(free, *parts[0])
        for part in parts[1:]:
            found &= self._starts(free, *part)
        return found

    def _starts(self, free: Times, begin: int, end: int) -> Steps:
        """A run of ones is what its end takes away from its beginning: two bits a span, one subtraction for all."""
        since, until, unit = self.begin + begin, self.begin + end, self.unit
        inside = slice(
            bisect_left(free.highs, until), bisect_right(free.lows, since + (self.size - 1) * unit)
        )
        size, firsts, behinds = self.size, bytearray(self.size // 8 + 1), bytearray(self.size // 8 + 1)
        for low, high in zip(free.lows[inside], free.highs[inside], strict=True):
            first, behind = -((since - low) // unit), (high - until) // unit + 1
            if first < behind:
                first, behind = first if first > 0 else 0, behind if behind < size else size
                firsts[first >> 3] |= 1 << (first & 7)
                behinds[behind >> 3] |= 1 << (behind & 7)
        return int.from_bytes(behinds, "little") - int.from_bytes(firsts, "little")


def _walls(minutes: range, zone: dt.tzinfo) -> list[int]:
    """What minute of the day the clinic's clock shows then."""
    shown = [moment_of(minute).astimezone(zone) for minute in minutes]
    return [local.hour * 60 + local.minute for local in shown]


def _on_grid(walls: Sequence[int], grid: int) -> Steps:
    return sum(1 << place for place, minute in enumerate(walls) if minute % 60 % grid == 0)
