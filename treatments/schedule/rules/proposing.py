"""Which times to propose for a whole course: the best of all that the free time allows, or why there are none."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from treatments.schedule.rules.choosing import Further, Offer, best
from treatments.schedule.rules.clock import Clock, day_of
from treatments.schedule.rules.ground import Ground, ground
from treatments.schedule.rules.occupation import Occupation
from treatments.schedule.rules.openings import Free
from treatments.schedule.rules.search import Search
from treatments.schedule.rules.series import Series
from treatments.schedule.rules.supply import Supply
from treatments.schedule.rules.wishes import Wish, Wishes

FIRST_WITHIN_DAYS = 28  # how long after the wished day the first session is looked for
PROPOSALS = 3
OFF_AT_FIRST = (
    6  # free time is asked for as far as series reach that are so many days off their intervals, then further
)


class Lack(StrEnum):
    """Why a session finds no time."""

    PAST = "past"
    LATEST = "latest"  # it would be after the last day that is wished
    WEEKDAYS = "weekdays"  # no wished weekday lies in its interval
    PRACTITIONER = "practitioner"
    PATIENT = "patient"
    ROOM = "room"
    DEVICE = "device"
    TOGETHER = "together"  # each has time, never at once
    SAME = "same"  # every session has time, never all with the same practitioner


@dataclass(frozen=True, slots=True)
class Lacking:
    """Session `number` has no time between these days (both included), for want of `lack`."""

    number: int
    first: dt.date
    last: dt.date
    lack: Lack


@dataclass(frozen=True, slots=True)
class Question:
    """All that is asked about: free time, what a session takes of it, the series, and the clinic's calendar.

    Gaps under `shortest` minutes are too short for any session. Free time may be known up to the day `until` only.
    """

    free: Free
    takes: Occupation
    series: Series
    clock: Clock
    shortest: int = 0
    until: dt.date | None = None

    def last_day(self, wishes: Wishes) -> dt.date:
        """The last day on which a session can be, as far as is known."""
        last = self._horizon(wishes)
        return min(last, self.until or last)

    def off_beyond(self, wishes: Wishes) -> int | None:
        """The fewest days off that a series can be which reaches beyond what is known; None where none does."""
        if self.until is None or self.until >= self._horizon(wishes):
            return None
        return (self.until - self._horizon(wishes, off=0)).days + 1

    def _horizon(self, wishes: Wishes, *, off: int | None = None) -> dt.date:
        earliest = day_of(wishes.earliest, self.clock.zone)
        return horizon(self.series, earliest, self.clock.zone, off=off)


def horizon(series: Series, earliest: dt.date, zone: dt.tzinfo, *, off: int | None = None) -> dt.date:
    """The last day on which a session can be if the first is looked for from `earliest` on.

    With `off` of a series that is so many days off its intervals: it reaches no further than all of them at their
    target, counted from the last day for the first session or from the last session that stands, and those days.
    """
    first = max([earliest, *(day_of(start, zone) for start in series.standing.values())])
    longest = series.at_most if off is None else series.target
    return first + dt.timedelta(days=FIRST_WITHIN_DAYS + (series.sessions - 1) * longest + (off or 0))


def propose(question: Question, wishes: Wishes, *, most: int = PROPOSALS) -> list[Offer] | Lacking:
    """The best series of times for all missing sessions, best first, or which session has none and for want of what.

    Preferred is, in this order: the intended interval (fewest days off, added up), the weekday of the first session,
    its hour, its practitioner, no gaps left that fit nothing, an early start. How they differ from each other says
    `choosing`. The first session lies within FIRST_WITHIN_DAYS of the earliest that is wished.

    Raises Further where something better might lie beyond the free time that is known.
    """
    beyond = question.off_beyond(wishes)
    searches = _searches(question, wishes)
    through = [search for search in searches if search.ways.lead_through]
    if not through and beyond is not None:
        raise Further
    return best(through, most, beyond=beyond) if through else _lacking(question, wishes)


def loosened(question: Question, wishes: Wishes) -> dict[Wish, Offer]:
    """For each stated wish the best series without it, where there is one."""
    found = {wish: propose(question, wishes.without(wish), most=1) for wish in wishes.stated}
    return {wish: offers[0] for wish, offers in found.items() if isinstance(offers, list)}


def _searches(question: Question, wishes: Wishes) -> list[Search]:
    """One search, or one for each practitioner where all sessions are to be with the same."""
    laid = _ground(question, wishes)
    first = day_of(wishes.earliest, question.clock.zone).toordinal()
    first_days = range(first, first + FIRST_WITHIN_DAYS + 1)
    grounds = [laid]
    if wishes.same:
        stands = question.series.practitioner
        people = [one for one in question.free.practitioners if stands in (None, one)]
        grounds = [laid.only(one) for one in people]
    return [Search(one, question.series, question.clock, first_days) for one in grounds]


def _ground(question: Question, wishes: Wishes) -> Ground:
    return ground(
        question.free,
        question.takes,
        wishes,
        until=question.last_day(wishes),
        clock=question.clock,
        shortest=question.shortest,
    )


# Why there is none


def _lacking(question: Question, wishes: Wishes) -> Lacking:
    """Name the session that the search came no further than, its days and who had no time."""
    if wishes.same:
        anyone = propose(question, wishes.without(Wish.SAME), most=1)
        if isinstance(anyone, Lacking):
            return anyone
        days = [day_of(slot.starts_at, question.clock.zone) for slot in anyone[0].slots]
        return Lacking(anyone[0].slots[0].number, days[0], days[-1], Lack.SAME)
    [search] = _searches(question, wishes)
    reached, day = search.ways.deepest
    if day is None:
        day = search.first_days.start
    gaps = (question.series.at_least, question.series.at_most) if reached else (0, FIRST_WITHIN_DAYS)
    first, last = (dt.date.fromordinal(day + days) for days in gaps)
    number = next((n for n in question.series.missing if n > reached), question.series.missing[-1])
    return Lacking(number, first, last, _who(search.ground, first, last, question, wishes))


def _who(laid: Ground, first: dt.date, last: dt.date, question: Question, wishes: Wishes) -> Lack:
    if last < day_of(wishes.earliest, question.clock.zone):
        return Lack.PAST
    if wishes.latest and first > wishes.latest:
        return Lack.LATEST
    days = [day for day in range(first.toordinal(), last.toordinal() + 1) if day in laid.days]
    if not days:
        return Lack.WEEKDAYS
    room, *devices = laid.things
    kinds = [(laid.practitioners, Lack.PRACTITIONER), (laid.patient, Lack.PATIENT), (room, Lack.ROOM)]
    kinds += [(kind, Lack.DEVICE) for kind in devices]
    return next((lack for kind, lack in kinds if not _any_time(kind, days, laid)), Lack.TOGETHER)


def _any_time(kind: Supply, days: Iterable[int], laid: Ground) -> bool:
    """Could a session start on one of these days, if only this kind of what it needs counted?"""
    steps = kind.any & laid.wished
    return any(laid.days[day].of(steps) for day in days)
