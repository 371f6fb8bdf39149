"""Who is offered a time that became free: those whom it fits, the best first."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from treatments.schedule.rules.clock import Clock, Span, day_of, wall
from treatments.schedule.rules.faults import interval_faults
from treatments.schedule.rules.occupation import Occupation, shifted
from treatments.schedule.rules.openings import Free, Opening, Slot, openings, starts_in
from treatments.schedule.rules.series import Series
from treatments.schedule.rules.wishes import Wishes


@dataclass(frozen=True, slots=True)
class Vacancy:
    """A time that became free, and for whom and where: a session that starts in it takes at least one of these."""

    begin: dt.datetime
    until: dt.datetime
    practitioners: frozenset[int] = frozenset()
    rooms: frozenset[int] = frozenset()

    def concerns(self, slot: Slot) -> bool:
        """Would a session then and there take what became free?"""
        fresh = slot.practitioner in self.practitioners or slot.room in self.rooms
        return fresh and self.begin <= slot.starts_at < self.until


@dataclass(frozen=True, slots=True)
class Waiter:
    """Who waits for session `number` of a course since when, what is wished, and what is known of the calendar.

    `series` is the course without that session. `has`: when it is booked, which is not in `free`; None: it is missing.
    `told`: the times that were offered before.
    """

    entry: int
    number: int
    since: dt.datetime
    wishes: Wishes
    series: Series
    takes: Occupation
    free: Free
    has: Slot | None = None
    told: tuple[Span, ...] = ()
    patient: int | None = None

    def span(self, slot: Slot) -> Span:
        """From when to when the patient is taken."""
        return shifted(slot.starts_at, (0, self.takes.minutes))


@dataclass(frozen=True, slots=True)
class Fit:
    """A time for a waiter. `gain`: so many days sooner than they have it (later: below 0); None: they have none."""

    waiter: Waiter
    slot: Slot
    gain: int | None

    @property
    def rank(self) -> tuple[bool, int, dt.datetime, int]:
        """The least is served first: who has no time at all, then who gains most days, then who waits longest."""
        return self.gain is not None, -(self.gain or 0), self.waiter.since, self.waiter.entry

    def competes_with(self, other: "Fit") -> bool:
        """Are both with the same practitioner in the same room, at times of which only one can be had?"""
        if (self.slot.practitioner, self.slot.room) != (other.slot.practitioner, other.slot.room):
            return False
        mine, theirs = (shifted(one.slot.starts_at, one.waiter.takes.room) for one in (self, other))
        return _overlap(mine, theirs)


def choose(waiters: Iterable[Waiter], vacancy: Vacancy, clock: Clock, *, most: int) -> list[Fit]:
    """The best fit of all and beside it those of the next best waiters whom the same time fits, the best first.

    At most `most`, each patient once. All of them are with the same practitioner in the same room and overlap the
    first: one yes settles them all.
    """
    found = [list(fits(waiter, vacancy, clock)) for waiter in waiters]
    best = min((own[0] for own in found if own), key=lambda fit: fit.rank, default=None)
    if best is None:
        return []
    beside = (next((fit for fit in own if fit.competes_with(best)), None) for own in found)
    return _each_once(sorted((fit for fit in beside if fit), key=lambda fit: fit.rank))[:most]


def _each_once(ranked: Iterable[Fit]) -> list[Fit]:
    """The first of each patient: nobody is told that somebody else was faster who was they themselves."""
    found: dict[int | tuple[int], Fit] = {}
    for fit in ranked:
        known = (fit.waiter.entry,) if fit.waiter.patient is None else fit.waiter.patient
        found.setdefault(known, fit)
    return list(found.values())


def fits(waiter: Waiter, vacancy: Vacancy, clock: Clock) -> Iterator[Fit]:
    """Every start that is a gain for this waiter and meets their wishes, the soonest first.

    Kept are the interval to both neighbours, the order of the sessions, working hours and all that is taken.
    """
    if waiter.number > 1 and waiter.number - 1 not in waiter.series.standing:
        return  # there is nothing that an interval could be kept to
    for slot in _slots(waiter, vacancy, clock):
        if _would_do(waiter, slot, clock):
            yield Fit(waiter, slot, _gain(waiter, slot, clock.zone))


def _slots(waiter: Waiter, vacancy: Vacancy, clock: Clock) -> Sequence[Slot]:
    """Every start in the vacancy at which all that is needed is free; whoever treats the course comes first."""
    found = [
        slot
        for opening in openings(waiter.free, waiter.takes)
        for slot in _starts(waiter.number, opening, vacancy, clock)
    ]
    usual = waiter.series.practitioner
    return sorted(
        found,
        key=lambda slot: (slot.starts_at, slot.practitioner != usual, slot.practitioner, slot.room),
    )


def _starts(number: int, opening: Opening, vacancy: Vacancy, clock: Clock) -> Iterator[Slot]:
    first, last = max(opening.first, vacancy.begin), min(opening.last, vacancy.until)
    within = Opening(first, last, opening.room, opening.practitioner)
    for starts_at in starts_in(within, clock.grid, clock.zone):
        slot = Slot(number, starts_at, opening.room, opening.practitioner)
        if vacancy.concerns(slot):
            yield slot


def _would_do(waiter: Waiter, slot: Slot, clock: Clock) -> bool:
    """Is this wished, better than what they have, within the interval, and not what they were offered before?"""
    if not meets(waiter.wishes, slot, waiter.takes, clock.zone):
        return False
    has = waiter.has
    if has and slot.starts_at >= has.starts_at and meets(waiter.wishes, has, waiter.takes, clock.zone):
        return False  # what they have is as wished: only sooner is better
    if any(_overlap(waiter.span(slot), told) for told in waiter.told):
        return False
    return not interval_faults({waiter.number: slot.starts_at}, waiter.series, clock)


def meets(wishes: Wishes, slot: Slot, takes: Occupation, zone: dt.tzinfo) -> bool:
    """Is this time as it is wished?"""
    day = day_of(slot.starts_at, zone)
    asked = [
        slot.starts_at >= wishes.earliest,
        wishes.latest is None or day <= wishes.latest,
        not wishes.weekdays or day.isoweekday() in wishes.weekdays,
        wishes.practitioner in (None, slot.practitioner),
        wishes.room in (None, slot.room),
    ]
    return all(asked) and _in_daytime(wishes, day, shifted(slot.starts_at, (0, takes.minutes)), zone)


def _in_daytime(wishes: Wishes, day: dt.date, span: Span, zone: dt.tzinfo) -> bool:
    begin, until = wishes.daytime.earliest, wishes.daytime.until
    return span[0] >= wall(day, begin, zone) and (until is None or span[1] <= wall(day, until, zone))


def _gain(waiter: Waiter, slot: Slot, zone: dt.tzinfo) -> int | None:
    if waiter.has is None:
        return None
    return (day_of(waiter.has.starts_at, zone) - day_of(slot.starts_at, zone)).days


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
