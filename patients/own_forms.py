"""What patients type beside their answers: the date of birth that opens the interview, the name that signs it."""

import datetime as dt

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.forms import tidy


def _number(label, token: str, most: int) -> forms.IntegerField:
    attrs = {"inputmode": "numeric", "autocomplete": token, "size": len(str(most))}
    return forms.IntegerField(
        label=label, min_value=1, max_value=most, widget=forms.TextInput(attrs=attrs), required=False
    )


class BirthDateForm(forms.Form):
    """Day, month and year, as people write them. What is no date is not a try."""

    day = _number(_("Day"), "bday-day", 31)
    month = _number(_("Month"), "bday-month", 12)
    year = _number(_("Year"), "bday-year", 9999)

    def clean(self) -> dict:
        said = self.cleaned_data
        try:
            said["born"] = dt.date(said["year"], said["month"], said["day"])
        except (KeyError, TypeError, ValueError):
            raise forms.ValidationError(
                _("Write the day, the month and the year, for example 2 5 1989.")
            ) from None
        return said


class SignatureForm(forms.Form):
    """A typed name under the answers as the page showed them: `seen` is the draft's version."""

    seen = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    signature = forms.CharField(
        label=_("Your name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
        error_messages={"required": _("Type your name to sign.")},
    )

    def clean_seen(self) -> int:
        return self.cleaned_data["seen"] or 0

    def clean_signature(self) -> str:
        name = tidy(self.cleaned_data["signature"])
        if not name:
            raise forms.ValidationError(_("Type your name to sign."), code="required")
        return name
