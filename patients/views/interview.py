"""Ask a patient: one page of questions, a draft that saves itself, a version when submitted."""

import datetime as dt

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
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
from patients.moved import read_seen, who_was_faster

PAGE = "patients/interview.html"


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*CLINICAL)
def interview(request: StaffRequest, pk: int) -> HttpResponse:
    """The questions; posting them submits the next version. With unanswered ones it asks once more."""
    patient, at = open_patient(request, pk), timezone.now()
    if request.method != "POST":
        return redirect(patient) if patient.has_ended else _show(request, patient, at)
    form = _form(patient, Interview.objects.standing(patient), at)
    form.read(request.POST)
    if form.errors or ((form.missing_count or form.kept_count) and "incomplete" not in request.POST):
        context = {"form": form, "seen": read_seen(request), "asked_once": True}
        return render(request, PAGE, {"patient": patient, **context}, status=422)
    try:
        done = actions.submit_interview(
            patient,
            answers=form.answers,
            allergies=form.allergies,
            by=request.user,
            at=at,
            on=read_seen(request),
        )
    except actions.NobodyToAsk as refused:
        return conflict(request, str(refused))
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
            patient,
            answers=form.answers,
            allergies=form.allergies,
            by=request.user,
            at=at,
            on=read_seen(request),
        )
    except actions.NobodyToAsk as refused:
        return _not_kept(request, str(refused)) if request.htmx else conflict(request, str(refused))
    except actions.InterviewMoved as moved:
        if request.htmx:
            return _not_kept(request, f"{who_was_faster(moved)} {_('Submit to see both.')}")
        return _moved(request, form, moved, at)
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


def _not_kept(request, said: str) -> HttpResponse:
    context = {"conflict": said, "seen": read_seen(request)}
    return render(request, "patients/_saved.html", context, status=409)


@require_POST
@role_required(*CLINICAL)
def discard(request: StaffRequest, pk: int) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)
    try:
        actions.discard_draft(patient, by=request.user, on=read_seen(request))
    except actions.NobodyToAsk as refused:
        return conflict(request, str(refused))
    except actions.InterviewMoved as moved:
        return conflict(request, who_was_faster(moved))
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
    return conflict(request, who_was_faster(moved), template=PAGE, context=context)


def _form(patient: Patient, stands: Interview | None, at: dt.datetime) -> InterviewForm:
    day = timezone.localdate(at)
    last = interviews.standing_answers(interviews.questions(patient), stands, day=day)
    return InterviewForm(patient, last, interviews.standing_allergies(stands, day=day), day=day)
