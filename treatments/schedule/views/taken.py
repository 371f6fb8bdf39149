"""A time that is taken: chosen by those who may book over others, then judged where every chosen time is."""

from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from clinic.access import role_required
from clinic.roles import Role
from treatments.schedule.access import open_course, open_session
from treatments.schedule.forms import read_slot, slot_value
from treatments.schedule.overlapping.forms import TakenForm
from treatments.schedule.rules import Slot


@require_safe
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def session(request, pk: int) -> HttpResponse:
    """Any time for a booked session; the page of moving it says what that would mean."""
    row = open_session(request, pk)
    if not request.user.may_overlap:
        raise PermissionDenied
    now = Slot(row.number, row.starts_at, row.room_id, row.practitioner_id)
    form = TakenForm(request.GET or None, course=row.course, today=timezone.localdate(), now=now)
    if form.is_valid():
        to = slot_value(form.slot(row.number))
        return redirect(f"{reverse('schedule:move', args=[pk])}?{urlencode({'to': to})}")
    back = reverse("schedule:move", args=[pk])
    context = {"patient": row.course.patient, "form": form, "back": back, "back_said": _("Move it")}
    return render(request, "schedule/taken.html", context, status=422 if form.errors else 200)


@require_safe
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def course(request, pk: int, number: int) -> HttpResponse:
    """Any time for one session of a course, in place of the one that the page of booking proposed (`page`)."""
    row = open_course(request, pk)
    if not request.user.may_overlap:
        raise PermissionDenied
    page = QueryDict(request.GET.get("page", "")[:4000], mutable=True)
    now = read_slot(number, page.get(f"slot-{number}", ""))
    if now is None:
        raise Http404
    asked = request.GET if "time" in request.GET else None
    form = TakenForm(asked, course=row, today=timezone.localdate(), now=now)
    back = f"{reverse('schedule:book', args=[pk])}?{page.urlencode()}"
    if form.is_valid():
        page[f"slot-{number}"] = slot_value(form.slot(number))
        page.setlist("taken", sorted({*page.getlist("taken"), str(number)}))
        return redirect(f"{reverse('schedule:book', args=[pk])}?{page.urlencode()}#slot-{number}")
    context = {"patient": row.patient, "form": form, "page": page.urlencode()}
    context |= {"back": back, "back_said": _("Back to the times")}
    return render(request, "schedule/taken.html", context, status=422 if form.errors else 200)
