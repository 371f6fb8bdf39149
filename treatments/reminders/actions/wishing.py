"""What a patient wants to be written about, and how: said at the desk, by a link, or by the mail program."""

import datetime as dt
from collections.abc import Collection

from django.db import transaction

from clinic.events import announce
from clinic.models import User
from patients.events import PatientChanged
from patients.models import Patient
from treatments.reminders.actions.noting import note_deed
from treatments.reminders.models import DeedKind, MessageWish, Topic, WishHow


@transaction.atomic
def say_wishes(
    patient: Patient, *, unwanted: Collection[str], how: WishHow, by: User | None, at: dt.datetime
) -> list[MessageWish]:
    """Write down of which topics the patient wants no messages; all others are wanted.

    Only what differs from before is written, and messages follow in the same transaction. `by`: who heard it at the
    desk, None where the patient said it by themself. Returns what was written.
    """
    Patient.objects.lock(patient)  # two who say it at once say it one after the other
    stood = MessageWish.objects.standing(patient.pk)
    said = {topic: topic not in unwanted for topic in Topic.values}
    rows = [
        MessageWish(patient=patient, topic=topic, wanted=wanted, how=how, said_by=by, said_at=at)
        for topic, wanted in said.items()
        if stood.get(topic, True) != wanted
    ]
    MessageWish.objects.bulk_create(rows)
    if rows:
        announce(PatientChanged(patient_id=patient.pk, at=at))
    return rows


@transaction.atomic
def stop_topic(patient: Patient, topic: str, *, how: WishHow, at: dt.datetime) -> list[MessageWish]:
    """No messages of this topic any more, as the patient said by themself; what they said of the others stands."""
    Patient.objects.lock(patient)
    unwanted = {one for one, wanted in MessageWish.objects.standing(patient.pk).items() if not wanted}
    written = say_wishes(patient, unwanted=unwanted | {topic}, how=how, by=None, at=at)
    if written and topic == Topic.MAINTENANCE:
        note_deed(DeedKind.STOPPED, patient.pk, at=at)
    return written


def stop_all(patient: Patient, *, how: WishHow, by: User | None, at: dt.datetime) -> list[MessageWish]:
    """No messages of any topic any more."""
    return say_wishes(patient, unwanted=Topic.values, how=how, by=by, at=at)
