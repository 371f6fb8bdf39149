"""A session changes places with another: which to choose from, the word on one pair, and doing it."""

import datetime as dt
from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinic.access import role_required
from clinic.roles import BOOKING
from clinic.versions import ChangedMeanwhile
from treatments.schedule import actions, refusals
from treatments.schedule.access import named, open_session
from treatments.schedule.changing import swapping
from treatments.schedule.changing.swap_forms import SwapDayForm, SwapForm
from treatments.schedule.models import Session, SessionState


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*BOOKING)
def swap(request, pk: int) -> HttpResponse:
    """Choose another session or see what it means (GET), let both change places (POST)."""
    row, at = open_session(request, pk), timezone.now()
    if request.method != "POST":
        return _word_page(request, row, at=at) if "other" in request.GET else _list_page(request, row, at=at)
    form = SwapForm(request.POST)
    if not form.is_valid():
        return _list_page(request, row, at=at, said=[_("Choose a session.")], status=422)
    other, said = open_session(request, form.cleaned_data["other"]), form.cleaned_data
    changes = swapping.swapped(row, other, versions=(said["version"], said["other_version"]))
    try:
        actions.rearrange(changes, by=request.user, at=at, interval_reason=said["interval_reason"])
    except refusals.WrongTimes:
        return _word_page(request, row, at=at, status=422)
    except ChangedMeanwhile:
        return _word_page(
            request, row, at=at, said=[_("Somebody changed one of them meanwhile.")], status=409
        )
    except (refusals.NotBookable, refusals.SlotTaken) as refused:
        actions.keep_verdict(refused, row.course, other.course, by=request.user, at=at)
        return _word_page(request, row, at=at, said=[str(refused)], status=409)
    messages.success(request, _("The two sessions have changed places."))
    return redirect("schedule:session", pk=row.pk)


def _word_page(
    request, row: Session, *, at: dt.datetime, said: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    form = SwapForm({"version": 1, "other_version": 1, **(request.POST or request.GET).dict()})
    if not form.is_valid():
        return _list_page(request, row, at=at, said=[_("Choose a session.")], status=422)
    row, other = open_session(request, row.pk), open_session(request, form.cleaned_data["other"])
    context = {"said": said, "other": other, "interval_reason": form.cleaned_data["interval_reason"]}
    if SessionState.BOOKED == row.state == other.state and row.course_id != other.course_id:
        context["word"] = swapping.word(row, other, by=request.user, at=at)
    else:
        status = max(status, 409)
        context["said"] = said or [_("These two sessions cannot change places.")]
    return _page(request, row, context, status)


def _list_page(
    request, row: Session, *, at: dt.datetime, said: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    today = timezone.localdate(at)
    day = request.GET.get("day") or max(today, timezone.localdate(row.starts_at))
    form = SwapDayForm({"day": day}, today=today)
    context: dict = {"said": said, "form": form}
    if form.is_valid():
        partners = swapping.partners(row, form.cleaned_data["day"], at=at)
        named(request, (one.session for one in partners))
        context["partners"] = partners
        context["day"] = form.cleaned_data["day"]
    return _page(request, row, context, status if form.is_valid() else 422)


def _page(request, row: Session, context: dict, status: int) -> HttpResponse:
    context |= {
        "session": row,
        "patient": row.course.patient,
        "booked": row.state == SessionState.BOOKED,
    }
    return render(request, "schedule/swap.html", context, status=status)
