"""What a decision on a finding rests on, and how that differs from what it rested on before (section 5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from .rows import Known
from .ruleset import Item, RuleSet
from .screening import evidence_for, known_on
from .values import Ingredient, Patient, Plan, Result

# What a Change is about. Of a substance, fact or contact one Change speaks of one of them.
GOAL, AREA, TECHNIQUE = "goal", "area", "technique"
INGREDIENTS, PROCEDURE_SUBSTANCES = "ingredients", "procedure_substances"
FACT, CONTACT, AGES, ITEM, FINDING = "fact", "contact", "ages", "item", "finding"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two bases. `then` or `now` is None where there was, or is, nothing of it.

    `what` is the code of the substance or fact, the (allergen, substance) that met, the key of the finding.
    """

    about: str
    what: Any
    then: Any
    now: Any


def bases(
    result: Result, patient: Patient, plan: Plan, ruleset: RuleSet, as_of: date
) -> dict[str, dict[str, Any]]:
    """Item id -> all that a decision on the finding rests on, as plain values.

    That is the finding, its list item as published, the evidence (each reported fact with the state
    worked out on `as_of` and the end date given; each allergen with the substance it meets), and the
    plan. An unrelated fact, a repeated answer, a new rule set with the same item or a day gone by
    leave it as it is.
    """
    known = known_on(as_of, patient, plan, ruleset)
    planned = _plan(plan)
    return {
        finding.item: {
            "finding": finding.to_dict(),
            "plan": planned,
            **_met(ruleset.items.get(finding.item), known, patient),
        }
        for finding in result.findings
    }


def _met(item: Item | None, known: Known, patient: Patient) -> dict[str, Any]:
    """The item and what met it; nothing for a remark, which no list makes."""
    if item is None:
        return {}
    evidence = evidence_for(item, known)
    return {
        "item": item.digest,
        "facts": {fact: _reported(fact, known, patient) for met in evidence for fact in met.facts},
        "contacts": sorted({contact for met in evidence for contact in met.contacts}),
        "ages": sorted({str(met.ages) for met in evidence if met.ages}),
    }


def _reported(fact: str, known: Known, patient: Patient) -> list[str]:
    return [known.states[fact], str(patient.answers[fact].until)]


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        GOAL: plan.goal,
        AREA: plan.area,
        TECHNIQUE: plan.technique,
        INGREDIENTS: _substances(plan.ingredients),
        PROCEDURE_SUBSTANCES: _substances(plan.procedure_substances),
    }


def _substances(ingredients: Iterable[Ingredient]) -> list[tuple[Any, ...]]:
    return sorted({(i.code, i.role, *sorted(set(i.may_contain))) for i in ingredients})


def changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Change, ...]:
    """Every difference between two bases of the same item: none exactly if their digests are the same."""
    return (
        *_plan_changes(then["plan"], now["plan"]),
        *_between(FACT, then.get("facts", {}), now.get("facts", {})),
        *_between(CONTACT, _each(then.get("contacts", ())), _each(now.get("contacts", ()))),
        *_between(AGES, {"": then.get("ages")}, {"": now.get("ages")}),
        *_between(ITEM, {"": then.get("item")}, {"": now.get("item")}),
        *_between(FINDING, then["finding"], now["finding"]),
    )


def _plan_changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    chosen = [
        one for part in (GOAL, AREA, TECHNIQUE) for one in _between(part, {"": then[part]}, {"": now[part]})
    ]
    parts = (INGREDIENTS, PROCEDURE_SUBSTANCES)
    return chosen + [
        one for part in parts for one in _between(part, _by_code(then[part]), _by_code(now[part]))
    ]


def _by_code(substances: Iterable[tuple[Any, ...]]) -> dict[str, list[tuple[Any, ...]]]:
    by_code: dict[str, list[tuple[Any, ...]]] = {}
    for code, *rest in substances:
        by_code.setdefault(code, []).append(tuple(rest))
    return by_code


def _each(things: Iterable[Any]) -> dict[Any, bool]:
    return dict.fromkeys(things, True)


def _between(about: str, then: Mapping[Any, Any], now: Mapping[Any, Any]) -> list[Change]:
    keys = dict.fromkeys((*then, *now))
    return [Change(about, key, then.get(key), now.get(key)) for key in keys if then.get(key) != now.get(key)]
