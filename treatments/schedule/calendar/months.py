"""A month at a glance: how much is booked on each day, how much of the working time is still free."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from treatments.schedule.calendar.columns import By, Column, Shifts, columns, shifts
from treatments.schedule.calendar.spans import Days
from treatments.schedule.models import Absence, Resource, Session
from treatments.schedule.rules import MINUTE

Minutes = Counter[dt.date]


@dataclass(frozen=True, slots=True)
class MonthDay:
    """A day: its sessions, how many in a hundred of the working minutes are free, why it is closed."""

    day: dt.date
    sessions: int
    free: int | None  # none: nobody is at work
    closed: str = ""

    @property
    def taken(self) -> int:
        """How many in a hundred of the working minutes are not free."""
        return 100 - (self.free or 0)


def month(days: Days, *, at: dt.datetime) -> list[list[MonthDay | None]]:
    """The weeks of a month from Monday on; days of other months are None. Six SQL queries."""
    people = [one for one in columns(By.PRACTITIONER) if one.current]
    working = shifts([one.pk for one in people], days)
    all_in_all, free = _working(working), _free(people, working, days, at=at)
    booked = Counter(dict(Session.objects.counted_by_day(*days.span)))
    closed = {day: absence.who for absence in _closings(days) for day in days if _closes(absence, day)}
    cells: list[MonthDay | None] = [None] * days.first.weekday()
    for day in days:
        share = round(100 * free[day] / all_in_all[day]) if all_in_all[day] else None
        cells.append(MonthDay(day, booked[day], share, closed.get(day, "")))
    cells += [None] * (-len(cells) % 7)
    return [cells[n : n + 7] for n in range(0, len(cells), 7)]


def _working(working: Shifts) -> Minutes:
    """The minutes that practitioners are at work on each day, by the clinic's clock."""
    found: Minutes = Counter()
    for (_who, day), hours in working.items():
        for starts, ends in hours:
            found[day] += (dt.datetime.combine(day, ends) - dt.datetime.combine(day, starts)) // MINUTE
    return found


def _free(people: Iterable[Column], working: Shifts, days: Days, *, at: dt.datetime) -> Minutes:
    """The working minutes of each day that nothing is booked in; who was never booked is free all day."""
    resources = [one.resource for one in people if one.resource]
    never = {one.pk for one in people if not one.resource}
    found = _working({(who, day): hours for (who, day), hours in working.items() if who in never})
    for spans in Resource.objects.free_time(resources, *days.span, at=at).values():
        for begins, ends in spans:
            found[timezone.localdate(begins)] += (ends - begins) // MINUTE
    return found


def _closings(days: Days) -> list[Absence]:
    return [one for one in Absence.objects.of_day(*days.span) if one.is_closing]


def _closes(absence: Absence, day: dt.date) -> bool:
    return absence.first_day <= day <= absence.last_day
