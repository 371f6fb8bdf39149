"""All sessions that cannot stay find another time on one page: an absence, or what they need is not there any more."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from clinic.access import role_required
from clinic.accesslog import record_list
from clinic.models import DayHours
from clinic.roles import BOOKING
from treatments.courses.models import Course
from treatments.schedule import equipment
from treatments.schedule.away import absences, presence
from treatments.schedule.changing import replanning
from treatments.schedule.changing.posted import read_chosen
from treatments.schedule.models import Absence, Session

Concerned = Callable[[], list[Session]]  # asks which sessions cannot stay


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*BOOKING)
def absence(request, pk: int) -> HttpResponse:
    """Another time for the sessions that stand in an absence."""
    row = get_object_or_404(Absence.objects.visible_to(request.user).for_page(), pk=pk)

    def met() -> list[Session]:
        return [] if row.lifted_at else list(presence.met_by(row))

    return _replan(request, met, str(row), row.get_absolute_url())


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*BOOKING)
def hours(request, pk: int) -> HttpResponse:
    """Another time for the sessions outside the hours that hold on one day only."""
    row = get_object_or_404(DayHours.objects.select_related("practitioner"), pk=pk)
    whose = f"{row.practitioner}, {date_format(row.day, 'l j F')}"
    outside = partial(absences.outside_hours, row.practitioner, row.day)
    return _replan(request, outside, whose, reverse("absences:list"))


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*BOOKING)
def left(request) -> HttpResponse:
    """Another time or place for the sessions that lack what they need."""
    misfits = equipment.misfits(timezone.now())
    return _replan(request, lambda: list(misfits.all()), "", reverse("equipment:left"))


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*BOOKING)
def outside(request) -> HttpResponse:
    """Another time for the sessions that lie outside hours by now."""
    return _replan(request, lambda: list(presence.outside(timezone.now())), "", reverse("absences:outside"))


def _replan(request, concerned: Concerned, whose: str, back: str) -> HttpResponse:
    at = timezone.now()
    if request.method != "POST":
        return _page(request, concerned, whose, back, at=at)
    moved, lost = _carry_out(request, at=at)
    if moved:
        said = ngettext("%(n)s session is moved.", "%(n)s sessions are moved.", moved) % {"n": moved}
        messages.success(request, said)
    if lost:
        return _page(request, concerned, whose, back, at=at, lost=lost, status=409)
    return redirect(back)


def _carry_out(request, *, at: dt.datetime) -> tuple[int, dict[int, list[str]]]:
    """How many sessions were moved, and for each course that was lost why."""
    moved, lost = 0, dict[int, list[str]]()
    for course, changes in read_chosen(request.POST, Session.objects.visible_to(request.user)):
        said = replanning.carry_out(changes, by=request.user, at=at) if changes else [replanning.changed()]
        if said:
            lost[course] = said
        else:
            moved += len(changes)
    return moved, lost


def _page(
    request,
    concerned: Concerned,
    whose: str,
    back: str,
    *,
    at: dt.datetime,
    lost: Mapping[int, Sequence[str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    lost, preferred = lost or {}, request.GET.get("prefer", replanning.DAY)
    sessions = concerned()
    found = replanning.plans(sessions, at=at)
    record_list(request, (plan.course.patient_id for plan in found))
    plans = [replace(plan, said=[*lost.get(plan.course.pk, []), *plan.said]) for plan in found]
    context = {
        "said": _not_shown(lost, {plan.course.pk for plan in found}),
        "whose": whose,
        "back_url": back,
        "plans": [(plan, plan.chosen(preferred)) for plan in plans],
        "left_over": len({one.course_id for one in sessions}) - len(plans),
        "any_way": any(plan.ways for plan in plans),
        "preferred": preferred,
    }
    return render(request, "schedule/replan.html", context, status=status)


def _not_shown(lost: Mapping[int, Sequence[str]], shown: Collection[int]) -> list[str]:
    """Why courses were lost that are not on the page any more: somebody else has seen to them."""
    rows = Course.objects.filter(pk__in=lost.keys() - shown).select_related("patient").order_by("pk")
    return [f"{row.patient.name}: {sentence}" for row in rows for sentence in lost[row.pk]]
