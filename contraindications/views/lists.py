"""Pages about published rule sets: the sources side by side, and two versions compared. No patient is on them."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from clinic.access import role_required
from clinic.requests import StaffRequest
from clinic.roles import CLINICAL, Role
from contraindications.models import RuleSet
from contraindications.rulebook import compared
from contraindications.rulebook import sources as side_by_side
from contraindications.rulebook.list_forms import CompareForm, SourcesForm
from contraindications.rules import RuleSetError
from contraindications.screening import CannotScreen, compiled_rules
from patients.models import HealthFact


@require_safe
@role_required(*CLINICAL, Role.CATALOGUE_ADMIN)
def sources(request: StaffRequest) -> HttpResponse:
    """What every source of a rule set says about every condition."""
    versions = _versions()
    if not versions:
        return render(request, "contraindications/sources.html", {"form": None})
    asked = request.GET.get("ruleset") or versions[0][0]
    rule_set = _published(asked)
    form = SourcesForm(
        {**request.GET.dict(), "ruleset": asked},
        versions=versions,
        families=rule_set.content["scope"]["families"],
        regions=rule_set.content["scope"]["regions"],
    )
    status = 200 if form.is_valid() else 422
    context = {"form": form, "rule_set": rule_set, "versions": versions, **_matrix(rule_set, form)}
    return render(request, "contraindications/sources.html", context, status=status)


@require_safe
@role_required(*CLINICAL, Role.CATALOGUE_ADMIN, Role.CLINIC_ADMIN)
def compare(request: StaffRequest) -> HttpResponse:
    """What changed from one published version to another; without numbers, from the last but one to the last."""
    versions = _versions()
    if not versions:
        raise Http404
    newest, before = versions[0][0], versions[min(1, len(versions) - 1)][0]
    asked = {"from": request.GET.get("from") or before, "to": request.GET.get("to") or newest}
    old, new = (_published(asked[end]) for end in ("from", "to"))
    form = CompareForm(asked, versions=versions)
    context = {"form": form, "old": old, "new": new, "ends": (old, new), "shown": _compared(old, new)}
    return render(request, "contraindications/compare.html", context)


def _versions() -> list[tuple[str, str]]:
    """The published versions, newest first, as (number, what people call it)."""
    rows = RuleSet.objects.published().order_by("-version").values_list("version", "published_at")
    return [
        (
            str(version),
            _("%(version)s, %(day)s") % {"version": version, "day": date_format(at, "DATE_FORMAT")},
        )
        for version, at in rows
    ]


def _published(version: str) -> RuleSet:
    """The published rule set with this number as typed, or 404."""
    if not (version.isascii() and version.isdecimal() and len(version) < 10):
        raise Http404
    return get_object_or_404(RuleSet.objects.published().select_related("published_by"), version=int(version))


def _matrix(rule_set: RuleSet, form: SourcesForm) -> dict[str, Any]:
    """The matrix in words; nothing where the rule set cannot be relied on."""
    said = form.cleaned_data
    chosen = side_by_side.Chosen(said.get("technique", ""), said.get("area", ""), bool(said.get("disputed")))
    facts = {
        code: side_by_side.Fact(label, group)
        for code, label, group in HealthFact.objects.values_list("code", "label", "group")
    }
    try:
        compiled = compiled_rules(rule_set.digest)
    except CannotScreen:
        return {"shown": None}
    return {"shown": side_by_side.show(rule_set.content, compiled, facts, chosen), "chosen": chosen}


def _compared(old: RuleSet, new: RuleSet) -> compared.ShownComparison | None:
    """What differs, in words; None where one of them cannot be read."""
    labels = dict(HealthFact.objects.values_list("code", "label"))
    try:
        return compared.show(old.content, new.content, labels)
    except RuleSetError:
        return None
