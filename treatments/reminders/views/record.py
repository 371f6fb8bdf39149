"""One patient's messages, with the text that was really sent: part of the record."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.access import role_required
from clinic.roles import BOOKING
from patients.access import open_patient
from treatments.reminders.forms import PlaceFilter
from treatments.reminders.models import Message
from treatments.reminders.views.ledger import seen_by
from treatments.reminders.views.paging import page_of


@require_safe
@role_required(*BOOKING)
def patient(request, pk: int) -> HttpResponse:
    """All messages to one patient, newest first."""
    person, form = open_patient(request, pk), PlaceFilter(request.GET)
    context = seen_by(request, timezone.now()) | {"patient": person, "record": True}
    if not form.is_valid():
        return render(request, "reminders/patient.html", context | {"form": form}, status=422)
    theirs = Message.objects.visible_to(request.user).filter(patient=person)
    context |= page_of(theirs, theirs.for_record(), {}, form.cleaned_data["after"])._asdict()
    return render(request, "reminders/patient.html", context)
