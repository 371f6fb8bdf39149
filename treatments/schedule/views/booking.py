"""Book a course: proposals for all its sessions, another time for any of them, all or none booked."""

import datetime as dt
from collections.abc import Iterable
from urllib.parse import urlencode
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
from clinic.models import Room, User
from clinic.roles import Role
from clinic.versions import ChangedMeanwhile
from treatments.courses.models import Course, CourseState
from treatments.schedule import actions, refusals, rules, words
from treatments.schedule.access import named, open_course
from treatments.schedule.equipment import people_and_rooms
from treatments.schedule.forms import ANYBODY, BookForm, MoveForm, WishForm, read_slots, slot_value
from treatments.schedule.held import how_many_held
from treatments.schedule.overlapping import overbooking
from treatments.schedule.overlapping.forms import OverForm
from treatments.schedule.proposing import offers, other_times
from treatments.schedule.proposing.desk import Desk
from treatments.schedule.proposing.desk import desk as open_desk
from treatments.schedule.waiting import listing


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def book(request, pk: int) -> HttpResponse:
    """Propose times for the missing sessions (GET), book all of them (POST)."""
    course, at = open_course(request, pk), timezone.now()
    if request.method != "POST":
        return _page(request, course, request.GET, at=at)
    form, slots = BookForm(request.POST), read_slots(request.POST)
    if not (form.is_valid() and slots and all(slot.practitioner for slot in slots)):
        return _page(request, course, request.POST, at=at, said=[_("This form is not complete.")], status=422)
    try:
        reasons = {**form.cleaned_data, **OverForm(request.POST).wish}
        standing = actions.book_course(course, slots, by=request.user, at=at, **reasons)
    except refusals.WrongTimes as wrong:
        said = words.faults_said(wrong.faults, course)
        return _page(request, course, request.POST, at=at, said=said, status=422)
    except ChangedMeanwhile:
        said = [_("Sessions of this course were booked or changed meanwhile. Nothing of yours was booked.")]
        return _page(request, course, request.POST, at=at, said=said, status=409)
    except (refusals.NotBookable, refusals.SlotTaken) as refused:
        actions.keep_verdict(refused, course, by=request.user, at=at)
        return _page(request, course, request.POST, at=at, said=[str(refused)], status=409)
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
    held, booked = how_many_held(course)
    if held:
        said = ngettext(
            "%(n)s of %(all)s sessions is held until a doctor or nurse has looked at it.",
            "%(n)s of %(all)s sessions are held until a doctor or nurse has looked at them.",
            held,
        )
        messages.warning(request, said % {"n": held, "all": booked})


def _page(
    request,
    course: Course,
    data: QueryDict,
    *,
    at: dt.datetime,
    said: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    people, rooms = people_and_rooms(course)
    wish = _wish(course, data, people, rooms, day=timezone.localdate(at))
    context = {
        "course": course,
        "patient": course.patient,
        "clearance": offers.clearance_today(course, day=wish.today),
        "open": course.state == CourseState.CONFIRMED,
        "wish": wish,
        "key": uuid4(),
        "said": said or [],
        "interval_reason": data.get("interval_reason", ""),
        "reason_allowed": request.user.is_doctor,
    }
    if wish.is_valid():
        context |= _offer(request, course, wish, rooms, data, at=at)
    elif status == 200:
        status = 422
    page = "schedule/_booking.html" if request.htmx else "schedule/book.html"
    answer = render(request, page, context, status=status)
    if request.htmx and request.htmx.trigger == "wishes" and status == 200:
        answer["HX-Retarget"] = answer["HX-Reselect"] = "#results"
    if request.htmx and status == 422:  # no address to come back to: asked for again it is refused again
        answer["HX-Push-Url"] = "false"
    return answer


def _wish(
    course: Course, data: QueryDict, people: list[User], rooms: dict[int, Room], *, day: dt.date
) -> WishForm:
    """What was wished; where nothing was, the planner from today on."""
    said = data.copy()
    said["practitioner"] = data.get("practitioner") or _planner(course, people)
    said["earliest"] = data.get("earliest") or day.isoformat()
    return WishForm(said, people=people, rooms=rooms.values(), today=day)


def _planner(course: Course, people: list[User]) -> str:
    """Who confirmed the plan if they may treat, else anybody."""
    planner = course.confirmed_by_id
    return str(planner) if planner in [person.pk for person in people] else ANYBODY


def _offer(
    request, course: Course, wish: WishForm, rooms: dict[int, Room], data: QueryDict, *, at: dt.datetime
) -> dict:
    """The times that were chosen if any were, made whole; else, or where they were lost, proposals."""
    pinned = read_slots(data)
    desk = _desk(course, wish, rooms, pinned, at=at)
    wishes = wish.wishes(at=at, zone=desk.clock.zone)
    over = overbooking.wanted_over(request.user, desk, pinned, data.getlist("taken"))
    pairs = [*wish.pairs(), *(("taken", str(slot.number)) for slot in over)]
    found: dict = {
        "clinic": desk.clinic,
        "all_booked": not desk.series.missing,
        "wished": pairs,
        "wishes_query": _query(course, wish.pairs()),
    }
    kept = [*offers.still_free(desk, pinned), *over]
    if kept or not desk.series.missing:
        proposal = offers.mended(desk, wishes, kept)
        query = _query(course, [*pairs, *_slot_pairs(proposal.slots)])
        found |= {"proposal": proposal, "query": query, "page": query.partition("?")[2]}
        found |= _choices(request, desk, proposal, data)
        if over and proposal.complete:
            found |= overbooking.word(desk, proposal.slots, over, by=request.user)
            named(request, found.get("over", ()))
    if desk.series.missing and (not kept or request.method == "POST"):
        found |= _proposals(request, wish, desk, wishes)
    return found | (listing.beside_proposals(desk, wish.pairs()) if desk.series.missing else {})


def _desk(
    course: Course, wish: WishForm, rooms: dict[int, Room], pinned: list[rules.Slot], *, at: dt.datetime
) -> Desk:
    """Free time of whoever is wished or chosen, for as long as the course can last; at first for good series only."""
    chosen = {str(slot.practitioner) for slot in pinned}
    wished = [wish.named] if wish.named else wish.people.values()
    people = [*wished, *(p for pk, p in wish.people.items() if pk in chosen and p not in wished)]
    days = (timezone.localdate(slot.starts_at) for slot in pinned)
    latest = min(max([wish.cleaned_data["earliest"], *days]), wish.last_day)
    return open_desk(course, people, at=at, earliest=latest, at_first=not pinned, rooms=rooms)


def _proposals(request, wish: WishForm, desk: Desk, wishes: rules.Wishes) -> dict:
    """Proposals, or why there are none; then everybody's free time is asked for, also for a later start."""
    course, found = desk.course, offers.proposals(desk, wishes)
    if not isinstance(found, rules.Lacking):
        wished, slots = wish.pairs(), [_slot_pairs(one.slots) for one in found]
        queries = [_query(course, [*wished, *pairs]) for pairs in slots]
        return {"proposals": list(zip(found, slots, queries, strict=True))}
    everyone, latest = list(wish.people.values()), offers.later_until(desk, wishes)
    everybody = open_desk(course, everyone, at=desk.at, earliest=latest, rooms=desk.rooms)
    treatment = str(course.technique) if request.user.is_clinical else ""
    why = offers.why_none(everybody, wishes, found, treatment=treatment)
    lettings: list[tuple[offers.Letting | offers.Later, str]] = [
        (one, _query(course, wish.pairs(without=one.wish))) for one in why.lettings
    ]
    if why.later:
        lettings.append((why.later, _query(course, wish.pairs(earliest=why.later.day))))
    return {"why": why, "lettings": lettings}


def _slot_pairs(slots: Iterable[rules.Slot]) -> list[tuple[str, str]]:
    return [(f"slot-{slot.number}", slot_value(slot)) for slot in slots]


def _query(course: Course, pairs: Iterable[tuple[str, str]]) -> str:
    """The address of the page with these wishes and times."""
    return f"{reverse('schedule:book', args=[course.pk])}?{urlencode(list(pairs))}"


def _choices(request, desk: Desk, proposal: offers.Proposal, data: QueryDict) -> dict:
    """Other times for the session that is asked about, on its day or the one asked for and the neighbouring days."""
    number = data.get("choose", "")
    row = next((row for row in proposal.rows if row.slot and str(row.number) == number), None)
    if row is None or row.slot is None or request.method == "POST":
        return {}
    around = timezone.localdate(row.starts_at)
    asked = {"practitioner": row.practitioner.pk, "day": data.get("day") or around}
    form = MoveForm(asked, today=timezone.localdate(desk.at), course=desk.course)
    if form.is_valid():
        around = form.cleaned_data["day"]
    days = other_times.choices(desk, row.slot, around, others=proposal.slots, doctor=request.user.is_doctor)
    return {
        "choosing": row.number,
        "choosing_text": number,
        "days": days,
        "around": form,
        "others": [one for one in proposal.rows if one.slot],
    }
