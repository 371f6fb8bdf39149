"""A record ends: the patient has died, or it was made twice for the same person."""

import datetime as dt

import pghistory
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.events import announce
from clinic.models import User
from patients.events import PatientChanged, RecordClosed, RecordEnded
from patients.models import Patient


class NotADuplicate(Exception):
    """The other record cannot go on in its place: it is closed or is the same, or this one stands for others."""


class StillBooked(Exception):
    """Sessions are booked for the patient of this record; whoever books raises it, and nothing is changed."""


@transaction.atomic
def note_death(patient: Patient, died_on: dt.date | None, *, by: User, at: dt.datetime) -> Patient:
    """Note the day on which the patient died, or with None take it back. Nothing is written to them any more.

    Raises ValidationError for a day to come, or before their birth. What is booked stays until it is cancelled.
    """
    row = Patient.objects.lock(patient)
    if died_on and died_on > timezone.localdate(at):
        raise ValidationError({"died_on": _("This day is still to come.")})
    if died_on and died_on < row.birth_date:
        raise ValidationError({"died_on": _("The date of death lies before the date of birth.")})
    row.died_on = died_on
    return _closed(row, "died_on", by=by, at=at)


@transaction.atomic
def close_as_duplicate(patient: Patient, of: Patient, *, by: User, at: dt.datetime) -> Patient:
    """Close a record that was made by mistake in favour of another of the same person, which goes on.

    Nothing is moved: what was recorded here stays here, and the page of each leads to the other. Raises NotADuplicate;
    StillBooked while sessions are booked here, since nobody would look for them.
    """
    rows = Patient.objects.select_for_update(no_key=True).filter(pk__in=[patient.pk, of.pk]).order_by("pk")
    locked = {row.pk: row for row in rows}
    row, goes_on = locked[patient.pk], locked[of.pk]
    if row.pk == goes_on.pk or row.duplicate_of_id or goes_on.duplicate_of_id or row.duplicates.exists():
        raise NotADuplicate
    announce(RecordClosed(patient_id=row.pk, at=at))
    row.duplicate_of = goes_on
    return _closed(row, "duplicate_of", by=by, at=at)


def _closed(row: Patient, field: str, *, by: User, at: dt.datetime) -> Patient:
    row.version += 1
    with pghistory.context(user=by.pk, at=at.isoformat()):
        row.save(update_fields=[field, "version"])
    if row.has_ended:  # first: a calendar is locked before the messages, by whoever books too
        announce(RecordEnded(patient_id=row.pk, at=at))
    announce(PatientChanged(patient_id=row.pk, at=at))
    return row
