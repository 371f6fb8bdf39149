"""How an ingredient meets what a patient is allergic to. Plain values in, plain values out."""

from collections.abc import Collection

from contraindications.rules import Ingredient, may_contain


def may_hold(ingredient: Ingredient, allergies: Collection[str]) -> str | None:
    """How an ingredient meets a patient's allergies: "is", "may contain", or None (screening.md section 1)."""
    if ingredient.code in allergies:
        return "is"
    return "may contain" if any(may_contain(ingredient, allergy) for allergy in allergies) else None
