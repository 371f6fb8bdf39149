"""What a session occupies."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from treatments.schedule.rules.clock import MINUTE, Span


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the day, in minutes; while the anaesthetic cream works the practitioner is free."""

    minutes: int
    frees_practitioner: bool = False


@dataclass(frozen=True, slots=True)
class Occupation:
    """The patient is taken for all the `minutes`, the practitioner for `parts`, minutes from the start.

    The room is taken for all of it, and for the buffers `before` and `after`, which the parts have in them.
    """

    minutes: int
    parts: tuple[tuple[int, int], ...]
    before: int = 0
    after: int = 0

    @property
    def room(self) -> tuple[int, int]:
        """From which minute to which the room is taken."""
        return -self.before, self.minutes + self.after

    def with_buffers(self, before: int, after: int) -> "Occupation":
        """The same with so many minutes kept free before and after, for the room and for who treats."""
        (first, end), *others = self.parts
        parts = [(first - before, end), *others]
        parts[-1] = (parts[-1][0], parts[-1][1] + after)
        return Occupation(self.minutes, tuple(parts), before, after)

    def longer(self, minutes: int) -> "Occupation":
        """The same with so many minutes more at the end, for whoever treats last too."""
        *parts, (begin, end) = self.parts
        return Occupation(self.minutes + minutes, (*parts, (begin, end + minutes)), self.before, self.after)


def occupation(steps: Sequence[Step], minutes: int) -> Occupation:
    """What a session of `minutes` takes whose day runs in `steps`.

    Steps that do not add up to `minutes` (the catalogue changed since the plan was confirmed) say nothing about
    it: then the practitioner is taken all the time.
    """
    if sum(step.minutes for step in steps) != minutes:
        return Occupation(minutes, ((0, minutes),))
    parts: list[tuple[int, int]] = []
    begin = 0
    for step in steps:
        end = begin + step.minutes
        if not step.frees_practitioner and parts and parts[-1][1] == begin:
            parts[-1] = (parts[-1][0], end)
        elif not step.frees_practitioner and step.minutes:
            parts.append((begin, end))
        begin = end
    return Occupation(minutes, tuple(parts) or ((0, minutes),))


def shifted(starts_at: dt.datetime, part: tuple[int, int]) -> Span:
    """The span, in UTC, of a part, given in minutes from the start. Added to a local time they would be the wall's."""
    begin = starts_at.astimezone(dt.UTC)
    return begin + part[0] * MINUTE, begin + part[1] * MINUTE
