"""A patient answers the recalls of a course."""

import datetime as dt

from django.db import transaction

from clinic.models import User
from patients.models import Patient
from treatments.reminders.actions.noting import note_deed
from treatments.reminders.actions.promising import reconsider
from treatments.reminders.models import Answer, DeedKind, Message, RecallAnswer


@transaction.atomic
def answer_recall(message: Message, answer: Answer, *, at: dt.datetime, by: User | None = None) -> None:
    """Write what the patient answered to this recall; those that were to follow are taken back.

    `by`: who took the answer, None for the patient by the link. The same answer twice is one.
    """
    Patient.objects.lock(message.patient)  # pressed twice at once, the second finds the first
    latest = RecallAnswer.objects.filter(course=message.course_id).first()
    if latest is None or latest.answer != answer:
        said = {"course_id": message.course_id, "message": message, "answer": answer}
        RecallAnswer.objects.create(**said, said_at=at, said_by=by)
        if by is None:
            note_deed(DeedKind(answer), message.patient_id, at=at)  # type: ignore[arg-type]  # a recall has one
    reconsider(message.patient_id, at=at, only_due=True)  # type: ignore[arg-type]  # a recall has one
