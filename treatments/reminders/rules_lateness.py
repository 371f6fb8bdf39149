"""When messages count as late. Not documented clinically: how long the clinic wants to wait before it is told."""

import datetime as dt
from dataclasses import dataclass

TICKS_ARE_LATE_AFTER = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the rows say about sending."""

    waiting_since: dt.datetime | None  # when the oldest message that waits should have gone
    ticked_at: dt.datetime | None  # when the tick last ran; None: never
    up_since: dt.datetime | None = None  # since when whoever asks is there, if it knows

    def waits(self, at: dt.datetime) -> dt.timedelta:
        """How long the oldest message waits beyond its time at `at`; zero if none does."""
        return max(at - self.waiting_since, dt.timedelta()) if self.waiting_since else dt.timedelta()

    def silent(self, at: dt.datetime) -> dt.timedelta | None:
        """How long the tick has not run at `at`, None if it never did. Hosts' clocks differ: never negative."""
        return max(at - self.ticked_at, dt.timedelta()) if self.ticked_at else None


def are_late(pulse: Pulse, patience: dt.timedelta, at: dt.datetime) -> bool:
    """Does the oldest message wait longer than the clinic has patience?

    Where the tick has never run, for somebody who could send it: a clinic that has just opened is not late.

    >>> nine = dt.datetime(2027, 3, 15, 9)
    >>> are_late(Pulse(nine, None), dt.timedelta(minutes=10), nine + dt.timedelta(minutes=10))
    False
    """
    could_wait = at - pulse.up_since if pulse.up_since and not pulse.ticked_at else dt.timedelta.max
    return min(pulse.waits(at), could_wait) > patience


def stands_still(pulse: Pulse, at: dt.datetime) -> bool:
    """Did the tick run once, and not for minutes?"""
    silent = pulse.silent(at)
    return silent is not None and silent > TICKS_ARE_LATE_AFTER
