"""The ledger: what was promised to whom, and what became of it."""

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.access import role_required
from clinic.accesslog import record_list
from clinic.errors import conflict
from clinic.roles import BOOKING, Role
from patients.access import open_patient
from treatments.reminders import actions
from treatments.reminders.forms import LedgerFilter
from treatments.reminders.models import Message
from treatments.reminders.pulse import feel
from treatments.reminders.views.paging import page_of


@require_safe
@role_required(*BOOKING, Role.CLINIC_ADMIN)
def messages(request) -> HttpResponse:
    """Every message and its state, newest first; for htmx only the list."""
    at, form = timezone.now(), LedgerFilter(request.GET)
    context = seen_by(request, at) | {"form": form, "choices": form.choices()}
    if form.is_valid():
        mine, asked = Message.objects.visible_to(request.user), form.asked()
        rows = mine.for_ledger().asked_for(**asked, at=at)
        page = page_of(mine, rows, asked, form.cleaned_data["after"])
        record_list(request, [row.patient_id for row in page.rows if row.patient_id])
        context |= page._asdict()
    status = 200 if form.is_valid() else 422
    if request.htmx:
        return render(request, "reminders/_ledger.html", context, status=status)
    return render(request, "reminders/messages.html", context | pulse(at), status=status)


@require_POST
@role_required(*BOOKING, Role.CLINIC_ADMIN)
def put_back(request, pk: int) -> HttpResponse:
    """Try a message again that failed or came back; 409 if there is nothing to try again any more."""
    message, at = get_object_or_404(Message.objects.visible_to(request.user), pk=pk), timezone.now()
    on_record = message.patient_id if "record" in request.POST else None
    if on_record:
        open_patient(request, on_record)  # the row that comes back shows what was sent
    try:
        actions.put_back(message, by=request.user, at=at)
    except actions.NotFailed:
        said = _("This message is not a failed one any more, or it would come too late.")
        return conflict(request, said, **(row_of(request, pk, at) if request.htmx else {}))
    if not request.htmx:
        return redirect("reminders:patient", on_record) if on_record else redirect("reminders:messages")
    row = row_of(request, pk, at)
    return render(request, row["template"], row["context"])


def row_of(request, pk: int, at: dt.datetime) -> dict:
    """Template and context of one row as it stands now, on the page where it was asked for."""
    row = Message.objects.for_record().get(pk=pk)
    context = seen_by(request, at) | {"row": row, "record": "record" in request.POST}
    return {"template": "reminders/_message.html", "context": context}


def seen_by(request, at: dt.datetime) -> dict:
    """What every row needs to know: the moment, and whether the reader may open the patients."""
    return {"at": at, "opens_patients": request.user.has_role(*BOOKING)}


def pulse(at: dt.datetime) -> dict:
    """When the tick last ran, and how many messages wait for a person; two queries."""
    ticked_at = feel().pulse.ticked_at
    return {"ticked_at": ticked_at, "retriable": Message.objects.retriable(at).count()}
