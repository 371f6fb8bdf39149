"""The page of the draft: its changes, where it is milder, its preview, and who may publish it."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.requests import StaffRequest
from clinic.roles import Role
from contraindications.models import Draft, Preview, RuleSet
from contraindications.rulebook import draft_actions, drafts, shown
from contraindications.rulebook.forms import PublishForm, ReasonForm
from contraindications.rulebook.preview_page import preview_context
from contraindications.rulebook.vocabulary import Vocabulary, vocabulary


def draft_page(request: StaffRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page as it stands now; `more` is what was refused, with what was typed."""
    row = Draft.objects.open().first()
    known = vocabulary(drafts.in_the_making())
    context = {
        "draft": row,
        "sources": shown.sources(known),
        "settings": shown.settings(known),
        "proposes_items": request.user.has_role(Role.CATALOGUE_ADMIN),
        "proposes_settings": request.user.has_role(*draft_actions.PROPOSERS),
    }
    if row:
        context |= _of(row, known, request)
    return render(request, "contraindications/rules/draft.html", {**context, **more}, status=status)


def _of(row: Draft, known: Vocabulary, request: StaffRequest) -> dict[str, Any]:
    base = RuleSet.objects.values_list("content", flat=True).get(pk=row.base_id)
    return {
        "changes": shown.changes(row, base, known, request.user),
        "milder": shown.milder(base, known.content, known),
        "may_discard": request.user.has_role(*draft_actions.DISCARDERS),
        "discard_form": ReasonForm(auto_id="discard-%s"),
        **steps(row, known.content, request),
    }


def steps(row: Draft, content: Mapping[str, Any], request: StaffRequest) -> dict[str, Any]:
    """What the last two steps show, preview and publishing: the part of the page that renews itself."""
    context = preview_context(row, content, request.user) | {
        "draft": row,
        "today": timezone.localdate(),
        "newer": RuleSet.objects.in_force() if drafts.is_overtaken(row) else None,
    }
    preview: Preview | None = context["preview"]
    return context | {
        "waits_for": waits_for(row, context, request),
        "publish_form": PublishForm(initial={"expected": preview.digest if preview else ""}),
    }


def waits_for(row: Draft, context: Mapping[str, Any], request: StaffRequest) -> str:
    """Why this person cannot publish it now, in a sentence; empty where they can."""
    if not row.changes.standing().exists():
        return _("There is nothing to publish: every change was taken back.")
    if not request.user.has_role(Role.DOCTOR):
        return _for_a_doctor(context)
    if not drafts.may_publish(row, request.user):
        return _("You proposed a change of this draft: another doctor publishes it.")
    if context["newer"]:
        return _("Another rule set was published meanwhile: put the draft on it first.")
    if not _is_previewed(context):
        return _("Preview it first, to the end.")
    if context["preview"].day != context["today"]:
        return _("Preview it again first: plans and answers may have changed since another day.")
    return ""


def _is_previewed(context: Mapping[str, Any]) -> bool:
    """Is the draft, as it is, previewed to the end?"""
    preview: Preview | None = context["preview"]
    return bool(preview and preview.finished_at and not context["stale"])


def _for_a_doctor(context: Mapping[str, Any]) -> str:
    if _is_previewed(context) and context["preview"].day == context["today"]:
        return _("It is previewed. Now a doctor who proposed none of it publishes it: tell one.")
    return _("A doctor publishes it, once it was previewed.")
