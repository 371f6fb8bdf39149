"""What courses show on the patient's page."""

from django.http import HttpRequest

from clinic.roles import CLINICAL
from patients.models import Patient
from patients.panels import Panel
from treatments.courses.models import Course


def _courses(request: HttpRequest, patient: Patient) -> dict:
    rows = Course.objects.visible_to(request.user).filter(patient=patient)
    return {"courses": rows.for_list(), "patient": patient}


PANEL = Panel("courses", 10, CLINICAL, "courses/_panel.html", _courses)
