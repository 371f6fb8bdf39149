"""The patient's page: who this is, what stands today, and what the other apps bring."""

import datetime as dt
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.access import role_required
from clinic.requests import StaffRequest
from clinic.roles import BOOKING
from patients import interviews, panels, rules
from patients.access import open_patient
from patients.models import Interview, Patient, Report
from patients.views import links


@require_safe
@role_required(*BOOKING)
def patient(request: StaffRequest, pk: int) -> HttpResponse:
    person, at = open_patient(request, pk), timezone.now()
    context: dict[str, Any] = {"patient": person, "panels": panels.for_page(request, person)}
    context["above"] = panels.for_page(request, person, "above")
    context |= {"report": Report.objects.pending(person), "links": links.shown(person, at=at)}
    if request.user.is_clinical:
        context |= _told(person, context["report"], timezone.localdate(at))
    return render(request, "patients/patient.html", context)


def _told(person: Patient, report: Report | None, day: dt.date) -> dict[str, Any]:
    """What the patient told us, for clinical eyes only; of an open report what counts."""
    stands = Interview.objects.standing(person)
    counts = interviews.Counting(stands, report)
    answers = counts.answers(interviews.relevant(person, stands), day=day)
    allergies = counts.allergies(day=day)
    dated = [(a.on, a.days) for a in answers if a.on] + (
        [(allergies.on, allergies.days)] if allergies else []
    )
    return {
        "clinical": True,
        "day": day,
        "standing": stands,
        "draft": Interview.objects.draft_of(person),
        "versions": list(Interview.objects.versions_of(person)),
        "allergies": allergies,
        "oldest": min(dated, default=None),
        "missing": sum(a.state in (None, rules.UNSURE) for a in answers)
        + (not (stands and stands.allergies)),
        "by_state": {state or "unanswered": [a for a in answers if a.state == state] for state in STATES},
    }


STATES = [rules.CURRENT, rules.ENDED, rules.UNSURE, None, rules.NO]
