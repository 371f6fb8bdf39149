"""Where a session fits: free time comes as spans, sorted and apart from each other."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from treatments.schedule.rules.clock import MINUTE, Span, day_of, grid_down, grid_up, on_grid, wall
from treatments.schedule.rules.occupation import Occupation

QUARTER = 15  # minutes


@dataclass(frozen=True, slots=True)
class Free:
    """When those who are needed are free; of the rooms one is enough, the first that is free is taken."""

    practitioner: Sequence[Span]
    patient: Sequence[Span]
    rooms: Mapping[int, Sequence[Span]]


@dataclass(frozen=True, slots=True)
class Opening:
    """A session may start in this room at any moment from `first` to `last`, both included."""

    first: dt.datetime
    last: dt.datetime
    room: int


def starts(free: Sequence[Span], part: tuple[int, int]) -> list[Span]:
    """The moments, first and last included, at which a session may start so that `part` of it is free."""
    begin, end = part[0] * MINUTE, part[1] * MINUTE
    return [(lo - begin, hi - end) for lo, hi in free if hi - lo >= end - begin]


def both(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    """What two sorted lists of spans have in common, ends included."""
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


def practitioner_starts(free: Free, takes: Occupation) -> list[Span]:
    """The moments, first and last included, at which the practitioner is free for all parts of a session."""
    fits = starts(free.practitioner, takes.parts[0])
    for part in takes.parts[1:]:
        fits = both(fits, starts(free.practitioner, part))
    return fits


def openings(free: Free, takes: Occupation) -> list[Opening]:
    """All openings of a session that `takes` so much, by room in the order given."""
    whole = (0, takes.minutes)
    fits = both(practitioner_starts(free, takes), starts(free.patient, whole))
    return [
        Opening(first, last, room)
        for room, spans in free.rooms.items()
        for first, last in both(fits, starts(spans, whole))
    ]


@dataclass(frozen=True, slots=True)
class Daytime:
    """Sessions start between these times of the clinic's clock, both included."""

    earliest: dt.time = dt.time.min
    latest: dt.time = dt.time(23, 59)


ANY_TIME = Daytime()


def by_day(
    found: Iterable[Opening], *, earliest: dt.datetime, zone: dt.tzinfo, daytime: Daytime = ANY_TIME
) -> dict[dt.date, list[Opening]]:
    """The openings from `earliest` on, cut at the clinic's days and to the time of day that is wished."""
    days: dict[dt.date, list[Opening]] = {}
    for opening in found:
        day = day_of(max(opening.first, earliest), zone)
        while day <= day_of(opening.last, zone):
            first = max(opening.first, earliest, wall(day, daytime.earliest, zone))
            last = min(opening.last, wall(day, daytime.latest, zone))
            if first <= last:
                days.setdefault(day, []).append(Opening(first, last, opening.room))
            day += dt.timedelta(days=1)
    return dict(sorted(days.items()))


@dataclass(frozen=True, slots=True)
class Slot:
    """A time and a room for one session of a course."""

    number: int
    starts_at: dt.datetime
    room: int


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
            found.setdefault(starts_at, Slot(number, starts_at, opening.room))
    return [found[starts_at] for starts_at in sorted(found)]


def has_start(opening: Opening, grid: int, zone: dt.tzinfo) -> bool:
    """Is there a step of the grid in the opening?"""
    return grid_up(opening.first, grid, zone) <= opening.last


def nearest(opening: Opening, wanted: dt.datetime, grid: int, zone: dt.tzinfo) -> dt.datetime | None:
    """The step of the grid in the opening that is nearest to `wanted`, itself a step of the grid."""
    if wanted < opening.first:
        start = grid_up(opening.first, grid, zone)
    else:
        start = grid_down(min(wanted, opening.last), grid, zone)
    return start if opening.first <= start <= opening.last else None
