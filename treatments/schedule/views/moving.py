"""Another time for a session: times to choose from, the server's word on one, the move with all that follow it.

The calendar asks the same address: with the header `HX-Target: calendar-dialog` it gets the word alone.
"""

import datetime as dt
from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from clinic.access import role_required
from clinic.errors import changed_meanwhile
from clinic.roles import Role
from clinic.versions import ChangedMeanwhile
from treatments.schedule import actions, refusals
from treatments.schedule.access import named, open_session
from treatments.schedule.changing import moving
from treatments.schedule.changing.forms import MovedForm, WhereForm
from treatments.schedule.changing.looking import BackForm, TimesForm, around
from treatments.schedule.changing.posted import read_following
from treatments.schedule.models import Session, SessionState
from treatments.schedule.overlapping.forms import OverForm
from treatments.schedule.proposing import offers, other_times
from treatments.schedule.proposing.desk import desk
from treatments.schedule.rules import Slot

DIALOG = "calendar-dialog"


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def move(request, pk: int) -> HttpResponse:
    """Offer other times or give the word on one (GET), move the session and all that follow it (POST)."""
    row, at = open_session(request, pk), timezone.now()
    if request.method == "POST":
        return _move(request, row, at=at)
    if "to" in request.GET:
        return _word_page(request, row, request.GET, at=at)
    return _times_page(request, row, request.GET, at=at)


def _move(request, row: Session, *, at: dt.datetime) -> HttpResponse:
    form = MovedForm(request.POST, session=row)
    if not form.is_valid():
        return _refused(request, row, form.said, at=at, status=422)
    try:
        following = read_following(request.POST, moving.later_of(row))
        reason, change = form.cleaned_data["interval_reason"], form.change(form.cleaned_data["version"])
        wish = OverForm(request.POST).wish
        moved = actions.rearrange(
            [change, *following], by=request.user, at=at, interval_reason=reason, **wish
        )
    except refusals.WrongTimes:
        return _word_page(request, row, request.POST, at=at, status=422)
    except ChangedMeanwhile:
        row = open_session(request, row.pk)
        return _refused(request, row, [changed_meanwhile(row)], at=at)
    except (refusals.NotBookable, refusals.SlotTaken) as refused:
        actions.keep_verdict(refused, row.course, by=request.user, at=at)
        return _refused(request, row, [str(refused)], at=at)
    return _done(request, row, len(moved))


def _done(request, row: Session, moved: int) -> HttpResponse:
    if _is_dialog(request):
        return HttpResponse(status=204, headers={"HX-Trigger": "calendar-changed"})
    said = ngettext("The session is moved.", "%(n)s sessions are moved.", moved) % {"n": moved}
    messages.success(request, said)
    return redirect(BackForm(request.POST).url or reverse("schedule:session", args=[row.pk]))


def _refused(
    request, row: Session, said: Sequence[str], *, at: dt.datetime, status: int = 409
) -> HttpResponse:
    """The word on it as things stand now where one was given before, else other times."""
    worded = _is_dialog(request) or any(
        name.startswith(("later-", "squeeze_reason")) for name in request.POST
    )
    page = _word_page if worded else _times_page
    return page(request, row, request.POST, at=at, said=said, status=status)


# The word on one time


def _word_page(
    request, row: Session, data: QueryDict, *, at: dt.datetime, said: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    form = WhereForm(data, session=row)
    context = {**_about(row, data), "said": list(said), "dialog": _is_dialog(request)}
    if row.state == SessionState.BOOKED and form.is_valid():
        word = moving.word(form.change(), by=request.user, at=at)
        named(request, word.over)
        context["word"] = word
        context["to"] = data["to"]
    elif row.state == SessionState.BOOKED:
        context["said"], status = context["said"] or form.said, max(status, 422) if status == 200 else status
    page = "schedule/_server_word.html" if _is_dialog(request) else "schedule/move.html"
    return render(request, page, context, status=status)


def _is_dialog(request) -> bool:
    return bool(request.htmx) and request.htmx.target == DIALOG


def _about(row: Session, data: QueryDict) -> dict:
    """What every page about moving a session shows."""
    return {
        "session": row,
        "patient": row.course.patient,
        "booked": row.state == SessionState.BOOKED,
        "interval_reason": data.get("interval_reason", ""),
        "back": BackForm(data),
    }


# Times to choose from


def _times_page(
    request, row: Session, data: QueryDict, *, at: dt.datetime, said: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    form = around(row, data, at)
    context = {**_about(row, data), "around": form, "said": said}
    context["clearance"] = offers.clearance_today(row.course, day=timezone.localdate(at))
    if form.is_valid():
        days = _offer(request, row, form, at)
        context |= {
            "days": days,
            "longer": form.cleaned_data["minutes"],
            "any_time": any(day.choices for day in days),
            "needs_reason": any(day.outside for day in days),
        }
    elif status == 200:
        status = 422
    page = "schedule/_move.html" if request.htmx else "schedule/move.html"
    return render(request, page, context, status=status)


def _offer(request, row: Session, form: TimesForm, at: dt.datetime) -> list[other_times.DayOfChoices]:
    day, who, longer = (form.cleaned_data[name] for name in ("day", "practitioner", "minutes"))
    last = day + dt.timedelta(days=other_times.DAYS_AROUND)
    later = moving.later_of(row)
    at_desk = desk(row.course, [who], at=at, last=last, moving=[row, *later], added_minutes=longer)
    now = Slot(row.number, row.starts_at, row.room_id, who.pk)
    return moving.times(at_desk, now, day, later, doctor=request.user.is_doctor)
