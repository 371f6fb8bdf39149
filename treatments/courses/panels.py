"""What courses show on pages of the apps below: the patient's page and the doctors' worklist."""

from collections.abc import Iterator

from django.http import HttpRequest

from clinic.roles import CLINICAL
from contraindications.clearance import is_refused
from contraindications.deciding.worklist import LONGEST, Candidate
from contraindications.models import Decision, Screening, Verdict
from patients.models import Patient
from patients.panels import Panel
from treatments.courses.models import Course


def _courses(request: HttpRequest, patient: Patient) -> dict:
    rows = list(Course.objects.visible_to(request.user).filter(patient=patient).for_list())
    made = list(Decision.objects.of(patient))
    refused = {
        row.pk for row in rows if row.screening and _waits(row.screening) and is_refused(row.screening, made)
    }
    return {"courses": rows, "patient": patient, "refused": refused}


def _waits(screening: Screening) -> bool:
    """By its verdict, which the list shows: what nobody may do is headed as that."""
    return screening.verdict != Verdict.STOP


def held() -> Iterator[Candidate]:
    """Plans and courses that a doctor's decision holds up, or did, oldest first."""
    rows = Course.objects.for_a_doctor().select_related(
        "screening__patient", "screening__rule_set", "goal", "area"
    )
    for row in rows.defer("screening__rule_set__content").iterator(LONGEST):
        if row.screening:
            yield Candidate(row.screening, f"{row.goal}, {row.area}", row.get_absolute_url())


PANEL = Panel("courses", 10, CLINICAL, "courses/_panel.html", _courses)
