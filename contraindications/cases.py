"""Answering cases: docs/rules.md, section 7; `manage.py screen`, previews of drafts and the tests call it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from .reading import Catalogue, UnreadableCase, read_case
from .rules import RuleSet, screen

WORKED = Path(__file__).parent / "data" / "worked_cases.json"


@cache
def worked() -> list[dict[str, Any]]:
    """The worked cases that ship, each with what it `expect`s under the documented lists."""
    return json.loads(WORKED.read_text(encoding="utf-8"))["cases"]


def answer(raw: Any, catalogue: Catalogue, ruleset: RuleSet) -> dict[str, Any]:
    """The RESULT of one CASE as plain JSON; {"id", "error"} for a case that cannot be read."""
    try:
        case = read_case(raw, catalogue)
    except UnreadableCase as error:
        return {"id": raw.get("id") if isinstance(raw, dict) else None, "error": str(error)}
    return {"id": case.id, **screen(case.patient, case.plan, ruleset, case.as_of).to_dict()}
