"""The days of the calendar in steps of its grid, and free time as sets of steps: integers with a bit for each step.

Moments are whole minutes since 1970 in UTC here: a whole clinic's free time is compared in them.
"""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from treatments.schedule.rules.clock import MINUTE, Clock, Span, on_grid, wall
from treatments.schedule.rules.openings import both

Minutes = tuple[int, int]  # from, until
Steps = int  # a set of steps of one day
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def minute_of(moment: dt.datetime) -> int:
    """The first whole minute at or after the moment."""
    return -int(-moment.timestamp() // 60)


def moment_of(minute: int) -> dt.datetime:
    return EPOCH + minute * MINUTE


def in_minutes(spans: Iterable[Span]) -> list[Minutes]:
    """The whole minutes of each span."""
    return [(-int(-lo.timestamp() // 60), int(hi.timestamp() // 60)) for lo, hi in spans]


@dataclass(frozen=True, slots=True)
class GridDay:
    """A day of the clinic: when its steps are, and what minute of the day the clinic's clock shows then."""

    ordinal: int
    weekday: int  # ISO
    steps: Sequence[int]
    walls: Sequence[int]
    all_steps: Steps

    @property
    def is_even(self) -> bool:
        """The clock is not changed on this day."""
        return isinstance(self.walls, range)

    def between(self, lo: int, hi: int) -> Steps:
        """The steps from one moment to another, both included."""
        if isinstance(self.steps, range):  # the same as below, without looking
            begin, apart = self.steps.start, self.steps.step
            first, behind = max(0, -((begin - lo) // apart)), min(len(self.steps), (hi - begin) // apart + 1)
        else:
            first, behind = bisect_left(self.steps, lo), bisect_right(self.steps, hi)
        return (1 << behind) - (1 << first) if behind > first else 0

    def nearest(self, steps: Steps, minute: int) -> list[int]:
        """Those of the steps at which the clock is nearest to this minute of the day."""
        if not self.is_even:
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


def grid_day(day: dt.date, clock: Clock) -> GridDay:
    """A day with all its steps; where the clock changes every minute of it is looked at."""
    begin, end = (wall(day + dt.timedelta(days=n), dt.time.min, clock.zone) for n in (0, 1))
    local, last = begin.astimezone(clock.zone), (end - MINUTE).astimezone(clock.zone)
    first, until = minute_of(begin), minute_of(end)
    steps: Sequence[int]
    walls: Sequence[int]
    if local.utcoffset() == last.utcoffset() and on_grid(begin, clock.grid, clock.zone):
        opening = local.hour * 60 + local.minute
        steps = range(first, until, clock.grid)
        walls = range(opening, opening + until - first, clock.grid)
    else:
        moments = [moment_of(minute) for minute in range(first, until)]
        steps = [minute_of(moment) for moment in moments if on_grid(moment, clock.grid, clock.zone)]
        shown = [moment_of(minute).astimezone(clock.zone) for minute in steps]
        walls = [local.hour * 60 + local.minute for local in shown]
    return GridDay(day.toordinal(), day.isoweekday(), steps, walls, (1 << len(steps)) - 1)


def places(steps: Steps) -> list[int]:
    """The places of a set's steps in their day, in order."""
    found = []
    while steps:
        lowest = steps & -steps
        found.append(lowest.bit_length() - 1)
        steps ^= lowest
    return found


def fitting(spans: Sequence[Minutes], parts: Sequence[Minutes]) -> list[Minutes]:
    """The moments, first and last included, to start at so that every part, in minutes from the start, is free."""
    fits = _starts(spans, parts[0])
    for part in parts[1:]:
        fits = both(fits, _starts(spans, part))
    return fits


def _starts(spans: Sequence[Minutes], part: Minutes) -> list[Minutes]:
    begin, end = part
    return [(lo - begin, hi - end) for lo, hi in spans if hi - lo >= end - begin]


def on_days(fits: Iterable[Minutes], days: Sequence[GridDay]) -> dict[int, Steps]:
    """The steps of each day (by ordinal) that lie in one of the spans, ends included. `days` are in order."""
    begins = [day.steps[0] for day in days]
    found: dict[int, Steps] = {}
    for lo, hi in fits:
        first, behind = max(bisect_right(begins, lo) - 1, 0), bisect_right(begins, hi)
        for at in range(first, behind):
            day = days[at]
            inside = (
                first < at < behind - 1
            )  # begins after the span does, and another day begins before it ends
            if steps := day.all_steps if inside else day.between(lo, hi):
                found[day.ordinal] = found.get(day.ordinal, 0) | steps
    return found


def either(several: Iterable[Mapping[int, Steps]]) -> dict[int, Steps]:
    """The steps of each day that are in any of the sets."""
    found: dict[int, Steps] = {}
    for one in several:
        for day, steps in one.items():
            found[day] = found.get(day, 0) | steps
    return found
