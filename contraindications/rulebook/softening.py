"""Where a draft is milder than the rule set in force. Pure. Nothing is forbidden: people read it before they publish.

An item is held, before and after, against everything that a row of it looks at: each fact in each state, joined facts
together, each age, an allergen named or suspected. Whatever then has a milder effect is named.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from contraindications.rulebook.listing import OLDEST
from contraindications.rules import Ingredient, Plan, RuleSet, words
from contraindications.rules.rows import AgeRow, AllergenRow, AllOfRow, Known
from contraindications.rules.ruleset import Item
from contraindications.rules.screening import SCOPE_NONE, evidence_for

ADULT = 40  # of whom nothing is said about age
MILDEST = "nothing"
_RANKS = {effect: rank for rank, effect in enumerate((*words.EFFECTS, MILDEST))}
# A lower number (True) or a higher one (False) lets more people pass.
_MILDER_IF_LOWER = {"minimum_age": True, "look_back_days": True, "validity_days": False}


@dataclass(frozen=True, slots=True)
class Softer:
    """One thing that the draft judges more mildly. `facts` are (fact, state) pairs; `ages` from and up to."""

    code: str  # the item or the setting
    before: str  # an effect, or the value of a setting in words
    after: str
    facts: tuple[tuple[str, str], ...] = ()
    ages: tuple[int, int] | None = None
    allergen: str = ""  # "named" or "suspected"
    place: tuple[str, str] | None = None  # a technique family and a region
    covered: bool = False  # another item is as strict: all lists together judge it as before
    together: bool = False  # two reports that are milder together than one of them alone


def softened(base: Mapping[str, Any], draft: Mapping[str, Any]) -> list[Softer]:
    """All that the content `draft` judges more mildly than `base`; both compile."""
    old, new = RuleSet.from_content(base), RuleSet.from_content(draft)
    found = [*_settings(base["settings"], draft["settings"]), *_reached_now(old, new)]
    for code, item in old.items.items():
        now = new.items.get(code)
        if now is None or now.digest != item.digest or (_ages(item) and old.minimum_age != new.minimum_age):
            found += _item(item, now, old, new)
    for code, item in new.items.items():
        if code not in old.items or old.items[code].digest != item.digest:
            found += _together(item, new)
    return found


def _settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Softer]:
    for name, lower in _MILDER_IF_LOWER.items():
        if before[name] != after[name] and (after[name] < before[name]) == lower:
            yield Softer(name, str(before[name]), str(after[name]))
    for name in before["absolute"]:
        if name not in after["absolute"]:
            yield Softer("absolute", name, "")


def _reached_now(old: RuleSet, new: RuleSet) -> Iterator[Softer]:
    """Where no list reached before, and one does now: the remark that nothing covers the technique is gone."""
    for place in new.reaches:
        if _reached(new, place) and not _reached(old, place):
            yield Softer(SCOPE_NONE, words.CAUTION, MILDEST, place=place)


def _reached(rules: RuleSet, place: tuple[str, str]) -> bool:
    return any(rules.reaches[place][source] in ("direct", "extended") for source in rules.listing)


def _item(before: Item, after: Item | None, old: RuleSet, new: RuleSet) -> Iterator[Softer]:
    """Each probe of which the item is milder by now, at the reach where it matters most."""
    reaches = sorted({reach[before.source] for reach in old.reaches.values()}, key=words.REACHES.index)
    ages: list[Softer] = []
    for known, what in _probes(before):
        pairs = [(_effect(before, known, reach), _effect(after, known, reach)) for reach in reaches]
        worse = next((pair for pair in pairs if _RANKS[pair[1]] > _RANKS[pair[0]]), None)
        if worse is None:
            continue
        one = replace(what, before=worse[0], after=worse[1], covered=_covered(known, old, new))
        if one.ages:
            ages.append(one)
        else:
            yield one
    yield from _spans(ages)


def _covered(known: Known, old: RuleSet, new: RuleSet) -> bool:
    """Do all lists together judge it as gravely as before, whatever the technique and the area?"""
    return all(
        _RANKS[_worst(known, new, place)] <= _RANKS[_worst(known, old, place)] for place in old.reaches
    )


def _spans(ages: list[Softer]) -> list[Softer]:
    """Single years of the same fate that follow each other, as one."""
    spans: list[Softer] = []
    for one in ages:
        low, high = one.ages or (0, 0)
        last = spans[-1] if spans else None
        if last and last.ages and last.ages[1] == low - 1 and replace(last, ages=one.ages) == one:
            spans[-1] = replace(one, ages=(last.ages[0], high))
        else:
            spans.append(one)
    return spans


def _probes(item: Item) -> Iterator[tuple[Known, Softer]]:
    """(what is reported, how it is called) for all that a row of the item looks at."""
    seen = set()
    for row in item.rows:
        if isinstance(row, AgeRow):
            continue
        if isinstance(row, AllergenRow):
            for how in ("named", "suspected"):
                yield _allergic(row, how), Softer(item.id, "", "", allergen=how)
            continue
        sets = [row.facts] if isinstance(row, AllOfRow) else [(fact,) for fact in row.facts]
        for facts in sets:
            for state in sorted(row.states, key=words.HELD_STATES.index):
                reported = tuple((fact, state) for fact in facts)
                if reported not in seen:
                    seen.add(reported)
                    yield _reporting(dict(reported)), Softer(item.id, "", "", facts=reported)
    if _ages(item):
        for age in range(OLDEST + 1):
            yield replace(_reporting({}), age=age), Softer(item.id, "", "", ages=(age, age))


def _together(item: Item, rules: RuleSet) -> Iterator[Softer]:
    """Pairs of reports that are judged more mildly together than one of them is alone, by all lists (rules.md, 9)."""
    single = [(known, what) for known, what in _probes(item) if what.facts]
    for (one, first), (other, second) in combinations(single, 2):
        if not one.states.keys() & other.states.keys():
            both = replace(one, states={**one.states, **other.states})
            for place in rules.reaches:
                worst = min((_worst(known, rules, place) for known in (one, other)), key=_RANKS.__getitem__)
                joined = _worst(both, rules, place)
                if _RANKS[joined] > _RANKS[worst]:
                    yield Softer(item.id, worst, joined, facts=(*first.facts, *second.facts), together=True)
                    break


def _worst(known: Known, rules: RuleSet, place: tuple[str, str]) -> str:
    """The gravest effect of all items on what is reported, in this family and region."""
    touched = rules.by_age | (rules.by_allergy if known.allergies else frozenset())
    touched |= {code for report in known.states.items() for code in rules.by_state.get(report, ())}
    items = (rules.items[code] for code in touched)
    effects = (_effect(item, known, rules.reaches[place][item.source]) for item in items)
    return min(effects, key=_RANKS.__getitem__, default=MILDEST)


def _effect(item: Item | None, known: Known, reach: str) -> str:
    evidence = evidence_for(item, known) if item else []
    if item is None or not evidence:
        return MILDEST
    strongest = min((met.match for met in evidence), key=words.MATCHES.index)
    return words.effect_of(item.strength, strongest, reach)


def _ages(item: Item) -> bool:
    return any(isinstance(row, AgeRow) for row in item.rows)


def _plan(*, preparation: tuple[Ingredient, ...] = (), procedure: tuple[Ingredient, ...] = ()) -> Plan:
    return Plan("", "", "", "", "", None, preparation, procedure, frozenset())


def _reporting(states: dict[str, str]) -> Known:
    return Known(states=states, age=ADULT, allergies=frozenset(), plan=_plan())


def _allergic(row: AllergenRow, how: str) -> Known:
    """Allergic to something used where the row looks: in the preparation, or elsewhere in the procedure."""
    substance = Ingredient("x", "active" if how == "named" else "class")
    allergies = frozenset({"x" if how == "named" else "y"})
    used = (substance,)
    plan = _plan(preparation=used) if row.place == "preparation" else _plan(procedure=used)
    return Known(states={}, age=ADULT, allergies=allergies, plan=plan)
