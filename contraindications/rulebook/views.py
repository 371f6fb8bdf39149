"""Pages: the versions, one version, and the draft with all that may be done to it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.errors import conflict
from clinic.requests import StaffRequest
from clinic.roles import CLINICAL, Role
from clinic.versions import ChangedMeanwhile
from contraindications.models import Draft, DraftChange, Preview, RuleSet
from contraindications.rulebook import draft_actions, shown
from contraindications.rulebook.access import discarders, doctor, drafters, on_a_rule_set, readers
from contraindications.rulebook.draft_page import draft_page
from contraindications.rulebook.forms import PublishForm, ReasonForm
from contraindications.rulebook.preview_page import Line, summary
from contraindications.rulebook.vocabulary import vocabulary


@require_safe
@readers
def versions(request: StaffRequest) -> HttpResponse:
    """Every version, the one in force first, and the draft that is open."""
    rows = RuleSet.objects.published().defer("content").select_related("published_by").order_by("-version")
    context = {
        "versions": rows,
        "may_draft": request.user.has_role(Role.DOCTOR, *draft_actions.PROPOSERS),
        "proposes": request.user.has_role(*draft_actions.PROPOSERS),
        "sees_sources": request.user.has_role(*CLINICAL, Role.CATALOGUE_ADMIN),
        "draft": Draft.objects.open().first(),
        "discarded": Draft.objects.discarded(),
    }
    return render(request, "contraindications/rules/versions.html", context)


@require_safe
@readers
def version(request: StaffRequest, number: int) -> HttpResponse:
    """One version: its items by source, its settings, and the changes that made it."""
    published = RuleSet.objects.published().select_related("published_by")
    rule_set = get_object_or_404(published, version=number)
    known = vocabulary(rule_set.content)
    context = {
        "rule_set": rule_set,
        "newest": RuleSet.objects.in_force(),
        "sources": shown.sources(known),
        "settings": shown.settings(known),
        "changes": DraftChange.objects.standing().filter(draft__became=rule_set).select_related("by"),
        "found": _found(rule_set),
    }
    return render(request, "contraindications/rules/version.html", context)


def _found(rule_set: RuleSet) -> list[Line]:
    """What the preview of the draft that became this version had found: counts, nobody by name."""
    preview = Preview.objects.filter(draft__became=rule_set).select_related("draft").first()
    return summary(preview, rule_set.content) if preview else []


@require_safe
@drafters
@on_a_rule_set
def draft(request: StaffRequest) -> HttpResponse:
    """The open draft; without one, the lists in force, where a first change opens one."""
    return draft_page(request)


@require_POST
@drafters
@on_a_rule_set
def take_back(request: StaffRequest, pk: int) -> HttpResponse:
    """Let a change count no more."""
    change = get_object_or_404(DraftChange, pk=pk)
    try:
        draft_actions.take_back(change, by=request.user, at=timezone.now())
    except ValidationError as error:
        return draft_page(request, refused=error.messages, status=422)
    except draft_actions.Ended as ended:
        return conflict(request, ended_words(ended.draft))
    except ChangedMeanwhile:
        return conflict(request, _("This change was taken back meanwhile."))
    messages.success(request, _("The change is taken back. It stays in the history of the draft."))
    return redirect("rules:draft")


@require_POST
@discarders
@on_a_rule_set
def discard(request: StaffRequest, pk: int) -> HttpResponse:
    """End the draft without publishing it."""
    form, row = ReasonForm(request.POST, auto_id="discard-%s"), get_object_or_404(Draft, pk=pk)
    if not form.is_valid():
        return draft_page(request, discard_form=form, status=422)
    try:
        draft_actions.discard(row, reason=form.cleaned_data["reason"], by=request.user, at=timezone.now())
    except draft_actions.Ended as ended:
        return conflict(request, ended_words(ended.draft))
    messages.success(request, _("The draft is discarded. It stays readable under the versions."))
    return redirect("rules:versions")


@require_POST
@drafters
@on_a_rule_set
def renew(request: StaffRequest, pk: int) -> HttpResponse:
    """Start the draft from the version that was published meanwhile."""
    row = get_object_or_404(Draft, pk=pk)
    try:
        draft_actions.put_on_newest(row, by=request.user)
    except draft_actions.Conflicts as conflicts:
        return draft_page(request, misfits=conflicts.edits, status=409)
    except ValidationError as error:
        return draft_page(request, refused=error.messages, status=422)
    except draft_actions.Ended as ended:
        return conflict(request, ended_words(ended.draft))
    messages.success(request, _("The draft starts from the newest version now. Preview it again."))
    return redirect("rules:draft")


@require_POST
@doctor
@on_a_rule_set
def publish(request: StaffRequest, pk: int) -> HttpResponse:
    """Make the draft the rule set in force."""
    form, row = PublishForm(request.POST), get_object_or_404(Draft, pk=pk)
    if not form.is_valid():
        return draft_page(request, publish_form=form, status=422)
    try:
        new = draft_actions.publish(row, by=request.user, at=timezone.now(), **form.cleaned_data)
    except draft_actions.Ended as ended:
        return conflict(request, ended_words(ended.draft))
    except (draft_actions.Overtaken, draft_actions.NotPreviewed) as reason:
        return draft_page(request, publish_form=form, stale_words=_stale(reason), status=409)
    except ValidationError as error:
        return draft_page(request, refused=error.messages, status=422)
    messages.success(request, _("Rule set %(version)s is in force.") % {"version": new.version})
    return redirect("rules:version", number=new.version)


def ended_words(row: Draft) -> str:
    """Who ended a draft, and how."""
    words: dict[str, Any] = {"who": row.ended_by, "version": row.became and row.became.version}
    if row.became:
        return _("%(who)s has published this draft as rule set %(version)s. Nothing was done.") % words
    return _("%(who)s has discarded this draft. Nothing was done.") % words


def _stale(reason: Exception) -> str:
    if isinstance(reason, draft_actions.Overtaken):
        return _("Another rule set was published meanwhile. Nothing was published.")
    return _("The draft is not what was previewed any more. Nothing was published: preview it again.")
