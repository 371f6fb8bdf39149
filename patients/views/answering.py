"""The interview by the patient: part by part, then a look at all of it, then the signature."""

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from patients import actions, steps
from patients.actions.reports import draft_of, missing
from patients.by_link import gone
from patients.interview_forms import InterviewForm
from patients.models import LinkKind, Report
from patients.own_forms import SignatureForm
from patients.views.own import get_or_post, received
from patients.visitors import Visitor, by_link, visitor


@get_or_post
@by_link
def step(request: HttpRequest, who: Visitor, at: dt.datetime, number: int) -> HttpResponse:
    """One part of the questions. Posting keeps what can be kept and goes on; htmx gets the line that says so."""
    parts = steps.steps(who.link.patient)
    if not 1 <= number <= len(parts):
        return redirect("interview:here")
    if who.received:
        return _late(request, who)
    part = parts[number - 1]
    form = steps.form(who.link.patient, [part], day=timezone.localdate(at))
    context = {"form": form, "part": part, "parts": parts, "link": who.link}
    if request.method != "POST":
        form.show(draft_of(who.link.patient, at=at))
        return render(request, "patients/own/step.html", context)
    form.read(request.POST)
    try:
        kept = _keep(who, part, form, at)
    except actions.AlreadyReceived:
        return _late(request, who)
    except actions.LinkDead:
        return gone(request)
    if getattr(request, "htmx", False):
        return render(request, "patients/own/_kept.html", {"kept": kept, "errors": form.errors})
    if form.errors:
        return render(request, "patients/own/step.html", context, status=422)
    return _go_on(request, number, len(parts))


def _keep(who: Visitor, part: steps.Step, form: InterviewForm, at: dt.datetime) -> Report:
    return actions.save_answers(
        who.link.pk,
        asked=[fact.code for fact in part.facts],
        answers=form.answers,
        allergies=form.allergies,
        asks_allergies=part.allergies,
        at=at,
    )


def _go_on(request: HttpRequest, number: int, last: int) -> HttpResponse:
    """Where the button that was pressed leads."""
    wish = request.POST.get("go", "")
    if wish == "back" and number > 1:
        return redirect("interview:step", number - 1)
    if wish == "back":
        return redirect("interview:here")
    return (
        redirect("interview:review")
        if wish == "review" or number == last
        else redirect("interview:step", number + 1)
    )


@get_or_post
@by_link
def review(request: HttpRequest, who: Visitor, at: dt.datetime) -> HttpResponse:
    """Every answer, what is missing, and the signature."""
    if who.received:
        return _late(request, who)
    form = SignatureForm(request.POST)
    if request.method != "POST":
        return _review(request, who, at, SignatureForm())
    if missing(who.link.patient, draft_of(who.link.patient, at=at)) or not form.is_valid():
        return _review(request, who, at, form, status=422)
    try:
        report = actions.submit_report(who.link.pk, at=at, **form.cleaned_data)
    except actions.AlreadyReceived:
        return _late(request, who)
    except actions.Unfinished:
        return _review(request, who, at, form, status=422)
    except actions.AnsweredSince:
        return _review(request, who, at, form, status=409)
    except actions.LinkDead:
        return gone(request)
    return received(request, report, who) if who.link.kind == LinkKind.TABLET else redirect("interview:here")


def _review(
    request: HttpRequest, who: Visitor, at: dt.datetime, signature: SignatureForm, status: int = 200
) -> HttpResponse:
    patient, parts = who.link.patient, steps.steps(who.link.patient)
    draft = draft_of(patient, at=at)
    left, form = set(missing(patient, draft)), steps.form(patient, parts, day=timezone.localdate(at))
    form.show(draft)
    context = {
        "link": who.link,
        "parts": [(part, [form.questions[fact.code] for fact in part.facts]) for part in parts],
        "allergy": form.allergy,
        "labels": dict(form.allergy.substances),
        "draft": draft,
        "missing": left,
        "form": signature,
        "tried": status == 422,
        "moved": status == 409,
    }
    return render(request, "patients/own/review.html", context, status=status)


def _late(request: HttpRequest, who: Visitor) -> HttpResponse:
    """Too late to answer: it was received, here or on another device."""
    if getattr(request, "htmx", False):
        return render(request, "patients/own/_kept.html", {"received": True}, status=409)
    if request.method != "POST":
        return redirect("interview:here")
    now = visitor(request, at=timezone.now())
    return received(request, now.received if now else None, who, status=409)
