"""What stands in a draft: its changes, what they lead to, whether that was previewed, and who may publish it."""

import datetime as dt
from typing import Any

from clinic.models import User
from clinic.roles import Role
from contraindications.models import Draft, DraftChange, Preview, RuleSet
from contraindications.rulebook import drafting
from contraindications.rulebook.drafting import Edit
from contraindications.screening import rules_in_force


def may_publish(draft: Draft, user: User) -> bool:
    """A doctor who proposed none of the changes that stand."""
    return user.has_role(Role.DOCTOR) and not draft.changes.standing().filter(by=user).exists()


def is_overtaken(draft: Draft) -> bool:
    """Is another rule set in force than the one that the draft starts from?"""
    newest = RuleSet.objects.in_force()
    return newest is None or newest.pk != draft.base_id


def edit_of(change: DraftChange) -> Edit:
    """The change as the pure part reads it."""
    return Edit(change.kind, change.code, change.before, change.after)


def edits_of(draft: Draft) -> list[Edit]:
    """The changes that stand, in their order."""
    return [edit_of(change) for change in draft.changes.standing()]


def content_of(draft: Draft) -> dict[str, Any]:
    """What the draft would publish. Two SQL queries."""
    return drafting.applied(base_content(draft), edits_of(draft))


def in_the_making() -> dict[str, Any]:
    """What the open draft would publish; without one, what is in force. Raises CannotScreen where nothing is."""
    draft = Draft.objects.open().first()
    if draft:
        return content_of(draft)
    return RuleSet.objects.values_list("content", flat=True).get(pk=rules_in_force()[0].pk)


def preview_digest(draft: Draft, content: dict[str, Any]) -> str:
    """What a preview of the draft as it is now is about."""
    return drafting.preview_digest(draft.base.digest, content)


def is_previewed(draft: Draft, content: dict[str, Any], *, day: dt.date) -> bool:
    """Is there a finished preview of exactly this, run on `day`? Another day's plans and answers were others."""
    digest = preview_digest(draft, content)
    return Preview.objects.filter(draft=draft, digest=digest, day=day, finished_at__isnull=False).exists()


def base_content(draft: Draft) -> dict[str, Any]:
    """What the draft starts from. One SQL query."""
    return RuleSet.objects.values_list("content", flat=True).get(pk=draft.base_id)
