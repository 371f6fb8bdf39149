"""The documented lists and catalogue, as the tests of the pure rules use them: no database."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from contraindications.reading import Case, Catalogue, read_case
from contraindications.rules import SHIPPED_SETTINGS, Finding, Ingredient, Result, RuleSet, screen

ROOT = Path(__file__).parents[2]


@cache
def data(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def content(**changes: Any) -> dict[str, Any]:
    """The content of a rule set that publishes the documented lists, with `changes` to its parts."""
    facts = data("patients/data/health_facts.yaml")
    return {
        "sources": data("contraindications/data/sources.yaml"),
        "facts": [{key: fact.get(key) for key in ("code", "states", "asked_of")} for fact in facts],
        "items": data("contraindications/data/list_items.yaml"),
        "scope": data("contraindications/data/scope.yaml"),
        "settings": SHIPPED_SETTINGS,
        **changes,
    }


@cache
def ruleset() -> RuleSet:
    return RuleSet.from_content(content())


@cache
def catalogue() -> Catalogue:
    raw = data("treatments/catalogue/data/catalogue.yaml")
    return Catalogue(
        facts=frozenset(fact["code"] for fact in content()["facts"]),
        techniques={technique["code"]: technique["family"] for technique in raw["techniques"]},
        areas={area["code"]: area["region"] for area in raw["areas"]},
        goals={goal["code"]: goal.get("disease_fact") for goal in raw["goals"]},
        ingredients={
            i["code"]: Ingredient(i["code"], i["role"], tuple(i.get("may_contain", ())))
            for i in raw["ingredients"]
        },
    )


def case(
    sex: str = "female", birth_date: str = "1990-05-02", allergies: Any = (), **changes: Any
) -> dict[str, Any]:
    """A case of a healthy adult, face, needle, hyaluronic acid; `facts` and any key of the plan can be changed."""
    facts = changes.pop("facts", {})
    return {
        "id": "case",
        "as_of": "2026-11-21",
        "patient": {
            "birth_date": birth_date,
            "sex": sex,
            "default_state": "no",
            "facts": {
                fact: {"state": said} if isinstance(said, str) else said for fact, said in facts.items()
            },
            "allergies": None if allergies is None else list(allergies),
        },
        "plan": {
            "technique": "needle_syringe",
            "area": "face",
            "goal": "wrinkles",
            "ingredients": ["hyaluronic_acid"],
            "procedure_substances": [],
            **changes,
        },
    }


def read(**changes: Any) -> Case:
    """The case, read."""
    return read_case(case(**changes), catalogue())


def screened(rules: RuleSet | None = None, **changes: Any) -> Result:
    """The case, read and screened against the documented lists (or `rules`)."""
    one = read(**changes)
    return screen(one.patient, one.plan, rules or ruleset(), one.as_of)


def finding(result: Result, item: str) -> Finding | None:
    """The result's finding of that item."""
    return next((finding for finding in result.findings if finding.item == item), None)


def one_item(
    strength: str = "must_not", when: Any = (), reach: str = "direct", kind: str = "document", **settings: Any
) -> dict[str, Any]:
    """The content of a rule set with the single item X-1, reaching everything alike."""
    everywhere = {
        family: dict.fromkeys(("scalp", "other"), reach)
        for family in ("needle", "microneedle", "needle_free")
    }
    row = {"fact": "herpes", "states": ["current"], "match": "direct"}
    item = {
        "id": "X-1",
        "source": "X",
        "locator": "L1",
        "item": "x",
        "strength": strength,
        "when": when or [row],
    }
    return content(
        sources=[{"code": "X", "kind": kind}],
        items=[item],
        scope={
            "families": ["needle", "microneedle", "needle_free"],
            "regions": ["scalp", "other"],
            "reach": {"X": everywhere},
        },
        settings={**SHIPPED_SETTINGS, **settings},
    )
