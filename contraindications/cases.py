"""Answering cases: docs/rules.md, section 7. Pure; `manage.py screen` and the tests call it."""

from typing import Any

from .reading import Catalogue, UnreadableCase, read_case
from .rules import RuleSet, screen


def answer(raw: Any, catalogue: Catalogue, ruleset: RuleSet) -> dict[str, Any]:
    """The RESULT of one CASE as plain JSON; {"id", "error"} for a case that cannot be read."""
    try:
        case = read_case(raw, catalogue)
    except UnreadableCase as error:
        return {"id": raw.get("id") if isinstance(raw, dict) else None, "error": str(error)}
    return {"id": case.id, **screen(case.patient, case.plan, ruleset, case.as_of).to_dict()}
