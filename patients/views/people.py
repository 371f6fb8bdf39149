"""Find, register and edit patients."""

from copy import copy
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms import model_to_dict
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinic import typed
from clinic.access import role_required
from clinic.errors import changed_meanwhile, conflict
from clinic.requests import StaffRequest
from clinic.roles import BOOKING
from clinic.versions import ChangedMeanwhile
from patients import actions
from patients.access import open_patient
from patients.forms import PatientForm
from patients.models import Patient

MOST = 20
IDENTITY = {"name", "birth_date", "phone", "email"}


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*BOOKING)
@typed.shown_at_an_address
def search(request: StaffRequest) -> HttpResponse:
    """Patients by what is typed; nothing typed: those this person opened last. htmx asks for the list alone."""
    text = typed.asked_of(request).get("q", "").strip()
    visible = Patient.objects.visible_to(request.user)
    found = list(visible.found_by(text)[: MOST + 1]) if text else visible.recently_opened_by(request.user)
    context = {"typed": text, "found": found[:MOST], "more": len(found) > MOST, "most": MOST}
    return render(request, "patients/_found.html" if request.htmx else "patients/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*BOOKING)
def register(request: StaffRequest) -> HttpResponse:
    at = timezone.now()
    form = PatientForm(request.POST or None, day=timezone.localdate(at))
    if request.method != "POST":
        return render(request, "patients/register.html", {"form": form})
    if not form.is_valid():
        return render(request, "patients/register.html", {"form": form}, status=422)
    if alike := _unseen_duplicates(request, form):
        return _warn(request, "patients/register.html", form, alike)
    try:
        patient = actions.register_patient(
            fields=form.person(), key=form.cleaned_data["key"], by=request.user, at=at
        )
    except actions.AlreadyRegistered as registered:
        return _registered_before(request, form, registered.patient)
    except ValidationError as error:
        return _refused(request, "patients/register.html", form, error)
    messages.success(request, _("Registered."))
    return redirect(patient)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*BOOKING)
def edit(request: StaffRequest, pk: int) -> HttpResponse:
    patient, at = open_patient(request, pk), timezone.now()
    form = PatientForm(request.POST or None, instance=copy(patient), day=timezone.localdate(at))
    context = {"form": form, "patient": patient}
    if request.method != "POST":
        return render(request, "patients/edit.html", context)
    if not form.is_valid():
        return render(request, "patients/edit.html", context, status=422)
    if IDENTITY & set(form.changed_data) and (alike := _unseen_duplicates(request, form)):
        return _warn(request, "patients/edit.html", form, alike, context)
    try:
        version = form.cleaned_data["version"]
        actions.edit_patient(patient, fields=form.person(), version=version, by=request.user, at=at)
    except ChangedMeanwhile as changed:
        return _changed(request, form, changed.row)
    except ValidationError as error:
        return _refused(request, "patients/edit.html", form, error, context)
    messages.success(request, _("Saved."))
    return redirect(patient)


def _unseen_duplicates(request: StaffRequest, form: PatientForm) -> list[Patient]:
    """Likely duplicates, unless each of them was shown and "not the same person" was said."""
    asked = {name: form.cleaned_data[name] for name in IDENTITY}
    alike = list(
        Patient.objects.visible_to(request.user).exclude(pk=form.instance.pk).likely_duplicates(**asked)[:10]
    )
    told = set(request.POST.getlist("not_the_same"))
    mine = form.cleaned_data.get("key", "")  # this very form, sent twice
    return alike if any(str(p.pk) not in told and p.form_key != mine for p in alike) else []


def _warn(request, template, form, alike, context=None) -> HttpResponse:
    context = {**(context or {}), "form": form, "alike": alike}
    return render(request, template, context, status=409)


def _refused(request, template, form, error: ValidationError, context=None) -> HttpResponse:
    for name, said in getattr(error, "error_dict", {None: error}).items():
        form.add_error(name if name in form.fields else None, said)
    return render(request, template, {**(context or {}), "form": form}, status=422)


def _registered_before(request, form: PatientForm, patient: Patient) -> HttpResponse:
    """The page came back from the browser's memory and was filled in anew: give it a key of its own."""
    _set(form, "key", PatientForm(day=form.day).initial["key"])
    said = _("This form has registered somebody already. If this is another person, register again.")
    context = {"form": form, "alike": [patient]}
    return conflict(request, said, template="patients/register.html", context=context)


def _changed(request, form: PatientForm, row: Any) -> HttpResponse:
    """Somebody saved first: theirs is taken where nothing else was typed, and shown where both differ."""
    opened = row.events.filter(version=form.cleaned_data["version"]).order_by("-pgh_id").first()
    taken = _take_over(form, row, opened) if opened else []
    _set(form, "version", row.version)
    context = {"form": form, "patient": row, "taken": taken, "differences": _theirs(form, row)}
    return conflict(request, changed_meanwhile(row), template="patients/edit.html", context=context)


def _take_over(form: PatientForm, row: Patient, opened: Model) -> list:
    """Put what they saved where this person left the form as it was opened; the labels of what that changed."""
    saved, was = PatientForm(instance=row, day=form.day).initial, model_to_dict(opened, form.Meta.fields)
    untouched = [n for n in form.Meta.fields if not form.fields[n].has_changed(was[n], form[n].value())]
    theirs = [n for n in untouched if form.fields[n].has_changed(saved[n], form[n].value())]
    for name in theirs:
        _set(form, name, saved[name])
    return [form.fields[name].label for name in theirs]


def _set(form: PatientForm, name: str, value: Any) -> None:
    form.data = {**dict(form.data.items()), name: value}


def _theirs(form: PatientForm, row: Patient) -> list[tuple[Any, Any]]:
    """(label, what is saved now) of each field where what was typed is something else."""
    saved = PatientForm(instance=row, day=form.day).initial
    words = {
        **saved,
        "sex": row.get_sex_display(),
        "reminders": _("yes") if row.reminders else _("no"),
        "channel": row.get_channel_display(),
        "language": row.get_language_display(),
    }
    return [
        (form.fields[name].label, words[name])
        for name in form.Meta.fields
        if form.fields[name].has_changed(saved[name], form[name].value())
    ]
