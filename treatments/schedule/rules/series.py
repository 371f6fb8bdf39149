"""The sessions of a course in order, and what it costs to have them otherwise than is preferred."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Series:
    """The sessions of a course, numbered from 1, and the days that may lie between one and the next.

    `standing`: the start of each session that is booked or performed; the others are to be proposed.
    `practitioner`: who treats in the first of those.
    """

    sessions: int
    at_least: int
    target: int
    at_most: int
    standing: Mapping[int, dt.datetime] = field(default_factory=dict)
    practitioner: int | None = None

    @property
    def missing(self) -> list[int]:
        return [number for number in range(1, self.sessions + 1) if number not in self.standing]

    def allows(self, days: int) -> bool:
        return self.at_least <= days <= self.at_most

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """(days off target, days) of every interval that is allowed, the nearest to the target first."""
        allowed = range(self.at_least, self.at_most + 1)
        return sorted((abs(days - self.target), days) for days in allowed)


class Cost(NamedTuple):
    """What a series costs, the gravest first. Two series compare as their costs do."""

    days: int  # that intervals are off their target, together
    weekdays: int  # sessions on another weekday than the first
    minutes: int  # that sessions are off the hour of the first, together
    others: int  # sessions with somebody else than the first
    gaps: int  # left beside sessions that fit no other session
    starts: int  # when the first session that is proposed starts, minutes since 1970


class Common(NamedTuple):
    """What the sessions of a series are to have in common: that of its first session."""

    weekday: int
    minute: int  # of the day, on the clinic's clock
    practitioner: int | None
