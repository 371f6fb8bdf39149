"""Judging the times that were chosen."""

import datetime as dt
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import pairwise

from treatments.schedule.rules.clock import Clock, Hours, at_work, day_of, on_grid
from treatments.schedule.rules.occupation import Occupation, shifted
from treatments.schedule.rules.proposing import FIRST_WITHIN_DAYS
from treatments.schedule.rules.series import Series

BOOKABLE_AHEAD = dt.timedelta(days=366)  # how far ahead the first session of a course may be asked for


class Fault(StrEnum):
    """What is wrong with a chosen time."""

    NUMBERS = "numbers"
    ORDER = "order"
    PAST = "past"
    FAR = "far"
    GRID = "grid"
    INTERVAL = "interval"
    HOURS = "hours"
    DOCTOR = "doctor"
    ROOM = "room"


def faults(
    chosen: Mapping[int, dt.datetime],
    series: Series,
    takes: Mapping[int, Occupation],
    hours: Mapping[int, Sequence[Hours]],
    *,
    at: dt.datetime,
    clock: Clock,
) -> set[tuple[int, Fault]]:
    """What is wrong with the chosen starts of the missing sessions, by session number.

    `takes`: what each of them takes, `hours`: when who treats in it works. The interval is judged to both neighbours.
    """
    found: set[tuple[int, Fault]] = set()
    for number, starts_at in chosen.items():
        if starts_at < at:
            found.add((number, Fault.PAST))
        if starts_at > at + farthest(series):
            found.add((number, Fault.FAR))
        if not on_grid(starts_at, clock.grid, clock.zone):
            found.add((number, Fault.GRID))
        if not all(
            at_work(hours[number], shifted(starts_at, part), clock.zone) for part in takes[number].parts
        ):
            found.add((number, Fault.HOURS))
    return found | interval_faults(chosen, series, clock)


def farthest(series: Series) -> dt.timedelta:
    """As far ahead as the last session of a series can be that was asked for as late as possible."""
    return BOOKABLE_AHEAD + dt.timedelta(days=FIRST_WITHIN_DAYS + series.sessions * series.at_most)


def interval_faults(
    chosen: Mapping[int, dt.datetime], series: Series, clock: Clock
) -> set[tuple[int, Fault]]:
    """Which chosen sessions are out of order, or too near to or too far from a neighbour.

    Two between which some are missing are neighbours too: never nearer than the shortest interval, as far as they like.
    """
    found: set[tuple[int, Fault]] = set()
    everything = {**series.standing, **chosen}
    for first, second in pairwise(sorted(everything)):
        if {first, second}.isdisjoint(chosen):
            continue
        before, after = everything[first], everything[second]
        late = second if second in chosen else first
        if after <= before:
            found.add((late, Fault.ORDER))
            continue
        days = (day_of(after, clock.zone) - day_of(before, clock.zone)).days
        if not (series.allows(days) if first + 1 == second else days >= series.at_least):
            found.add((late, Fault.INTERVAL))
    return found
