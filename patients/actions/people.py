"""Registering and editing patients."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.events import announce
from clinic.models import User
from clinic.versions import save_version
from patients.events import FactsChanged, PatientChanged
from patients.models import Channel, Patient

FIELDS = [
    "name",
    "called",
    "birth_date",
    "sex",
    "phone",
    "email",
    "note",
    "reminders",
    "channel",
    "language",
]
SCREENED = {"birth_date", "sex"}


class AlreadyRegistered(Exception):
    """This form registered somebody else before (a page brought back by the browser, filled in anew)."""

    def __init__(self, patient: Patient) -> None:
        super().__init__()
        self.patient = patient


@transaction.atomic
def register_patient(*, fields: Mapping[str, Any], key: UUID, by: User, at: dt.datetime) -> Patient:
    """Make a patient; the same form sent twice makes one.

    Raises ValidationError, or AlreadyRegistered when `key` belongs to somebody with other data.
    """
    _check(Patient(**fields, created_by=by, created_at=at), at)
    patient, made = Patient.objects.get_or_create(
        form_key=key, defaults={**fields, "created_at": at, "created_by": by}
    )
    if not made and _differing(patient, fields):
        raise AlreadyRegistered(patient)
    return patient


@transaction.atomic
def edit_patient(
    patient: Patient, *, fields: Mapping[str, Any], version: int, by: User, at: dt.datetime
) -> Patient:
    """Write `fields`, read at `version`. Raises ValidationError, ChangedMeanwhile when somebody saved first."""
    stands = Patient.objects.get(pk=patient.pk)
    changed = _differing(stands, fields)
    if not changed:
        return stands
    row = Patient(pk=stands.pk, created_at=stands.created_at, created_by=by, **fields)
    _check(row, at)
    save_version(row, version=version, fields=FIELDS)
    if SCREENED & set(changed):  # courses are locked before messages, as by everybody else
        announce(FactsChanged(patient_id=row.pk, at=at))
    announce(PatientChanged(patient_id=row.pk, at=at))
    return row


@transaction.atomic
def write_to(patient: Patient, *, channel: str, language: str, at: dt.datetime) -> Patient:
    """Change how a patient is written to, as they said by themself.

    Raises ValidationError, also for a channel to which there is no number or address.
    """
    row = Patient.objects.lock(patient)
    if (row.channel, row.language) == (channel, language):
        return row
    row.channel, row.language, row.version = channel, language, row.version + 1
    _check(row, at)
    row.save(update_fields=["channel", "language", "version"])
    announce(PatientChanged(patient_id=row.pk, at=at))
    return row


def _differing(patient: Patient, fields: Mapping[str, Any]) -> list[str]:
    """The names of the fields whose value in `patient` is not the one given."""
    return [name for name, value in fields.items() if getattr(patient, name) != value]


def _check(patient: Patient, at: dt.datetime) -> None:
    if patient.birth_date and patient.birth_date > timezone.localdate(at):
        raise ValidationError({"birth_date": _("The date of birth lies in the future.")})
    if patient.channel == Channel.SMS and not patient.phone:
        raise ValidationError({"channel": _("There is no phone number to write to.")})
    patient.full_clean(exclude=["form_key", "created_by"], validate_unique=False)
