"""One session: its page, giving it up."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.access import role_required
from clinic.errors import changed_meanwhile
from clinic.roles import Role
from clinic.versions import ChangedMeanwhile
from patients.models import Report
from treatments.courses.models import CourseState
from treatments.schedule import actions, refusals
from treatments.schedule.access import open_session
from treatments.schedule.aftermath import exceptional
from treatments.schedule.arrivals import may_arrive
from treatments.schedule.changing.gaps import leaves_gap
from treatments.schedule.forms import CancelForm
from treatments.schedule.models import Session, SessionState
from treatments.schedule.overlapping import overlaps
from treatments.schedule.steps import next_steps


@require_safe
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def session(request, pk: int) -> HttpResponse:
    """When, where and with whom; what can be done with it."""
    return session_page(request, open_session(request, pk))


@require_POST
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def cancel(request, pk: int) -> HttpResponse:
    """Give the session up for a reason."""
    row, form = open_session(request, pk), CancelForm(request.POST)
    if not form.is_valid():
        return session_page(request, row, form=form, status=422)
    try:
        actions.cancel_session(row, by=request.user, at=timezone.now(), **form.cleaned_data)
    except ChangedMeanwhile:
        row = open_session(request, pk)
        return session_page(request, row, form=_again(form, row), conflict=changed_meanwhile(row), status=409)
    except refusals.SlotTaken as busy:
        return session_page(request, row, form=form, conflict=str(busy), status=409)
    messages.success(request, _("The session is cancelled."))
    if _goes_on(row) and leaves_gap(row):
        return redirect("schedule:gap", pk=row.course_id)
    return redirect("schedule:session", pk=row.pk)


def _goes_on(row: Session) -> bool:
    """Is there a course to close a gap in?"""
    return row.course.state == CourseState.CONFIRMED and not row.course.patient.has_ended


def _again(form: CancelForm, row: Session) -> CancelForm:
    """What was typed, with the version that stands now."""
    return CancelForm({**form.cleaned_data, "version": row.version})


def session_page(request, row: Session, *, status: int = 200, **context) -> HttpResponse:
    """The page of a session, for every view that ends there."""
    context = {"form": CancelForm(initial={"version": row.version}), **context}
    context |= {
        "session": row,
        "patient": row.course.patient,
        "booked": row.state == SessionState.BOOKED,
        "report": Report.objects.pending(row.course.patient) if request.user.is_clinical else None,
        "today": may_arrive(row, timezone.localdate()),
        "overlap": overlaps.of_session(row),
        **exceptional(row, at=timezone.now()),
        "step": next_steps(request.user, [row]).get(row.pk),
        "waits": row.course.waiting.standing().filter(number=row.number).first(),
    }
    return render(request, "schedule/session.html", context, status=status)
