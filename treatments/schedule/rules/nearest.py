"""The time of a day that is nearest to where a session stands: who treats first, then the hour, then the room."""

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from treatments.schedule.rules.clock import MINUTE, Clock, Span, day_of, grid_up, wall
from treatments.schedule.rules.occupation import Occupation
from treatments.schedule.rules.openings import Free, Need, Opening, Slot, openings, starts_in

DAY = dt.timedelta(days=1)
Supply = Mapping[int, Sequence[Span]]


@dataclass(frozen=True, slots=True)
class Seat:
    """A session as it stands, what it takes, and whether it may be left there, or has to be (it was performed).

    `not_on`: the day on which it cannot be.
    """

    number: int
    starts_at: dt.datetime
    practitioner: int
    room: int
    takes: Occupation
    may_stay: bool = True
    may_move: bool = True
    not_on: dt.date | None = None


class Change(NamedTuple):
    """How much is changed, the gravest first. Two changes compare, and add up, number by number."""

    sessions: int = 0  # that move
    others: int = 0  # that somebody else treats
    weekdays: int = 0  # on another weekday
    minutes: int = 0  # off the hour
    rooms: int = 0  # in another room
    days: int = 0  # earlier or later

    def plus(self, other: "Change") -> "Change":
        return Change(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


Pick = tuple[Change, Slot]


@dataclass(frozen=True)
class Nearest:
    """Looks into one day at a time; what it found is kept. `usual`: what a session of the course takes."""

    free: Free
    usual: Occupation
    clock: Clock
    earliest: dt.datetime
    known: dict[tuple[int, dt.date], Pick | None] = field(default_factory=dict)

    def at_best(self, seat: Seat, day: dt.date) -> Change:
        """What having this session on that day costs at least."""
        stood = day_of(seat.starts_at, self.clock.zone)
        return Change(
            sessions=1, weekdays=int(stood.weekday() != day.weekday()), days=abs((day - stood).days)
        )

    def on(self, seat: Seat, day: dt.date) -> Pick | None:
        """The least change that has this session on that day."""
        if (seat.number, day) not in self.known:
            self.known[seat.number, day] = self._on(seat, day)
        return self.known[seat.number, day]

    def _on(self, seat: Seat, day: dt.date) -> Pick | None:
        if day == seat.not_on:
            return None
        people, rooms = self.free.practitioners, self.free.rooms
        own = {one: spans for one, spans in people.items() if one == seat.practitioner}
        room = {one: spans for one, spans in rooms.items() if one == seat.room}
        same = self._best(seat, day, own, room)
        if same and not same[0].minutes:  # nothing on this day could be less
            return same
        others = {one: spans for one, spans in people.items() if one != seat.practitioner}
        return self._best(seat, day, own, rooms) or self._best(seat, day, others, rooms)

    def _best(self, seat: Seat, day: dt.date, people: Supply, rooms: Supply) -> Pick | None:
        free = replace(self.free, practitioners=people, rooms=rooms)
        picks = (
            self._pick(seat, one, start) for one, fits in self._openings(seat, day, free) for start in fits
        )
        return min(picks, key=lambda pick: (pick[0], pick[1].starts_at), default=None)

    def _pick(self, seat: Seat, opening: Opening, start: dt.datetime) -> Pick:
        zone = self.clock.zone
        stood, there = seat.starts_at.astimezone(zone), start.astimezone(zone)
        change = Change(
            sessions=1,
            others=int(opening.practitioner != seat.practitioner),
            weekdays=int(there.weekday() != stood.weekday()),
            minutes=abs(_minute(there) - _minute(stood)),
            rooms=int(opening.room != seat.room),
            days=abs((there.date() - stood.date()).days),
        )
        return change, Slot(seat.number, start, opening.room, opening.practitioner)

    def _openings(
        self, seat: Seat, day: dt.date, free: Free
    ) -> Iterable[tuple[Opening, Sequence[dt.datetime]]]:
        """The openings of a day, each with those of its starts that come nearest to the hour of the session."""
        begin, end = wall(day, dt.time.min, self.clock.zone), wall(day + DAY, dt.time.min, self.clock.zone)
        longer = seat.takes.minutes - self.usual.minutes
        for opening in openings(_around(free, begin - DAY, end + DAY, longer), seat.takes):
            first, last = max(opening.first, begin, self.earliest), min(opening.last, end - MINUTE)
            if first <= last:
                yield opening, self._near(replace(opening, first=first, last=last), seat, day)

    def _near(self, opening: Opening, seat: Seat, day: dt.date) -> list[dt.datetime]:
        """The first start, the last and those about the hour; where the clock changes all of them."""
        grid, zone = self.clock.grid, self.clock.zone
        if opening.first.astimezone(zone).utcoffset() != opening.last.astimezone(zone).utcoffset():
            return list(starts_in(opening, grid, zone))
        hour = wall(day, seat.starts_at.astimezone(zone).time(), zone)
        step = grid * MINUTE
        about = [opening.first, hour - step, hour, opening.last - step + MINUTE]
        found = {grid_up(one, grid, zone) for one in about}
        return sorted(one for one in found if opening.first <= one <= opening.last)


def _minute(local: dt.datetime) -> int:
    return local.hour * 60 + local.minute


def _around(free: Free, begin: dt.datetime, end: dt.datetime, longer: int) -> Free:
    """What is free about a day; devices are taken for so many minutes more."""

    def near(spans: Sequence[Span]) -> Sequence[Span]:
        first = max(bisect_left(spans, (begin,)) - 1, 0)
        return spans[first : bisect_left(spans, (end,))]

    def of_each(kinds: Supply) -> dict[int, Sequence[Span]]:
        return {one: found for one, spans in kinds.items() if (found := near(spans))}

    people = of_each(free.practitioners)
    if not people:
        return Free({}, (), {})
    devices = tuple(
        Need(tuple((lo, hi + longer) for lo, hi in need.parts), of_each(need.free)) for need in free.devices
    )
    return Free(people, near(free.patient), of_each(free.rooms), devices)
