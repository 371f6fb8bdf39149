"""A day of the clinic."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.access import role_required
from clinic.models import User
from clinic.roles import Role
from patients.models import Report
from treatments.schedule import days
from treatments.schedule.forms import DayForm
from treatments.schedule.models import Session
from treatments.schedule.steps import Step, next_steps


@require_safe
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def day(request) -> HttpResponse:
    """The sessions of a day, by practitioner or by room, and as a list."""
    form, today = DayForm(request.GET), timezone.localdate()
    form.is_valid()
    asked = form.cleaned_data
    shown = days.of(asked.get("day") or today, by=asked.get("by") or "practitioner")
    context = {
        "form": form,
        "shown": shown,
        "listed": _listed(request.user, shown.sessions),
        "reported": _reported(request.user, shown.sessions),
        "today": today,
        "clinical": request.user.is_clinical,
    }
    return render(request, "schedule/day.html", context, status=422 if form.errors else 200)


def _listed(user: User, sessions: list[Session]) -> list[tuple[Session, Step | None]]:
    """Each session with this person's next step."""
    steps = next_steps(user, sessions)
    return [(session, steps.get(session.pk)) for session in sessions]


def _reported(user: User, sessions: list[Session]) -> set[int]:
    """The patients who reported something that nobody has confirmed; for clinical eyes only."""
    if not user.is_clinical:
        return set()
    patients = {session.course.patient_id for session in sessions}
    return set(Report.objects.unsettled().filter(patient__in=patients).values_list("patient", flat=True))
