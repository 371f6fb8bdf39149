"""The words for what is wished by those who wait, and for what is held."""

import datetime as dt
from collections.abc import Sequence

from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.versions import ChangedMeanwhile
from treatments.schedule import refusals, words
from treatments.schedule.models import Hold, Waiting


def wished_said(entry: Waiting) -> list[str]:
    """Each wish in a few words; none: any time."""
    named = [_("with %(name)s") % {"name": entry.practitioner}] if entry.practitioner else []
    room = [_("in %(room)s") % {"room": entry.room}] if entry.room else []
    return [*named, *room, *_days(entry.weekdays), *_hours(entry), *_dates(entry)]


def _days(weekdays: Sequence[int]) -> list[str]:
    names = _(" or ").join(str(WEEKDAYS[day - 1]) for day in sorted(weekdays))
    return [_("on a %(weekdays)s") % {"weekdays": names}] if names else []


def _hours(entry: Waiting) -> list[str]:
    begin = (
        [_("not before %(time)s") % {"time": time_format(entry.not_before, "H:i")}]
        if entry.not_before
        else []
    )
    end = [_("over by %(time)s") % {"time": time_format(entry.over_by, "H:i")}] if entry.over_by else []
    return [*begin, *end]


def _dates(entry: Waiting) -> list[str]:
    begin = {"day": date_format(entry.earliest, "j F")}
    first = [_("from %(day)s on") % begin] if entry.earliest > timezone.localdate(entry.added_at) else []
    last = [_("by %(day)s") % {"day": date_format(entry.latest, "j F")}] if entry.latest else []
    return [*first, *last]


def pairs(entry: Waiting, today: dt.date) -> list[tuple[str, object]]:
    """(name, value) of session and wishes as the form of the waiting list has them; nothing is wished for the past."""
    said = {
        "number": entry.number,
        "practitioner": entry.practitioner_id,
        "room": entry.room_id,
        "earliest": max(entry.earliest, today),
        "latest": entry.latest,
        "not_before": entry.not_before,
        "over_by": entry.over_by,
    }
    stated = [(name, value) for name, value in said.items() if value is not None]
    return [*stated, *(("weekdays", day) for day in entry.weekdays)]


def held_said(hold: Hold, practitioner: User) -> str:
    """What the booking page says of a time that is missing among its proposals."""
    return _("%(when)s with %(name)s is held for the waiting list until %(until)s.") % {
        "when": words.when(hold.begin),
        "name": practitioner,
        "until": time_format(timezone.localtime(hold.lapses_at), "H:i"),
    }


def refused_said(refused: Exception, course) -> list[str]:
    """Why a yes could not be kept."""
    if isinstance(refused, refusals.WrongTimes):
        return words.faults_said(refused.faults, course)
    if isinstance(refused, ChangedMeanwhile):
        return [_("The session was booked or changed meanwhile: this offer does not hold any more.")]
    return [str(refused)]
