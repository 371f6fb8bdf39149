"""A time that is taken: chosen by those who may book over others, then judged where every chosen time is."""

from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.access import role_required
from clinic.roles import Role
from treatments.schedule.access import open_session
from treatments.schedule.forms import slot_value
from treatments.schedule.overlap_forms import TakenForm


@require_safe
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def session(request, pk: int) -> HttpResponse:
    """Any time for a booked session; the page of moving it says what that would mean."""
    if not request.user.may_overlap:
        raise PermissionDenied
    row = open_session(request, pk)
    form = TakenForm(request.GET or None, course=row.course, today=timezone.localdate(), session=row)
    if form.is_valid():
        to = slot_value(form.slot(row.number))
        return redirect(f"{reverse('schedule:move', args=[pk])}?{urlencode({'to': to})}")
    context = {"session": row, "patient": row.course.patient, "form": form}
    return render(request, "schedule/taken.html", context, status=422 if form.errors else 200)
