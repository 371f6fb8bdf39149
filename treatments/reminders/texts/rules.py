"""What a text of the clinic may hold. No template language: a brace that belongs to no placeholder is a mistake."""

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum

from treatments.reminders.placeholders import PLACEHOLDER, named

# A clinic need not have a phone, there need not be more sessions or anything to mind.
MAY_BE_EMPTY = frozenset({"phone", "more", "mind", "care"})


class Fault(StrEnum):
    """What is wrong with a text."""

    UNKNOWN = "unknown"  # a placeholder that this kind does not have
    BRACE = "brace"  # a brace that is part of no placeholder
    MISSING = "missing"  # without it the message is of no use
    EMPTY = "empty"  # nothing is left of it where a placeholder has nothing to say


@dataclass(frozen=True, slots=True)
class Found:
    """A fault, and the placeholder or the piece of text in which it lies."""

    fault: Fault
    what: str


def faults(text: str, *, allowed: Set[str], required: Set[str] = frozenset()) -> list[Found]:
    """All that is wrong with a text; nothing if it can be filled.

    >>> faults("Hello {greet}, see {link} {__class__}", allowed={"greet", "link"})
    [Found(fault=<Fault.UNKNOWN: 'unknown'>, what='__class__')]
    >>> faults("Hello {{ greet }}", allowed={"greet"})
    [Found(fault=<Fault.BRACE: 'brace'>, what='{{ greet }}')]
    """
    names = named(text)
    unknown = [Found(Fault.UNKNOWN, name) for name in sorted(names - allowed)]
    stray = [Found(Fault.BRACE, line.strip()) for line in text.split("\n") if _stray(line)]
    missing = [Found(Fault.MISSING, name) for name in sorted(required - names)]
    empty = _empty(text, names)
    return [*unknown, *stray, *missing, *empty]


def _empty(text: str, names: set[str]) -> list[Found]:
    """Where every line but those with nothing else than a link holds something that may be empty."""
    lines = [named(line) for line in text.split("\n") if line.strip() and line.strip() != "{link}"]
    left = [held for held in lines if not held & MAY_BE_EMPTY]
    return [] if left else [Found(Fault.EMPTY, name) for name in sorted(names & MAY_BE_EMPTY)]


def _stray(line: str) -> bool:
    rest = PLACEHOLDER.sub("", line)
    return "{" in rest or "}" in rest
