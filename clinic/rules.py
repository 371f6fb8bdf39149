"""What holds for staff and their hours: plain values in, plain values out."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise

Span = tuple[int, dt.time, dt.time]  # ISO weekday, from, to
DaySpan = tuple[dt.time, dt.time]  # from, to


def overlapping(spans: Iterable[Span]) -> set[int]:
    """The weekdays on which two spans share a moment. One that begins when another ends is beside it."""
    by_start: Sequence[Span] = sorted(spans)
    return {a[0] for a, b in pairwise(by_start) if a[0] == b[0] and b[1] < a[2]}


def needs_cooperating_doctor(roles: Collection[str]) -> bool:
    """A nurse treats with a cooperating doctor (S1 L13); who is a doctor as well needs none."""
    return "nurse" in roles and "doctor" not in roles
