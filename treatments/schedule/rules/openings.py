"""Where a session fits: free time comes as spans, sorted and apart from each other."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from treatments.schedule.rules.clock import MINUTE, Span, day_of, grid_up, on_grid, wall
from treatments.schedule.rules.occupation import Occupation, shifted

QUARTER = 15  # minutes
T = TypeVar("T", dt.datetime, int)


@dataclass(frozen=True, slots=True)
class Need:
    """Something of which a session takes one, for all of these parts (minutes from its start): when each is free."""

    parts: tuple[tuple[int, int], ...]
    free: Mapping[int, Sequence[Span]]


@dataclass(frozen=True, slots=True)
class Free:
    """When those who could take part are free; of practitioners, of rooms and of each kind of device one is taken."""

    practitioners: Mapping[int, Sequence[Span]]
    patient: Sequence[Span]
    rooms: Mapping[int, Sequence[Span]]
    devices: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """A session may start with them in this room at any moment from `first` to `last`, both included."""

    first: dt.datetime
    last: dt.datetime
    room: int
    practitioner: int


def starts(free: Sequence[Span], part: tuple[int, int]) -> list[Span]:
    """The moments, first and last included, at which a session may start so that `part` of it is free."""
    begin, end = part[0] * MINUTE, part[1] * MINUTE
    return [(lo - begin, hi - end) for lo, hi in free if hi - lo >= end - begin]


def both(one: Sequence[tuple[T, T]], other: Sequence[tuple[T, T]]) -> list[tuple[T, T]]:
    """What two sorted lists of spans, of moments or of minutes, have in common, ends included."""
    found, i, j = [], 0, 0
    while i < len(one) and j < len(other):
        lo, hi = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if lo <= hi:
            found.append((lo, hi))
        if one[i][1] <= other[j][1]:
            i += 1
        else:
            j += 1
    return found


def practitioner_starts(free: Sequence[Span], takes: Occupation) -> list[Span]:
    """The moments, first and last included, at which a practitioner is free for all parts of a session."""
    fits = starts(free, takes.parts[0])
    for part in takes.parts[1:]:
        fits = both(fits, starts(free, part))
    return fits


def either(several: Iterable[Sequence[Span]]) -> list[Span]:
    """What at least one of several lists of spans has, ends included."""
    found: list[Span] = []
    for lo, hi in sorted(span for spans in several for span in spans):
        if found and lo <= found[-1][1]:
            found[-1] = (found[-1][0], max(hi, found[-1][1]))
        else:
            found.append((lo, hi))
    return found


def device_starts(need: Need) -> list[Span]:
    """The moments, first and last included, at which one of the devices is free for all that a session needs."""
    fits = []
    for spans in need.free.values():
        own = starts(spans, need.parts[0])
        for part in need.parts[1:]:
            own = both(own, starts(spans, part))
        fits.append(own)
    return either(fits)


def openings(free: Free, takes: Occupation) -> list[Opening]:
    """All openings of a session that `takes` so much, by practitioner and room in the order given."""
    whole = (0, takes.minutes)
    patient = starts(free.patient, whole)
    for need in free.devices:
        patient = both(patient, device_starts(need))
    return [
        Opening(first, last, room, practitioner)
        for practitioner, theirs in free.practitioners.items()
        for fits in [both(practitioner_starts(theirs, takes), patient)]
        for room, spans in free.rooms.items()
        for first, last in both(fits, starts(spans, takes.room))
    ]


@dataclass(frozen=True, slots=True)
class Daytime:
    """Sessions lie between these times of the clinic's clock; no `until`: to the end of the day."""

    earliest: dt.time = dt.time.min
    until: dt.time | None = None


ANY_TIME = Daytime()


def by_day(
    found: Iterable[Opening], *, earliest: dt.datetime, zone: dt.tzinfo
) -> dict[dt.date, list[Opening]]:
    """The openings from `earliest` on, cut at the clinic's days."""
    days: dict[dt.date, list[Opening]] = {}
    for opening in found:
        day = day_of(max(opening.first, earliest), zone)
        while day <= day_of(opening.last, zone):
            first = max(opening.first, earliest, wall(day, dt.time.min, zone))
            last = min(opening.last, wall(day, dt.time(23, 59), zone))
            if first <= last:
                days.setdefault(day, []).append(replace(opening, first=first, last=last))
            day += dt.timedelta(days=1)
    return dict(sorted(days.items()))


@dataclass(frozen=True, slots=True)
class Slot:
    """When, where and with whom one session of a course is; with nobody named it is whoever treats the course."""

    number: int
    starts_at: dt.datetime
    room: int
    practitioner: int | None = None
    devices: tuple[int, ...] = ()


def could_start(free: Free, takes: Occupation, slot: Slot) -> bool:
    """Are patient, practitioner, room and a device of each kind free for all that a session takes then?"""
    whole = shifted(slot.starts_at, (0, takes.minutes))
    parts = [shifted(slot.starts_at, part) for part in takes.parts]
    practitioner = free.practitioners.get(slot.practitioner or 0, ())
    theirs = all(_covered(practitioner, part) for part in parts)
    devices = all(
        any(first <= slot.starts_at <= last for first, last in device_starts(need)) for need in free.devices
    )
    room = shifted(slot.starts_at, takes.room)
    things = _covered(free.patient, whole) and _covered(free.rooms.get(slot.room, ()), room)
    return theirs and devices and things


def _covered(spans: Sequence[Span], span: Span) -> bool:
    return any(lo <= span[0] and span[1] <= hi for lo, hi in spans)


def starts_in(opening: Opening, grid: int, zone: dt.tzinfo) -> Iterator[dt.datetime]:
    """Every step of the grid in an opening."""
    moment = grid_up(opening.first, grid, zone)
    while moment <= opening.last:
        yield moment
        moment = grid_up(moment + dt.timedelta(minutes=grid), grid, zone)


def easy_to_say(starts: Iterable[dt.datetime], zone: dt.tzinfo) -> list[dt.datetime]:
    """The first of these starts and those on a quarter of an hour: few enough to choose from."""
    found = list(starts)
    return [start for start in found if start == found[0] or on_grid(start, QUARTER, zone)]


def slots_of(number: int, day: Iterable[Opening], grid: int, zone: dt.tzinfo) -> list[Slot]:
    """Slots of a day to choose from, each start once, in the first room that is free then."""
    found: dict[dt.datetime, Slot] = {}
    for opening in day:
        for starts_at in easy_to_say(starts_in(opening, grid, zone), zone):
            found.setdefault(starts_at, Slot(number, starts_at, opening.room, opening.practitioner))
    return [found[starts_at] for starts_at in sorted(found)]
