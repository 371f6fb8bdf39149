"""Changes to a draft: propose, take back, discard, put on another base, publish. One person after the other.

Every one of them is signed and none is ever undone: what was taken back or discarded stays readable.
"""

import datetime as dt
import re
from collections.abc import Collection, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.roles import Role
from clinic.versions import ChangedMeanwhile
from contraindications import rules
from contraindications.actions import one_publisher_at_a_time, publish_rule_set
from contraindications.models import Draft, DraftChange, ListItem, Preview, RuleSet, Source
from contraindications.rulebook import drafting, drafts
from contraindications.rulebook.drafting import ADD, SETTING, SOURCE, Edit

PROPOSERS = (Role.CATALOGUE_ADMIN, Role.CLINIC_ADMIN)
DISCARDERS = (Role.CATALOGUE_ADMIN, Role.DOCTOR)
_NUMBER = re.compile(r"([0-9]+)[a-z]?$")


class Ended(Exception):
    """The draft was published or discarded meanwhile. Nothing was done."""

    def __init__(self, draft: Draft):
        super().__init__(f"{draft} has ended")
        self.draft = draft


class Overtaken(Exception):
    """Another rule set than the one that the draft starts from is in force. Nothing was done."""


class NotPreviewed(Exception):
    """There is no finished preview of today of exactly what the draft says, or not the one that the person saw."""


class Conflicts(Exception):
    """Changes that do not fit the rule set in force. Nothing was done."""

    def __init__(self, edits: list[Edit]):
        super().__init__(f"{len(edits)} changes do not fit")
        self.edits = edits


@transaction.atomic
def propose(
    kind: str, code: str, after: Any, *, seen: str, reason: str, by: User, at: dt.datetime
) -> DraftChange:
    """Add one change to the open draft; opens one where there is none.

    `seen` is the `drafting.seen` digest of what the person's page showed in this place; something else there by now
    raises ChangedMeanwhile. A new item is given its code. ValidationError: no reason, nothing changed, or a content
    that cannot be published. PermissionDenied: settings are for both admins, all else for the catalogue admin.
    """
    if not by.has_role(*(PROPOSERS if kind == SETTING else PROPOSERS[:1])):
        raise PermissionDenied
    one_publisher_at_a_time()
    draft = Draft.objects.open().first() or _opened(by, at)
    content = drafts.content_of(draft)
    if kind == ADD:
        code = _next_code(after["source"], content)
        after = {**after, "id": code}
    edit = Edit(kind, code, drafting.standing(content, Edit(kind, code, None, None)), after)
    if drafting.seen(edit.before) != seen:
        raise ChangedMeanwhile(draft)
    if edit.before == edit.after:
        raise ValidationError(_("Nothing is different."))
    _refuse_unpublishable([*drafts.edits_of(draft), edit], draft)
    return DraftChange.objects.create(draft=draft, **_row(edit), reason=_reason(reason), by=by, at=at)


@transaction.atomic
def propose_settings(
    values: Mapping[str, Any], *, seen: str, reason: str, by: User, at: dt.datetime
) -> list[DraftChange]:
    """Propose each of the settings that differs. Raises as `propose`."""
    one_publisher_at_a_time()
    settings = drafts.in_the_making()["settings"]
    if drafting.seen(settings) != seen:
        raise ChangedMeanwhile
    values = {**values, "absolute": _in_order(settings["absolute"], values["absolute"])}
    changed = {name: value for name, value in values.items() if value != settings[name]}
    if not changed:
        raise ValidationError(_("Nothing is different."))
    return [
        propose(SETTING, name, value, seen=drafting.seen(settings[name]), reason=reason, by=by, at=at)
        for name, value in changed.items()
    ]


def _in_order(before: list[str], after: Collection[str]) -> list[str]:
    """What stays keeps its place: another order is no change."""
    return [*(code for code in before if code in after), *sorted(set(after) - set(before))]


@transaction.atomic
def take_back(change: DraftChange, *, by: User, at: dt.datetime) -> None:
    """Let a change count no more; by who proposed it, or a doctor.

    ValidationError: others rest on it, or what is left could not be published. Ended, ChangedMeanwhile.
    """
    if by.pk != change.by_id and not by.has_role(Role.DOCTOR):
        raise PermissionDenied
    one_publisher_at_a_time()
    draft = _still_open(change.draft_id)
    _refuse_unpublishable(
        [drafts.edit_of(one) for one in draft.changes.standing() if one.pk != change.pk], draft
    )
    standing = DraftChange.objects.standing().filter(pk=change.pk)
    if not standing.update(taken_back_at=at, taken_back_by=by):
        raise ChangedMeanwhile(draft)


@transaction.atomic
def discard(draft: Draft, *, reason: str, by: User, at: dt.datetime) -> None:
    """End the draft for a reason; by a doctor or a catalogue admin. Raises Ended, ValidationError."""
    if not by.has_role(*DISCARDERS):
        raise PermissionDenied
    one_publisher_at_a_time()
    Preview.objects.filter(draft=draft).delete()  # it named people, and nobody will read it
    _end(_still_open(draft.pk), discard_reason=_reason(reason), by=by, at=at)


@transaction.atomic
def put_on_newest(draft: Draft, *, by: User) -> None:
    """Start the draft from the rule set in force instead. Raises Ended; Conflicts with the changes that do not fit."""
    if not by.has_role(*PROPOSERS, Role.DOCTOR):
        raise PermissionDenied
    one_publisher_at_a_time()
    draft = _still_open(draft.pk)
    newest = RuleSet.objects.published().order_by("-version")[0]
    if wrong := drafting.misfits(newest.content, drafts.edits_of(draft)):
        raise Conflicts(wrong)
    draft.base = newest
    _refuse_unpublishable(drafts.edits_of(draft), draft)
    draft.save(update_fields=["base"])


@transaction.atomic
def publish(draft: Draft, *, expected: str, note: str, by: User, at: dt.datetime) -> RuleSet:
    """Make the draft the rule set in force; by a doctor who proposed none of its changes.

    `expected` is the digest of the preview that the person saw. Raises Ended (somebody was first), Overtaken,
    NotPreviewed, ValidationError; then nothing was done.
    """
    one_publisher_at_a_time()
    draft = _still_open(draft.pk)
    if not drafts.may_publish(draft, by):
        raise PermissionDenied
    if drafts.is_overtaken(draft):
        raise Overtaken
    content = drafts.content_of(draft)
    if rules.ruleset_digest(content) == draft.base.digest:
        raise ValidationError(_("There is nothing to publish: the lists would be as they are."))
    previewed = drafts.is_previewed(draft, content, day=timezone.localdate(at))
    if not previewed or expected != drafts.preview_digest(draft, content):
        raise NotPreviewed
    _refuse_unpublishable(drafts.edits_of(draft), draft)
    Source.objects.bulk_create(_new_sources(draft))
    published = publish_rule_set(content=content, note=note.strip(), by=by, at=at)
    _end(draft, became=published, by=by, at=at)
    return published


def _opened(by: User, at: dt.datetime) -> Draft:
    newest = RuleSet.objects.in_force()
    if newest is None:
        raise ValidationError(_("No rule set is published: there is nothing to start from."))
    return Draft.objects.create(base=newest, opened_at=at, opened_by=by)


def _still_open(pk: int) -> Draft:
    draft = Draft.objects.select_related("base", "ended_by").defer("base__content").get(pk=pk)
    if not draft.is_open:
        raise Ended(draft)
    return draft


def _end(draft: Draft, *, by: User, at: dt.datetime, **how: Any) -> None:
    for name, value in {**how, "ended_at": at, "ended_by": by}.items():
        setattr(draft, name, value)
    draft.save(update_fields=[*how, "ended_at", "ended_by"])


def _refuse_unpublishable(edits: list[Edit], draft: Draft) -> None:
    """ValidationError in words where the edits do not follow from each other or lead to nothing publishable."""
    try:
        drafting.compiled(drafting.applied(drafts.base_content(draft), edits))
    except drafting.DoesNotFit as error:
        raise ValidationError(
            _("%(code)s would not fit any more: take back or change that first.") % {"code": error.edit.code}
        ) from error
    except rules.RuleSetError as error:
        raise ValidationError(_("This cannot be published: %(why)s.") % {"why": error}) from error


def _reason(reason: str) -> str:
    text = " ".join(reason.split())
    if not text:
        raise ValidationError(_("Say why."))
    return text


def _row(edit: Edit) -> dict[str, Any]:
    return {"kind": edit.kind, "code": edit.code, "before": edit.before, "after": edit.after}


def _next_code(source: str, content: dict[str, Any]) -> str:
    """A code that no item of this source ever had: an old screening must not seem to mean a new item."""
    used = {*ListItem.objects.filter(source__code=source).values_list("code", flat=True).distinct()}
    used |= {item["id"] for item in content["items"]}
    used |= set(DraftChange.objects.filter(kind=ADD).values_list("code", flat=True))
    numbers = [
        int(found[1]) for code in used if code.startswith(f"{source}-") and (found := _NUMBER.search(code))
    ]
    letter = "" if any(s["code"] == source and s["kind"] == "policy" for s in content["sources"]) else "C"
    return f"{source}-{letter}{max(numbers, default=0) + 1:02}"


def _new_sources(draft: Draft) -> list[Source]:
    """The rows of the documents that the draft brings."""
    brought = [edit.after["source"] for edit in drafts.edits_of(draft) if edit.kind == SOURCE]
    names = {field.name for field in Source._meta.concrete_fields} - {"id"}
    return [Source(**{name: source.get(name) or "" for name in names}) for source in brought]
