"""What is typed on the pages of absences."""

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from clinic.rules import DaySpan
from treatments.schedule.away.absences import days_span
from treatments.schedule.models import Absence, AbsenceKind
from treatments.schedule.rules import Span, wall

LONGEST = dt.timedelta(days=800)
KINDS = [choice for choice in AbsenceKind.choices if choice[0] != AbsenceKind.CLOSED]


def _date(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))


def _time(label: Any, **said: Any) -> forms.TimeField:
    widget = forms.TimeInput({"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, required=False, widget=widget, **said)


class PeriodForm(forms.Form):
    """Whole days, or from a time of the first day to a time of the last. `sure`: the preview that was seen."""

    first = _date(_("First day"))
    starts = _time(_("From"), help_text=_("Empty: all of the first day."))
    last = _date(_("Last day"))
    ends = _time(_("To"), help_text=_("Empty: all of the last day."))
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=120,
        help_text=_("Everybody who books can read it; nothing about health belongs here."),
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.today = today

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("first") and said.get("last") and not self.errors:
            self._check_period(said["first"], said["last"])
        return said

    def _check_period(self, first: dt.date, last: dt.date) -> None:
        if last < self.today:
            self.add_error("last", _("This day is past."))
        elif first > self.today + LONGEST:
            self.add_error("first", _("That is too far ahead."))
        elif last - first > LONGEST or first.year < 2000:
            self.add_error("last", _("That is too long: divide it."))
        elif self.span[0] >= self.span[1]:
            self.add_error("ends" if last == first else "last", _("It ends before it starts."))

    @property
    def span(self) -> Span:
        """The moments, of a form without errors."""
        said, zone = self.cleaned_data, timezone.get_default_timezone()
        begin, until = days_span(said["first"], said["last"])
        begin = wall(said["first"], said["starts"], zone) if said["starts"] else begin
        return begin, wall(said["last"], said["ends"], zone) if said["ends"] else until

    def absence(self) -> Absence:
        """The row that was meant, not saved."""
        begin, until = self.span
        return Absence(starts_at=begin, ends_at=until, note=self.cleaned_data["note"], **self._who())

    def _who(self) -> dict[str, Any]:
        return {"kind": AbsenceKind.CLOSED}


class AbsenceForm(PeriodForm):
    """Who is away, and why in one word."""

    practitioner = forms.ModelChoiceField(
        label=_("Practitioner"), queryset=User.objects.none(), empty_label=_("choose")
    )
    kind = forms.ChoiceField(label=_("What"), choices=KINDS, initial=AbsenceKind.LEAVE)
    field_order = ("practitioner", "kind")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["practitioner"].queryset = User.objects.practitioners().order_by("name", "pk")  # type: ignore[attr-defined]

    def _who(self) -> dict[str, Any]:
        return {"practitioner": self.cleaned_data["practitioner"], "kind": self.cleaned_data["kind"]}


class DayForm(forms.Form):
    """A day from today on."""

    day = _date(_("Day"))

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_day(self) -> dt.date:
        day = self.cleaned_data["day"]
        if not self.today <= day <= self.today + LONGEST:
            raise forms.ValidationError(_("Choose a day from today on."))
        return day


class DayHoursForm(DayForm):
    """The hours of that day: up to two spans, none means a day off."""

    from_1, to_1 = _time(_("From")), _time(_("To"))
    from_2, to_2 = _time(_("And from")), _time(_("To"))

    def spans(self) -> Iterator[DaySpan]:
        """What was typed, of a form without errors."""
        for n in (1, 2):
            starts, ends = self.cleaned_data.get(f"from_{n}"), self.cleaned_data.get(f"to_{n}")
            if starts is not None and ends is not None:
                yield starts, ends

    def clean(self) -> dict[str, Any]:
        for n in (1, 2):
            starts, ends = self.cleaned_data.get(f"from_{n}"), self.cleaned_data.get(f"to_{n}")
            if (starts is None) != (ends is None) and f"from_{n}" not in self.errors:
                self.add_error(f"to_{n}", _("Give both times, or neither."))
            elif starts is not None and ends is not None and ends <= starts:
                self.add_error(f"to_{n}", _("Ends after it starts."))
        if any(before[1] > after[0] for before, after in pairwise(sorted(self.spans()))):
            self.add_error("from_2", _("The two overlap."))
        return self.cleaned_data
