"""A day on paper: to print from the browser, and as PDF."""

from dataclasses import asdict
from pathlib import Path

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from clinic.access import role_required
from clinic.accesslog import record_list
from clinic.requests import StaffRequest
from clinic.roles import BOOKING
from clinic.typesetting import CannotTypeset, typeset
from treatments.schedule import sheets
from treatments.schedule.calendar.forms import DayForm

TEMPLATE = Path(sheets.__file__).parent / "typst" / "day.typ"


@require_safe
@role_required(*BOOKING)
def sheet(request: StaffRequest) -> HttpResponse:
    """The day as a page to print."""
    return _page(request, *_asked(request))


@require_safe
@role_required(*BOOKING)
def sheet_pdf(request: StaffRequest) -> HttpResponse:
    """The day as a PDF; the page says so where none can be made."""
    form, made = _asked(request)
    if form.errors:
        return _page(request, form, made)
    try:
        content = typeset(TEMPLATE, asdict(made), name=made.name, at=timezone.now())
    except CannotTypeset:
        return _page(request, form, made, no_pdf=True)
    disposition = content_disposition_header(as_attachment=True, filename=made.name) or ""
    return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": disposition})


def _asked(request: StaffRequest) -> tuple[DayForm, sheets.Sheet]:
    """The sheet that was asked for. That it shows these patients is logged first."""
    form, at = DayForm(request.GET), timezone.now()
    form.is_valid()
    day = form.cleaned_data.get("day") or timezone.localdate(at)
    by = form.cleaned_data.get("by") or "practitioner"
    sessions = sheets.sessions_of(day)
    record_list(request, (session.course.patient_id for session in sessions))
    form.cleaned_data |= {"day": day, "by": by}
    return form, sheets.sheet_of(sessions, day, by=by, reader=request.user, at=at)


def _page(request: StaffRequest, form: DayForm, made: sheets.Sheet, *, no_pdf: bool = False) -> HttpResponse:
    context = {"form": form, "asked": form.cleaned_data, "sheet": made, "no_pdf": no_pdf}
    status = 503 if no_pdf else 422 if form.errors else 200
    return render(request, "schedule/sheet.html", context, status=status)
