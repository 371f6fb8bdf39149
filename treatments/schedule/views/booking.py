"""Book a course: proposals for all its sessions, another time for any of them, all or none booked."""

import datetime as dt
from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from clinic.access import role_required
from clinic.models import User
from clinic.roles import Role
from clinic.versions import ChangedMeanwhile
from treatments.courses.models import Course, CourseState
from treatments.schedule import actions, offers, refusals, rules
from treatments.schedule.access import open_course
from treatments.schedule.forms import DAYTIMES, BookForm, MoveForm, WishForm, read_slots
from treatments.schedule.offers import Desk


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def book(request, pk: int) -> HttpResponse:
    """Propose times for the missing sessions (GET), book all of them (POST)."""
    course, at = open_course(request, pk), timezone.now()
    if request.method != "POST":
        return _page(request, course, request.GET, at=at)
    wish, form = WishForm(request.POST, today=timezone.localdate(at)), BookForm(request.POST)
    slots = read_slots(request.POST)
    if not (wish.is_valid() and form.is_valid() and slots):
        return _page(request, course, request.POST, at=at, said=[_("This form is not complete.")], status=422)
    try:
        standing = actions.book_course(
            course,
            slots,
            practitioner=wish.cleaned_data["practitioner"],
            by=request.user,
            at=at,
            **form.cleaned_data,
        )
    except refusals.WrongTimes as wrong:
        said = offers.faults_said(wrong.faults, course)
        return _page(request, course, request.POST, at=at, said=said, status=422)
    except ChangedMeanwhile:
        said = [_("Sessions of this course were booked or changed meanwhile. Nothing of yours was booked.")]
        return _page(request, course, request.POST, at=at, said=said, status=409)
    except refusals.NotBookable as refused:
        actions.keep_verdict(course, by=request.user, at=at)
        return _page(request, course, request.POST, at=at, said=[str(refused)], status=409)
    except refusals.SlotTaken as taken:
        return _page(request, course, request.POST, at=at, said=[str(taken)], status=409)
    if len(standing) < course.sessions_planned:
        messages.warning(
            request, _("This form was sent before. A session was cancelled since: book it anew.")
        )
    else:
        messages.success(request, _("All sessions of the course are booked."))
    _warn_of_held(request, course)
    return redirect(course.patient)


def _warn_of_held(request, course: Course) -> None:
    """Some may be held on their own day though the course can be booked: a birthday, an answer that is missing."""
    sessions = course.sessions.booked().with_held()
    held = [session for session in sessions if session.held]
    if held:
        said = ngettext(
            "%(n)s of %(all)s sessions is held until a doctor or nurse has looked at it.",
            "%(n)s of %(all)s sessions are held until a doctor or nurse has looked at them.",
            len(held),
        )
        messages.warning(request, said % {"n": len(held), "all": len(sessions)})


def _page(
    request,
    course: Course,
    data: QueryDict,
    *,
    at: dt.datetime,
    said: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    day = timezone.localdate(at)
    wish = WishForm(_wished(course, data, day), today=day)
    context = {
        "course": course,
        "patient": course.patient,
        "clearance": offers.clearance_today(course, day=day),
        "open": course.state == CourseState.CONFIRMED,
        "wish": wish,
        "key": uuid4(),
        "said": said or [],
        "interval_reason": data.get("interval_reason", ""),
    }
    if wish.is_valid():
        context |= _offer(request, course, wish, data, at=at)
    elif status == 200:
        status = 422
    page = "schedule/_booking.html" if request.htmx else "schedule/book.html"
    return render(request, page, context, status=status)


def _wished(course: Course, data: QueryDict, day: dt.date) -> dict:
    """What was wished, and where nothing was: the planner, from today on, at any time."""
    practitioner = data.get("practitioner") or _planner(course)
    return {
        "practitioner": practitioner,
        "earliest": data.get("earliest") or day,
        "daytime": data.get("daytime") or "any",
    }


def _planner(course: Course) -> int | None:
    """Who confirmed the plan if they may treat, else the first who may."""
    treat = list(User.objects.who_may_treat().order_by("name", "pk").values_list("pk", flat=True))
    return course.confirmed_by_id if course.confirmed_by_id in treat else next(iter(treat), None)


def _offer(request, course: Course, wish: WishForm, data: QueryDict, *, at: dt.datetime) -> dict:
    """The proposal, and the other times where they are asked for."""
    values = wish.cleaned_data
    pinned = read_slots(data)
    latest = max([values["earliest"], *(timezone.localdate(slot.starts_at) for slot in pinned)])
    desk = offers.desk(
        course, values["practitioner"], at=at, last=offers.horizon(course, min(latest, wish.last_day))
    )
    earliest = max(at, rules.wall(values["earliest"], dt.time.min, desk.clock.zone))
    proposal = offers.proposal(desk, earliest=earliest, daytime=DAYTIMES[values["daytime"]][1], pinned=pinned)
    found = {
        "proposal": proposal,
        "wished": {**values, "practitioner": values["practitioner"].pk},
        "query": _query(course, values, proposal.slots),
        "reason_allowed": request.user.is_doctor,
    }
    number = data.get("choose", "")
    if number.isascii() and number.isdigit() and len(number) < 3 and request.method != "POST":
        found |= _choices(request, desk, proposal, int(number), data)
    return found


def _query(course: Course, values: dict, slots: list[rules.Slot]) -> str:
    """The address of the page with these times chosen, to which `choose` is added."""
    query = QueryDict(mutable=True)
    query["practitioner"] = str(values["practitioner"].pk)
    query["earliest"], query["daytime"] = values["earliest"].isoformat(), values["daytime"]
    for slot in slots:
        query[f"slot-{slot.number}"] = offers.slot_value(slot)
    return f"{reverse('schedule:book', args=[course.pk])}?{query.urlencode()}"


def _choices(request, desk: Desk, proposal: offers.Proposal, number: int, data: QueryDict) -> dict:
    """Other times for one session, on its day or the one asked for and the neighbouring days."""
    row = next((row for row in proposal.rows if row.slot and row.number == number), None)
    if row is None or row.slot is None:
        return {}
    around = timezone.localdate(row.starts_at)
    asked = {"practitioner": desk.practitioner.pk, "day": data.get("day") or around}
    form = MoveForm(asked, today=timezone.localdate(desk.at))
    if form.is_valid():
        around = form.cleaned_data["day"]
    days = offers.choices(
        desk,
        number,
        around,
        others=proposal.slots,
        now=row.slot,
        doctor=request.user.is_doctor,
    )
    return {
        "choosing": number,
        "choosing_text": str(number),
        "days": days,
        "around": form,
        "others": [s for s in proposal.rows if s.slot],
    }
