"""The sessions of some days as a list: the page for whoever does not use the calendar beside it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from clinic.models import User
from treatments.schedule.calendar.columns import By, Column, Shifts
from treatments.schedule.calendar.spans import Days
from treatments.schedule.models import Absence, Session


@dataclass(frozen=True, slots=True)
class ListedDay:
    """A day with its sessions, by time, and who is away."""

    day: dt.date
    sessions: Sequence[Session]
    absences: Sequence[Absence]


def listed(days: Days, by: By, *, who: int | None, user: User) -> list[ListedDay]:
    """The days with what this person may see of them, `who` alone or everything. Two SQL queries."""
    rows = Session.objects.visible_to(user).of_day(*days.span).with_one(by, who)
    sessions = list(rows.defer("course__patient__phone"))  # not shown, and slow to read
    absences = list(Absence.objects.visible_to(user).of_day(*days.span))
    return [
        ListedDay(
            day,
            [one for one in sessions if timezone.localdate(one.starts_at) == day],
            [one for one in absences if one.first_day <= day <= one.last_day],
        )
        for day in days
    ]


def still_at_work(known: Sequence[Column], working: Shifts, day: ListedDay) -> list[Column]:
    """Who is at work on the day as planned, and is not away by now."""
    away = {absence.practitioner_id for absence in day.absences}
    return [one for one in known if working.get((one.pk, day.day)) and one.pk not in away]
