"""Who or what the calendar has columns for, and when each is at work."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from clinic.models import DayHours, Room, RoomHours, User
from clinic.prepared import Prepared, asked
from treatments.schedule.calendar.spans import Days
from treatments.schedule.models import Device
from treatments.schedule.occupations import WEEKLY
from treatments.schedule.rules import Hours, of_day

Shift = tuple[dt.time, dt.time]
Shifts = dict[tuple[int, dt.date], list[Shift]]  # by practitioner or room, and day


class By(StrEnum):
    """What a column is."""

    PRACTITIONER = "practitioner"
    ROOM = "room"
    DEVICE = "device"


BY = {By.PRACTITIONER: _("by practitioner"), By.ROOM: _("by room"), By.DEVICE: _("by device")}


@dataclass(frozen=True, slots=True)
class Column:
    """A practitioner, a room or a device; `resource` is None for one that nothing was ever booked with."""

    pk: int
    label: str
    resource: int | None
    current: bool  # may treat, is in use

    def __str__(self) -> str:
        return self.label


def _people() -> QuerySet[User, tuple]:
    may = Exists(User.objects.who_may_treat().filter(pk=OuterRef("pk")))
    rows = User.objects.annotate(current=may).filter(Q(current=True) | Q(resource__isnull=False))
    return rows.values_list("pk", "name", "resource__pk", "current")


THINGS = ("pk", "name", "resource__pk", "active")
COLUMNS = {
    By.PRACTITIONER: Prepared(_people),
    By.ROOM: Prepared(lambda: Room.objects.values_list(*THINGS)),
    By.DEVICE: Prepared(lambda: Device.objects.values_list(*THINGS)),
}
SPECIAL = Prepared(
    lambda: DayHours.objects.filter(
        practitioner__among=asked("people"), day__gte=asked("first"), day__lte=asked("last")
    ).values_list("practitioner", "day", "starts", "ends")
)
OPENING = Prepared(
    lambda: RoomHours.objects.filter(room__among=asked("rooms")).values_list(
        "room", "weekday", "starts", "ends"
    )
)


def columns(by: By) -> list[Column]:
    """All there are, those too that are no more but were booked with. One SQL query."""
    return sorted(
        (Column(*row) for row in COLUMNS[by].rows()), key=lambda one: (one.label.casefold(), one.pk)
    )


def shifts(practitioners: Collection[int], days: Days) -> Shifts:
    """When each of them is at work on these days, by the clinic's clock. Two SQL queries."""
    people = list(practitioners)
    hours: dict[int, list[Hours]] = {}
    for who, weekday, starts, ends in WEEKLY.rows(people=people):
        hours.setdefault(who, []).append(Hours(weekday, starts, ends))
    for who, day, first, last in SPECIAL.rows(people=people, first=days.first, last=days.last):
        none = dt.time.min
        hours.setdefault(who, []).append(Hours(day.isoweekday(), first or none, last or none, day))
    return {(who, day): _sorted(of_day(own, day)) for who, own in hours.items() for day in days}


def opening(rooms: Collection[int], days: Days) -> Shifts:
    """When rooms that have hours can be used, by the clinic's clock; those that have none are not in it.

    One SQL query.
    """
    hours: dict[int, list[Hours]] = {}
    for room, weekday, starts, ends in OPENING.rows(rooms=list(rooms)):
        hours.setdefault(room, []).append(Hours(weekday, starts, ends))
    return {(room, day): _sorted(of_day(own, day)) for room, own in hours.items() for day in days}


def _sorted(hours: Iterable[Hours]) -> list[Shift]:
    return sorted((one.starts, one.ends) for one in hours if one.ends > one.starts)


def to_show(
    by: By, known: Iterable[Column], working: Shifts, taken: Collection[int], who: int | None
) -> list[Column]:
    """The one that is asked for; else whoever is at work or in use, and whatever is taken."""
    if who is not None:
        return [one for one in known if one.pk == who]
    at_work = {pk for (pk, _day), hours in working.items() if hours}
    return [
        one
        for one in known
        if one.resource in taken or (one.current and (by != By.PRACTITIONER or one.pk in at_work))
    ]
