"""The `when` rows of a list item: what each kind of row looks at, and what it has seen when it is met."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from .values import Ingredient, Plan

AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known on the day of screening. `states` holds only facts that are current, recent or past."""

    states: Mapping[str, str]
    age: int
    allergies: frozenset[str]
    plan: Plan

    def without(self, fact: str) -> "Known":
        """The same, had the patient not reported `fact`."""
        return replace(self, states={code: state for code, state in self.states.items() if code != fact})


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a row is met: the facts, or the allergens and the substances they were met in, or the ages."""

    match: str
    facts: tuple[str, ...] = ()
    contacts: tuple[tuple[str, str], ...] = ()  # (allergen, substance)
    ages: tuple[int | None, int | None] | None = None  # from, below


@dataclass(frozen=True, slots=True)
class FactRow:
    """The fact has one of the states."""

    facts: tuple[str]
    states: frozenset[str]
    match: str

    def met_by(self, known: Known) -> Evidence | None:
        return Evidence(self.match, self.facts) if known.states.get(self.facts[0]) in self.states else None


@dataclass(frozen=True, slots=True)
class AllOfRow:
    """Every fact has one of the states."""

    facts: tuple[str, ...]
    states: frozenset[str]
    match: str

    def met_by(self, known: Known) -> Evidence | None:
        met = all(known.states.get(fact) in self.states for fact in self.facts)
        return Evidence(self.match, self.facts) if met else None


@dataclass(frozen=True, slots=True)
class AnyOfRow:
    """At least one fact has one of the states, and the joined condition of the same item is not met."""

    facts: tuple[str, ...]
    states: frozenset[str]
    match: str
    joined: tuple[AllOfRow, ...]

    def met_by(self, known: Known) -> Evidence | None:
        if any(row.met_by(known) for row in self.joined):
            return None
        facts = tuple(fact for fact in self.facts if known.states.get(fact) in self.states)
        return Evidence(self.match, facts) if facts else None


@dataclass(frozen=True, slots=True)
class AgeRow:
    """Whole years on the day: at least `age_from`, less than `age_below`."""

    age_from: int | None
    age_below: int | None
    match: str
    is_clinic_minimum: bool  # the bound is the clinic's setting

    def met_by(self, known: Known) -> Evidence | None:
        old_enough = self.age_from is None or known.age >= self.age_from
        young_enough = self.age_below is None or known.age < self.age_below
        met = old_enough and young_enough
        return Evidence(self.match, ages=(self.age_from, self.age_below)) if met else None


@dataclass(frozen=True, slots=True)
class AllergenRow:
    """An allergen is among the ingredients (`preparation`), or among all substances used (`procedure`)."""

    place: str
    match: str

    def met_by(self, known: Known) -> Evidence | None:
        """A named substance counts first; otherwise one of unknown composition meets the row as ambiguous."""
        substances = self.substances(known.plan)
        named = {(s.code, s.code) for s in substances if s.code in known.allergies}
        if named:
            return Evidence(self.match, contacts=tuple(sorted(named)))
        suspected = {(a, s.code) for s in substances for a in known.allergies if may_contain(s, a)}
        return Evidence(AMBIGUOUS, contacts=tuple(sorted(suspected))) if suspected else None

    def substances(self, plan: Plan) -> tuple[Ingredient, ...]:
        """What the row looks at in this plan."""
        if self.place == "preparation":
            return plan.ingredients
        return plan.ingredients + plan.procedure_substances


def may_contain(substance: Ingredient, allergen: str) -> bool:
    """Only a class may contain what is not named; a class of unknown content may contain anything."""
    return substance.role == "class" and (not substance.may_contain or allergen in substance.may_contain)


Row = FactRow | AllOfRow | AnyOfRow | AgeRow | AllergenRow
