"""The desk asks a patient to answer by themself: by e-mail, by a code on the screen, or on this very device."""

import datetime as dt

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.access import role_required
from clinic.errors import conflict
from clinic.models import Clinic
from clinic.requests import StaffRequest
from clinic.roles import BOOKING
from patients import actions, rules_links
from patients.access import open_patient
from patients.actions.reports import draft_of
from patients.models import InterviewLink, Patient
from patients.visitors import remember


@require_POST
@role_required(*BOOKING)
def by_mail(request: StaffRequest, pk: int) -> HttpResponse:
    patient = _patient(request, pk)
    try:
        actions.send_link(patient, by=request.user, at=timezone.now())
    except actions.NoAddress:
        return conflict(
            request,
            _("There is no e-mail address and no phone number. Add one, or use the code or a tablet."),
        )
    except (actions.AlreadyReceived, actions.NobodyToAsk) as refused:
        return _not_asked(request, refused)
    messages.success(request, _("The message goes out within minutes."))
    return redirect(patient)


@require_POST
@role_required(*BOOKING)
def by_code(request: StaffRequest, pk: int) -> HttpResponse:
    """The code to point a phone at. It is on this one page and nowhere else: we keep no way to show it again."""
    patient = open_patient(request, pk)
    try:
        link, token = actions.show_code(patient, by=request.user, at=timezone.now())
    except (actions.AlreadyReceived, actions.NobodyToAsk) as refused:
        return _not_asked(request, refused)
    code = segno.make(settings.BASE_URL + reverse("interview:enter", args=[token]), error="m")
    context = {"patient": patient, "link": link, "code": code.svg_data_uri(scale=8, border=4, light="#fff")}
    return render(request, "patients/code.html", context)


@require_POST
@role_required(*BOOKING)
def on_tablet(request: StaffRequest, pk: int) -> HttpResponse:
    """This device becomes the patient's: nobody of the staff is logged in here any more.

    Where answers were kept already they wait behind the date of birth: a tablet is soon in the wrong hands.
    """
    patient, at = _patient(request, pk), timezone.now()
    try:
        link = actions.hand_over_tablet(patient, by=request.user, at=at)
    except (actions.AlreadyReceived, actions.NobodyToAsk) as refused:
        return _not_asked(request, refused)
    logout(request)
    response = redirect("interview:here")
    remember(response, link.pk, proven=None if draft_of(patient, at=at) else at)
    return response


@require_POST
@role_required(*BOOKING)
def revoke(request: StaffRequest, pk: int, link: int) -> HttpResponse:
    patient = _patient(request, pk)
    asked = get_object_or_404(InterviewLink, pk=link, patient=patient)
    try:
        actions.revoke_link(asked, by=request.user, at=timezone.now())
    except actions.LinkDead:
        return conflict(request, _("This link does not work any more: there is nothing to take back."))
    messages.success(request, _("The link is taken back."))
    return redirect(patient)


def shown(patient: Patient, *, at: dt.datetime) -> list[dict]:
    """The newest links of the patient and how far each got. Two SQL queries."""
    most = Clinic.current().interview_link_tries
    rows = InterviewLink.objects.for_page(patient)
    states = [(link, rules_links.state(_progress(link), most_tries=most, at=at)) for link in rows]
    return [{"link": link, "state": state, "works": state in rules_links.WORKING} for link, state in states]


def _progress(link: InterviewLink) -> rules_links.Progress:
    return rules_links.Progress(
        sent_at=link.sent_at,
        opened_at=link.opened_at,
        begun_at=link.begun_at,  # type: ignore[attr-defined]
        submitted_at=link.submitted_at,  # type: ignore[attr-defined]
        revoked_at=link.revoked_at,
        expires_at=link.expires_at,
        tries=link.tries,
    )


def _patient(request: StaffRequest, pk: int) -> Patient:
    return get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)


def _not_asked(request: StaffRequest, refused: Exception) -> HttpResponse:
    if isinstance(refused, actions.NobodyToAsk):
        return conflict(request, str(refused))
    said = _(
        "The patient has answered already; a practitioner confirms these answers before others are asked for."
    )
    return conflict(request, said)
