"""What a draft makes of the rule set that it starts from. Pure: contents and edits in, a content or a refusal out.

An edit says what stood before and what stands after it, so that it fits one place only: whoever takes an edit
back, or publishes something else meanwhile, finds out which edits do not fit any more.
"""

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contraindications.rulebook.listing import checked
from contraindications.rules import RuleSet, ruleset_digest, words
from contraindications.rules.comparing import ADDED, CHANGED, RETIRED, compare

ADD, CHANGE, RETIRE = "add", "change", "retire"  # a list item
SOURCE, SETTING = "source", "setting"
# Is something there before, is something there after?
_THERE = {
    ADD: (False, True),
    CHANGE: (True, True),
    RETIRE: (True, False),
    SOURCE: (False, True),
    SETTING: (True, True),
}
_KINDS = {ADDED: ADD, CHANGED: CHANGE, RETIRED: RETIRE}


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: of the item, source or setting `code`, from `before` to `after` (None: not there).

    An item is as in the content of a rule set, a setting its value; a source is
    {"source": ..., "reach": {family: {region: reach}}, "why": {reach: {"says", "cite"}}}.
    """

    kind: str
    code: str
    before: Any
    after: Any


class DoesNotFit(ValueError):
    """The edit speaks of something else than what stands."""

    def __init__(self, edit: Edit):
        super().__init__(f"{edit.kind} {edit.code} does not fit what stands")
        self.edit = edit


def applied(base: Mapping[str, Any], edits: Iterable[Edit]) -> dict[str, Any]:
    """The content after `edits`, in the order in which the base has it, new items last. Raises DoesNotFit."""
    content = copy.deepcopy(dict(base))
    for edit in edits:
        if not _fits(content, edit):
            raise DoesNotFit(edit)
        _apply(content, edit)
    places = {item["id"]: place for place, item in enumerate(base["items"])}
    content["items"].sort(key=lambda item: (places.get(item["id"], len(places)), item["id"]))
    return content


def compiled(content: Mapping[str, Any]) -> RuleSet:
    """The rule set that `content` would be. Raises rules.RuleSetError for one that cannot be published."""
    rule_set = RuleSet.from_content(content)
    checked(content)
    return rule_set


def seen(value: Any) -> str:
    """The digest by which a form says what it showed."""
    return words.digest(value)


def standing(content: Mapping[str, Any], edit: Edit) -> Any:
    """What `content` has in the place that `edit` speaks of, None where there is nothing."""
    if edit.kind == SETTING:
        return content["settings"].get(edit.code)
    if edit.kind == SOURCE:
        return source_part(content, edit.code)
    return item_of(content, edit.code)


def item_of(content: Mapping[str, Any], code: str) -> dict[str, Any] | None:
    """The item with this code."""
    return next((item for item in content["items"] if item["id"] == code), None)


def source_part(content: Mapping[str, Any], code: str) -> dict[str, Any] | None:
    """All that a content says of one source: the source, how far it reaches, and why."""
    source = next((source for source in content["sources"] if source["code"] == code), None)
    if source is None:
        return None
    scope = content["scope"]
    return {
        "source": source,
        "reach": scope["reach"].get(code),
        "why": scope.get("why", {}).get(code),
    }


def _fits(content: Mapping[str, Any], edit: Edit) -> bool:
    """Does it speak of what stands, and do what its kind says?"""
    there = edit.before is not None, edit.after is not None
    if there != _THERE[edit.kind] or edit.before == edit.after or standing(content, edit) != edit.before:
        return False
    return edit.after is None or edit.kind == SETTING or _code(edit) == edit.code


def _code(edit: Edit) -> str:
    return edit.after["source"]["code"] if edit.kind == SOURCE else edit.after["id"]


def _apply(content: dict[str, Any], edit: Edit) -> None:
    after = copy.deepcopy(edit.after)
    if edit.kind == SETTING:
        content["settings"][edit.code] = after
    elif edit.kind == SOURCE:
        content["sources"].append(after["source"])
        content["scope"]["reach"][edit.code] = after["reach"]
        content["scope"].setdefault("why", {})[edit.code] = after["why"]
    else:
        others = [item for item in content["items"] if item["id"] != edit.code]
        content["items"] = others if after is None else [*others, after]


def difference(base: Mapping[str, Any], other: Mapping[str, Any]) -> list[Edit]:
    """The edits that make `other` of `base`: sources first, then items, then settings. The inverse of `applied`."""
    found = compare(base, other)
    added = [row.code for row in found.sources if row.kind == ADDED]
    return [
        *(Edit(SOURCE, code, None, source_part(other, code)) for code in added),
        *(Edit(_KINDS[row.kind], row.code, row.old, row.new) for row in found.items),
        *(Edit(SETTING, change.path[0], change.old, change.new) for change in found.settings),
    ]


def misfits(base: Mapping[str, Any], edits: Sequence[Edit]) -> list[Edit]:
    """The edits that do not fit `base` any more, one after the other; those that fit are applied on the way."""
    content, wrong = copy.deepcopy(dict(base)), []
    for edit in edits:
        if _fits(content, edit):
            _apply(content, edit)
        else:
            wrong.append(edit)
    return wrong


def preview_digest(base_digest: str, content: Mapping[str, Any]) -> str:
    """What a preview was about: this content, in place of that rule set."""
    return words.digest({"base": base_digest, "draft": ruleset_digest(content)})
