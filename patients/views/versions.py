"""A submitted interview as it was, and what changed since another one."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.access import role_required
from clinic.requests import StaffRequest
from clinic.roles import CLINICAL
from patients import interviews
from patients.access import open_patient
from patients.models import Interview


@require_safe
@role_required(*CLINICAL)
def version(request: StaffRequest, pk: int, number: int) -> HttpResponse:
    """One version, beside the one before it or the one that `?against=` names."""
    patient = open_patient(request, pk)
    submitted = Interview.objects.submitted().filter(patient=patient).select_related("submitted_by")
    this = get_object_or_404(submitted, number=number)
    numbers = list(submitted.order_by("number").values_list("number", flat=True))
    other = submitted.filter(number=_against(request, number)).first()
    context = {"patient": patient, "interview": this, "other": other, "numbers": numbers}
    return render(request, "patients/version.html", context | _rows(this, other))


def _against(request: StaffRequest, number: int) -> int:
    asked = request.GET.get("against", "")
    return int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else number - 1


def _rows(this: Interview, other: Interview | None) -> dict:
    """Every fact with its answer in both versions, and the allergies of both."""
    day = timezone.localdate(this.submitted_at)
    rows = interviews.compared(this, other, day=day)
    told, before = (interviews.standing_allergies(i, day=day) for i in (this, other))
    allergies_changed = other is not None and _content(told) != _content(before)
    return {
        "rows": rows,
        "allergies": told,
        "allergies_before": before,
        "allergies_changed": allergies_changed,
        "changes": sum(row.changed for row in rows) + allergies_changed,
    }


def _content(told: interviews.Allergies | None) -> tuple | None:
    return (told.substances, told.texts) if told else None
