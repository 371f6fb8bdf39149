"""The words for what is proposed, what is not as preferred, what is lacking and what is wrong."""

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Protocol

from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.models import User
from treatments.courses.models import Course
from treatments.schedule.proposing.desk import Desk
from treatments.schedule.rules import ANY_TIME, Daytime, Fault, Lack, Lacking, Offer, Stuck, Wish, Wishes


class Listed(Protocol):
    """What is said of a row of the page."""

    @property
    def number(self) -> int: ...
    @property
    def starts_at(self) -> dt.datetime: ...
    @property
    def practitioner(self) -> User: ...
    @property
    def days(self) -> int | None: ...
    @property
    def slot(self) -> object | None: ...


# What is proposed


def face(starts_at: dt.datetime) -> str:
    """The weekday and hour that a receptionist reads out."""
    local = timezone.localtime(starts_at)
    return _("%(weekday)s, %(time)s") % {
        "weekday": capfirst(WEEKDAYS[local.weekday()]),
        "time": f"{local:%H:%M}",
    }


def when(starts_at: dt.datetime) -> str:
    """Weekday, day and hour."""
    return date_format(timezone.localtime(starts_at), "l j F, H:i")


def deviations(rows: Sequence[Listed], target: int, gaps: int) -> list[str]:
    """What of the proposed rows is not as preferred, the gravest first."""
    if not rows:
        return []
    proposed = [row for row in rows if row.slot]
    said = [*_intervals(rows, target), *_other_days(rows[0], proposed), *_others(rows[0], proposed)]
    if gaps:
        said.append(
            ngettext(
                "Leaves %(n)s gap in the calendar that fits nothing.",
                "Leaves %(n)s gaps in the calendar that fit nothing.",
                gaps,
            )
            % {"n": gaps}
        )
    return said


def _intervals(rows: Sequence[Listed], target: int) -> list[str]:
    """Intervals before or after a proposed session that are not as intended."""
    return [
        _("Session %(number)s after %(days)s days instead of %(target)s.")
        % {"number": row.number, "days": row.days, "target": target}
        for before, row in pairwise(rows)
        if row.days not in (None, target) and (row.slot or before.slot)
    ]


def _other_days(first: Listed, proposed: Iterable[Listed]) -> list[str]:
    """Sessions on another weekday or at another hour than the first."""
    usual = timezone.localtime(first.starts_at)
    said = []
    for row in proposed:
        local = timezone.localtime(row.starts_at)
        if (local.weekday(), local.time()) != (usual.weekday(), usual.time()):
            said.append(
                _("Session %(number)s: %(face)s.") % {"number": row.number, "face": face(row.starts_at)}
            )
    return said


def _others(first: Listed, proposed: Iterable[Listed]) -> list[str]:
    return [
        _("Session %(number)s with %(name)s.") % {"number": row.number, "name": row.practitioner}
        for row in proposed
        if row.practitioner.pk != first.practitioner.pk
    ]


# What is lacking


def lacking_said(lacking: Lacking, wishes: Wishes, at_desk: Desk) -> str:
    """Which session finds no time, and what it is that lacks, with the wish that narrows it."""
    days = {"first": _day(lacking.first), "last": _day(lacking.last), "number": lacking.number}
    if lacking.lack == Lack.SAME:
        return (
            _(
                "Nobody has time for all the sessions: with different practitioners there is, from %(first)s on."
            )
            % days
        )
    days["reason"] = _reason(lacking.lack, wishes, at_desk)
    if lacking.first == lacking.last:
        return _("No time for session %(number)s on %(first)s: %(reason)s") % days
    return _("No time for session %(number)s between %(first)s and %(last)s: %(reason)s") % days


def _reason(lack: Lack, wishes: Wishes, at_desk: Desk) -> str:
    named = at_desk.people.get(wishes.practitioner or 0)
    room = at_desk.rooms.get(wishes.room or 0)
    said = {"name": named, "room": room, "when": _times(wishes), "weekdays": _weekdays(wishes)}
    said["latest"] = _day(wishes.latest) if wishes.latest else ""
    return {
        Lack.PAST: _("its interval is over."),
        Lack.LATEST: _("it would be after %(latest)s, the last day that is wished."),
        Lack.WEEKDAYS: _("none of these days is a %(weekdays)s."),
        Lack.PRACTITIONER: _("%(name)s has no free time%(when)s then.")
        if named
        else _("nobody who treats has free time%(when)s then."),
        Lack.PATIENT: _("the patient has other sessions%(when)s then."),
        Lack.ROOM: _("%(room)s is not free%(when)s then.") if room else _("no room is free%(when)s then."),
        Lack.DEVICE: _("a device that is needed is not free%(when)s then."),
        Lack.TOGETHER: _("practitioner, room and patient are never free at once%(when)s then."),
        Lack.SAME: "",
    }[lack] % said


def _times(wishes: Wishes) -> str:
    """The weekdays and the time of day that are wished, to follow "free time"."""
    weekdays, hours = _weekdays(wishes), _hours(wishes.daytime)
    said = [_("on a %(weekdays)s") % {"weekdays": weekdays}] if weekdays else []
    return "".join(f" {part}" for part in [*said, *hours])


def _weekdays(wishes: Wishes) -> str:
    return _(" or ").join(str(WEEKDAYS[day - 1]) for day in sorted(wishes.weekdays))


def _hours(daytime: Daytime) -> list[str]:
    if daytime == ANY_TIME:
        return []
    said = {"begin": f"{daytime.earliest:%H:%M}", "end": f"{daytime.until:%H:%M}" if daytime.until else ""}
    return [(_("from %(begin)s to %(end)s") if daytime.until else _("after %(begin)s")) % said]


def letting_said(wish: Wish, offer: Offer, at_desk: Desk) -> str:
    """What there would be without this wish."""
    first = offer.slots[0]
    without = {
        Wish.PRACTITIONER: _("With anybody who treats"),
        Wish.SAME: _("With different practitioners"),
        Wish.WEEKDAYS: _("On any weekday"),
        Wish.DAYTIME: _("At any time of day"),
        Wish.EARLIEST: _("From today on"),
        Wish.LATEST: _("Without a last day"),
        Wish.ROOM: _("In any room"),
    }[wish]
    named = at_desk.people[first.practitioner or 0]
    said = {"without": without, "when": when(first.starts_at), "name": named}
    return _("%(without)s: from %(when)s, with %(name)s") % said


def otherwise_said(found: list[Offer] | Lacking, wishes: Wishes, at_desk: Desk) -> str:
    """What there is without any wish."""
    if isinstance(found, Lacking):
        loose = wishes.without(*wishes.stated)
        return _("Even without any wish: %(said)s") % {"said": lacking_said(found, loose, at_desk)}
    said = {"when": when(found[0].slots[0].starts_at)}
    return _("No single wish is in the way, but several together. Without any: from %(when)s.") % said


def _day(day: dt.date) -> str:
    return date_format(day, "j F Y")


# What changes


def days_said(days: int) -> str:
    """By how many days something is earlier (below zero) or later."""
    if days < 0:
        return ngettext("%(n)s day earlier", "%(n)s days earlier", -days) % {"n": -days}
    return ngettext("%(n)s day later", "%(n)s days later", days) % {"n": days}


def length_said(minutes: int) -> list[str]:
    """By how many minutes something is shorter (below zero) or longer; nothing where it is neither."""
    if not minutes:
        return []
    said = _("%(n)s minutes longer") if minutes > 0 else _("%(n)s minutes shorter")
    return [said % {"n": abs(minutes)}]


def stuck_said(stuck: Stuck) -> str:
    """Which session would have to move and finds no time."""
    days = {"number": stuck.number, "first": _day(stuck.first), "last": _day(stuck.last)}
    return _("Session %(number)s would have to move, and has no free time from %(first)s to %(last)s.") % days


def lost_said(stuck: Stuck) -> str:
    """Which session finds no time if the one that is missing is to be booked anew."""
    days = {"number": stuck.number, "first": _day(stuck.first), "last": _day(stuck.last)}
    return _("There is no free time for session %(number)s from %(first)s to %(last)s.") % days


# What is wrong


def fault_said(fault: Fault, course: Course) -> str:
    """What is wrong with a chosen time."""
    return {
        Fault.NUMBERS: _("not the session that is missing"),
        Fault.ORDER: _("the sessions are not in order"),
        Fault.PAST: _("this time is past"),
        Fault.FAR: _("this time is too far ahead"),
        Fault.GRID: _("not a time of the calendar"),
        Fault.INTERVAL: _("not %(min)s to %(max)s days from its neighbours: for a doctor, with a reason")
        % {"min": course.interval_min, "max": course.interval_max},
        Fault.HOURS: _("outside the working hours"),
        Fault.DOCTOR: _("a nurse, while the doctor is not at work"),
        Fault.ROOM: _("the room is closed"),
    }[fault]


def faults_said(faults: Iterable[tuple[int, Fault]], course: Course) -> list[str]:
    """Every fault as a sentence."""
    return [
        _("Session %(number)s: %(fault)s.") % {"number": number, "fault": fault_said(fault, course)}
        for number, fault in faults
    ]
