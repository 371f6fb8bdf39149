"""Check a patient in: a short re-ask of what changes, with what was said last beside each question."""

import datetime as dt

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from clinic.access import role_required
from clinic.errors import conflict
from clinic.requests import StaffRequest
from clinic.roles import CLINICAL
from contraindications.screening import CANNOT_SCREEN, CannotScreen
from patients.actions import InterviewMoved, NobodyToAsk
from patients.models import Interview, Report
from patients.moved import read_standing, who_was_faster
from treatments.courses.told import told
from treatments.schedule.access import open_session
from treatments.schedule.models import Session
from treatments.visits import actions
from treatments.visits.asking import asking
from treatments.visits.forms import CheckInForm
from treatments.visits.models import CheckIn

SAID = {
    actions.NotDue: gettext_lazy("This session is not booked for today any more. Nothing was saved."),
    actions.NotAsked: gettext_lazy("More has to be asked by now. Nothing was saved yet."),
}


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*CLINICAL)
def check_in(request: StaffRequest, pk: int) -> HttpResponse:
    """What has to be asked again today (GET), the answers and the screening with them (POST)."""
    session, at = open_session(request, pk), timezone.now()
    try:
        form = _form(session, at)
        return (
            _posted(request, session, form, at) if request.method == "POST" else _page(request, session, form)
        )
    except CannotScreen:
        return _page(request, session, None, conflict=str(CANNOT_SCREEN), status=409)


def _form(session: Session, at: dt.datetime) -> CheckInForm:
    return CheckInForm(asking(session.course.patient, day=timezone.localdate(at)))


def _posted(request: StaffRequest, session: Session, form: CheckInForm, at: dt.datetime) -> HttpResponse:
    form.read(request.POST)
    if form.errors:
        return _page(request, session, form, status=422)
    try:
        actions.check_in(
            session,
            answers=form.answers,
            allergies=form.allergies,
            on=read_standing(request),
            by=request.user,
            at=at,
        )
    except NobodyToAsk as refused:
        return _again(request, session, str(refused), at)
    except InterviewMoved as moved:
        return _again(request, session, who_was_faster(moved), at)
    except actions.AlreadyCheckedIn as done:
        return conflict(
            request, _("%(who)s has checked this patient in already.") % {"who": done.check_in.by}
        )
    except actions.CheckInRefused as refused:
        return _again(request, session, str(SAID[type(refused)]), at)
    messages.success(request, _("The patient is checked in."))
    return redirect("visits:perform", pk=session.pk)


def _again(request: StaffRequest, session: Session, said: str, at: dt.datetime) -> HttpResponse:
    """The page as it stands now, with what was typed."""
    form = _form(session, at)
    form.read(request.POST)
    return _page(request, session, form, conflict=said, status=409)


def _page(
    request: StaffRequest,
    session: Session,
    form: CheckInForm | None,
    *,
    conflict: str = "",
    status: int = 200,
) -> HttpResponse:
    patient, day = session.course.patient, timezone.localdate()
    context = {
        "session": session,
        "patient": patient,
        "told": told(patient, day=day),
        "form": form,
        "asking": form and form.asking,
        "draft": Interview.objects.draft_of(patient),
        "report": Report.objects.pending(patient),
        "due": actions.is_due(session, session.course, day),
        "done": CheckIn.objects.that_counts(session),
        "conflict": conflict,
    }
    return render(request, "visits/check_in.html", context, status=status)
