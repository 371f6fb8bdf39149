"""Drafts in tests, made through the actions."""

import datetime as dt
from typing import Any

from conftest import NOW
from contraindications.models import Draft, DraftChange, Preview
from contraindications.rulebook import draft_actions, drafting, drafts, previewing

GOUT = {
    "source": "S1",
    "locator": "L102 item 16",
    "item": "gout",
    "strength": "contraindicated",
    "when": [{"fact": "metabolic_unclear", "states": ["current"], "match": "direct"}],
}


def standing(kind: str, code: str) -> Any:
    """What the open draft, or the rule set in force, has in this place."""
    return drafting.standing(drafts.in_the_making(), drafting.Edit(kind, code, None, None))


def propose(kind: str, code: str, after: Any, *, by, at=NOW, reason="The clinic decided so") -> DraftChange:
    """A change proposed by somebody who saw what stands."""
    seen = drafting.seen(standing(kind, code))
    return draft_actions.propose(kind, code, after, seen=seen, reason=reason, by=by, at=at)


def add_item(*, by, at=NOW, **changes) -> DraftChange:
    return propose("add", "", {**GOUT, **changes}, by=by, at=at)


def retire(code: str, *, by, at=NOW) -> DraftChange:
    return propose("retire", code, None, by=by, at=at)


def previewed(draft: Draft, *, by, at: dt.datetime = NOW) -> Preview:
    """The draft, run against everybody to the end."""
    preview = previewing.start(draft, by=by, day=at.date(), at=at)
    while previewing.step(preview.pk, at=at):
        pass
    preview.refresh_from_db()
    return preview


def publish(draft: Draft, *, by, at=NOW, note=""):
    """The draft, published by somebody who saw its preview."""
    expected = Preview.objects.get(draft=draft).digest
    return draft_actions.publish(draft, expected=expected, note=note, by=by, at=at)
