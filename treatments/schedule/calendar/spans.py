"""Which days are shown. Moments become what the clinic's clock shows; the browser's zone plays no part."""

import calendar
import datetime as dt
import operator
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from django.utils import timezone

from treatments.schedule.rules import Span, wall

MINUTE = "%Y-%m-%dT%H:%M"
SETTLED = 5  # o'clock: no clock is changed later in the day


class Show(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Days:
    """A run of the clinic's days."""

    first: dt.date
    count: int

    @classmethod
    def around(cls, day: dt.date, show: Show) -> "Days":
        """The day, its week from Monday on, or its month."""
        if show == Show.DAY:
            return cls(day, 1)
        if show == Show.WEEK:
            return cls(day - dt.timedelta(days=day.weekday()), 7)
        return cls(day.replace(day=1), calendar.monthrange(day.year, day.month)[1])

    def __iter__(self) -> Iterator[dt.date]:
        return (self.first + dt.timedelta(days=n) for n in range(self.count))

    @property
    def last(self) -> dt.date:
        return self.first + dt.timedelta(days=self.count - 1)

    @property
    def before(self) -> dt.date:
        return self.first - dt.timedelta(days=1)

    @property
    def after(self) -> dt.date:
        return self.last + dt.timedelta(days=1)

    @property
    def span(self) -> Span:
        """From the first midnight to the last, also where days have 23 or 25 hours."""
        zone = timezone.get_default_timezone()
        return wall(self.first, dt.time.min, zone), wall(self.after, dt.time.min, zone)


CLOCK = operator.methodcaller("strftime", "%H:%M")


def local(moment: dt.datetime) -> dt.datetime:
    """The moment in the clinic's zone. Django's own way asks for the zone of the request, once for every session."""
    return moment.astimezone(timezone.get_default_timezone())


def shown(moment: dt.datetime) -> dt.datetime:
    """What the clinic's clock shows, without a zone."""
    return local(moment).replace(tzinfo=None, fold=0)


def said(moment: dt.datetime) -> str:
    """The time of day in words; with its zone in the hour that a night in autumn has twice."""
    here = local(moment)
    twice = here.utcoffset() != here.replace(fold=1 - here.fold).utcoffset()
    return here.strftime("%H:%M %Z") if twice else here.strftime("%H:%M")


class Drawn(NamedTuple):
    """Where a session is drawn, by the clinic's clock; the same as EventCalendar reads it, and in words."""

    begins: dt.datetime
    ends: dt.datetime
    start: str
    end: str
    words: str


class Shown(dict[Span, Drawn]):
    """How the spans of one answer are drawn. On a full day many sessions take the same: each is worked out once."""

    def __missing__(self, span: Span) -> Drawn:
        begins, ends = _drawn(span)
        start, end = (clock.isoformat(timespec="minutes") for clock in (begins, ends))
        self[span] = found = Drawn(begins, ends, start, end, _said(span, begins, ends))
        return found


def _drawn(span: Span) -> Span:
    """From what the clock shows, for as long as it takes.

    In the night in which the clock goes back the clock may show no later time at its end than at its start.
    """
    begins = shown(span[0])
    return begins, begins + (span[1] - span[0])


def _said(span: Span, begins: dt.datetime, ends: dt.datetime) -> str:
    """From when to when in words. No clock is changed by day: then it is as it is drawn, which costs less."""
    by_day = begins.hour >= SETTLED and begins.date() == ends.date()
    first, last = map(CLOCK, (begins, ends)) if by_day else map(said, span)
    return f"{first}–{last}"


def walls(span: Span) -> tuple[str, str]:
    """What the clock shows at both ends, for what lasts from one hour to another whatever the clock does between."""
    return shown(span[0]).strftime(MINUTE), shown(span[1]).strftime(MINUTE)
