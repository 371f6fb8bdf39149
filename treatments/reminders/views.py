"""The page of messages: what was promised to whom, and what became of it."""

import datetime as dt
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.access import role_required
from clinic.errors import conflict
from clinic.roles import BOOKING, Role
from treatments.reminders import actions, rules
from treatments.reminders.forms import LedgerFilter
from treatments.reminders.models import Heartbeat, Message

ON_A_PAGE = 50


@require_safe
@role_required(*BOOKING, Role.CLINIC_ADMIN)
def messages(request) -> HttpResponse:
    """Every message and its state, newest first; for htmx only the list."""
    at, form = timezone.now(), LedgerFilter(request.GET)
    valid = form.is_valid()
    rows = found(request, form.cleaned_data) if valid else []
    context = seen_by(request, at) | {
        "form": form,
        "rows": rows[:ON_A_PAGE],
        "more": older(form.cleaned_data, rows[ON_A_PAGE - 1]) if len(rows) > ON_A_PAGE else "",
    }
    if request.htmx:
        return render(request, "reminders/_ledger.html", context, status=200 if valid else 422)
    return render(request, "reminders/messages.html", context | pulse(at), status=200 if valid else 422)


@require_POST
@role_required(*BOOKING, Role.CLINIC_ADMIN)
def put_back(request, pk: int) -> HttpResponse:
    """Try a failed message again; 409 if it is none any more."""
    message, at = get_object_or_404(Message.objects.visible_to(request.user), pk=pk), timezone.now()
    try:
        actions.put_back(message, by=request.user, at=at)
    except actions.NotFailed:
        said = _("This message is not a failed one any more, or it would come too late.")
        return conflict(request, said, **(row_of(request, pk, at) if request.htmx else {}))
    if not request.htmx:
        return redirect("reminders:messages")
    row = row_of(request, pk, at)
    return render(request, row["template"], row["context"])


def found(request, asked: dict) -> list[Message]:
    """One page of messages and the first of the next one; 404 if the message to go on after is not there."""
    rows = Message.objects.visible_to(request.user).for_ledger().matching(asked["q"])
    if asked["state"]:
        rows = rows.filter(state=asked["state"])
    if asked["after"]:
        last = get_object_or_404(Message.objects.visible_to(request.user), pk=asked["after"])
        rows = rows.older_than(last.due_at, last.pk)
    return list(rows[: ON_A_PAGE + 1])


def older(asked: dict, last: Message) -> str:
    """The query of the next page: the same question, after the last message of this one."""
    return urlencode({"q": asked["q"], "state": asked["state"], "after": last.pk})


def row_of(request, pk: int, at: dt.datetime) -> dict:
    """Template and context of one row as it stands now."""
    row = Message.objects.for_ledger().get(pk=pk)
    return {"template": "reminders/_message.html", "context": seen_by(request, at) | {"row": row}}


def seen_by(request, at: dt.datetime) -> dict:
    """What every row needs to know: the moment, and whether the reader may open the patients."""
    return {"at": at, "opens_patients": request.user.has_role(*BOOKING)}


def pulse(at: dt.datetime) -> dict:
    """When the tick last ran, whether that is too long ago, and how many messages wait for a person; two queries."""
    ticked_at = Heartbeat.objects.values_list("ticked_at", flat=True).first()
    return {
        "ticked_at": ticked_at,
        "retriable": Message.objects.retriable(at).count(),
        "late": ticked_at is None or at - ticked_at > rules.TICKS_ARE_LATE_AFTER,
    }
