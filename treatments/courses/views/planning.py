"""The plan's page: choose, see the verdict live, save, confirm in the same step."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from clinic.access import role_required
from clinic.converters import Id
from clinic.errors import changed_meanwhile, conflict
from clinic.requests import StaffRequest
from clinic.roles import CLINICAL
from clinic.versions import ChangedMeanwhile
from contraindications.screening import CANNOT_SCREEN, CannotScreen
from patients.access import open_patient
from patients.models import Patient
from treatments.catalogue.shelf import Shelf
from treatments.courses import actions
from treatments.courses.access import open_course
from treatments.courses.board.page import build
from treatments.courses.forms import PlanForm
from treatments.courses.models import Course, CourseState
from treatments.courses.picked import Picked, no_longer_offered, picked_of
from treatments.courses.run import run_of
from treatments.courses.told import told

# A change of one choice changes what the later sections offer; those before it stay as they are.
LATER = {
    "goal": ("area", "technique", "cocktail", "course"),
    "area": ("technique", "cocktail", "course"),
    "technique": ("technique", "cocktail", "course"),
    "procedure_substances": ("course",),
}
WRITES = ("save", "confirm")
SAVED_BEFORE = gettext_lazy(
    "This page has saved a plan before, with other choices, and nothing was saved now. "
    "To change that plan, open it from the patient's page; to make a second one, save again."
)


@role_required(*CLINICAL)
@require_http_methods(["GET", "POST"])
def new(request: StaffRequest, pk: int) -> HttpResponse:
    """Plan a course for a patient."""
    patient = open_patient(request, pk)
    if request.method == "POST":
        return _post(request, patient, Shelf.load())
    row = _again(request, patient)
    if row is None:
        return _page(request, patient, Shelf.load(), Picked())
    picked = replace(picked_of(row), sessions=1)  # maintenance; how many are needed is theirs to say
    return _page(request, patient, Shelf.load(), picked, errors=_left_out(row))


def _again(request: StaffRequest, patient: Patient) -> Course | None:
    """The course of the patient that is to be done again (`?like=`), None without one; 404 if it is not theirs."""
    like = request.GET.get("like")
    if like is None:
        return None
    if not re.fullmatch(Id.regex, like):
        raise Http404
    return get_object_or_404(Course.objects.visible_to(request.user).for_page(), pk=like, patient=patient)


@role_required(*CLINICAL)
@require_http_methods(["GET", "POST"])
def edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Change a plan that is not confirmed, or what is used in a course under way."""
    row = open_course(request, pk)
    if row.state not in (CourseState.PLANNED, CourseState.CONFIRMED):
        return conflict(request, _("This course is closed: it cannot be changed any more."))
    if request.method == "POST":
        return _post(request, row.patient, Shelf.load(), row)
    return _page(request, row.patient, Shelf.load(), picked_of(row), course=row, errors=_left_out(row))


@role_required(*CLINICAL)
@require_POST
def preview(request: StaffRequest, pk: int) -> HttpResponse:
    """The verdict and what follows from a change, while choosing; nothing is written but the access log."""
    patient = open_patient(request, pk)
    shelf = Shelf.load()
    form = PlanForm(request.POST, shelf=shelf)
    form.is_valid()
    board = build(patient, shelf, form.picked(), day=timezone.localdate())
    changed = request.POST.get("changed", "")
    context = {"board": board, "patient": patient, "sections": LATER.get(changed, ()), "changed": changed}
    context["errors"] = form.sentences(given=True)
    context["under_way"] = request.POST.get("under_way") == "yes"  # only words on a button rest on it
    return render(request, "courses/_preview.html", context)


def _left_out(row: Course) -> list[str]:
    """What the saved plan holds and this page does not offer any more, in a sentence."""
    labels = no_longer_offered(row)
    said = _(
        "Not in the catalogue any more, so left out on this page: %(what)s. The saved plan still holds it."
    )
    return [said % {"what": ", ".join(labels)}] if labels else []


def _post(request: StaffRequest, patient: Patient, shelf: Shelf, row: Course | None = None) -> HttpResponse:
    """Save what was chosen, and confirm it where that was asked; or show the page again with what is wrong."""
    form = PlanForm(request.POST, shelf=shelf)
    errors = [] if form.is_valid() else form.sentences()
    picked = form.picked().without(request.POST.get("leave_out", "").split())
    show = partial(_page, request, patient, shelf, picked, course=row, key=form.cleaned_data.get("key"))
    if request.POST.get("do") not in WRITES:
        return show()
    if errors:
        return show(errors=errors, status=422)
    try:
        saved = _write(request, patient, shelf, form, row)
    except ChangedMeanwhile:
        return show(errors=[changed_meanwhile(row)] if row else [], status=409)
    except actions.AlreadySaved:
        return show(errors=[str(SAVED_BEFORE)], status=409, key=None)
    except ValidationError as error:
        return show(errors=error.messages, status=422)
    except CannotScreen:
        return show(errors=[str(CANNOT_SCREEN)], status=409)
    except actions.NotConfirmable as refusal:
        return show(errors=[str(refusal)], status=422)
    return _saved(request, saved)


def _write(
    request: StaffRequest, patient: Patient, shelf: Shelf, form: PlanForm, row: Course | None
) -> Course:
    picked, now = form.picked(), timezone.now()
    run = run_of(shelf, picked)
    if run is None:
        raise ValidationError(_("Choose goal, area and technique first."))
    if row is None:
        key = form.cleaned_data["key"] or uuid4()
        return actions.create_plan(patient, picked, run, key=key, by=request.user, at=now)
    version = form.cleaned_data["version"] or 0
    if row.state == CourseState.CONFIRMED:
        return actions.change_cocktail(row, picked, run, version=version, by=request.user, at=now)
    return actions.change_plan(row, picked, run, version=version, by=request.user, at=now)


def _saved(request: StaffRequest, row: Course) -> HttpResponse:
    """After saving: confirmed as well, if that was asked and can be; the course's page says what is next."""
    if request.POST["do"] == "confirm" and row.state == CourseState.PLANNED:
        try:
            actions.confirm(row, version=row.version, by=request.user, at=timezone.now())
        except actions.NotConfirmable as refusal:
            messages.warning(request, _("The plan is saved, not confirmed. %(why)s") % {"why": refusal})
        except ChangedMeanwhile:
            messages.warning(
                request,
                _("The plan is saved, not confirmed: somebody has changed it since. Look at it again."),
            )
        else:
            messages.success(request, _("The plan is confirmed. Now book the sessions."))
    return redirect(row)


def _page(
    request: StaffRequest,
    patient: Patient,
    shelf: Shelf,
    picked: Picked,
    *,
    course: Course | None = None,
    key: UUID | None = None,
    errors: Sequence[str] = (),
    status: int = 200,
) -> HttpResponse:
    """The plan's page with these choices."""
    board = build(patient, shelf, picked, day=timezone.localdate())
    context = {"patient": patient, "board": board, "course": course, "key": key or uuid4(), "errors": errors}
    context["told"] = told(patient, day=timezone.localdate())
    context["under_way"] = course is not None and course.state == CourseState.CONFIRMED
    return render(request, "courses/plan.html", context, status=status)
