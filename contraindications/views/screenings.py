"""A stored screening: what it came from, the decisions on it, and the question to a doctor."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.access import role_required
from clinic.accesslog import record_read
from clinic.errors import conflict
from clinic.requests import StaffRequest
from clinic.roles import CLINICAL, Role
from contraindications import actions, display
from contraindications.deciding import asking, decisions
from contraindications.forms import DecisionForm, QuestionForm
from contraindications.models import Decision, DecisionReason, Screening
from contraindications.replaying import differences
from contraindications.screening import CannotScreen, evaluation_of


@require_safe
@role_required(*CLINICAL)
def screening(request: StaffRequest, pk: int) -> HttpResponse:
    """A screening as it was stored, with all that it came from."""
    return _page(request, _open(request, pk))


@require_POST
@role_required(*CLINICAL)
def decide(request: StaffRequest, pk: int) -> HttpResponse:
    """Record a decision on findings of a screening."""
    stored = _open(request, pk)
    try:
        findings = decisions.offered(evaluation_of(stored), request.POST.get("kind", ""))
    except CannotScreen:
        return _page(request, stored, status=409)
    reasons = DecisionReason.objects.offered(request.POST["kind"]) if findings else []
    form = DecisionForm(request.POST, findings=findings, reasons=reasons, auto_id="again-%s")
    if not form.is_valid():
        return _page(request, stored, form, status=422)
    try:
        actions.decide(stored, by=request.user, at=timezone.now(), **_said(form))
    except ValidationError as error:
        form.add_error(None, error)
        return _page(request, stored, form, status=422)
    except actions.DecidedMeanwhile as meanwhile:
        return _decided_meanwhile(request, stored, form, meanwhile.decision)
    messages.success(request, _("The decision is recorded."))
    return redirect(_back(request, form, stored))


@require_POST
@role_required(Role.NURSE)
def ask(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask a doctor to decide what waits on a screening."""
    stored, form = _open(request, pk), QuestionForm(request.POST)
    if not form.is_valid():
        return _page(request, stored, question=form, status=422)
    try:
        asking.ask(stored, text=form.cleaned_data["text"], by=request.user, at=timezone.now())
    except ValidationError as error:
        return conflict(request, " ".join(error.messages))
    except CannotScreen:
        return _page(request, stored, status=409)
    messages.success(request, _("It is in the doctors’ list now."))
    return redirect(_back(request, form, stored))


@require_safe
@role_required(*CLINICAL)
def todo(request: StaffRequest, pk: int) -> HttpResponse:
    """What can be decided on a screening, as a part of the worklist; by itself, the page of the screening."""
    stored = _open(request, pk)
    if not request.htmx:
        return redirect("contraindications:screening", pk=pk)
    context = {"screening": stored, "next": reverse("contraindications:worklist")}
    return render(request, "contraindications/_decide.html", context)


def _open(request: StaffRequest, pk: int) -> Screening:
    """The screening, or 404; the read of the patient's record is logged first."""
    found = get_object_or_404(Screening.objects.visible_to(request.user).for_page(), pk=pk)
    record_read(request, found.patient_id)
    return found


def _said(form: DecisionForm) -> dict:
    return {key: form.cleaned_data[key] for key in ("kind", "goes_ahead", "items", "reason", "text", "seen")}


def _back(request: StaffRequest, form: DecisionForm | QuestionForm, stored: Screening) -> str:
    """Where the person came from, if it is a page of ours."""
    back = form.cleaned_data["next"]
    ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return back if back and ours else reverse("contraindications:screening", args=[stored.pk])


def _decided_meanwhile(request, stored: Screening, form: DecisionForm, decision: Decision) -> HttpResponse:
    """Nothing was stored: show who decided, keep what was typed, and let the person decide knowing that."""
    data = request.POST.copy()
    data["seen"] = str(decision.pk)
    again = DecisionForm(data, findings=form.findings, reasons=form.reasons, auto_id="again-%s")
    return _page(request, stored, again, meanwhile=decision, status=409)


def _page(
    request: StaffRequest,
    stored: Screening,
    bound: DecisionForm | None = None,
    meanwhile: Decision | None = None,
    question: QuestionForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "screening": stored,
        "refused": bound,
        "meanwhile": meanwhile,
        "question": question,
        "made": Decision.objects.about(stored),
    }
    try:
        evaluation = evaluation_of(stored)
        todo = decisions.to_decide(stored, request.user, bound)
        context |= {
            "shown": display.show(evaluation, todo.clearance),
            "given": display.given(evaluation),
            "todo": todo,
            "unchanged": not differences(stored),
        }
    except CannotScreen:
        context["shown"] = None
    return render(request, "contraindications/screening.html", context, status=status)
