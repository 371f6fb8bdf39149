"""A few other times for one session, for somebody who chooses without anybody to ask."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from treatments.schedule.rules.choosing import PARTS
from treatments.schedule.rules.clock import day_of
from treatments.schedule.rules.openings import Slot

A_DAY = 2  # times of one day: whoever cannot come then sees other days


def a_few(slots: Iterable[Slot], now: Slot, *, around: dt.date, zone: dt.tzinfo, most: int = 8) -> list[Slot]:
    """At most `most` of these free slots, in order of time, and never the time that the session has.

    Of each part of a day (before noon, to four, after four) there is one, that nearest to the hour of `now`, and of a
    day there are two. Slots with the same practitioner come first, then days near to `around`, then hours near to that
    of `now`.
    """
    best: dict[tuple[dt.date, int], tuple[tuple[int, int, int, dt.datetime], Slot]] = {}
    for slot in slots:
        if slot.starts_at == now.starts_at:
            continue
        rank = _rank(slot, now, around, zone)
        part = day_of(slot.starts_at, zone), _part(slot.starts_at, zone)
        if part not in best or rank < best[part][0]:
            best[part] = rank, slot
    ranked = [slot for _rank, slot in sorted(best.values(), key=lambda found: found[0])]
    return sorted(_spread(ranked, zone)[:most], key=lambda slot: slot.starts_at)


def _spread(ranked: Iterable[Slot], zone: dt.tzinfo) -> list[Slot]:
    """Without the third of a day."""
    of_day: Counter[dt.date] = Counter()
    found = []
    for slot in ranked:
        of_day[day_of(slot.starts_at, zone)] += 1
        if of_day[day_of(slot.starts_at, zone)] <= A_DAY:
            found.append(slot)
    return found


def _rank(slot: Slot, now: Slot, around: dt.date, zone: dt.tzinfo) -> tuple[int, int, int, dt.datetime]:
    days = abs((day_of(slot.starts_at, zone) - around).days)
    off = abs(_minute(slot.starts_at, zone) - _minute(now.starts_at, zone))
    return int(slot.practitioner != now.practitioner), days, off, slot.starts_at


def _part(moment: dt.datetime, zone: dt.tzinfo) -> int:
    return sum(mark <= _minute(moment, zone) for mark in PARTS)


def _minute(moment: dt.datetime, zone: dt.tzinfo) -> int:
    wall = moment.astimezone(zone)
    return wall.hour * 60 + wall.minute
