"""The waiting list: who waits for what, which offers run, and the answers that the desk takes."""

import datetime as dt

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.access import actor, role_required
from clinic.accesslog import record_list
from clinic.roles import Role
from clinic.versions import ChangedMeanwhile
from treatments.courses.models import Course
from treatments.schedule import actions, refusals, words
from treatments.schedule.access import open_course, open_offer, open_waiting
from treatments.schedule.equipment import rooms_for, who_could_treat
from treatments.schedule.forms import ANYBODY, SAME
from treatments.schedule.waiting import listing
from treatments.schedule.waiting import words as waiting_words
from treatments.schedule.waiting.forms import AnswerForm, WaitingForm

REFUSALS = (refusals.NotBookable, refusals.WrongTimes, refusals.SlotTaken, ChangedMeanwhile)


@require_safe
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def overview(request) -> HttpResponse:
    """The offers that run, what became of the last ones, and who waits."""
    return _list(request)


def _list(request, *, said: list[str] | None = None, status: int = 200) -> HttpResponse:
    """The list. That it names these patients is logged first."""
    shown = listing.of(timezone.now())
    record_list(request, listing.patients(shown))
    context = shown | {"said": said or []}
    return render(request, "waiting/list.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def add(request, pk: int) -> HttpResponse:
    """Put a session on the list with wishes, or change them where it is on it."""
    course, at = open_course(request, pk), timezone.now()
    form = _form(
        course, request.POST if request.method == "POST" else request.GET, day=timezone.localdate(at)
    )
    if request.method != "POST" or not form.is_valid():
        return _add_page(request, course, form, status=422 if request.method == "POST" else 200)
    try:
        number = form.cleaned_data["number"]
        actions.put_on_list(course, number, form.said(), by=actor(request), at=at)
    except refusals.NotBookable as refused:
        return _add_page(request, course, form, said=[str(refused)], status=409)
    except ChangedMeanwhile:
        said = [_("The sessions of this course were changed meanwhile. Nothing was put on the list.")]
        return _add_page(request, course, form, said=said, status=409)
    messages.success(request, _("On the waiting list."))
    return redirect("waiting:list")


def _form(course: Course, data: QueryDict, *, day: dt.date) -> WaitingForm:
    """What was typed, or brought along from the booking page; the same person each time is anybody for one session."""
    numbers, said = actions.may_wait(course), data.copy()
    said["number"] = data.get("number") or str(_next(course, numbers))
    said["earliest"] = data.get("earliest") or day.isoformat()
    if data.get("practitioner") in (None, "", SAME):
        said["practitioner"] = ANYBODY
    return WaitingForm(
        said, numbers=numbers, people=list(who_could_treat(course)), rooms=rooms_for(course), today=day
    )


def _next(course: Course, numbers: list[int]) -> int | None:
    """The first missing session that can be next, else the next one that is booked."""
    booked = set(course.sessions.booked().values_list("number", flat=True))
    return next((number for number in numbers if number not in booked), next(iter(numbers), None))


def _add_page(
    request, course: Course, form: WaitingForm, *, said: list[str] | None = None, status: int = 200
) -> HttpResponse:
    waits = (
        course.waiting.standing().filter(number=form.data.get("number") or 0).first()
        if form.is_valid()
        else None
    )
    context = {"course": course, "patient": course.patient, "wish": form, "said": said or [], "waits": waits}
    return render(request, "waiting/add.html", context, status=status)


@require_POST
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def withdraw(request, pk: int) -> HttpResponse:
    """Take somebody off the list."""
    entry = open_waiting(request, pk)
    try:
        actions.withdraw(entry, by=request.user, at=timezone.now())
    except ChangedMeanwhile:
        return _list(request, said=[_("This session is not on the list any more.")], status=409)
    messages.success(request, _("Off the waiting list."))
    return redirect("waiting:list")


@require_POST
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def answer(request, pk: int) -> HttpResponse:
    """Take the patient's answer to an offer."""
    offer, form, at = open_offer(request, pk), AnswerForm(request.POST), timezone.now()
    if not form.is_valid():
        return _list(request, said=[_("This form is not complete.")], status=422)
    try:
        if form.cleaned_data["answer"] == "no":
            actions.say_no(offer, desk=request.user, at=at)
            messages.success(request, _("Noted. The time is offered to the next."))
            return redirect("waiting:list")
        session = actions.say_yes(offer, desk=request.user, at=at)
    except actions.OfferGone:
        said = [_("This offer was answered meanwhile, or has lapsed. Nothing was changed.")]
        return _list(request, said=said, status=409)
    except REFUSALS as refused:
        said = waiting_words.refused_said(refused, offer.waiting.course)
        return _list(request, said=said, status=409)
    messages.success(request, _("Booked: %(when)s.") % {"when": words.when(session.starts_at)})
    return redirect("schedule:session", pk=session.pk)
