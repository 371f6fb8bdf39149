"""What the documents name together, and which numbers they give. Plain values in, plain values out."""

from collections.abc import Collection, Sequence
from decimal import Decimal


def names_area(areas_of_goal: Collection[str], area: str, parent: str | None) -> bool:
    """Does a document name the goal for this area? A goal without areas is named for none in particular: for any."""
    return not areas_of_goal or area in areas_of_goal or parent in areas_of_goal


def outside(value: Decimal | None, documented: Sequence[float]) -> bool:
    """Is the value outside a documented range [low, high], or not one of three or more documented values?

    Outside is "not documented", never "wrong".
    """
    if value is None:
        return False
    if len(documented) > 2:
        return value not in [Decimal(str(number)) for number in documented]
    low, high = (Decimal(str(number)) for number in documented)
    return not low <= value <= high


def may_hold(code: str, role: str, may_contain: Collection[str], allergies: Collection[str]) -> str | None:
    """How an ingredient meets a patient's allergies: "is", "may contain", or None (screening.md section 1).

    A class of unknown composition may contain anything.
    """
    if code in allergies:
        return "is"
    if role == "class" and allergies and (not may_contain or not set(may_contain).isdisjoint(allergies)):
        return "may contain"
    return None
