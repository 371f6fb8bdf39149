"""Which days are shown. Moments become what the clinic's clock shows; the browser's zone plays no part."""

import calendar
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.utils import timezone

from treatments.schedule.rules import Span, wall

MINUTE = "%Y-%m-%dT%H:%M"


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


def shown(moment: dt.datetime) -> dt.datetime:
    """What the clinic's clock shows, without a zone."""
    return timezone.localtime(moment).replace(tzinfo=None, fold=0)


def said(moment: dt.datetime) -> str:
    """The time of day in words; with its zone in the hour that a night in autumn has twice."""
    local = timezone.localtime(moment)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%H:%M %Z}" if twice else f"{local:%H:%M}"


def drawn(span: Span) -> tuple[str, str]:
    """Where a session is drawn: from what the clock shows, for as long as it takes.

    In the night in which the clock goes back the clock may show no later time at its end than at its start.
    """
    begins = shown(span[0])
    return begins.strftime(MINUTE), (begins + (span[1] - span[0])).strftime(MINUTE)


def walls(span: Span) -> tuple[str, str]:
    """What the clock shows at both ends, for what lasts from one hour to another whatever the clock does between."""
    return shown(span[0]).strftime(MINUTE), shown(span[1]).strftime(MINUTE)
