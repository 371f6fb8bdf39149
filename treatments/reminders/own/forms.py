"""What patients post on the pages behind the links of messages."""

import datetime as dt

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.languages import own_names
from patients.models import Channel, Patient
from treatments.reminders.models import Answer, Topic
from treatments.schedule.changing.forms import LAST_VERSION
from treatments.schedule.forms import AheadForm, read_slot
from treatments.schedule.models import Session
from treatments.schedule.rules import Slot


class ShownForm(forms.Form):
    """The version of the session that the page showed."""

    version = forms.IntegerField(min_value=1, max_value=LAST_VERSION, widget=forms.HiddenInput)


class ThereForm(ShownForm):
    """Which of the times that were shown."""

    to = forms.CharField(max_length=60)

    def __init__(self, data, *, session: Session):
        super().__init__(data)
        self.number = session.number

    def clean_to(self) -> Slot:
        slot = read_slot(self.number, self.cleaned_data["to"])
        if slot is None or slot.practitioner is None:
            raise forms.ValidationError(_("Choose a time."))
        return slot


class AroundForm(AheadForm):
    """Around which day to look for times."""

    day = forms.DateField(
        label=_("Another day"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    def clean_day(self) -> dt.date | None:
        day = self.cleaned_data["day"]
        return self._not_past(day) if day else None


class RecallForm(forms.Form):
    """The answer to a recall."""

    answer = forms.ChoiceField(choices=[*Answer.choices, ("stop", "")])


class WishesForm(forms.Form):
    """Which messages a patient wants, how and in which language. SMS only where there is a number."""

    wanted = forms.MultipleChoiceField(
        label=_("I want to be told"),
        choices=Topic.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    channel = forms.ChoiceField(label=_("We write to you by"), widget=forms.RadioSelect)
    language = forms.ChoiceField(label=_("In this language"), choices=own_names)

    def __init__(self, *args, patient: Patient, **kwargs):
        super().__init__(*args, **kwargs)
        known = {Channel.EMAIL: patient.email, Channel.SMS: patient.phone}
        ways = [channel for channel in Channel if known[channel] or channel == patient.channel]
        self.fields["channel"].choices = [(way.value, way.label) for way in ways]  # type: ignore[attr-defined]

    @property
    def unwanted(self) -> set[str]:
        return set(Topic.values) - set(self.cleaned_data["wanted"])
