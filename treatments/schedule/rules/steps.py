"""Free time as whole minutes, and as sets of steps: integers with a bit for each step of the grid.

Minutes are counted from 1970 in UTC: a whole clinic's free time is compared in them, not in moments.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import overload

from treatments.schedule.rules.clock import MINUTE, Span

Minutes = tuple[int, int]  # from, until
Steps = int  # a set of steps
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
A_MINUTE = 60  # seconds


def minute_of(moment: dt.datetime) -> int:
    """The first whole minute at or after the moment."""
    return -int(-moment.timestamp() // A_MINUTE)


def moment_of(minute: int) -> dt.datetime:
    return EPOCH + minute * MINUTE


@dataclass(frozen=True, slots=True)
class Times(Sequence[Span]):
    """Spans, sorted and apart, kept as the whole minutes in them; read one by one they are moments."""

    lows: Sequence[int]
    highs: Sequence[int]

    @classmethod
    def of(cls, spans: Sequence[Span]) -> "Times":
        if isinstance(spans, cls):
            return spans
        highs = [int(until.timestamp() // A_MINUTE) for _begin, until in spans]
        return cls([minute_of(begin) for begin, _until in spans], highs)

    def __len__(self) -> int:
        return len(self.lows)

    @overload
    def __getitem__(self, at: int) -> Span: ...
    @overload
    def __getitem__(self, at: slice) -> "Times": ...
    def __getitem__(self, at: int | slice) -> "Span | Times":
        if isinstance(at, slice):
            return Times(self.lows[at], self.highs[at])
        return moment_of(self.lows[at]), moment_of(self.highs[at])


NEVER = Times((), ())


def places(steps: Steps) -> list[int]:
    """The places of a set's steps, in order."""
    found = []
    while steps:
        lowest = steps & -steps
        found.append(lowest.bit_length() - 1)
        steps ^= lowest
    return found


def union(several: Iterable[Steps]) -> Steps:
    """The steps that are in any of the sets."""
    found = 0
    for steps in several:
        found |= steps
    return found
