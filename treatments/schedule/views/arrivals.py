"""The patient is here."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from clinic.access import role_required
from clinic.errors import changed_meanwhile
from clinic.roles import Role
from clinic.versions import ChangedMeanwhile
from treatments.schedule import arrivals
from treatments.schedule.access import open_session
from treatments.schedule.forms import ArrivedForm
from treatments.schedule.models import Session
from treatments.schedule.views.sessions import session_page


@require_POST
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def arrived(request, pk: int) -> HttpResponse:
    """Note that the patient has come, or has not after all."""
    row, form = open_session(request, pk), ArrivedForm(request.POST)
    if not form.is_valid():
        return session_page(request, row, status=422)
    said = form.cleaned_data
    try:
        arrivals.mark(
            row, here=said["here"] == "yes", version=said["version"], by=request.user, at=timezone.now()
        )
    except ChangedMeanwhile:
        row = open_session(request, pk)
        return session_page(request, row, conflict=changed_meanwhile(row), status=409)
    return redirect(_back(row) if said["back"] == "day" else reverse("schedule:session", args=[pk]))


def _back(row: Session) -> str:
    """The day in whose list the button was pressed."""
    return f"{reverse('schedule:day')}?day={timezone.localdate(row.starts_at).isoformat()}#session-{row.pk}"
