"""The ledger: what was promised to whom, and what became of it."""

import datetime as dt
from collections.abc import Iterable
from itertools import groupby

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic import typed
from clinic.access import role_required
from clinic.accesslog import record_list
from clinic.errors import conflict
from clinic.roles import BOOKING, Role
from patients.access import open_patient
from treatments.reminders import actions
from treatments.reminders.forms import LedgerFilter
from treatments.reminders.models import Message, MessageState
from treatments.reminders.pulse import feel
from treatments.reminders.querysets import RETRIABLE, TWICE
from treatments.reminders.views.paging import Page, nearest_first, page_of

WAITING = {MessageState.DUE, MessageState.SENDING}
OVER = {state.value for state in MessageState} - WAITING - {MessageState.SUPPRESSED} | {RETRIABLE, TWICE}


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*BOOKING, Role.CLINIC_ADMIN)
@typed.shown_at_an_address
def messages(request) -> HttpResponse:
    """Every message and its state, what is due today first; for htmx only the list."""
    at, form = timezone.now(), LedgerFilter(typed.asked_of(request))
    context = seen_by(request, at) | {"form": form, "choices": form.choices()}
    if form.is_valid():
        page = _page(request, form, at)
        record_list(request, [row.patient_id for row in page.rows if row.patient_id])
        context |= {"more": page.more, "rows": page.rows, "days": by_day(page.rows, timezone.localdate(at))}
    status = 200 if form.is_valid() else 422
    if request.htmx:
        return render(request, "reminders/_ledger.html", context, status=status)
    return render(request, "reminders/messages.html", context | pulse(at), status=status)


def _page(request, form: LedgerFilter, at: dt.datetime) -> Page:
    """What waits by time, what is over the newest first, all together what is nearest first."""
    mine, asked, after = Message.objects.visible_to(request.user), form.asked(), form.cleaned_data["after"]
    rows, said = mine.for_ledger().asked_for(**asked, at=at), typed.sealed(request, asked)
    if asked["state"] in WAITING:
        return page_of(mine, rows.oldest_first(), said, after, rising=True)
    if asked["state"] in OVER:
        return page_of(mine, rows, said, after)
    return nearest_first(mine, rows, said, after, form.cleaned_data["day"] or timezone.localdate(at))


def by_day(rows: Iterable[Message], today: dt.date) -> list[tuple[str, list[Message]]]:
    """The rows in their order under what their days are called."""

    def called(row: Message) -> str:
        day = timezone.localdate(row.due_at)
        return _("Today") if day == today else _("After today") if day > today else _("Before today")

    return [(title, list(some)) for title, some in groupby(rows, key=called)]


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
    """When the tick last ran, and how many messages wait for a person or came too late; three queries."""
    ticked_at = feel().pulse.ticked_at
    yesterday = timezone.localdate(at) - dt.timedelta(days=1)
    waiting = {
        "retriable": Message.objects.retriable(at).count(),
        "missed": Message.objects.missed(at).count(),
    }
    return {**waiting, "ticked_at": ticked_at, "before_today": yesterday}
