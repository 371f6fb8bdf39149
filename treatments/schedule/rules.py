"""What a session occupies, where it fits, and which times to propose for a whole course.

Moments are aware datetimes in UTC, days and times of day are the clinic's (`zone`). Free time comes as spans
`(from, until)`, sorted, apart from each other, the end not included.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

Span = tuple[dt.datetime, dt.datetime]
Cost = tuple[int, int, int]

FIRST_WITHIN_DAYS = 28  # how long after the wished day the first session is looked for
MINUTE = dt.timedelta(minutes=1)
QUARTER = 15


# What a session occupies


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the day, in minutes; while the anaesthetic cream works the practitioner is free."""

    minutes: int
    frees_practitioner: bool = False


@dataclass(frozen=True, slots=True)
class Occupation:
    """Room and patient are taken for all the `minutes`, the practitioner for `parts`, minutes from the start."""

    minutes: int
    parts: tuple[tuple[int, int], ...]


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
    return Occupation(minutes, tuple(parts))


def shifted(starts_at: dt.datetime, part: tuple[int, int]) -> Span:
    """The span of a part, given in minutes from the start."""
    return starts_at + part[0] * MINUTE, starts_at + part[1] * MINUTE


# The clinic's clock


def wall(day: dt.date, time: dt.time, zone: dt.tzinfo) -> dt.datetime:
    """The moment, in UTC, at which the clinic's clock shows `time` on `day`."""
    return dt.datetime.combine(day, time, tzinfo=zone).astimezone(dt.UTC)


def day_of(moment: dt.datetime, zone: dt.tzinfo) -> dt.date:
    return moment.astimezone(zone).date()


def _beyond_grid(moment: dt.datetime, grid: int, zone: dt.tzinfo) -> dt.timedelta:
    """How far `moment` is past the last step of the grid on the clinic's clock."""
    local = moment.astimezone(zone)
    return dt.timedelta(minutes=local.minute % grid, seconds=local.second, microseconds=local.microsecond)


def on_grid(moment: dt.datetime, grid: int, zone: dt.tzinfo) -> bool:
    """Does the clinic's clock show a whole step of `grid` minutes?"""
    return not _beyond_grid(moment, grid, zone)


def grid_down(moment: dt.datetime, grid: int, zone: dt.tzinfo) -> dt.datetime:
    """The last step of the grid at or before `moment`."""
    return moment - _beyond_grid(moment, grid, zone)


def grid_up(moment: dt.datetime, grid: int, zone: dt.tzinfo) -> dt.datetime:
    """The first step of the grid at or after `moment`."""
    beyond = _beyond_grid(moment, grid, zone)
    return moment - beyond + dt.timedelta(minutes=grid) if beyond else moment


@dataclass(frozen=True, slots=True)
class Hours:
    """Weekly working hours: ISO weekday, from, to on the clinic's clock."""

    weekday: int
    starts: dt.time
    ends: dt.time


def at_work(hours: Iterable[Hours], span: Span, zone: dt.tzinfo) -> bool:
    """Do the working hours cover the whole span? Hours that touch each other count as one."""
    begin, until = span
    day = day_of(begin, zone)
    today = sorted(
        (wall(day, h.starts, zone), wall(day, h.ends, zone)) for h in hours if h.weekday == day.isoweekday()
    )
    for starts, ends in today:
        if starts <= begin < ends:
            begin = ends
    return begin >= until


# Where a session fits


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


def _starts(free: Sequence[Span], part: tuple[int, int]) -> list[Span]:
    """The moments, first and last included, at which a session may start so that `part` of it is free."""
    begin, end = part[0] * MINUTE, part[1] * MINUTE
    return [(lo - begin, hi - end) for lo, hi in free if hi - lo >= end - begin]


def _both(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
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


def _practitioner_starts(free: Free, takes: Occupation) -> list[Span]:
    fits = _starts(free.practitioner, takes.parts[0])
    for part in takes.parts[1:]:
        fits = _both(fits, _starts(free.practitioner, part))
    return fits


def openings(free: Free, takes: Occupation) -> list[Opening]:
    """All openings of a session that `takes` so much, by room in the order given."""
    whole = (0, takes.minutes)
    fits = _both(_practitioner_starts(free, takes), _starts(free.patient, whole))
    return [
        Opening(first, last, room)
        for room, spans in free.rooms.items()
        for first, last in _both(fits, _starts(spans, whole))
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


def _nearest(opening: Opening, wanted: dt.datetime, grid: int, zone: dt.tzinfo) -> dt.datetime | None:
    """The step of the grid in the opening that is nearest to `wanted`, itself a step of the grid."""
    if wanted < opening.first:
        start = grid_up(opening.first, grid, zone)
    else:
        start = grid_down(min(wanted, opening.last), grid, zone)
    return start if opening.first <= start <= opening.last else None


# Proposing a course


@dataclass(frozen=True, slots=True)
class Series:
    """The sessions of a course, numbered from 1, and the days that may lie between one and the next.

    `standing`: the start of each session that is booked or performed; the others are to be proposed.
    """

    sessions: int
    at_least: int
    target: int
    at_most: int
    standing: Mapping[int, dt.datetime] = field(default_factory=dict)

    @property
    def missing(self) -> list[int]:
        return [number for number in range(1, self.sessions + 1) if number not in self.standing]

    def allows(self, days: int) -> bool:
        return self.at_least <= days <= self.at_most


class Lack(StrEnum):
    """Why a session finds no time."""

    PAST = "past"
    PRACTITIONER = "practitioner"
    PATIENT = "patient"
    ROOM = "room"
    TOGETHER = "together"  # each has time, never at once


@dataclass(frozen=True, slots=True)
class Lacking:
    """Session `number` has no time between these days (both included), for want of `lack`."""

    number: int
    first: dt.date
    last: dt.date
    lack: Lack


@dataclass(frozen=True, slots=True)
class Clock:
    """The clinic's zone and the grid of its calendar in minutes."""

    zone: dt.tzinfo
    grid: int


def propose(
    free: Free,
    takes: Occupation,
    series: Series,
    *,
    earliest: dt.datetime,
    clock: Clock,
    daytime: Daytime = ANY_TIME,
) -> list[Slot] | Lacking:
    """Times for all missing sessions of the series, or which session has none and for want of what.

    The first session comes as early as the rest allows. The others keep, in this order, the intended interval, the
    weekday and the hour of the first; every interval lies between the shortest and the longest. If there is any
    such series whose first session lies within FIRST_WITHIN_DAYS, one is found.
    """
    days = by_day(openings(free, takes), earliest=earliest, zone=clock.zone, daytime=daytime)
    search = _Search(days, series, clock)
    deepest = 0, day_of(earliest, clock.zone)
    for first in search.first_slots(earliest):
        layers = search.layers(first)
        if len(layers) == series.sessions:
            return search.slots(layers, first)
        deepest = max(deepest, (len(layers), max(layers[-1])))
    return _lacking(free, takes, series, deepest, earliest, clock)


def _lacking(
    free: Free,
    takes: Occupation,
    series: Series,
    deepest: tuple[int, dt.date],
    earliest: dt.datetime,
    clock: Clock,
) -> Lacking:
    """Name the session that the search came no further than, its days and who had no time."""
    reached, day = deepest
    gap = (series.at_least, series.at_most) if reached else (0, FIRST_WITHIN_DAYS)
    first, last = (day + dt.timedelta(days=days) for days in gap)
    number = next((n for n in series.missing if n > reached), series.missing[-1])
    if last < day_of(earliest, clock.zone):
        return Lacking(number, first, last, Lack.PAST)
    begin = max(earliest, wall(first, dt.time.min, clock.zone))
    until = wall(last + dt.timedelta(days=1), dt.time.min, clock.zone)
    return Lacking(number, first, last, _who(free, takes, (begin, until)))


def _who(free: Free, takes: Occupation, window: Span) -> Lack:
    whole = (0, takes.minutes)
    if not _both(_practitioner_starts(free, takes), [window]):
        return Lack.PRACTITIONER
    if not _both(_starts(free.patient, whole), [window]):
        return Lack.PATIENT
    if not any(_both(_starts(spans, whole), [window]) for spans in free.rooms.values()):
        return Lack.ROOM
    return Lack.TOGETHER


@dataclass(frozen=True, slots=True)
class _Step:
    """The cheapest way to have a session on a day: cost so far, and the day of the session before."""

    cost: Cost
    before: dt.date | None


_Layer = dict[dt.date, _Step]
_NOTHING: Cost = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class _Search:
    """Dynamic programming over days: one layer a session, for each day the cheapest way to come to it."""

    days: Mapping[dt.date, Sequence[Opening]]
    series: Series
    clock: Clock

    def first_slots(self, earliest: dt.datetime) -> Iterator[Slot]:
        """The first session: where it stands, or the earliest slot of each day that may be."""
        if 1 in self.series.standing:
            yield Slot(1, self.series.standing[1], 0)
            return
        after = self.series.standing.get(2)
        last = day_of(earliest, self.clock.zone) + dt.timedelta(days=FIRST_WITHIN_DAYS)
        for day, found in self.days.items():
            if (after or day <= last) and (slots := slots_of(1, found, self.clock.grid, self.clock.zone)):
                yield slots[0]

    def layers(self, first: Slot) -> list[_Layer]:
        """Layers up to the last session, or up to the one before the session that has no day."""
        layers: list[_Layer] = [{day_of(first.starts_at, self.clock.zone): _Step(_NOTHING, None)}]
        for number in range(2, self.series.sessions + 1):
            layer = self._next(number, layers[-1], first)
            if not layer:
                break
            layers.append(layer)
        return layers

    def _next(self, number: int, before: _Layer, first: Slot) -> _Layer:
        free = {number, number - 1} - set(self.series.standing)
        layer: _Layer = {}
        for day, own in self._days(number, before, first).items():
            ways = [
                (_add(step.cost, self._gap_cost(day - earlier) if free else _NOTHING), earlier)
                for earlier, step in before.items()
                if not free or self.series.allows((day - earlier).days)
            ]
            if ways:
                cost, earlier = min(ways)
                layer[day] = _Step(_add(cost, own), earlier)
        return layer

    def _days(self, number: int, before: _Layer, first: Slot) -> dict[dt.date, Cost]:
        """The days on which the session may be, each with what it costs to leave the weekday and the hour."""
        if standing := self.series.standing.get(number):
            return {day_of(standing, self.clock.zone): _NOTHING}
        earliest = min(before) + dt.timedelta(days=self.series.at_least)
        latest = max(before) + dt.timedelta(days=self.series.at_most)
        found = {}
        for offset in range((latest - earliest).days + 1):
            day = earliest + dt.timedelta(days=offset)
            if slot := self._slot(number, day, first):
                found[day] = self._own_cost(slot, first)
        return found

    def _slot(self, number: int, day: dt.date, first: Slot) -> Slot | None:
        """The slot of that day that is nearest to the hour of the first session."""
        wanted = wall(day, self._local(first).time(), self.clock.zone)
        near = [
            (abs(starts_at - wanted), starts_at, index)
            for index, opening in enumerate(self.days.get(day, ()))
            if (starts_at := _nearest(opening, wanted, self.clock.grid, self.clock.zone))
        ]
        if not near:
            return None
        _distance, starts_at, index = min(near)
        return Slot(number, starts_at, self.days[day][index].room)

    def _local(self, slot: Slot) -> dt.datetime:
        return slot.starts_at.astimezone(self.clock.zone)

    def _gap_cost(self, gap: dt.timedelta) -> Cost:
        return abs(gap.days - self.series.target), 0, 0

    def _own_cost(self, slot: Slot, first: Slot) -> Cost:
        here, there = self._local(slot), self._local(first)
        away = abs((here.hour - there.hour) * 60 + here.minute - there.minute)
        return 0, int(here.weekday() != there.weekday()), away

    def slots(self, layers: list[_Layer], first: Slot) -> list[Slot]:
        """Walk back from the cheapest last day and give every missing session its slot."""
        found = []
        day = min(layers[-1], key=lambda last: (layers[-1][last].cost, last))
        for number in range(len(layers), 1, -1):
            if number not in self.series.standing:
                found.append(self._slot(number, day, first))
            before = layers[number - 1][day].before
            day = before or day
        if 1 not in self.series.standing:
            found.append(first)
        return [slot for slot in reversed(found) if slot]


def _add(one: Cost, other: Cost) -> Cost:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


# Judging what was chosen


class Fault(StrEnum):
    """What is wrong with a chosen time."""

    NUMBERS = "numbers"
    ORDER = "order"
    PAST = "past"
    GRID = "grid"
    INTERVAL = "interval"
    HOURS = "hours"


def faults(
    chosen: Mapping[int, dt.datetime],
    series: Series,
    takes: Occupation,
    hours: Mapping[int, Sequence[Hours]],
    *,
    at: dt.datetime,
    clock: Clock,
) -> set[tuple[int, Fault]]:
    """What is wrong with the chosen starts of the missing sessions, by session number.

    `hours`: for each number the working hours of who treats. The interval is judged to both neighbours.
    """
    found: set[tuple[int, Fault]] = set()
    for number, starts_at in chosen.items():
        if starts_at < at:
            found.add((number, Fault.PAST))
        if not on_grid(starts_at, clock.grid, clock.zone):
            found.add((number, Fault.GRID))
        if not all(at_work(hours[number], shifted(starts_at, part), clock.zone) for part in takes.parts):
            found.add((number, Fault.HOURS))
    return found | interval_faults(chosen, series, clock)


def interval_faults(
    chosen: Mapping[int, dt.datetime], series: Series, clock: Clock
) -> set[tuple[int, Fault]]:
    """Which chosen sessions are out of order, or too near to or too far from a neighbour."""
    found: set[tuple[int, Fault]] = set()
    everything = {**series.standing, **chosen}
    for number in sorted(everything):
        if number + 1 not in everything or {number, number + 1}.isdisjoint(chosen):
            continue
        before, after = everything[number], everything[number + 1]
        late = number + 1 if number + 1 in chosen else number
        if after <= before:
            found.add((late, Fault.ORDER))
        elif not series.allows((day_of(after, clock.zone) - day_of(before, clock.zone)).days):
            found.add((late, Fault.INTERVAL))
    return found
