"""What goes into a screening and what comes out: plain values, nothing behind them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from .words import ROLES


class Answer(NamedTuple):
    """What the patient said about one fact.

    `state` is current, ended, no or unsure. `until` is the day it ended, None if not known.
    `answered_on` is the day of the answer, None for an answer given now.
    """

    state: str
    until: date | None = None
    answered_on: date | None = None


@dataclass(frozen=True, slots=True)
class Patient:
    """Who is screened. No answer: not asked; `allergies` None was not asked, () is none known.

    `allergies_on` is the day of the answer about allergies, None for an answer given now.
    """

    birth_date: date
    sex: str
    answers: Mapping[str, Answer]
    allergies: tuple[str, ...] | None
    allergies_on: date | None = None


@dataclass(frozen=True, slots=True)
class Ingredient:
    """A substance. `may_contain` matters for the role `class` only; empty there means nobody knows."""

    code: str
    role: str
    may_contain: Collection[str] = ()

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise ValueError(f"unknown role {self.role!r} of ingredient {self.code!r}")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, products already expanded to their ingredients.

    `catalogue` holds the code of every substance known, retired ones included: an allergy that is
    not exactly one of them is free text.
    """

    technique: str
    family: str
    area: str
    region: str
    goal: str
    disease_fact: str | None  # the goal is itself a listed condition: its fact
    ingredients: tuple[Ingredient, ...]
    procedure_substances: tuple[Ingredient, ...]
    catalogue: frozenset[str]


@dataclass(frozen=True, slots=True)
class Finding:
    """One list item that is met, or one of the two standing remarks (`scope-none`, `allergy-unmatched`)."""

    item: str
    source: str | None
    locator: str | None
    strength: str | None
    match: str | None
    reach: str | None
    effect: str
    conflict: bool = False
    remedy: str | None = None
    substances: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Every key, in the order of docs/rules.md."""
        return {
            "item": self.item,
            "source": self.source,
            "locator": self.locator,
            "strength": self.strength,
            "match": self.match,
            "reach": self.reach,
            "effect": self.effect,
            "conflict": self.conflict,
            "remedy": self.remedy,
            "substances": list(self.substances),
            "facts": list(self.facts),
        }


@dataclass(frozen=True, slots=True)
class Composition:
    """How many actives the cocktail holds; `unknown` are the ingredients of unknown composition."""

    actives: int
    concept: str | None
    needs_reason: bool
    unknown: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "actives": self.actives,
            "concept": self.concept,
            "needs_reason": self.needs_reason,
            "unknown": list(self.unknown),
        }


@dataclass(frozen=True, slots=True)
class Result:
    """A verdict and all that it rests on."""

    verdict: str
    unanswered: tuple[str, ...]
    findings: tuple[Finding, ...]
    composition: Composition

    def to_dict(self) -> dict[str, Any]:
        """JSON-able, keys in a fixed order, equal for equal input."""
        return {
            "verdict": self.verdict,
            "unanswered": list(self.unanswered),
            "findings": [finding.to_dict() for finding in self.findings],
            "composition": self.composition.to_dict(),
        }
