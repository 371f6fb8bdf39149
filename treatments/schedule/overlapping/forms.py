"""What is typed about deliberate overlaps."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.validators import (
    MaxValueValidator,
    MinValueValidator,
    validate_comma_separated_integer_list,
)
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.models import Room, User
from treatments.courses.models import Course
from treatments.schedule.equipment import rooms_for, who_could_treat
from treatments.schedule.forms import AheadForm
from treatments.schedule.rules import Slot, wall

LONGEST = dt.timedelta(days=366)


def _day(label) -> forms.DateField:
    return forms.DateField(
        label=label,
        validators=[MinValueValidator(dt.date(2000, 1, 1)), MaxValueValidator(dt.date(2199, 12, 31))],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class OverForm(forms.Form):
    """Why somebody books over others, and over which sessions, as they were shown."""

    squeeze_reason = forms.CharField(required=False, max_length=250)
    over = forms.CharField(required=False, max_length=400, validators=[validate_comma_separated_integer_list])

    @property
    def wish(self) -> dict[str, Any]:
        """What the actions are told."""
        said = self.cleaned_data if self.is_valid() else {}
        if not said.get("squeeze_reason"):
            return {}
        shown = {int(pk) for pk in said["over"].split(",") if 0 < len(pk) < 19}
        return {"squeeze_reason": said["squeeze_reason"], "shown": shown}


class BetweenForm(forms.Form):
    """From one day to another, a year at most."""

    since = _day(_("From"))
    until = _day(_("Until"))

    def clean(self) -> dict:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and not since <= until <= since + LONGEST:
            raise forms.ValidationError(_("Choose a period of a year at most that ends after it begins."))
        return self.cleaned_data

    @property
    def query(self) -> str:
        return urlencode({name: day.isoformat() for name, day in self.cleaned_data.items()})


class TakenForm(AheadForm):
    """When, where and with whom, whether it is free or not."""

    day = forms.DateField(label=_("Day"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    time = forms.TimeField(
        label=_("Time"), widget=forms.TimeInput({"type": "time", "step": 300}, format="%H:%M")
    )
    practitioner = forms.ModelChoiceField(
        label=_("Practitioner"), queryset=User.objects.none(), empty_label=None
    )
    room = forms.ModelChoiceField(label=_("Room"), queryset=Room.objects.none(), empty_label=None)

    def __init__(self, data, *, course: Course, today: dt.date, now: Slot):
        local = timezone.localtime(now.starts_at)
        said = {"day": max(local.date(), today), "time": local.time()}
        super().__init__(
            data, today=today, initial={**said, "practitioner": now.practitioner, "room": now.room}
        )
        self.fields["practitioner"].queryset = who_could_treat(course)  # type: ignore[attr-defined]
        self.fields["room"].queryset = rooms_for(course)  # type: ignore[attr-defined]

    def clean_day(self) -> dt.date:
        return self._not_past(self.cleaned_data["day"])

    def slot(self, number: int) -> Slot:
        """The slot of this session that the form says."""
        said, zone = self.cleaned_data, timezone.get_default_timezone()
        return Slot(number, wall(said["day"], said["time"], zone), said["room"].pk, said["practitioner"].pk)
