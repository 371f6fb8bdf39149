"""How an ingredient meets what a patient is allergic to. Plain values in, plain values out."""

from collections.abc import Collection


def may_hold(code: str, role: str, may_contain: Collection[str], allergies: Collection[str]) -> str | None:
    """How an ingredient meets a patient's allergies: "is", "may contain", or None (screening.md section 1).

    A class of unknown composition may contain anything.
    """
    if code in allergies:
        return "is"
    if role == "class" and allergies and (not may_contain or not set(may_contain).isdisjoint(allergies)):
        return "may contain"
    return None
