"""What is still booked for a patient whose record ends: shown, and given up only when a person says so."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from clinic.roles import BOOKING
from patients.models import Patient
from patients.panels import Panel
from treatments.schedule.models import Session

DIED = _("The patient has died.")
DUPLICATE = _("The record was closed: the same person has another.")
PAIR = re.compile(r"([1-9][0-9]{0,17}):([1-9][0-9]{0,8})", re.ASCII)


def reason_for(patient: Patient) -> str:
    """Why their sessions are given up, as everybody who books reads it."""
    said: Promise = DIED if patient.died_on else DUPLICATE
    return str(said)


def may_cancel_all(patient: Patient, user: User) -> bool:
    """Only where the reason is true: the record has ended, or another looks like the same person and may go on.

    A record is closed as a duplicate only after what is booked is given up. A family shares a phone, so who was born on
    another day is somebody else. Of the living, one SQL query.
    """
    if patient.has_ended:
        return True
    others = Patient.objects.visible_to(user).others_like(patient)
    return others.filter(birth_date=patient.birth_date).exists()


class EndingForm(forms.Form):
    """The sessions that the page showed, each at its version: `{key: version}`."""

    shown = forms.CharField(max_length=5_000)

    def clean_shown(self) -> dict[int, int]:
        pairs = [PAIR.fullmatch(one) for one in self.cleaned_data["shown"].split(",")]
        if None in pairs:
            raise ValidationError(_("These are no sessions."))
        return {int(pair[1]): int(pair[2]) for pair in pairs if pair}


def of_ended(request, patient: Patient) -> dict:
    """On the patient's page: only where the record has ended. One SQL query there, else none."""
    return still_booked(request, patient) if patient.has_ended else {"still_booked": []}


def still_booked(request, patient: Patient) -> dict:
    """All that is booked, soonest first; of what has begun somebody says what became of it. Two SQL queries at most."""
    rows = Session.objects.visible_to(request.user).of_patient(patient).booked().order_by("starts_at", "pk")
    found, at = list(rows), timezone.now()
    ahead = [row for row in found if row.starts_at > at]
    return {
        "still_booked": found,
        "ahead": ahead,
        "shown": ",".join(f"{row.pk}:{row.version}" for row in ahead),
        "reason": reason_for(patient),
        "may_cancel_all": bool(ahead) and may_cancel_all(patient, request.user),
    }


ABOVE = Panel("still_booked", 1, BOOKING, "schedule/_still_booked.html", of_ended, where="above")
CLOSING = Panel(
    "still_booked_closing", 1, BOOKING, "schedule/_still_booked.html", still_booked, where="closing"
)
