"""When a zone's clock is put forward or back, and which local times are meant twice."""

import datetime as dt
from dataclasses import dataclass

STEP = dt.timedelta(hours=12)  # no zone changes its clock twice within so little time
SECOND = dt.timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Change:
    """From `at` on the clock is `after` ahead of UTC; until then it was `before`."""

    at: dt.datetime  # UTC
    before: dt.timedelta
    after: dt.timedelta
    summer: bool
    name: str


def ahead(moment: dt.datetime, zone: dt.tzinfo) -> dt.timedelta:
    """How far the clock of `zone` is ahead of UTC at `moment`."""
    return moment.astimezone(zone).utcoffset() or dt.timedelta(0)


def at_first(moment: dt.datetime, zone: dt.tzinfo) -> Change:
    """The clock of `zone` as it is at `moment`, as if it had been put so just then."""
    offset = ahead(moment, zone)
    return _change(moment.astimezone(dt.UTC), offset, offset, zone)


def changes(begin: dt.datetime, until: dt.datetime, zone: dt.tzinfo) -> list[Change]:
    """Every change of the clock of `zone` after `begin` and up to `until`, to the second."""
    found, one, last = [], begin.astimezone(dt.UTC), until.astimezone(dt.UTC)
    while one < last:
        two = min(one + STEP, last)
        if (before := ahead(one, zone)) != (after := ahead(two, zone)):
            found.append(_change(_first_with(after, one, two, zone), before, after, zone))
        one = two
    return found


def _first_with(offset: dt.timedelta, one: dt.datetime, two: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """The first second between the moments, by halves, at which the clock is `offset` ahead of UTC."""
    while two - one > SECOND:
        middle = one + ((two - one) // SECOND // 2) * SECOND
        one, two = (one, middle) if ahead(middle, zone) == offset else (middle, two)
    return two


def _change(at: dt.datetime, before: dt.timedelta, after: dt.timedelta, zone: dt.tzinfo) -> Change:
    local = at.astimezone(zone)
    return Change(at, before, after, bool(local.dst()), local.tzname() or str(zone))


def is_second(moment: dt.datetime, zone: dt.tzinfo) -> bool:
    """Did the clock of `zone` show the time of `moment` already once before, since it was put back?"""
    return moment.astimezone(zone).fold == 1
