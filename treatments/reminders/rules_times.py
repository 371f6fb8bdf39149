"""When messages go. Moments are aware datetimes in UTC; days, times of day and quiet hours are the clinic's.

None of this is documented clinically: the clinic's settings and its protocols give the numbers.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

SETTLING = dt.timedelta(minutes=2)  # what changes within it is told in one letter
ON_THE_HEELS = dt.timedelta(hours=6)  # a reminder so soon after the letter about the session says nothing new
LAST_CALL = dt.timedelta(hours=1)  # before the start; later nobody can do much about it
BEFORE_QUIET = dt.timedelta(hours=1)  # what goes earlier than the quiet hours goes so long before them
APART = dt.timedelta(hours=1)  # two reminders of one session that come closer are one
AFTER_THE_SESSION = dt.timedelta(minutes=15)
AFTERCARE_USEFUL_FOR = dt.timedelta(hours=24)
TODAY_USEFUL_FOR = dt.timedelta(hours=4)
RECALL_USEFUL_FOR = dt.timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Quiet:
    """From `begin` to `until` on the clinic's wall clock, mostly over midnight, nobody is written to. Equal: never."""

    begin: dt.time
    until: dt.time
    zone: dt.tzinfo

    def holds(self, moment: dt.datetime) -> bool:
        """Is it quiet at this moment?"""
        time = moment.astimezone(self.zone).time()
        if self.begin <= self.until:
            return self.begin <= time < self.until
        return time >= self.begin or time < self.until


class Due(NamedTuple):
    """One of several messages about the same (`step`, from 1), when it goes and when it would be useless."""

    step: int
    due_at: dt.datetime
    not_after: dt.datetime


def on_the_wall(day: dt.date, time: dt.time, zone: dt.tzinfo) -> dt.datetime:
    """The moment (UTC) at which the clinic's clock shows `time` on `day`.

    A wall time that the spring change leaves out is as much later as the clock jumped (02:30 becomes 03:30); of one
    that the autumn change brings twice, the first is meant.
    """
    return dt.datetime.combine(day, time.replace(fold=0), tzinfo=zone).astimezone(dt.UTC)


def out_of_quiet(
    moment: dt.datetime,
    quiet_from: dt.time,
    quiet_until: dt.time,
    zone: dt.tzinfo,
    not_after: dt.datetime,
) -> dt.datetime:
    """`moment`, or where it is quiet then the end of the quiet hours; earlier, before they begin, if that is too late.

    >>> from zoneinfo import ZoneInfo
    >>> start = dt.datetime(2026, 11, 24, 7, 30, tzinfo=dt.UTC)  # 8:30 in Warsaw
    >>> hour, night = dt.timedelta(hours=1), (dt.time(20), dt.time(8), ZoneInfo("Europe/Warsaw"))
    >>> out_of_quiet(start - 3 * hour, *night, start - hour).isoformat()
    '2026-11-23T18:00:00+00:00'
    """
    quiet = Quiet(quiet_from, quiet_until, zone)
    if not quiet.holds(moment):
        return moment
    local = moment.astimezone(zone)
    over_midnight = quiet_from > quiet_until
    began_on = local.date() - dt.timedelta(days=over_midnight and local.time() < quiet_until)
    end = _last(began_on + dt.timedelta(days=over_midnight), quiet_until, zone)
    return end if end <= not_after else on_the_wall(began_on, quiet_from, zone) - BEFORE_QUIET


def _last(day: dt.date, time: dt.time, zone: dt.tzinfo) -> dt.datetime:
    """The last moment at which the clock shows `time` on `day`; a left out one as in `on_the_wall`."""
    second = dt.datetime.combine(day, time.replace(fold=1), tzinfo=zone).astimezone(dt.UTC)
    return max(on_the_wall(day, time, zone), second)


def _audible(moment: dt.datetime, quiet: Quiet, not_after: dt.datetime) -> dt.datetime:
    return out_of_quiet(moment, quiet.begin, quiet.until, quiet.zone, not_after)


def hours_before(starts_at: dt.datetime, hours: int, zone: dt.tzinfo) -> dt.datetime:
    """So long before a session: whole days at the same time on the wall, anything else by the hours that pass."""
    days, rest = divmod(hours, 24)
    if rest:
        return starts_at.astimezone(dt.UTC) - dt.timedelta(hours=hours)
    local = starts_at.astimezone(zone)
    return on_the_wall(local.date() - dt.timedelta(days=days), local.time(), zone)


def reminders(starts_at: dt.datetime, hours: Iterable[int], quiet: Quiet, *, since: dt.datetime) -> list[Due]:
    """The reminders of a session that was booked or moved at `since`, the first one first.

    One that would come within hours of `since`, or close to the next one, is left out. One that is late is useful
    only until the next one goes.
    """
    latest, first = starts_at.astimezone(dt.UTC) - LAST_CALL, since.astimezone(dt.UTC) + ON_THE_HEELS
    steps = enumerate(sorted(set(hours), reverse=True), start=1)
    due = [(step, _audible(hours_before(starts_at, n, quiet.zone), quiet, latest)) for step, n in steps]
    found: list[Due] = []
    for step, moment in reversed(due):
        until = found[-1].due_at if found else latest
        if first <= moment <= until - (APART if found else dt.timedelta(0)):
            found.append(Due(step, moment, until))
    return found[::-1]


def days_before(
    starts_at: dt.datetime,
    days: int,
    goes_at: dt.time,
    quiet: Quiet,
    *,
    since: dt.datetime,
    late_too: bool = True,
) -> Due | None:
    """At `goes_at` so many days (at least one) before a session that was booked or moved at `since`.

    If that is over it goes at once if `late_too`, since it says what nobody has said yet. None where it is useless.
    """
    day = starts_at.astimezone(quiet.zone).date() - dt.timedelta(days=max(days, 1))
    latest = starts_at.astimezone(dt.UTC) - LAST_CALL
    usual = _audible(on_the_wall(day, goes_at, quiet.zone), quiet, latest)
    due_at = usual if usual > since else soon(since, quiet, latest)
    return Due(1, due_at, latest) if due_at <= latest and (late_too or due_at == usual) else None


def soon(at: dt.datetime, quiet: Quiet, not_after: dt.datetime) -> dt.datetime:
    """When what happened at `at` is told: once it has settled, after the quiet hours unless that is too late."""
    settled = at.astimezone(dt.UTC) + SETTLING
    return max(settled, _audible(settled, quiet, not_after))


def morning(at: dt.datetime, goes_at: dt.time, zone: dt.tzinfo) -> dt.datetime | None:
    """Until when what goes to staff in the morning of that day is useful; None if `at` is no time for it."""
    begins = on_the_wall(at.astimezone(zone).date(), goes_at, zone)
    until = begins + TODAY_USEFUL_FOR
    return until if begins <= at < until else None


def recalls(
    finished_on: dt.date, weeks: int, times: int, every_days: int, goes_at: dt.time, quiet: Quiet
) -> Sequence[Due]:
    """The recalls of a course that finished on a day of the clinic: after `weeks`, then so many days apart."""
    first = finished_on + dt.timedelta(weeks=weeks)
    days = [first + dt.timedelta(days=every_days * n) for n in range(times)]
    useful = min(RECALL_USEFUL_FOR, dt.timedelta(days=every_days - 1))
    due = [on_the_wall(day, goes_at, quiet.zone) for day in days]
    heard = [_audible(moment, quiet, moment + useful) for moment in due]
    return [Due(step, moment, moment + useful) for step, moment in enumerate(heard, start=1)]
