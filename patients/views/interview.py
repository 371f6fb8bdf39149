"""Ask a patient: one page of questions, a draft that saves itself, a version when submitted."""

import datetime as dt

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic.access import role_required
from clinic.errors import conflict
from clinic.requests import StaffRequest
from clinic.roles import CLINICAL
from patients import actions, interviews
from patients.access import open_patient
from patients.interview_forms import InterviewForm
from patients.models import Interview, Patient

PAGE = "patients/interview.html"


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*CLINICAL)
def interview(request: StaffRequest, pk: int) -> HttpResponse:
    """The questions; posting them submits the next version. With unanswered ones it asks once more."""
    patient, at = open_patient(request, pk), timezone.now()
    if request.method != "POST":
        return _show(request, patient, at)
    form = _form(patient, Interview.objects.standing(patient), at)
    form.read(request.POST)
    if form.errors or ((form.missing_count or form.kept_count) and "incomplete" not in request.POST):
        context = {"form": form, "seen": _seen(request), "asked_once": True}
        return render(request, PAGE, {"patient": patient, **context}, status=422)
    try:
        done = actions.submit_interview(
            patient, answers=form.answers, allergies=form.allergies, by=request.user, at=at, on=_seen(request)
        )
    except actions.InterviewMoved as moved:
        return _moved(request, form, moved, at)
    messages.success(request, _("Interview %(number)s is submitted.") % {"number": done.number})
    return redirect(patient)


@require_POST
@role_required(*CLINICAL)
def draft(request: StaffRequest, pk: int) -> HttpResponse:
    """Keep what can be kept. htmx gets the line that says so, with what the next save is based on."""
    if request.htmx:  # by itself, again and again, and shows nothing of the record: not logged
        patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)
    else:
        patient = open_patient(request, pk)
    at = timezone.now()
    form = _form(patient, Interview.objects.standing(patient), at)
    form.read(request.POST)
    try:
        saved = actions.save_draft(
            patient, answers=form.answers, allergies=form.allergies, by=request.user, at=at, on=_seen(request)
        )
    except actions.InterviewMoved as moved:
        return _not_kept(request, moved) if request.htmx else _moved(request, form, moved, at)
    return _kept(request, form, saved)


def _kept(request, form: InterviewForm, saved: Interview) -> HttpResponse:
    """All of it kept: said in a line, or back at the patient. Some of it not: said beside the question."""
    context = {"draft": saved, "seen": actions.seen(saved, saved.based_on), "patient": form.patient}
    if request.htmx:
        return render(request, "patients/_saved.html", {**context, "errors": form.errors})
    if form.errors:
        return render(request, PAGE, {**context, "form": form}, status=422)
    messages.success(request, _("The draft is kept. It does not count before it is submitted."))
    return redirect(form.patient)


def _not_kept(request, moved: actions.InterviewMoved) -> HttpResponse:
    context = {"conflict": _who(moved), "seen": _seen(request)}
    return render(request, "patients/_saved.html", context, status=409)


@require_POST
@role_required(*CLINICAL)
def discard(request: StaffRequest, pk: int) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)
    try:
        actions.discard_draft(patient, by=request.user, on=_seen(request))
    except actions.InterviewMoved as moved:
        return conflict(request, _who(moved))
    messages.success(request, _("The draft is thrown away. Every question is asked afresh."))
    return redirect("patients:interview", pk)


def _show(request: StaffRequest, patient: Patient, at: dt.datetime) -> HttpResponse:
    under_way, stands = Interview.objects.draft_of(patient), Interview.objects.standing(patient)
    form = _form(patient, stands, at)
    form.show(under_way)
    context = {"form": form, "draft": under_way, "seen": actions.seen(under_way, stands), "patient": patient}
    return render(request, PAGE, context)


def _moved(request, form: InterviewForm, moved: actions.InterviewMoved, at: dt.datetime) -> HttpResponse:
    """The same page with what was typed, theirs beside it, and a form that would now stand above theirs."""
    fresh = _form(form.patient, moved.standing, at)
    fresh.read(request.POST)
    if moved.draft:
        fresh.compare(moved.draft)
    context = {"form": fresh, "seen": moved.seen, "draft": moved.draft, "patient": form.patient}
    return conflict(request, _who(moved), template=PAGE, context=context)


def _form(patient: Patient, stands: Interview | None, at: dt.datetime) -> InterviewForm:
    day = timezone.localdate(at)
    last = interviews.standing_answers(interviews.questions(patient), stands, day=day)
    return InterviewForm(patient, last, interviews.standing_allergies(stands, day=day), day=day)


def _seen(request: StaffRequest) -> actions.Seen:
    """What the page was opened on; anything unreadable is nothing that stands."""
    numbers = [request.POST.get(name, "") for name in ("standing", "draft")]
    if not all(n.isascii() and n.isdecimal() and len(n) < 10 for n in numbers):
        return actions.Seen(-1, -1)
    return actions.Seen(*map(int, numbers))


def _who(moved: actions.InterviewMoved) -> str:
    """Who was faster and when, in a sentence."""
    if moved.draft:
        said = _("%(who)s saved this interview at %(when)s.")
        words = {"who": moved.draft.saved_by, "when": _clock(moved.draft.saved_at)}
    elif moved.standing and moved.standing.submitted_at:
        said = _("%(who)s submitted an interview of this patient at %(when)s.")
        words = {"who": moved.standing.submitted_by, "when": _clock(moved.standing.submitted_at)}
    else:
        said, words = _("The draft was thrown away meanwhile."), {}
    return said % words + " " + _("Your answers are still here, not saved yet.")


def _clock(at: dt.datetime) -> str:
    """The moment as the clinic's wall shows it."""
    return date_format(timezone.localtime(at), "j M, H:i")
