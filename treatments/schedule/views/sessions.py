"""One session: its page, another time for it, giving it up."""

import datetime as dt

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.access import role_required
from clinic.errors import changed_meanwhile
from clinic.models import Room
from clinic.roles import Role
from clinic.versions import ChangedMeanwhile
from patients.models import Report
from treatments.schedule import actions, offers, refusals, words
from treatments.schedule.access import open_session
from treatments.schedule.aftermath import exceptional
from treatments.schedule.arrivals import may_arrive
from treatments.schedule.desk import desk
from treatments.schedule.equipment import who_could_treat
from treatments.schedule.forms import CancelForm, MovedForm, MoveForm, ReplanForm, read_slot
from treatments.schedule.models import Session, SessionState
from treatments.schedule.rules import Slot
from treatments.schedule.steps import next_steps


@require_safe
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def session(request, pk: int) -> HttpResponse:
    """When, where and with whom; what can be done with it."""
    return session_page(request, open_session(request, pk))


@require_POST
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def cancel(request, pk: int) -> HttpResponse:
    """Give the session up for a reason; its time is free again."""
    row, form = open_session(request, pk), CancelForm(request.POST)
    if not form.is_valid():
        return session_page(request, row, form=form, status=422)
    try:
        actions.cancel_session(row, by=request.user, at=timezone.now(), **form.cleaned_data)
    except ChangedMeanwhile:
        row = open_session(request, pk)
        return session_page(request, row, form=_again(form, row), conflict=changed_meanwhile(row), status=409)
    except refusals.SlotTaken as busy:
        return session_page(request, row, form=form, conflict=str(busy), status=409)
    messages.success(request, _("The session is cancelled and its time is free again."))
    return redirect("schedule:session", pk=row.pk)


def _again(form: CancelForm, row: Session) -> CancelForm:
    """What was typed, with the version that stands now."""
    return CancelForm({**form.cleaned_data, "version": row.version})


def session_page(request, row: Session, *, status: int = 200, **context) -> HttpResponse:
    """The page of a session, for every view that ends there."""
    context = {"form": CancelForm(initial={"version": row.version}), **context}
    context |= {
        "session": row,
        "patient": row.course.patient,
        "booked": row.state == SessionState.BOOKED,
        "report": Report.objects.pending(row.course.patient) if request.user.is_clinical else None,
        "today": may_arrive(row, timezone.localdate()),
        **exceptional(row, at=timezone.now()),
        "step": next_steps(request.user, [row]).get(row.pk),
    }
    return render(request, "schedule/session.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def move(request, pk: int) -> HttpResponse:
    """Offer other times (GET), take one of them (POST)."""
    row, at = open_session(request, pk), timezone.now()
    if request.method != "POST":
        return _move_page(request, row, request.GET, at=at)
    form, with_whom = MovedForm(request.POST), _around(row, request.POST, at)
    slot = read_slot(row.number, request.POST.get("slot", ""))
    room = Room.objects.filter(pk=slot.room).first() if slot else None
    if not (form.is_valid() and with_whom.is_valid() and slot and room):
        return _move_page(request, row, request.POST, at=at, said=[_("Choose a time.")], status=422)
    try:
        actions.move_session(
            row,
            starts_at=slot.starts_at,
            practitioner=with_whom.cleaned_data["practitioner"],
            room=room,
            by=request.user,
            at=at,
            **form.cleaned_data,
        )
    except refusals.WrongTimes as wrong:
        said = words.faults_said(wrong.faults, row.course)
        return _move_page(request, row, request.POST, at=at, said=said, status=422)
    except ChangedMeanwhile:
        row = open_session(request, pk)
        return _move_page(request, row, request.POST, at=at, said=[changed_meanwhile(row)], status=409)
    except (refusals.NotBookable, refusals.SlotTaken) as refused:
        if isinstance(refused, refusals.NotBookable):
            actions.keep_verdict(row.course, by=request.user, at=at)
        return _move_page(request, row, request.POST, at=at, said=[str(refused)], status=409)
    messages.success(request, _("The session is moved."))
    replanned = ReplanForm(request.POST)
    if replanned.is_valid():
        return redirect("absences:absence", pk=replanned.cleaned_data["absence"])
    return redirect("schedule:session", pk=row.pk)


def _around(row: Session, data: QueryDict, at: dt.datetime) -> MoveForm:
    """With whom and around which day to look; where nothing is said, as it stands."""
    today = timezone.localdate(at)
    day = data.get("day") or max(today, timezone.localdate(row.starts_at))
    practitioner = data.get("practitioner") or _who_treats(row)
    return MoveForm({"practitioner": practitioner, "day": day}, today=today, course=row.course)


def _who_treats(row: Session) -> int | None:
    """Who is to treat, if they still may and do this treatment, else the first who may."""
    treat = list(who_could_treat(row.course).values_list("pk", flat=True))
    return row.practitioner_id if row.practitioner_id in treat else next(iter(treat), None)


def _move_page(
    request,
    row: Session,
    data: QueryDict,
    *,
    at: dt.datetime,
    said: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    form = _around(row, data, at)
    context = {
        "session": row,
        "patient": row.course.patient,
        "booked": row.state == SessionState.BOOKED,
        "around": form,
        "said": said or [],
        "interval_reason": data.get("interval_reason", ""),
        "replan": ReplanForm(data),
    }
    if form.is_valid():
        days = _offer(request, row, form, at)
        context |= {
            "days": days,
            "practitioner": form.cleaned_data["practitioner"],
            "any_time": any(day.choices for day in days),
            "needs_reason": any(day.outside for day in days),
        }
    elif status == 200:
        status = 422
    page = "schedule/_move.html" if request.htmx else "schedule/move.html"
    return render(request, page, context, status=status)


def _offer(request, row: Session, form: MoveForm, at: dt.datetime) -> list[offers.DayOfChoices]:
    day, who = form.cleaned_data["day"], form.cleaned_data["practitioner"]
    last = day + dt.timedelta(days=offers.DAYS_AROUND)
    at_desk = desk(row.course, [who], at=at, last=last, moving=[row])
    now = Slot(row.number, row.starts_at, row.room_id, who.pk)
    return offers.choices(at_desk, now, day, others=(), doctor=request.user.is_doctor)
