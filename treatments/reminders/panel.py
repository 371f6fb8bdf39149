"""The section of the patient's page: what was sent to them and what will be."""

from clinic.roles import BOOKING
from patients.models import Patient
from patients.panels import Panel
from treatments.reminders.models import Message

SHOWN = 5


def context(request, patient: Patient) -> dict:
    """The newest messages of the patient; one query."""
    return {"patient_messages": Message.objects.visible_to(request.user).of_patient(patient)[:SHOWN]}


PANEL = Panel(name="messages", order=90, roles=BOOKING, template="reminders/_panel.html", context=context)
