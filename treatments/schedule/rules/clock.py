"""The clinic's clock: moments are aware datetimes in UTC, days and times of day are the clinic's (`zone`)."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

Span = tuple[dt.datetime, dt.datetime]  # from, until; the end is not included
MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Clock:
    """The clinic's zone and the grid of its calendar in minutes."""

    zone: dt.tzinfo
    grid: int


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


def grid_up(moment: dt.datetime, grid: int, zone: dt.tzinfo) -> dt.datetime:
    """The first step of the grid at or after `moment`."""
    beyond = _beyond_grid(moment, grid, zone)
    return moment - beyond + dt.timedelta(minutes=grid) if beyond else moment


@dataclass(frozen=True, slots=True)
class Hours:
    """Working hours on the clinic's clock: of an ISO weekday, or of one `day` only, in place of the weekly ones.

    Hours of a day that end as they start mean: not at work on it.
    """

    weekday: int
    starts: dt.time
    ends: dt.time
    day: dt.date | None = None


def of_day(hours: Iterable[Hours], day: dt.date) -> list[Hours]:
    """The hours that hold on `day`: those of the day itself where there are any, else those of its weekday."""
    hours = list(hours)
    own = [one for one in hours if one.day == day]
    return own or [one for one in hours if one.day is None and one.weekday == day.isoweekday()]


def at_work(hours: Iterable[Hours], span: Span, zone: dt.tzinfo) -> bool:
    """Do the working hours cover the whole span? Hours that touch each other count as one."""
    begin, until = span
    day = day_of(begin, zone)
    today = sorted((wall(day, h.starts, zone), wall(day, h.ends, zone)) for h in of_day(hours, day))
    for starts, ends in today:
        if starts <= begin < ends:
            begin = ends
    return begin >= until
