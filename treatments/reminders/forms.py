"""What may be asked of the pages of messages."""

import datetime as dt
import re

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from treatments.reminders.maintenance_list import ALL, Overdue, Standing
from treatments.reminders.models import Channel, MessageKind, MessageState, Topic
from treatments.reminders.querysets import RETRIABLE, TWICE

# What can be asked for beside the states that a message has.
STATES = [
    ("", _("All states")),
    (RETRIABLE, _("Can be tried again")),
    *MessageState.choices,
    (TWICE, _("May have arrived twice")),
]


class PlaceFilter(forms.Form):
    """Where in a list to go on: the last row of the page before."""

    after = forms.IntegerField(required=False, min_value=1, max_value=10**18, widget=forms.HiddenInput)

    def asked(self) -> dict:
        """What was asked, without the place in the list."""
        return {name: value for name, value in self.cleaned_data.items() if name not in ("after", "day")}

    def said(self) -> list[str]:
        """What was asked, in words: of each field that is filled, "name: value"."""
        if not self.is_valid():
            return []
        return [
            f"{self[name].label}: {self._said(name, value)}" for name, value in self.asked().items() if value
        ]

    def _said(self, name: str, value: str | dt.date) -> str:
        if isinstance(value, dt.date):
            return date_format(value, "j M Y")
        return str(dict(getattr(self.fields[name], "choices", [])).get(value, value))


def _day(label) -> forms.DateField:
    """A day that the calendar of the database knows, and the day after it too."""
    bounds = [MinValueValidator(dt.date(2000, 1, 1)), MaxValueValidator(dt.date(2200, 1, 1))]
    box = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, validators=bounds, widget=box)


class LedgerFilter(PlaceFilter):
    """Which messages to show."""

    q = forms.CharField(label=_("Patient"), required=False, max_length=100)
    state = forms.ChoiceField(label=_("State"), required=False, choices=STATES)
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All kinds")), *MessageKind.choices]
    )
    channel = forms.ChoiceField(
        label=_("Sent by"), required=False, choices=[("", _("E-mail and text")), *Channel.choices]
    )
    since = _day(_("Due from"))
    until = _day(_("Due until"))
    day = _day(_("Day"))  # of the first page, for those that follow it

    def choices(self) -> list[forms.BoundField]:
        """All but what is typed: the page shows them beside it."""
        return [self[name] for name in ("state", "kind", "channel", "since", "until")]


class MaintenanceFilter(PlaceFilter):
    """Who of those that are due is shown."""

    q = forms.CharField(label=_("Patient"), required=False, max_length=100)
    overdue = forms.ChoiceField(
        label=_("Due"),
        required=False,
        choices=[("", _("Soon, or overdue by up to a year")), *Overdue.choices],
    )
    standing = forms.ChoiceField(
        label=_("Answer"),
        required=False,
        choices=[("", _("Not settled yet")), *Standing.choices, (ALL, _("All"))],
    )

    def choices(self) -> list[forms.BoundField]:
        """All but what is typed."""
        return [self["overdue"], self["standing"]]


class SeenForm(forms.Form):
    """The keys of the rows that a page showed together.

    No range of them: what was begun before the newest of them and committed later lies between, and nobody saw it.
    """

    shown = forms.RegexField(re.compile(r"\A[0-9]{1,18}(,[0-9]{1,18})*\Z"), max_length=2_000)

    def clean_shown(self) -> list[int]:
        return [int(key) for key in self.cleaned_data["shown"].split(",")]


class WishesForm(forms.Form):
    """Which topics the patient wants to be written about."""

    wanted = forms.MultipleChoiceField(
        choices=Topic.choices, required=False, widget=forms.CheckboxSelectMultiple
    )

    @property
    def unwanted(self) -> set[str]:
        return set(Topic.values) - set(self.cleaned_data["wanted"])


class MorningForm(forms.ModelForm):
    """Whether one is told every morning what needs one."""

    class Meta:
        model = User
        fields = ["wants_today"]
