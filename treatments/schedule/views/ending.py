"""A record ends and sessions are still booked: all of them given up in one step, when a person says so."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clinic.access import role_required
from clinic.errors import conflict
from clinic.roles import BOOKING
from clinic.versions import ChangedMeanwhile
from patients.access import open_patient
from treatments.schedule import actions, refusals
from treatments.schedule.ending import EndingForm, may_cancel_all, reason_for


@require_POST
@role_required(*BOOKING)
def cancel_all(request, pk: int) -> HttpResponse:
    """Give up the sessions that the page showed, or none of them."""
    patient, form = open_patient(request, pk), EndingForm(request.POST)
    if not form.is_valid():
        return conflict(request, _("Open the page again: what it said of the sessions is missing."))
    if not may_cancel_all(patient, request.user):
        return conflict(request, _("Say first why the record ends. Nothing was cancelled."))
    said = {"reason": reason_for(patient), "by": request.user, "at": timezone.now()}
    try:
        count = actions.cancel_all_of(patient, form.cleaned_data["shown"], **said)
    except ChangedMeanwhile:
        return conflict(request, _("These sessions changed meanwhile. Nothing was cancelled; look again."))
    except refusals.SlotTaken as busy:
        return conflict(request, str(busy))
    done = ngettext("%(n)s session is cancelled.", "%(n)s sessions are cancelled.", count) % {"n": count}
    messages.success(request, done)
    return redirect(patient) if patient.has_ended else redirect("patients:closing", pk=patient.pk)
