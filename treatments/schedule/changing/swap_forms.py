"""With which session another changes places."""

import datetime as dt

from django import forms
from django.utils.translation import gettext_lazy as _

from treatments.schedule.changing.forms import LAST_VERSION
from treatments.schedule.forms import AheadForm


class SwapDayForm(AheadForm):
    """On which day the other session is."""

    day = forms.DateField(label=_("Day"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def clean_day(self) -> dt.date:
        return self._not_past(self.cleaned_data["day"])


class SwapForm(forms.Form):
    """With which session, and the versions of both that were shown."""

    other = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    version = forms.IntegerField(min_value=1, max_value=LAST_VERSION)
    other_version = forms.IntegerField(min_value=1, max_value=LAST_VERSION)
    interval_reason = forms.CharField(required=False, max_length=500)
