"""When a session can be had that is missing between others. Days are the clinic's."""

import datetime as dt
from typing import NamedTuple

from treatments.schedule.rules.clock import day_of
from treatments.schedule.rules.series import Series


class Days(NamedTuple):
    """From the first day to the last, both included; no last: open."""

    first: dt.date
    last: dt.date | None


def days_left(number: int, series: Series, *, today: dt.date, zone: dt.tzinfo) -> Days | None:
    """The days from `today` on that keep the interval to the sessions before and after `number`, or None.

    Where the neighbour itself is missing, the nearest one that stands asks only for the shortest interval.
    """
    day = {n: day_of(start, zone) for n, start in series.standing.items()}
    least, most = dt.timedelta(days=series.at_least), dt.timedelta(days=series.at_most)
    firsts, lasts = [today], []
    before = max((n for n in day if n < number), default=None)
    after = min((n for n in day if n > number), default=None)
    if before is not None:
        firsts.append(day[before] + least)
        lasts += [day[before] + most] if before + 1 == number else []
    if after is not None:
        firsts += [day[after] - most] if after - 1 == number else []
        lasts.append(day[after] - least)
    found = Days(max(firsts), min(lasts, default=None))
    return found if found.last is None or found.first <= found.last else None


def gap_without(number: int, series: Series, zone: dt.tzinfo) -> tuple[int, int, int] | None:
    """(number before, number after, days between) where these two stand too far apart without `number`, else None."""
    before = max((n for n in series.standing if n < number), default=None)
    after = min((n for n in series.standing if n > number), default=None)
    if before is None or after is None:
        return None
    days = (day_of(series.standing[after], zone) - day_of(series.standing[before], zone)).days
    return (before, after, days) if days > series.at_most else None
