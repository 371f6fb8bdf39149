"""Which later sessions give way when one of a course is moved, and to where: the least change that keeps all intervals.

Sessions are looked at in order. One that can stay where it is, as far as the interval to the one before goes, may; two
neighbours that both stay are left alone whatever lies between them, for a doctor may have wanted it so. Least is, in
this order: sessions moved, with somebody else, on another weekday, minutes off the hour, in another room, days.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from treatments.schedule.rules.clock import day_of
from treatments.schedule.rules.nearest import Change, Nearest, Seat
from treatments.schedule.rules.openings import Slot
from treatments.schedule.rules.proposing import FIRST_WITHIN_DAYS, Question
from treatments.schedule.rules.series import Series


@dataclass(frozen=True, slots=True)
class Before:
    """The session before the first that may give way: its number, when it is, whether it is where it stood."""

    number: int
    starts_at: dt.datetime
    stood: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """The sessions that move, each with where to, and how much of a change that is together."""

    slots: list[Slot]
    change: Change


@dataclass(frozen=True, slots=True)
class Stuck:
    """Session `number` finds no time between these days, both included."""

    number: int
    first: dt.date
    last: dt.date


def chain(
    question: Question, seats: Sequence[Seat], *, before: Before | None, earliest: dt.datetime
) -> Chain | Stuck:
    """The least change of these sessions, in order of their numbers, that keeps the intervals; or who is stuck.

    `question.free` counts what they take by now as free. Nothing starts before `earliest`. Without a session `before`
    the first is looked for within FIRST_WITHIN_DAYS of where it stands, or of the earliest.
    """
    near = Nearest(question.free, question.takes, question.clock, earliest)
    links = Links(question.series, seats, near)
    here = links.here(before)
    found = links.best(0, *here)
    return Chain(found[1], found[0]) if found else links.stuck(*here)


Found = tuple[Change, list[Slot]] | None


@dataclass(frozen=True)
class Links:
    """Days are ordinals; a session is known by its place among the seats."""

    series: Series
    seats: Sequence[Seat]
    near: Nearest
    known: dict[tuple[int, int | None, int, bool], Found] = field(default_factory=dict)

    def here(self, before: Before | None) -> tuple[int | None, int, bool]:
        """The day of the session before, its number, and whether it is where it stood."""
        if before is None:
            return None, 0, False
        return self._ordinal(before.starts_at), before.number, before.stood

    def best(self, place: int, day: int | None, number: int, stood: bool) -> Found:
        """The least change of this session and those after it, the one before being on `day`."""
        if place == len(self.seats):
            return Change(), []
        key = place, day, number, stood
        if key not in self.known:
            self.known[key] = self._best(place, day, number, stood)
        return self.known[key]

    def _best(self, place: int, day: int | None, number: int, stood: bool) -> Found:
        seat, least = self.seats[place], None
        if self._stays(seat, day, number, stood):
            least = self.best(place + 1, self._ordinal(seat.starts_at), seat.number, True)
            if least and not least[0].sessions:
                return least
        for at_best, there in self._promising(seat, day, number):
            rest = self.best(place + 1, there, seat.number, False)
            if rest is None or (least and least[0] <= at_best.plus(rest[0])):
                continue  # looking into the day itself is what takes long
            picked = self.near.on(seat, dt.date.fromordinal(there))
            if picked and (least is None or picked[0].plus(rest[0]) < least[0]):
                least = picked[0].plus(rest[0]), [picked[1], *rest[1]]
        return least

    def _promising(self, seat: Seat, day: int | None, number: int) -> list[tuple[Change, int]]:
        """The days on which a session can be that moves, each with the least that it costs, the least first."""
        if not seat.may_move:
            return []
        days = self._days(seat, day, number)
        return sorted((self.near.at_best(seat, dt.date.fromordinal(there)), there) for there in days)

    def _stays(self, seat: Seat, day: int | None, number: int, stood: bool) -> bool:
        if not seat.may_stay:
            return False
        return stood or day is None or self._ordinal(seat.starts_at) in self._after(day, seat.number - number)

    def _days(self, seat: Seat, day: int | None, number: int) -> range:
        """The days on which a session can be that moves."""
        if day is not None:
            return self._after(day, seat.number - number)
        first, stands = self._ordinal(self.near.earliest), self._ordinal(seat.starts_at)
        return range(max(first, stands - FIRST_WITHIN_DAYS), max(first, stands) + FIRST_WITHIN_DAYS + 1)

    def _after(self, day: int, numbers: int) -> range:
        """The days so many numbers after a session on `day`: those between, if any are missing, need theirs too."""
        return range(day + numbers * self.series.at_least, day + numbers * self.series.at_most + 1)

    def _ordinal(self, moment: dt.datetime) -> int:
        return day_of(moment, self.near.clock.zone).toordinal()

    def stuck(self, day: int | None, number: int, stood: bool) -> Stuck:
        """The first session that no way leads to, and the days on which it would have to be."""
        reached: set[tuple[int | None, int, bool]] = {(day, number, stood)}
        for seat in self.seats:
            there = {found for one in reached for found in self._reached(seat, *one)}
            if not there:
                days = [each for one in reached for each in self._days(seat, one[0], one[1])]
                return Stuck(seat.number, *map(dt.date.fromordinal, (min(days), max(days))))
            reached = set(there)
        raise AssertionError("a chain that reaches its end is not stuck")

    def _reached(
        self, seat: Seat, day: int | None, number: int, stood: bool
    ) -> Iterator[tuple[int, int, bool]]:
        if self._stays(seat, day, number, stood):
            yield self._ordinal(seat.starts_at), seat.number, True
        for there in self._days(seat, day, number) if seat.may_move else ():
            if self.near.on(seat, dt.date.fromordinal(there)):
                yield there, seat.number, False
