"""What EventCalendar is given for some days: columns, sessions and what lies under them."""

import datetime as dt
from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from treatments.schedule.calendar import ground, sessions
from treatments.schedule.calendar.columns import By, Column, Shifts, columns, opening, shifts, to_show
from treatments.schedule.calendar.seeking import Sought, free_for
from treatments.schedule.calendar.spans import Days, Shown, walls

EARLIEST, LATEST = 8, 18  # hours that are shown also when nothing happens
SATURDAY, SUNDAY = 6, 7


class Feed(NamedTuple):
    """All that the calendar is given, and the patients whom it names."""

    said: dict
    patients: set[int]


def week_or_day(
    days: Days, by: By, *, who: int | None, clinical: bool, at: dt.datetime, sought: Sought | None = None
) -> Feed:
    """All that the day view (one day) and the week view (seven) show, `who` alone or everybody.

    `sought`: for this session free time is highlighted, which asks more.

    Seven SQL queries however much happens; the bare one is `SessionQuerySet.taking`.
    """
    known, span, shown = columns(by), days.span, Shown()
    people = by == By.PRACTITIONER
    current = [one.pk for one in known if one.current]
    working = shifts(current, days) if people else opening(current, days) if by == By.ROOM else {}
    asked = {one.resource: one.pk for one in known if one.resource and who in (None, one.pk)}
    blocks = [*sessions.blocks(asked, span, shown), *sessions.missed(by, asked, span, shown)]
    listed = to_show(by, known, working, {block.row.resource for block in blocks}, who)
    limited = {pk for pk, _day in working}
    # The hours lie lowest: they have no words, and would cover those of an absence.
    under = list(ground.off([one for one in listed if people or one.pk in limited], working, days))
    under += ground.away(listed, span, people=people)
    under += ground.offered(asked, span, at=at)
    for block in blocks:
        column = asked[block.row.resource]
        under += [ground.background(column, walls(kept), "kept") for kept in sessions.kept_free(block)]
    if sought:
        under += ground.free(free_for(sought, days, by, at=at))
    event = partial(sessions.as_event, clinical=clinical, at=at, shown=shown, looks=sessions.Looks())
    over = [event(block, asked[block.row.resource]) for block in blocks]
    said = {
        "resources": [{"id": one.pk, "title": one.label} for one in listed],
        "events": under + over,
        **_hours(working, listed, blocks),
        "hidden": _idle(days, working, listed, blocks),
    }
    return Feed(said, {block.row.patient_id for block in blocks})


def _hours(working: Shifts, listed: Iterable[Column], blocks: Iterable[sessions.Block]) -> dict[str, str]:
    """The hours that are shown: enough for everything that happens but absences, which may last all day."""
    own = {one.pk for one in listed}
    spans = [shift for (who, _day), hours in working.items() if who in own for shift in hours]
    drawn = [block.drawn for block in blocks]
    first = min([EARLIEST, *(starts.hour for starts, _ends in spans), *(one.begins.hour for one in drawn)])
    last = max([LATEST, *(_up(ends) for _starts, ends in spans), *(_up(one.ends) for one in drawn)])
    if any(one.ends.date() > one.begins.date() for one in drawn):
        last = 24
    return {"from": f"{first:02}:00", "until": f"{last:02}:00"}


def _up(time: dt.time | dt.datetime) -> int:
    return time.hour + (time.minute > 0)


def _idle(
    days: Days, working: Shifts, listed: Iterable[Column], blocks: Iterable[sessions.Block]
) -> list[int]:
    """The days of a weekend on which nothing happens, as EventCalendar numbers them: Sunday is 0."""
    busy = {block.drawn.begins.date() for block in blocks}
    busy |= {day for (who, day), hours in working.items() if hours and who in {one.pk for one in listed}}
    idle = (
        day for day in days if days.count > 1 and day not in busy and day.isoweekday() in (SATURDAY, SUNDAY)
    )
    return [day.isoweekday() % 7 for day in idle]
