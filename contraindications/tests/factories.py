"""Rule sets and plans for tests: the documented lists, published through the action."""

from conftest import NOW
from contraindications.actions import publish_rule_set
from contraindications.models import RuleSet
from contraindications.reading import Catalogue
from contraindications.rules import Plan
from contraindications.tests import documented


def published(*, by=None, at=NOW, **changes) -> RuleSet:
    """The documented lists as the next published rule set, with `changes` to parts of its content."""
    return publish_rule_set(content=documented.content(**changes), note="", by=by, at=at)


def plan(catalogue: Catalogue | None = None, **changes) -> Plan:
    """Hyaluronic acid by syringe into the face against wrinkles; every choice can be given by its code."""
    known = catalogue or documented.catalogue()
    chosen = {
        "technique": "needle_syringe",
        "area": "face",
        "goal": "wrinkles",
        "ingredients": ["hyaluronic_acid"],
        "procedure_substances": [],
        **changes,
    }
    return Plan(
        technique=chosen["technique"],
        family=known.techniques[chosen["technique"]],
        area=chosen["area"],
        region=known.areas[chosen["area"]],
        goal=chosen["goal"],
        disease_fact=known.goals[chosen["goal"]],
        ingredients=tuple(known.ingredients[code] for code in chosen["ingredients"]),
        procedure_substances=tuple(known.ingredients[code] for code in chosen["procedure_substances"]),
        catalogue=frozenset(known.ingredients),
    )
