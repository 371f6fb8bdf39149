"""What every list item, source and setting must be before it may be published. Pure.

`rules.RuleSet.from_content` refuses what cannot be screened with; this refuses what nobody should stand behind: an
item that does not say where it is written, a clinic's own item dressed up as a document's, a state that its fact
never has. It names every fault, not only the first.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from contraindications.rules import RuleSetError, words

LONGEST = {"id": 20, "source": 12, "locator": 60, "item": 250, "title": 250, "says": 250, "cite": 40}
POLICY, POLICY_STRENGTHS = "policy", ("policy_stop", "policy_hold")
OLDEST = 130  # years
# The widest that a setting may be: what lies outside is a slip of the finger.
BOUNDS = {"minimum_age": (0, 99), "look_back_days": (0, 3650), "validity_days": (1, 3650)}

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


def checked(content: Mapping[str, Any]) -> None:
    """Raise RuleSetError that names every fault of a content that compiles."""
    faults = [*_sources(content), *_items(content), *_settings(content["settings"])]
    if faults:
        raise RuleSetError("; ".join(faults))


def row_faults(row: Mapping[str, Any], states: Mapping[str, list[str]]) -> Iterator[str]:
    """What is wrong with a `when` row. `states`: fact -> the states that make sense for it."""
    facts = row.get("all_of") or row.get("any_of") or ([row["fact"]] if "fact" in row else [])
    for fact in facts:
        senseless = [state for state in row["states"] if state not in states[fact]]
        if senseless:
            yield f"{fact} is never {' or '.join(senseless)}"
    if ("all_of" in row or "any_of" in row) and len(set(facts)) < 2:
        yield "joined facts are at least two"
    low, high = row.get("age_from"), row.get("age_below")
    if any(type(age) is int and not 0 <= age <= OLDEST for age in (low, high)):
        yield f"an age lies between 0 and {OLDEST}"
    if type(low) is int and type(high) is int and low >= high:
        yield "the ages are the wrong way round"


def _items(content: Mapping[str, Any]) -> Iterator[str]:
    kinds = {source["code"]: source["kind"] for source in content["sources"]}
    states = {fact["code"]: fact["states"] for fact in content["facts"]}
    said: dict[bytes, str] = {}
    for item in content["items"]:
        for fault in _item(item, kinds[item["source"]], states):
            yield f"list item {item['id']}: {fault}"
        says = words.canonical_json({part: value for part, value in item.items() if part != "id"})
        if (first := said.setdefault(says, item["id"])) != item["id"]:
            yield f"list item {item['id']}: says the same as {first}"


def _item(item: Mapping[str, Any], kind: str, states: Mapping[str, list[str]]) -> Iterator[str]:
    for part in ("id", "locator", "item"):
        yield from _text(item, part)
    if set(item) != {"id", "source", "locator", "item", "strength", "when"}:
        yield "has a part that nobody reads, or lacks one"
    if (kind == POLICY) != (item["strength"] in POLICY_STRENGTHS):
        yield "what the clinic says is policy, and what a document says is not"
    if (kind == POLICY) != (item["locator"] == POLICY):
        yield "policy is cited as policy, a document by its place"
    if len({words.canonical_json(row) for row in item["when"]}) < len(item["when"]):
        yield "has a row twice"
    for row in item["when"]:
        yield from row_faults(row, states)


def _sources(content: Mapping[str, Any]) -> Iterator[str]:
    scope = content["scope"]
    for source in content["sources"]:
        code = source["code"]
        if not _CODE.fullmatch(code) or len(code) > LONGEST["source"]:
            yield f"source {code!r}: not a code"
        for fault in (*_text(source, "title"), *_reach(scope, code, source["kind"])):
            yield f"source {code}: {fault}"


def _reach(scope: Mapping[str, Any], code: str, kind: str) -> Iterator[str]:
    """How far a list reaches is said for every technique and area; a document says why, and where it says so."""
    reaches = scope["reach"].get(code)
    if reaches is None:
        return  # a document without a list
    said = [
        reaches.get(family, {}).get(region) for family in scope["families"] for region in scope["regions"]
    ]
    if not set(said) <= set(words.REACHES):
        yield "how far it reaches is not said for every technique and area"
        return
    for reach in dict.fromkeys(said) if kind != POLICY else ():
        why = scope.get("why", {}).get(code, {}).get(reach, {})
        for part in ("says", "cite"):
            for fault in _text(why, part):
                yield f"why {reach}: {fault}"


def _settings(settings: Mapping[str, Any]) -> Iterator[str]:
    if set(settings) != {*BOUNDS, "absolute"}:
        yield "the settings are not those that are known"
        return
    for name, (low, high) in BOUNDS.items():
        if not low <= settings[name] <= high:
            yield f"{name} lies between {low} and {high}"
    if len(set(settings["absolute"])) < len(settings["absolute"]):
        yield "absolute names something twice"


def _text(row: Mapping[str, Any], part: str) -> Iterator[str]:
    """One line of text: it says something, is not too long, and can be stored."""
    text = row.get(part)
    if not isinstance(text, str) or not text.strip():
        yield f"no {part}"
    elif len(text) > LONGEST[part]:
        yield f"{part} longer than {LONGEST[part]} characters"
    elif not text.isprintable():
        yield f"{part} with characters that are no text"
