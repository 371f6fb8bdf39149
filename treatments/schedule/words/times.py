"""The words for a moment and a day."""

import datetime as dt

from django.utils import timezone
from django.utils.dates import MONTHS_3, WEEKDAYS, WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _


def face(starts_at: dt.datetime) -> str:
    """The weekday and hour that a receptionist reads out."""
    local = timezone.localtime(starts_at)
    return _("%(weekday)s, %(time)s") % {
        "weekday": capfirst(WEEKDAYS[local.weekday()]),
        "time": hour(starts_at),
    }


def hour(starts_at: dt.datetime) -> str:
    """The hour on the clinic's clock."""
    local = timezone.localtime(starts_at)
    return f"{local.hour:02}:{local.minute:02}"


def short_day(starts_at: dt.datetime) -> str:
    """Weekday, day and month, shortened: "D j M" without reading the format anew for each row of a page."""
    local = timezone.localtime(starts_at)
    return f"{WEEKDAYS_ABBR[local.weekday()]} {local.day} {MONTHS_3[local.month].title()}"


def when(starts_at: dt.datetime) -> str:
    """Weekday, day and hour."""
    return date_format(timezone.localtime(starts_at), "l j F, H:i")


def day_said(day: dt.date) -> str:
    return date_format(day, "j F Y")
