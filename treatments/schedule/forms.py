"""What is typed on the pages of the calendar. No ModelForm of a reservation: it would skip the constraint."""

import datetime as dt
import re

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from treatments.schedule.rules import ANY_TIME, BOOKABLE_AHEAD, Daytime, Slot

DAYTIMES = {
    "any": (_("Any time"), ANY_TIME),
    "morning": (_("Before noon"), Daytime(dt.time.min, dt.time(11, 59))),
    "afternoon": (_("Noon to four"), Daytime(dt.time(12), dt.time(15, 59))),
    "late": (_("After four"), Daytime(dt.time(16), dt.time(23, 59))),
}
SLOT = re.compile(r"(\d{8}T\d{4})Z-(\d{1,18})", re.ASCII)
MOMENT = "%Y%m%dT%H%M"


def slot_value(slot: Slot) -> str:
    """A slot as a form carries it: the start in UTC and the room."""
    return f"{slot.starts_at.astimezone(dt.UTC):{MOMENT}}Z-{slot.room}"


def read_slot(number: int, text: str) -> Slot | None:
    """The slot that a form carries, or None if it is none."""
    if not (found := SLOT.fullmatch(text)):
        return None
    try:
        starts_at = dt.datetime.strptime(found[1], MOMENT).replace(tzinfo=dt.UTC)
    except ValueError:
        return None
    return Slot(number, starts_at, int(found[2])) if 2000 <= starts_at.year <= 2200 else None


def read_slots(data) -> list[Slot]:
    """All slots of a form, `slot-1` to `slot-30`; what is none is left out."""
    found = (read_slot(number, data.get(f"slot-{number}", "")) for number in range(1, 31))
    return [slot for slot in found if slot]


class WithPractitioner(forms.Form):
    """Who treats, among those who may."""

    practitioner = forms.ModelChoiceField(
        label=_("Practitioner"), queryset=User.objects.none(), empty_label=None
    )

    def __init__(self, data, *, today: dt.date, **kwargs):
        super().__init__(data, **kwargs)
        self.today = today
        self.fields["practitioner"].queryset = User.objects.who_may_treat().order_by("name", "pk")  # type: ignore[attr-defined]

    def _not_past(self, day: dt.date) -> dt.date:
        if day < self.today:
            raise forms.ValidationError(_("This day is past."))
        if day > self.today + BOOKABLE_AHEAD:
            raise forms.ValidationError(_("That is more than a year ahead."))
        return day


class WishForm(WithPractitioner):
    """What the patient wishes: with whom, from when on, at what time of day."""

    earliest = forms.DateField(label=_("From"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    daytime = forms.ChoiceField(
        label=_("Time of day"), choices=[(key, label) for key, (label, _hours) in DAYTIMES.items()]
    )

    @property
    def last_day(self) -> dt.date:
        """The last day on which a session may be asked for."""
        return self.today + BOOKABLE_AHEAD

    def clean_earliest(self) -> dt.date:
        return self._not_past(self.cleaned_data["earliest"])


class MoveForm(WithPractitioner):
    """With whom and around which day a session is to be instead."""

    day = forms.DateField(label=_("Around"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def clean_day(self) -> dt.date:
        return self._not_past(self.cleaned_data["day"])


class BookForm(forms.Form):
    """What is posted with the chosen times."""

    key = forms.UUIDField()
    interval_reason = forms.CharField(required=False, max_length=500)


class MovedForm(forms.Form):
    """What is posted with the new time of a session."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    interval_reason = forms.CharField(required=False, max_length=500)


class ReplanForm(forms.Form):
    """The absence in whose list the session was found, to lead back to it."""

    absence = forms.IntegerField(min_value=1, max_value=2**63 - 1)


class ArrivedForm(forms.Form):
    """Whether the patient has come, and where the button stood."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    here = forms.ChoiceField(choices=[("yes", ""), ("no", "")])
    back = forms.ChoiceField(required=False, choices=[("day", "")])


class CancelForm(forms.Form):
    """Why a session does not take place."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Reason"), max_length=200)


class DayForm(forms.Form):
    """Which day the calendar shows, by whom or by which room."""

    day = forms.DateField(required=False)
    by = forms.ChoiceField(required=False, choices=[("practitioner", ""), ("room", "")])

    def clean_day(self) -> dt.date | None:
        day = self.cleaned_data["day"]
        if day and not 2000 <= day.year <= 2200:
            raise forms.ValidationError(_("There is no calendar for this day."))
        return day
