"""Another time for a session: a few to choose from (GET), the one that is chosen (POST)."""

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic.versions import ChangedMeanwhile
from treatments.reminders.models import LinkToken
from treatments.reminders.own.forms import AroundForm, ThereForm
from treatments.reminders.own.subjects import sessions_of
from treatments.reminders.own.views.sessions import as_it_stands, of_link, session_page
from treatments.schedule import actions, refusals
from treatments.schedule.models import Session
from treatments.schedule.proposing import elsewhere
from treatments.schedule.rules import Slot


@require_http_methods(["GET", "HEAD", "POST"])
@of_link
def move(request: HttpRequest, link: LinkToken, session: Session, at: dt.datetime) -> HttpResponse:
    """Offer times, or have the session at the one that is chosen."""
    if request.method == "POST":
        return _move(request, link, session, at)
    if not (session.state == "booked" and session.starts_at > at and actions.may_change(session, at)):
        return redirect("messages:session", link=link.pk, pk=session.pk)
    return _times(request, link, session, at)


def _move(request: HttpRequest, link: LinkToken, session: Session, at: dt.datetime) -> HttpResponse:
    form = ThereForm(request.POST, session=session)
    if not form.is_valid():
        return _times(request, link, session, at, none_chosen=True, status=422)
    there, version = form.cleaned_data["to"], form.cleaned_data["version"]
    if _is_there(session, there, version):
        return redirect("messages:session", link=link.pk, pk=session.pk)
    try:
        actions.move_by_patient(session, there, version=version, at=at)
    except (ChangedMeanwhile, refusals.TooLate):
        if _is_there(
            sessions_of(link).get(pk=session.pk), there, version
        ):  # by the other press of two at once
            return redirect("messages:session", link=link.pk, pk=session.pk)
        return as_it_stands(request, link, session, at)
    except refusals.NotBookable:
        return session_page(request, link, session, at, call=True, status=409)
    except refusals.SlotTaken as taken:
        return _times(request, link, session, at, busy=taken.only_busy, taken=True, status=409)
    except refusals.WrongTimes:
        return _times(request, link, session, at, taken=True, status=409)
    return redirect("messages:session", link=link.pk, pk=session.pk)


def _is_there(session: Session, there: Slot, version: int) -> bool:
    """Is this the same form once more, after it has moved the session?"""
    stands = session.starts_at, session.practitioner_id, session.room_id, session.version
    moved = session.moved_by_patient_at is not None
    return moved and stands == (there.starts_at, there.practitioner, there.room, version + 1)


def _times(
    request: HttpRequest,
    link: LinkToken,
    session: Session,
    at: dt.datetime,
    *,
    status: int = 200,
    **said: bool,
) -> HttpResponse:
    """A few times around the day of the session, or around one that was asked for."""
    form, today = AroundForm(request.GET, today=timezone.localdate(at)), timezone.localdate(at)
    if not elsewhere.may_be_moved(session.course, day=today):
        return session_page(request, link, session, at, call=True, status=status)
    days, soonest = elsewhere.days_for(session, today=today), actions.soonest(at)
    asked = form.cleaned_data["day"] if form.is_valid() else None
    around = asked or timezone.localdate(session.starts_at)
    times = elsewhere.times_for(session, days, around=around, soonest=soonest, at=at) if days else []
    context = {"link": link, "session": session, "form": form, "times": times, "days": days, **said}
    context["not_then"] = bool(asked and days and not elsewhere.is_possible(asked, days, soonest))
    wrong = status == 200 and bool(form.errors)
    return render(request, "messages/move.html", context, status=422 if wrong else status)
