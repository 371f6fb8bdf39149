"""The documented lists and catalogue, as the tests of the pure rules use them: no database."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from contraindications.reading import Catalogue
from contraindications.rules import SHIPPED_SETTINGS, Ingredient, RuleSet

ROOT = Path(__file__).parents[2]


@cache
def data(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text())


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
