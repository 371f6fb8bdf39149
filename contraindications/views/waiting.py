"""What waits for a doctor."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic.access import role_required
from clinic.accesslog import record_list
from clinic.requests import StaffRequest
from clinic.roles import CLINICAL
from contraindications.deciding import worklist


@require_safe
@role_required(*CLINICAL)
def waiting(request: StaffRequest) -> HttpResponse:
    """Plans that wait for a doctor's decision, with their findings: who looks is logged for each patient."""
    lines, held = worklist.waiting(), worklist.held()
    seen = [*(line.screening.patient_id for line in lines), *(line.patient.pk for line in held)]
    record_list(request, seen)
    return render(
        request, "contraindications/worklist.html", {"waiting": lines, "held": held, "most": worklist.LONGEST}
    )
