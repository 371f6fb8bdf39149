"""Other working hours on one day."""

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic import actions
from clinic.access import role_required
from clinic.models import User
from clinic.roles import BOOKING, Role
from clinic.rules import DaySpan
from treatments.schedule.access import named
from treatments.schedule.away import absences, presence
from treatments.schedule.away.forms import DayForm, DayHoursForm
from treatments.schedule.models import Session


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.CLINIC_ADMIN)
def hours(request, pk: int) -> HttpResponse:
    """Show the hours of a day, with the sessions outside them; change them, once it is seen what that does."""
    person, today = get_object_or_404(User.objects.practitioners(), pk=pk), timezone.localdate()
    if request.method != "POST":
        asked = DayForm(request.GET, today=today)
        day = asked.cleaned_data["day"] if asked.is_valid() else today
        form = DayHoursForm(initial=_as_they_are(person, day), today=today)
        return _page(request, person, form, day=day, sessions=absences.outside_hours(person, day))
    form = DayHoursForm(request.POST, today=today)
    if not form.is_valid():
        return _page(request, person, form, status=422)
    day, spans = form.cleaned_data["day"], list(form.spans())
    change = partial(actions.set_day, person, spans, day=day, by=request.user, at=timezone.now())
    met, seen = _met(person, day, spans, change), f"{day} {spans}"
    if met and request.POST.get("sure") != seen:
        return _page(request, person, form, day=day, sessions=met, seen=seen, preview=True)
    change()
    messages.success(request, _("The hours of %(day)s are saved.") % {"day": date_format(day)})
    return redirect(f"{reverse('absences:hours', args=[person.pk])}?day={day.isoformat()}")


@require_POST
@role_required(Role.CLINIC_ADMIN)
def weekly_again(request, pk: int) -> HttpResponse:
    """On that day the weekly hours hold again."""
    person = get_object_or_404(User.objects.practitioners(), pk=pk)
    form = DayForm(request.POST, today=timezone.localdate())
    if not form.is_valid():
        return _page(request, person, DayHoursForm(today=form.today), status=422)
    day = form.cleaned_data["day"]
    change = partial(actions.set_day, person, None, day=day, by=request.user, at=timezone.now())
    left = presence.left_by(change, of=person, at=_midnight(day))
    if left and "sure" not in request.POST:
        form = DayHoursForm(initial=_as_they_are(person, day), today=form.today)
        return _page(request, person, form, day=day, left=left)
    change()
    messages.success(request, _("On %(day)s the weekly hours hold again.") % {"day": date_format(day)})
    return redirect(f"{reverse('absences:hours', args=[person.pk])}?day={day.isoformat()}")


def _met(person: User, day: dt.date, spans: Sequence[DaySpan], change: Callable[[], object]) -> list[Session]:
    """The sessions of the day outside the hours, and those of nurses who would be without their doctor."""
    own = absences.outside_hours(person, day, spans)
    others = presence.left_by(change, of=person, at=_midnight(day))
    return own + [session for session in others if session not in own]


def _midnight(day: dt.date) -> dt.datetime:
    return absences.days_span(day, day)[0]


def _as_they_are(person: User, day: dt.date) -> dict:
    """What the form starts with: the hours of that day, its own or the weekly ones."""
    fields: dict = {"day": day}
    for n, (starts, ends) in enumerate(absences.hours_on(person, day)[:2], 1):
        fields |= {f"from_{n}": starts, f"to_{n}": ends}
    return fields


def _page(
    request, person: User, form: DayHoursForm, *, day: dt.date | None = None, status: int = 200, **context
) -> HttpResponse:
    named(request, [*context.get("sessions", ()), *context.get("left", ())])
    context |= {
        "person": person,
        "form": form,
        "day": day,
        "special": day is not None and person.day_hours.filter(day=day).exists(),
        "books": request.user.has_role(*BOOKING),
        "administers": True,
    }
    return render(request, "schedule/day_hours.html", context, status=status)
