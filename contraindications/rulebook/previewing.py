"""The preview of a draft: every case, under the rule set in force and under the draft, batch by batch.

A batch is one transaction that notes how far it came. Killed at any point, the run goes on from there, by whoever
comes next: the task, the tick, or a person who presses the button.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from clinic.models import User
from clinic.roles import Role
from contraindications import rules
from contraindications.models import Draft, Flip, Preview
from contraindications.rulebook import drafting, drafts
from contraindications.rulebook.caseload import Case, Caseload, caseloads
from contraindications.rulebook.draft_actions import (
    PROPOSERS,
    Ended,
    one_publisher_at_a_time,
)
from contraindications.screening import CannotScreen, compiled_rules, failing_closed

BATCH = 200
BEGINNING, OVER = -1, -2  # places in a caseload; keys are 0 or more
VALIDITY = "validity_days"  # what is to blame where answers count as missing


@transaction.atomic
def start(draft: Draft, *, by: User, day: dt.date, at: dt.datetime) -> Preview:
    """Run the draft as it is now against everybody; what was run before is forgotten. Raises Ended."""
    if not by.has_role(*PROPOSERS, Role.DOCTOR):
        raise PermissionDenied
    one_publisher_at_a_time()
    draft = Draft.objects.select_related("base").get(pk=draft.pk)
    if not draft.is_open:
        raise Ended(draft)
    Preview.objects.filter(draft=draft).delete()
    return Preview.objects.create(
        draft=draft,
        digest=drafts.preview_digest(draft, drafts.content_of(draft)),
        day=day,
        started_at=at,
        started_by=by,
        total=sum(load.count(day) for load in caseloads()),
    )


@transaction.atomic
def step(preview_id: int, *, at: dt.datetime) -> bool:
    """Look at the next batch. False: nothing is left for the caller.

    Then it is finished, in other hands, or about something that the draft does not say any more.
    """
    preview = _mine(preview_id)
    content = drafts.content_of(preview.draft) if preview else None
    if preview is None or content is None or preview.digest != drafts.preview_digest(preview.draft, content):
        return False
    load = next((one for one in caseloads() if preview.places.get(one.name, BEGINNING) != OVER), None)
    if load is not None:
        _look(preview, load, content)
    if all(preview.places.get(one.name) == OVER for one in caseloads()):
        preview.finished_at = at
    preview.save(update_fields=["places", "done", "unreadable", "total", "finished_at"])
    return preview.finished_at is None


def unfinished() -> list[int]:
    """The previews that somebody still waits for."""
    return list(Preview.objects.filter(finished_at=None, draft__ended_at=None).values_list("pk", flat=True))


def _mine(preview_id: int) -> Preview | None:
    """The preview, locked, unless it is gone, finished, or in other hands."""
    rows = Preview.objects.select_for_update(skip_locked=True, of=("self",))
    return (
        rows.filter(pk=preview_id, finished_at=None, draft__ended_at=None)
        .select_related("draft__base")
        .defer("draft__base__content")
        .first()
    )


def _look(preview: Preview, load: Caseload, content: Mapping[str, Any]) -> None:
    """Judge a batch of one caseload twice, and keep what comes out differently."""
    cases = load.after(preview.day, preview.places.get(load.name, BEGINNING), BATCH)
    both = compiled_rules(preview.draft.base.digest), drafting.compiled(content)
    judged = [(case, _judged(case, both)) for case in cases]
    flips = (_flip(preview, load, case, *results) for case, results in judged if results)
    Flip.objects.bulk_create(flip for flip in flips if flip.items)
    preview.unreadable += sum(results is None for _case, results in judged)
    preview.done += len(cases)
    preview.total = max(preview.total, preview.done)
    preview.places[load.name] = cases[-1].key if len(cases) == BATCH else OVER


def _judged(case: Case, both: Iterable[rules.RuleSet]) -> list[rules.Result] | None:
    """The case under each of the rule sets, None where it cannot be screened."""
    if case.facts is None or case.plan is None:
        return None
    with suppress(CannotScreen), failing_closed(case.patient_id or 0):
        return [rules.screen(case.facts, case.plan, one, case.day) for one in both]
    return None


def _flip(preview: Preview, load: Caseload, case: Case, now: rules.Result, then: rules.Result) -> Flip:
    return Flip(
        preview=preview,
        caseload=load.name,
        key=case.key,
        patient_id=case.patient_id,
        what=case.what,
        url=case.url,
        day=case.day,
        before=now.verdict,
        after=then.verdict,
        items=to_blame(now, then),
    )


def to_blame(before: rules.Result, after: rules.Result) -> list[str]:
    """The items whose effect differs, and the validity of answers where other answers count as missing."""
    effects = [{finding.item: finding.effect for finding in one.findings} for one in (before, after)]
    codes: Iterable[str] = sorted({*effects[0], *effects[1]})
    different = [code for code in codes if effects[0].get(code) != effects[1].get(code)]
    return [*different, *([VALIDITY] if before.unanswered != after.unanswered else [])]
