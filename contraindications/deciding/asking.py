"""A nurse asks a doctor to decide."""

import datetime as dt

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from contraindications.clearance import clearance
from contraindications.models import Decision, Question, Screening
from patients.models import Patient


@transaction.atomic
def ask(screening: Screening, *, text: str = "", by: User, at: dt.datetime) -> Question:
    """Ask for a decision on all that only a doctor can settle on `screening`: a hold, or a stop that can be released.

    The same question again (a form posted twice) gives the one asked first. PermissionDenied for who treats nobody;
    ValidationError where nothing waits for a doctor; CannotScreen.
    """
    if not by.is_clinical:
        raise PermissionDenied
    patient = Patient.objects.select_for_update(no_key=True).get(pk=screening.patient_id)
    waiting = clearance(screening, Decision.objects.of(patient)).for_a_doctor
    if not waiting:
        raise ValidationError(_("Nothing on this screening waits for a doctor any more."))
    items = {item: screening.finding_digests[item] for item in sorted(waiting)}
    asked = Question.objects.unanswered().filter(patient=patient, asked_by=by, items=items, text=text.strip())
    return asked.first() or _asked(screening, items, text, by=by, at=at)


def _asked(screening: Screening, items: dict[str, str], text: str, *, by: User, at: dt.datetime) -> Question:
    question = Question(
        screening=screening,
        patient_id=screening.patient_id,
        items=items,
        text=text.strip(),
        asked_by=by,
        asked_at=at,
    )
    question.full_clean()
    question.save()
    return question
