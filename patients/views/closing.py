"""End a record: the patient has died, or it was made twice for the same person."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.access import role_required
from clinic.accesslog import record_list
from clinic.errors import conflict
from clinic.requests import StaffRequest
from clinic.roles import BOOKING
from patients import actions, panels
from patients.access import open_patient
from patients.forms_closing import DeathForm, DuplicateForm
from patients.models import Patient

PAGE = "patients/closing.html"


@require_safe
@role_required(*BOOKING)
def closing(request: StaffRequest, pk: int) -> HttpResponse:
    """What there is to end a record, and what follows from it."""
    return render(request, PAGE, _forms(request, open_patient(request, pk)))


@require_POST
@role_required(*BOOKING)
def died(request: StaffRequest, pk: int) -> HttpResponse:
    patient, at = open_patient(request, pk), timezone.now()
    context = _forms(request, patient, death=True)
    form: DeathForm = context["death"]
    try:
        if form.is_valid():
            actions.note_death(patient, form.cleaned_data["died_on"], by=request.user, at=at)
            messages.success(
                request, _("Saved. Nothing is written to them while a day of death stands here.")
            )
            return redirect(patient)
    except ValidationError as error:
        form.add_error(None, error.messages)
    return render(request, PAGE, context, status=422)


@require_POST
@role_required(*BOOKING)
def duplicate(request: StaffRequest, pk: int) -> HttpResponse:
    patient, at = open_patient(request, pk), timezone.now()
    context = _forms(request, patient, same=True)
    form: DuplicateForm = context["same"]
    if not form.is_valid():
        return render(request, PAGE, context, status=422)
    try:
        goes_on = form.cleaned_data["of"]
        actions.close_as_duplicate(patient, goes_on, by=request.user, at=at)
    except actions.StillBooked:
        said = _("Sessions are booked here: cancel them first, and book them there.")
        return conflict(request, said, template=PAGE, context=context)
    except actions.NotADuplicate:
        return conflict(request, _("One of the two records was closed meanwhile, or stands for others."))
    messages.success(request, _("Closed. This is the record that goes on."))
    return redirect(goes_on)


def _forms(request: StaffRequest, patient: Patient, *, death: bool = False, same: bool = False) -> dict:
    """Both forms, with what was sent to the one it was sent to. The second names others; the access log says so."""
    day, visible = timezone.localdate(timezone.now()), Patient.objects.visible_to(request.user)
    posted = request.POST if same else None
    same_form = DuplicateForm(posted, patient=patient, visible=visible)
    record_list(request, [other.pk for other in same_form.others])
    return {
        "patient": patient,
        "panels": panels.for_page(request, patient, "closing"),
        "death": DeathForm(request.POST if death else None, patient=patient, day=day),
        "same": same_form,
    }
