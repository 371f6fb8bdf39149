"""The one way to a patient's record."""

from django.shortcuts import get_object_or_404

from clinic.accesslog import record_read
from clinic.requests import StaffRequest
from patients.models import Patient


def open_patient(request: StaffRequest, pk: int) -> Patient:
    """The patient, or 404 if this person may not see it; the read is logged first."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)
    record_read(request, patient.pk)
    return patient
