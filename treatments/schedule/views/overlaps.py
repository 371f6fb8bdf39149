"""The report of deliberate overlaps. Times and members of staff; no patient, for a clinic admin reads it too."""

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.access import role_required
from clinic.roles import BOOKING, Role
from treatments.schedule.away.absences import days_span
from treatments.schedule.overlapping import overlaps
from treatments.schedule.overlapping.forms import BetweenForm

PAGE = "schedule/overlaps.html"


@require_safe
@role_required(*BOOKING, Role.CLINIC_ADMIN)
def report(request) -> HttpResponse:
    """Who was booked over whom between two days, by whom and why."""
    form = _form(request)
    if not form.is_valid():
        return render(request, PAGE, {"form": form}, status=422)
    context = {
        "form": form,
        "rows": _rows(form),
        "asked": form.query,
        "books": request.user.has_role(*BOOKING),
    }
    return render(request, PAGE, context)


@require_safe
@role_required(*BOOKING, Role.CLINIC_ADMIN)
def report_csv(request) -> HttpResponse:
    """The same as a file."""
    form = _form(request)
    if not form.is_valid():
        return render(request, PAGE, {"form": form}, status=422)
    lines = overlaps.lines(_rows(form))
    answer = HttpResponse("".join(lines), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="overlaps.csv"'
    return answer


def _form(request) -> BetweenForm:
    """Which days are asked for; where none are, a month back and a month ahead."""
    today, month = timezone.localdate(), dt.timedelta(days=30)
    said = {"since": (today - month).isoformat(), "until": (today + month).isoformat()}
    return BetweenForm(said | {name: value for name, value in request.GET.items() if value})


def _rows(form: BetweenForm) -> list[overlaps.Overlap]:
    return overlaps.overlaps(days_span(form.cleaned_data["since"], form.cleaned_data["until"]))
