"""What the calendar in the browser asks for: what it draws, whether that still stands, where something was dropped."""

from urllib.parse import urlencode

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.access import role_required
from clinic.roles import Role
from treatments.schedule.calendar import changes, feed
from treatments.schedule.calendar_forms import DropForm, SpanForm
from treatments.schedule.forms import slot_value
from treatments.schedule.models import Session

WRONG = 422


@require_safe
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def events(request) -> JsonResponse:
    """The columns, sessions and background of some days, `calendar.feed.week_or_day`."""
    form = SpanForm(request.GET)
    if not form.is_valid():
        return JsonResponse(form.errors, status=WRONG)
    said = form.cleaned_data
    return JsonResponse(
        feed.week_or_day(
            said["days"], said["by"], who=said["who"], clinical=request.user.is_clinical, at=timezone.now()
        )
    )


@require_safe
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def digest(request) -> HttpResponse:
    """The digest of what stands on some days. Asked in the background: it keeps nobody logged in."""
    form = SpanForm(request.GET)
    if not form.is_valid():
        return HttpResponse(status=WRONG)
    return HttpResponse(
        changes.digest(form.cleaned_data["days"], at=timezone.now()), content_type="text/plain"
    )


@require_safe
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def drop(request, pk: int) -> HttpResponse:
    """Where a session was let go of, said by the clinic's clock: on to what the server says about moving it there."""
    row = get_object_or_404(Session.objects.visible_to(request.user), pk=pk)
    form = DropForm(request.GET, session=row)
    if not form.is_valid():
        return HttpResponse(form.errors.as_text(), status=WRONG, content_type="text/plain")
    query = {"to": slot_value(form.slot), "minutes": form.cleaned_data["minutes"]}
    return redirect(f"{reverse('schedule:move', args=[pk])}?{urlencode(query)}")
