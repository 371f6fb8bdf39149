"""The form of a person."""

import datetime as dt
import unicodedata
from uuid import uuid4

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Field, Layout
from django import forms
from django.utils.translation import gettext_lazy as _

from patients.actions.people import FIELDS
from patients.models import Channel, Patient, Sex

DAY_FORMATS = ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y"]
# Marks that join or direct letters belong to names; other invisible characters do not.
_MARKS = {"\u200c", "\u200d", "\u200e", "\u200f"}


def tidy(text: str) -> str:
    """`text` on one line, without doubled spaces and without control characters."""
    seen = "".join(c for c in text if c in _MARKS or c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(seen.split())


class PatientForm(forms.ModelForm):
    """Register or edit a patient. `confirmed` are the likely duplicates that were seen and judged to be others."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)
    sex = forms.ChoiceField(label=_("Sex"), choices=Sex.choices, widget=forms.RadioSelect)
    birth_date = forms.DateField(
        label=_("Date of birth"),
        input_formats=DAY_FORMATS,
        widget=forms.DateInput(attrs={"type": "date", "min": "1900-01-01"}, format="%Y-%m-%d"),
    )

    class Meta:
        model = Patient
        fields = FIELDS
        labels = {
            "name": _("Full name"),
            "called": _("How to address them"),
            "phone": _("Phone"),
            "email": _("E-mail"),
            "note": _("Note for the front desk"),
            "reminders": _("Wants messages"),
            "channel": _("Messages go by"),
            "language": _("Language of messages"),
        }
        help_texts = {
            "name": _("As the person writes it; one word is enough."),
            "called": _("Only if it is not the first name."),
            "phone": _("With the country code if it is from abroad."),
            "note": _("Times, access, language. Nothing about health: the front desk reads this."),
        }
        widgets = {
            "name": forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", "autofocus": True}),
            "called": forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
            "email": forms.EmailInput(attrs={"autocomplete": "off"}),
            "phone": forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "off"}),
            "note": forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        }

    def __init__(self, *args, day: dt.date, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.day = day
        self.fields["birth_date"].widget.attrs["max"] = day.isoformat()
        unused = "version" if self.instance.pk is None else "key"
        del self.fields[unused]
        for name in ("channel", "language"):
            self.fields[name].required = False  # what is not said stays as it is
        self.initial.update({"key": uuid4(), "version": self.instance.version})

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        side = "row row-cols-1 row-cols-md-2"
        hidden = [Field(name) for name in ("key", "version") if name in self.fields]
        helper.layout = Layout(
            *hidden,
            "name",
            Div(Div("birth_date"), Div("called"), css_class=side),
            Field("sex", template="patients/_choices.html"),
            Div(Div("phone"), Div("email"), css_class=side),
            "note",
            "reminders",
            Div(Div("channel"), Div("language"), css_class=side),
        )
        return helper

    def clean_name(self) -> str:
        name = tidy(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError(_("Say the name."), code="required")
        return name

    def clean_called(self) -> str:
        return tidy(self.cleaned_data["called"])

    def clean_channel(self) -> str:
        channel = self.cleaned_data["channel"] or self.instance.channel
        if channel == Channel.SMS and not self.cleaned_data.get("phone") and "phone" not in self.errors:
            raise forms.ValidationError(_("For text messages, add a phone number."))
        return channel

    def clean_language(self) -> str:
        return self.cleaned_data["language"] or self.instance.language

    def clean_birth_date(self) -> dt.date:
        born = self.cleaned_data["birth_date"]
        if born > self.day:
            raise forms.ValidationError(_("The date of birth lies in the future."))
        if born.year < 1900:
            raise forms.ValidationError(_("The date of birth lies before 1900."))
        return born

    def person(self) -> dict:
        """What was typed, as fields of a patient."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}
