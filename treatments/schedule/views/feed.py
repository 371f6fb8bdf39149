"""What the calendar in the browser asks for: what it draws, whether that still stands, where something was dropped."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from clinic.access import role_required
from clinic.accesslog import record_list
from clinic.roles import Role
from treatments.schedule.access import sought_by
from treatments.schedule.calendar import changes, dropping, feed
from treatments.schedule.calendar.forms import DropForm, PointForm, SpanForm, WhoForm
from treatments.schedule.calendar.seeking import Sought, slot_at
from treatments.schedule.forms import slot_value
from treatments.schedule.models import Session
from treatments.schedule.rules import Slot

WRONG = 422
LIST = "schedule:day"  # the page whose list beside the calendar names the same patients


@require_safe
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def events(request) -> JsonResponse:
    """The columns, sessions and background of some days, `calendar.feed.week_or_day`. Whom it names is logged first."""
    form = SpanForm(request.GET)
    if not form.is_valid():
        return JsonResponse(form.errors, status=WRONG)
    said, user = form.cleaned_data, request.user
    sought = sought_by(user, course=said["course"], session=said["session"])
    asked = {"who": said["who"] or None, "clinical": user.is_clinical, "sought": sought, "at": timezone.now()}
    found = feed.week_or_day(said["days"], said["by"], **asked)
    record_list(request, found.patients, beside=[LIST])
    return JsonResponse(found.said)


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
    asked = dropping.landed(form, at=timezone.now())
    return redirect(f"{reverse('schedule:move', args=[pk])}?{urlencode(asked)}")


@require_safe
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def seek(request) -> HttpResponse:
    """Where free time was clicked: on to the page that books or moves the sought session, with that time chosen."""
    chosen, point = WhoForm(request.GET), PointForm(request.GET)
    if not (chosen.is_valid() and point.is_valid()):
        return HttpResponse(status=WRONG)
    said = chosen.cleaned_data
    sought = sought_by(request.user, course=said["course"], session=said["session"])
    if sought is None:
        return HttpResponse(status=WRONG)
    moment, by, column = (point.cleaned_data[name] for name in ("at", "by", "column"))
    slot = slot_at(sought, moment, by, column, at=timezone.now())
    if slot is None:
        messages.warning(request, _("This time is not free any more. Choose another."))
    return redirect(_proposed(sought, slot))


def _proposed(sought: Sought, slot: Slot | None) -> str:
    """The page that books or moves it."""
    if sought.moving:
        page, name = reverse("schedule:move", args=[sought.moving.pk]), "to"
    else:
        page, name = reverse("schedule:book", args=[sought.course.pk]), f"slot-{sought.number}"
    return f"{page}?{urlencode({name: slot_value(slot)})}" if slot else page
