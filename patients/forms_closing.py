"""The forms that end a record."""

import datetime as dt
from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.forms import DAY_FORMATS
from patients.models import Patient
from patients.querysets import PatientQuerySet


class DeathForm(forms.Form):
    """The day on which the patient died; left empty, it was noted by mistake."""

    died_on = forms.DateField(
        label=_("Died on"),
        required=False,
        input_formats=DAY_FORMATS,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, data: Mapping | None, *, patient: Patient, day: dt.date) -> None:
        super().__init__(data, initial={"died_on": patient.died_on})
        self.fields["died_on"].widget.attrs |= {"min": patient.birth_date.isoformat(), "max": day.isoformat()}


class Record(forms.ModelChoiceField):
    """A patient, by what tells them from others of the same name."""

    def label_from_instance(self, patient: Patient) -> str:
        return f"{patient.name}, {patient.birth_date:%Y-%m-%d}, {patient.phone or patient.email or '–'}"


class DuplicateForm(forms.Form):
    """Which of the records that may be of the same person goes on."""

    of = Record(
        label=_("The record that goes on"),
        queryset=Patient.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
    )

    def __init__(self, data: Mapping | None, *, patient: Patient, visible: PatientQuerySet) -> None:
        super().__init__(data)
        self.others = visible.others_like(patient)
        self.fields["of"].queryset = self.others  # type: ignore[attr-defined]
