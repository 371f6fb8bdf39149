"""To whom messages are promised: how they are written to, and what of it they do not want."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from clinic.prepared import Prepared, asked
from patients.models import Patient
from treatments.reminders import kinds, rules
from treatments.reminders.models import MessageWish


@dataclass(frozen=True, slots=True)
class Recipient:
    """A patient, how they are written to, and {topic: wanted} as they last said it."""

    patient: Patient
    wishes: Mapping[str, bool]

    @property
    def channel(self) -> str:
        return self.patient.reached_by

    def why_not(self, kind: str) -> rules.Needless | None:
        """Why they get no message of this kind, or None if they do."""
        topic = kinds.topic_of(kind)
        wanted = self.patient.reminders and self.wishes.get(topic, True)
        return rules.needless_to_anybody(
            ended=self.patient.died_on is not None,
            duplicate=self.patient.duplicate_of_id is not None,
            opted_out=bool(topic) and not wanted,
            other_channel=False,
        )


def _with_what_they_said(**which: Any) -> QuerySet[Patient]:
    said = MessageWish.objects.filter(patient=OuterRef("pk")).order_by("topic", "-said_at", "-pk")
    latest = said.distinct("topic").values(said=JSONObject(topic="topic", wanted="wanted"))
    return Patient.objects.filter(**which).annotate(said=ArraySubquery(latest))


WITH_WHAT_THEY_SAID = Prepared(lambda: _with_what_they_said(pk=asked("patient")))


def recipient(patient_id: int) -> Recipient:
    """One SQL query."""
    [patient] = WITH_WHAT_THEY_SAID.objects(patient=patient_id)
    return _recipient(patient)


def recipients(patients: Collection[int]) -> dict[int, Recipient]:
    """By key. One SQL query, however many."""
    return {patient.pk: _recipient(patient) for patient in _with_what_they_said(pk__in=patients)}


def _recipient(patient: Any) -> Recipient:
    return Recipient(patient, {one["topic"]: one["wanted"] for one in patient.said})
