"""A plan as it stands: verdict, decisions, and the next step."""

from contextlib import suppress

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from clinic.access import role_required
from clinic.errors import changed_meanwhile, conflict
from clinic.requests import StaffRequest
from clinic.roles import CLINICAL
from clinic.versions import ChangedMeanwhile
from contraindications.clearance import Clearance, clearance
from contraindications.models import Decision, Screening
from contraindications.screening import CANNOT_SCREEN, CannotScreen
from treatments.courses import actions
from treatments.courses.access import open_course
from treatments.courses.booked import booked
from treatments.courses.models import Check, Course, CourseState
from treatments.courses.plans import cocktail_of, parameters_said
from treatments.courses.told import told

OLDER_LISTS = gettext_lazy(
    "Other lists were published since: this verdict is of before. It is screened again by itself; until then the "
    "sessions are held."
)
NOT_READABLE = gettext_lazy(
    "Cannot screen this plan as it is now: do not treat this verdict as clear. Its sessions are held."
)


@role_required(*CLINICAL)
@require_http_methods(["GET"])
def course(request: StaffRequest, pk: int) -> HttpResponse:
    """The plan as it stands: verdict, decisions, and the next step."""
    return _course_page(request, open_course(request, pk))


@role_required(*CLINICAL)
@require_POST
def screen_again(request: StaffRequest, pk: int) -> HttpResponse:
    """Screen the plan on what is known today."""
    row = open_course(request, pk)
    try:
        actions.screen_again(row, by=request.user, at=timezone.now())
    except ChangedMeanwhile:
        return conflict(request, _("This course is closed: there is nothing to screen any more."))
    except CannotScreen:
        return _course_page(request, row, refused=str(CANNOT_SCREEN), status=409)
    return redirect(row)


@role_required(*CLINICAL)
@require_POST
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    """Make the plan a course that can be booked."""
    row = open_course(request, pk)
    try:
        actions.confirm(row, version=_version(request), by=request.user, at=timezone.now())
    except ChangedMeanwhile:
        return conflict(request, changed_meanwhile(row))
    except actions.NotConfirmable as refusal:
        with suppress(CannotScreen, ChangedMeanwhile):  # keep the verdict that the refusal rests on
            row = actions.screen_again(row, by=request.user, at=timezone.now())
        return _course_page(request, row, refused=str(refusal), status=422)
    messages.success(request, _("The plan is confirmed. Now book the sessions."))
    return redirect(row)


@role_required(*CLINICAL)
@require_POST
def cancel(request: StaffRequest, pk: int) -> HttpResponse:
    """Give a course up."""
    row = open_course(request, pk)
    try:
        actions.cancel(row, version=_version(request), by=request.user, at=timezone.now())
    except ChangedMeanwhile:
        return conflict(request, changed_meanwhile(row))
    messages.success(request, _("The course is cancelled."))
    return redirect(row)


def _may_happen(screening: Screening | None, decisions: list[Decision]) -> Clearance | None:
    """What may happen on the screening that is kept; None without one, and for one that cannot be read."""
    try:
        return clearance(screening, decisions) if screening else None
    except CannotScreen:
        return None


def _why_of_before(row: Course) -> str:
    """Why the verdict on the page does not count as it stands, in a sentence; empty while it does. One SQL query."""
    if row.state not in (CourseState.PLANNED, CourseState.CONFIRMED):
        return ""
    check = Check.objects.of_lists_in_force().filter(course=row).first()
    if check is None:
        return str(OLDER_LISTS)
    return "" if check.outcome else str(NOT_READABLE)


def _course_page(request: StaffRequest, row: Course, *, refused: str = "", status: int = 200) -> HttpResponse:
    decisions = list(Decision.objects.of(row.patient))
    context = {
        "course": row,
        "patient": row.patient,
        "told": told(row.patient, day=timezone.localdate()),
        "screening": row.screening,
        "clearance": _may_happen(row.screening, decisions),
        "of_before": _why_of_before(row),
        "booked": booked(row) if row.state == CourseState.CONFIRMED else None,
        "cocktail": cocktail_of(row),
        "around": row.procedure_substances.all(),
        "parameters": parameters_said(row),
        "refused": refused,
    }
    return render(request, "courses/course.html", context, status=status)


def _version(request: StaffRequest) -> int:
    """The version that the page showed; 0, which never stands, for anything else."""
    said = request.POST.get("version", "")
    return int(said) if said.isdecimal() and len(said) < 10 else 0
