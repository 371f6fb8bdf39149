"""Sessions behind a link: seen, confirmed, given up, put into a calendar. Moving is in `moving`."""

import datetime as dt
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.models import Clinic
from clinic.versions import ChangedMeanwhile
from patients.by_link import gone
from treatments.reminders.models import LinkPurpose, LinkToken
from treatments.reminders.own import care
from treatments.reminders.own.door import GONE, by_link
from treatments.reminders.own.forms import ShownForm
from treatments.reminders.own.subjects import Standing, sessions_of, shown
from treatments.schedule import actions, refusals
from treatments.schedule.feeds.files import session_file
from treatments.schedule.models import Session
from treatments.schedule.views.files import handed_out


def of_link(view: Callable) -> Callable:
    """For views of one session that the link's letter tells of: `view(request, link, session, at)`."""

    @by_link(LinkPurpose.SESSION)
    @wraps(view)
    def guarded(request: HttpRequest, link: LinkToken, at: dt.datetime, *, pk: int) -> HttpResponse:
        session = sessions_of(link).filter(pk=pk).first()
        return gone(request, GONE) if session is None else view(request, link, session, at)

    return guarded


def page(request: HttpRequest, link: LinkToken, at: dt.datetime) -> HttpResponse:
    """The one session of the letter, or the list of them."""
    rows = list(sessions_of(link))
    if len(rows) == 1:
        return session_page(request, link, rows[0], at)
    clinic = Clinic.current()
    context = {
        "link": link,
        "patient": link.message.patient,
        "rows": [shown(row, clinic, at) for row in rows],
    }
    return render(request, "messages/sessions.html", context)


@require_safe
@of_link
def session(request: HttpRequest, link: LinkToken, session: Session, at: dt.datetime) -> HttpResponse:
    """When and where, what to mind, and what can be done."""
    return session_page(request, link, session, at)


@require_POST
@of_link
def confirm(request: HttpRequest, link: LinkToken, session: Session, at: dt.datetime) -> HttpResponse:
    """The patient comes, at the time that the page showed."""
    form = ShownForm(request.POST)
    if not form.is_valid():
        return session_page(request, link, session, at, status=422)
    try:
        actions.confirm_by_patient(session, version=form.cleaned_data["version"], at=at)
    except ChangedMeanwhile:
        return as_it_stands(request, link, session, at)
    return redirect("messages:session", link=link.pk, pk=session.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@of_link
def cancel(request: HttpRequest, link: LinkToken, session: Session, at: dt.datetime) -> HttpResponse:
    """Ask once more (GET), give the session up (POST)."""
    if request.method == "POST":
        return _cancel(request, link, session, at)
    seen = shown(session, Clinic.current(), at)
    if not seen.may_change:
        return redirect("messages:session", link=link.pk, pk=session.pk)
    return _ask(request, link, session, at)


@require_safe
@of_link
def calendar(request: HttpRequest, link: LinkToken, session: Session, at: dt.datetime) -> HttpResponse:
    """The session for the patient's calendar."""
    return handed_out(session_file(session, at=at), at)


def _cancel(request: HttpRequest, link: LinkToken, session: Session, at: dt.datetime) -> HttpResponse:
    form = ShownForm(request.POST)
    if not form.is_valid():
        return _ask(request, link, session, at, status=422)
    try:
        if not session.cancelled_by_patient:  # pressed twice it is done once
            actions.cancel_by_patient(session, version=form.cleaned_data["version"], at=at)
    except refusals.SlotTaken:
        return _ask(request, link, session, at, busy=True, status=409)
    except (ChangedMeanwhile, refusals.TooLate):
        if not sessions_of(link).get(pk=session.pk).cancelled_by_patient:  # by the other press of two at once
            return as_it_stands(request, link, session, at)
    return redirect("messages:session", link=link.pk, pk=session.pk)


def _ask(
    request: HttpRequest,
    link: LinkToken,
    session: Session,
    at: dt.datetime,
    *,
    busy: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {"link": link, "shown": shown(session, Clinic.current(), at), "busy": busy}
    return render(request, "messages/cancel.html", context, status=status)


def as_it_stands(request: HttpRequest, link: LinkToken, session: Session, at: dt.datetime) -> HttpResponse:
    """Nothing was done, since it is not what the page showed, or too late for it: 409 and how it stands now."""
    row = sessions_of(link).get(pk=session.pk)
    return session_page(request, link, row, at, moved_on=True, status=409)


def session_page(
    request: HttpRequest,
    link: LinkToken,
    session: Session,
    at: dt.datetime,
    *,
    status: int = 200,
    **said: bool,
) -> HttpResponse:
    """The page of one session, for every view that ends there."""
    clinic = Clinic.current()
    seen = shown(session, clinic, at)
    context = {
        "link": link,
        "patient": link.message.patient,
        "shown": seen,
        "before": care.before(session) if seen.is_ahead else [],
        "after": care.after(session, clinic, at=at) if seen.standing == Standing.DONE else [],
        "one_of_many": len(link.message.about) > 1,
        **said,
    }
    return render(request, "messages/session.html", context, status=status)
