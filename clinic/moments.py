"""Days and times as patients read them, in the language that is active. Pages of staff have formats of their own.

Polish puts the name of the weekday into brackets: there it need not be declined, whatever word stands before it.
"""

import datetime as dt

from django.utils import timezone
from django.utils.formats import date_format

from clinic.languages import spoken

FORMS = {
    "date": {"en": "l j F Y", "de": "l, j. F Y", "pl": "j E Y (l)"},
    "day": {"en": "l j F", "de": "l, j. F", "pl": "j E (l)"},
    "short": {"en": "j F", "de": "j. F", "pl": "j E"},
}


def on(when: dt.date, form: str = "date") -> str:
    """A day, of a moment the one on the clinic's wall: "Wednesday 25 November 2026"."""
    language = spoken()
    day = timezone.localtime(when) if isinstance(when, dt.datetime) else when
    said = date_format(day, FORMS[form][language])
    return said.lower() if language == "pl" else said  # Django's weekdays begin with a capital


def at(when: dt.datetime, form: str = "date") -> str:
    """A moment on the clinic's wall: "Wednesday 25 November 2026, 14:30"."""
    return f"{on(when, form)}, {timezone.localtime(when):%H:%M}"
