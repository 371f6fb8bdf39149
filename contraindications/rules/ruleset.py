"""A published rule set: its frozen content, read strictly, and indexed so that a "no" costs nothing.

Whatever this file does not understand, it refuses: a word passed over would be a milder verdict.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from . import words
from .rows import AgeRow, AllergenRow, AllOfRow, AnyOfRow, FactRow, Row

# What the settings ship with. `absolute` names what nobody may release: facts, list items, and the
# two kinds below.
ALLERGEN, MINIMUM_AGE = "allergen", "minimum_age"
SHIPPED_SETTINGS = {
    "minimum_age": 18,
    "look_back_days": 30,
    "validity_days": 90,
    "absolute": ["pregnancy", "breastfeeding", ALLERGEN, MINIMUM_AGE],
}


class RuleSetError(ValueError):
    """The content of a rule set cannot be relied on."""


@dataclass(frozen=True, slots=True)
class Item:
    """One condition of one source's list."""

    id: str
    source: str
    locator: str
    text: str
    strength: str
    rows: tuple[Row, ...]
    digest: str  # of the item as published


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Everything that screening needs to know of the lists, ready to use."""

    items: Mapping[str, Item]
    asked: Mapping[str, tuple[str, ...]]  # sex -> facts asked
    documents: frozenset[str]  # sources that are documents, not policy
    listing: frozenset[str]  # documents that have a list
    reaches: Mapping[tuple[str, str], Mapping[str, str]]  # (family, region) -> source -> reach
    minimum_age: int
    look_back_days: int
    validity_days: int
    absolute: frozenset[str]
    by_state: Mapping[tuple[str, str], frozenset[str]]  # (fact, state) -> items it can meet
    by_age: frozenset[str]
    by_allergy: frozenset[str]

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> "RuleSet":
        """Compile the frozen content of a published rule set.

        `content` is {"sources", "facts", "items", "scope", "settings"} as in docs/rules.md, section 8.
        Raises RuleSetError for anything unknown, missing, doubled or empty.
        """
        try:
            return _compile(content)
        except (KeyError, TypeError, AttributeError) as error:
            raise RuleSetError(f"malformed rule set: {type(error).__name__} {error}") from error

    def reach(self, source: str, family: str, region: str) -> str:
        """How far the source's list reaches. ValueError for an unknown family or region."""
        return self.reaches_of(family, region)[source]

    def reaches_of(self, family: str, region: str) -> Mapping[str, str]:
        """The reach of every source. ValueError for an unknown family or region."""
        try:
            return self.reaches[family, region]
        except KeyError:
            raise ValueError(f"unknown technique family or region: {family!r}, {region!r}") from None


def ruleset_digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of a rule set's content."""
    return words.digest(content)


def _compile(content: Mapping[str, Any]) -> RuleSet:
    settings = _settings(content["settings"])
    kinds = {source["code"]: _known(source["kind"], ("document", "policy")) for source in content["sources"]}
    asked_of = {fact["code"]: _asked_of(fact) for fact in content["facts"]}
    _refuse_doubles("source", [source["code"] for source in content["sources"]])
    _refuse_doubles("fact", [fact["code"] for fact in content["facts"]])
    items = [_item(raw, kinds, asked_of, settings["minimum_age"]) for raw in content["items"]]
    _refuse_doubles("list item", [item.id for item in items])
    _refuse_empty(facts=asked_of, items=items)
    _refuse_unknown(
        "absolute", settings["absolute"], {*asked_of, *(i.id for i in items), ALLERGEN, MINIMUM_AGE}
    )
    documents = frozenset(code for code, kind in kinds.items() if kind == "document")
    by_id = {item.id: item for item in sorted(items, key=lambda item: item.id)}
    return RuleSet(
        items=by_id,
        asked={sex: tuple(sorted(f for f in asked_of if sex in asked_of[f])) for sex in words.SEXES},
        documents=documents,
        listing=documents & {item.source for item in items},
        reaches=_reaches(content["scope"], {item.source for item in items}),
        by_state=_by_state(items),
        by_age=_having(items, AgeRow),
        by_allergy=_having(items, AllergenRow),
        **settings,
    )


def _settings(raw: Mapping[str, Any]) -> dict[str, Any]:
    days = {name: raw[name] for name in ("minimum_age", "look_back_days", "validity_days")}
    for name, number in days.items():
        if type(number) is not int or number < 0:
            raise RuleSetError(f"{name} must be a whole number, 0 or more, not {number!r}")
    return {**days, "absolute": frozenset(raw["absolute"])}


def _asked_of(fact: Mapping[str, Any]) -> tuple[str, ...]:
    """The sexes a fact is asked of, all if it names none."""
    for state in fact["states"]:
        _known(state, (*words.HELD_STATES, words.NO))
    return tuple(_known(sex, words.SEXES) for sex in fact.get("asked_of") or words.SEXES)


def _item(raw: Mapping[str, Any], sources: Collection[str], facts: Collection[str], minimum_age: int) -> Item:
    if not raw["when"]:
        raise RuleSetError(f"list item {raw['id']} can never be met: it has no rows")
    try:
        joined = tuple(_row(row, facts, minimum_age, ()) for row in raw["when"] if "all_of" in row)
        rows = tuple(_row(row, facts, minimum_age, joined) for row in raw["when"])
        return Item(
            id=raw["id"],
            source=_known(raw["source"], sources),
            locator=raw["locator"],
            text=raw["item"],
            strength=_known(raw["strength"], words.STRENGTHS),
            rows=rows,
            digest=words.digest(raw),
        )
    except RuleSetError as error:
        raise RuleSetError(f"list item {raw['id']}: {error}") from error


def _row(raw: Mapping[str, Any], facts: Collection[str], minimum_age: int, joined: tuple[Any, ...]) -> Row:
    """One `when` row, told by its keys. A row with other keys is refused."""
    match = _known(raw["match"], words.MATCHES)
    keys = set(raw) - {"match"}
    if keys == {"fact", "states"}:
        return FactRow((_known(raw["fact"], facts),), _states(raw), match)
    if keys == {"all_of", "states"}:
        return AllOfRow(_facts(raw["all_of"], facts), _states(raw), match)
    if keys == {"any_of", "states"}:
        return AnyOfRow(_facts(raw["any_of"], facts), _states(raw), match, joined)
    if keys == {"allergen_in"}:
        return AllergenRow(_known(raw["allergen_in"], ("preparation", "procedure")), match)
    if keys and keys <= {"age_from", "age_below"}:
        bounds = {key: _age(raw[key], minimum_age) for key in keys}
        is_clinic_minimum = MINIMUM_AGE in raw.values()
        return AgeRow(bounds.get("age_from"), bounds.get("age_below"), match, is_clinic_minimum)
    raise RuleSetError(f"a row cannot be read: {sorted(raw)}")


def _states(raw: Mapping[str, Any]) -> frozenset[str]:
    if not raw["states"]:
        raise RuleSetError("a row without states can never be met")
    return frozenset(_known(state, words.HELD_STATES) for state in raw["states"])


def _facts(codes: Iterable[str], facts: Collection[str]) -> tuple[str, ...]:
    named = tuple(sorted({_known(code, facts) for code in codes}))
    if not named:
        raise RuleSetError("a row without facts cannot be read")
    return named


def _age(bound: int | str, minimum_age: int) -> int:
    if bound == MINIMUM_AGE:
        return minimum_age
    if type(bound) is int:
        return bound
    raise RuleSetError(f"not an age: {bound!r}")


def _reaches(scope: Mapping[str, Any], sources: Collection[str]) -> dict[tuple[str, str], dict[str, str]]:
    """(family, region) -> source -> reach, for every source that has items."""
    _refuse_empty(families=scope["families"], regions=scope["regions"])
    return {
        (family, region): {
            source: _known(scope["reach"][source][family][region], words.REACHES) for source in sources
        }
        for family in scope["families"]
        for region in scope["regions"]
    }


def _by_state(items: Iterable[Item]) -> dict[tuple[str, str], frozenset[str]]:
    """(fact, state) -> ids of the items with a row that looks at it."""
    index: dict[tuple[str, str], set[str]] = {}
    for item in items:
        for row in item.rows:
            if isinstance(row, AgeRow | AllergenRow):
                continue
            for fact in row.facts:
                for state in row.states:
                    index.setdefault((fact, state), set()).add(item.id)
    return {key: frozenset(ids) for key, ids in index.items()}


def _having(items: Iterable[Item], kind: type) -> frozenset[str]:
    return frozenset(item.id for item in items if any(isinstance(row, kind) for row in item.rows))


def _known(word: str, vocabulary: Collection[str]) -> str:
    if word not in vocabulary:
        raise RuleSetError(f"unknown word {word!r}")
    return word


def _refuse_doubles(what: str, codes: list[str]) -> None:
    doubles = sorted({code for code in codes if codes.count(code) > 1})
    if doubles:
        raise RuleSetError(f"{what} given twice: {', '.join(doubles)}")


def _refuse_empty(**parts: Collection[Any]) -> None:
    empty = [name for name, part in parts.items() if not part]
    if empty:
        raise RuleSetError(f"a rule set without {', '.join(empty)} would pass everything")


def _refuse_unknown(what: str, codes: Collection[str], vocabulary: Collection[str]) -> None:
    unknown = sorted(set(codes) - set(vocabulary))
    if unknown:
        raise RuleSetError(f"{what} names what is not there: {', '.join(unknown)}")
