"""What the goal, area and technique of a plan are called. The catalogue stands higher in the house: it registers."""

from collections.abc import Callable, Mapping

from contraindications.rules import Plan

# Plan -> {"goal": ..., "area": ..., "technique": ...} in today's labels.
Words = Callable[[Plan], Mapping[str, str]]
_sources: list[Words] = []


def register(words: Words) -> None:
    """Word plans by `words`. Registering the same twice counts once."""
    if words not in _sources:
        _sources.append(words)


def words_of(plan: Plan) -> dict[str, str]:
    """The plan in today's labels; a code that nobody knows any more is shown as it was stored."""
    known = {"goal": plan.goal, "area": plan.area, "technique": plan.technique}
    for source in _sources:
        known |= source(plan)
    return known
