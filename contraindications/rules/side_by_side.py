"""What each source says about each condition: conditions down, sources across, and where documents disagree."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from . import words
from .rows import AgeRow, AllergenRow, Row
from .ruleset import Item, RuleSet

FACT, TOGETHER, ALLERGEN, AGE = "fact", "together", "allergen", "age"
PREPARATION, PROCEDURE = "preparation", "procedure"
SURE = ("direct", "class")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Condition:
    """What a row can look at: a fact, several facts together, an allergen in one of two places, or the age."""

    kind: str
    codes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """A name that stays the same from one rule set to the next."""
        return "-".join((self.kind, *self.codes))


@dataclass(frozen=True, slots=True)
class Statement:
    """One `when` row of one list item; `number` is its place among the rows of the item."""

    item: Item
    number: int

    @property
    def row(self) -> Row:
        return self.item.rows[self.number]

    @property
    def force(self) -> str:
        """bar, care, instruction, policy_stop or policy_hold."""
        return words.force_of(self.item.strength)

    @property
    def states(self) -> frozenset[str]:
        """The states that it looks at; none for an age and an allergen."""
        return frozenset() if isinstance(self.row, AgeRow | AllergenRow) else self.row.states

    def effect(self, reach: str) -> str:
        """What it does where the list reaches so far, by the table of docs/rules.md, section 3."""
        return words.effect_of(self.item.strength, self.row.match, reach)


@dataclass(frozen=True, slots=True)
class Cell:
    """What one source says about one condition."""

    source: str
    says: tuple[Statement, ...]
    also: tuple[Statement, ...]  # said in another line, about a condition that this one is part of

    @property
    def statements(self) -> tuple[Statement, ...]:
        return self.says + self.also

    @property
    def silent(self) -> bool:
        return not self.statements


@dataclass(frozen=True, slots=True)
class Dispute:
    """How documents that speak of the same condition differ. That others are silent is no dispute."""

    forces: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (force, who speaks with it), if there are several
    states: tuple[tuple[frozenset[str], tuple[str, ...]], ...] = ()  # (states, who speaks of them), likewise

    def __bool__(self) -> bool:
        return bool(self.forces or self.states)


@dataclass(frozen=True, slots=True)
class Line:
    """One condition, a cell for each source in the order of the matrix."""

    condition: Condition
    cells: tuple[Cell, ...]
    dispute: Dispute


@dataclass(frozen=True, slots=True)
class Matrix:
    """All conditions of the vocabulary under all sources."""

    sources: tuple[str, ...]  # those that say something: documents first, then policy
    without_list: tuple[str, ...]
    lines: tuple[Line, ...]


def matrix(ruleset: RuleSet, *, sources: Sequence[str], facts: Sequence[str]) -> Matrix:
    """The matrix of a rule set; `sources` and `facts` give its order and must be all that it has.

    Every row of every item is in `says` of exactly one cell.
    """
    said = _statements(ruleset)
    speaking = {statement.item.source for statements in said.values() for statement in statements}
    ordered = sorted(sources, key=lambda source: source not in ruleset.documents)  # stable: documents first
    across = tuple(source for source in ordered if source in speaking)
    lines = (_line(condition, across, said, ruleset) for condition in _conditions(facts, said))
    return Matrix(across, tuple(s for s in ordered if s not in speaking), tuple(lines))


def condition_of(row: Row) -> Condition:
    """The line that a row stands in."""
    if isinstance(row, AgeRow):
        return Condition(AGE)
    if isinstance(row, AllergenRow):
        return Condition(ALLERGEN, (row.place,))
    return Condition(FACT if len(row.facts) == 1 else TOGETHER, row.facts)


def _parts_of(condition: Condition) -> tuple[Condition, ...]:
    """The other lines that what is said of a condition concerns too."""
    if condition.kind == TOGETHER:
        return tuple(Condition(FACT, (fact,)) for fact in condition.codes)
    if condition == Condition(ALLERGEN, (PROCEDURE,)):
        return (Condition(ALLERGEN, (PREPARATION,)),)
    return ()


def _statements(ruleset: RuleSet) -> dict[Condition, list[Statement]]:
    said: dict[Condition, list[Statement]] = {}
    for item in ruleset.items.values():
        for number, row in enumerate(item.rows):
            said.setdefault(condition_of(row), []).append(Statement(item, number))
    return said


def _conditions(facts: Iterable[str], said: Iterable[Condition]) -> list[Condition]:
    """Every fact, what is said of it together with others behind the last of these; then allergens, then age."""
    order = {fact: place for place, fact in enumerate(facts)}
    conditions = {Condition(FACT, (fact,)) for fact in order} | {one for one in said if one.kind == TOGETHER}
    places = {one: (max(order[code] for code in one.codes), one.codes[1:]) for one in conditions}
    allergens = [Condition(ALLERGEN, (place,)) for place in (PREPARATION, PROCEDURE)]
    return [*sorted(conditions, key=places.__getitem__), *allergens, Condition(AGE)]


def _line(
    condition: Condition,
    across: Iterable[str],
    said: Mapping[Condition, Sequence[Statement]],
    ruleset: RuleSet,
) -> Line:
    here = said.get(condition, ())
    around = [statement for other in said if condition in _parts_of(other) for statement in said[other]]
    cells = tuple(Cell(source, _by(source, here), _by(source, around)) for source in across)
    return Line(condition, cells, dispute([cell for cell in cells if cell.source in ruleset.documents]))


def _by(source: str, statements: Iterable[Statement]) -> tuple[Statement, ...]:
    return tuple(statement for statement in statements if statement.item.source == source)


def dispute(cells: Iterable[Cell]) -> Dispute:
    """Where these documents contradict each other on one condition.

    On its force: one bars what another wants weighed with care, or only has an instruction for. On its states: of
    those that surely mean the condition, one speaks of a state (now, recent, past) that another leaves out.
    """
    speaking = [cell for cell in cells if not cell.silent]
    forces = [(_gravest(cell), cell.source) for cell in speaking]
    states = [(found, cell.source) for cell in speaking if (found := _states(cell))]
    return Dispute(_grouped(forces), _grouped(states))


def _gravest(cell: Cell) -> str:
    return min((statement.force for statement in cell.statements), key=list(words.FORCES).index)


def _states(cell: Cell) -> frozenset[str]:
    """The states that the source speaks of, if it surely means the condition in one of them."""
    if not any(statement.row.match in SURE for statement in cell.says):
        return frozenset()
    return frozenset(state for statement in cell.says for state in statement.states)


def _grouped(pairs: Iterable[tuple[T, str]]) -> tuple[tuple[T, tuple[str, ...]], ...]:
    """{word: who says it} as pairs; nothing where all say the same."""
    groups: dict[T, list[str]] = {}
    for word, source in pairs:
        groups.setdefault(word, []).append(source)
    return tuple((word, tuple(who)) for word, who in groups.items()) if len(groups) > 1 else ()
