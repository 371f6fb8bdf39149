"""The sources side by side, as people read them: every word of the page, worked out before the template sees it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from contraindications import rules, wording
from contraindications.citations import parse
from contraindications.rulebook import listwords, rowwords
from contraindications.rules.rows import AgeRow, Known
from contraindications.rules.side_by_side import (
    AGE,
    ALLERGEN,
    Cell,
    Condition,
    Line,
    Statement,
    condition_of,
    matrix,
)
from contraindications.rules.words import MATCHES


@dataclass(frozen=True, slots=True)
class Chosen:
    """What of the matrix to show. Without a family and a region nothing is said of reach and effect."""

    family: str = ""
    region: str = ""
    disputed: bool = False

    @property
    def place(self) -> tuple[str, str] | None:
        return (self.family, self.region) if self.family and self.region else None


@dataclass(frozen=True, slots=True)
class Fact:
    """What people call a fact of the vocabulary, and the group that the interview asks it in."""

    label: str
    group: str


@dataclass(frozen=True, slots=True)
class ShownSource:
    """A source: a column, or the line that says that it has no list. Empty strings are left out."""

    code: str
    title: str
    note: str
    policy: bool
    reach: str
    why: str
    cite: str


@dataclass(frozen=True, slots=True)
class ShownRow:
    """In which state a source means the condition, how surely, and what follows."""

    when: str
    match: str
    effect: str
    tag: str


@dataclass(frozen=True, slots=True)
class Said:
    """One list item in one cell. `elsewhere`: (anchor, title) of the line that it stands in, if not this one."""

    mark: str
    force: str
    text: str
    cite: str
    rows: tuple[ShownRow, ...]
    elsewhere: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class ShownCell:
    """What one source says; nothing is silence."""

    source: ShownSource
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One condition. `disputes` are the contradictions between documents: (about what, [(position, who)])."""

    anchor: str
    title: str
    group: str
    cells: tuple[ShownCell, ...]
    disputes: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


@dataclass(frozen=True, slots=True)
class ShownMatrix:
    """The whole page."""

    sources: tuple[ShownSource, ...]
    without_list: tuple[ShownSource, ...]
    groups: tuple[tuple[str, tuple[ShownLine, ...]], ...]
    conditions: int
    disputed: int
    placed: bool
    look_back_days: int


def show(
    content: Mapping[str, Any], compiled: rules.RuleSet, facts: Mapping[str, Fact], chosen: Chosen
) -> ShownMatrix:
    """Put the matrix of a rule set into words. No SQL query. ValueError for an unknown family or region."""
    reader = _Reader(content, compiled, facts, chosen)
    drawn = matrix(
        compiled,
        sources=[source["code"] for source in content["sources"]],
        facts=[fact["code"] for fact in content["facts"]],
    )
    lines = [line for line in drawn.lines if line.dispute or not chosen.disputed]
    return ShownMatrix(
        sources=tuple(reader.source(code) for code in drawn.sources),
        without_list=tuple(reader.source(code) for code in drawn.without_list),
        groups=_grouped([reader.line(line) for line in lines]),
        conditions=len(drawn.lines),
        disputed=sum(bool(line.dispute) for line in drawn.lines),
        placed=chosen.place is not None,
        look_back_days=compiled.look_back_days,
    )


def address(version: int, family: str, region: str, condition: Condition | None = None) -> str:
    """The page with a plan's technique and area, at the line of a condition.

    What the patient has stands behind the #, which no browser sends: no server and no log ever holds it.
    """
    asked = urlencode({"ruleset": version, "technique": family, "area": region})
    return f"{reverse('rules:sources')}?{asked}#{condition.key if condition else 'sources'}"


def condition_met(item: str, known: Known, compiled: rules.RuleSet) -> Condition | None:
    """The line of the row that met a finding most surely; None for a remark, which no list makes."""
    if item not in compiled.items:
        return None
    met = [(seen.match, row) for row in compiled.items[item].rows if (seen := row.met_by(known))]
    return condition_of(min(met, key=lambda one: MATCHES.index(one[0]))[1])


def _grouped(lines: Iterable[ShownLine]) -> tuple[tuple[str, tuple[ShownLine, ...]], ...]:
    """Lines under the headings of the interview, in the order in which these come up first."""
    lines = list(lines)
    order = list(dict.fromkeys(line.group for line in lines))
    lines.sort(key=lambda line: order.index(line.group))
    return tuple((group, tuple(members)) for group, members in groupby(lines, key=lambda line: line.group))


class _Reader:
    """Reads the matrix of one rule set for one technique and area."""

    def __init__(
        self,
        content: Mapping[str, Any],
        compiled: rules.RuleSet,
        facts: Mapping[str, Fact],
        chosen: Chosen,
    ):
        self.raw = {source["code"]: source for source in content["sources"]}
        self.why: Mapping[str, Any] = content["scope"].get("why", {})
        self.compiled, self.facts = compiled, facts
        self.labels = {code: fact.label for code, fact in facts.items()}
        self.reaches = compiled.reaches_of(*chosen.place) if chosen.place else {}

    def source(self, code: str) -> ShownSource:
        raw, reach = self.raw[code], self.reaches.get(code, "")
        policy = code not in self.compiled.documents
        why = {} if policy else self.why.get(code, {}).get(reach, {})
        return ShownSource(
            code=code,
            title=raw["title"],
            note=raw.get("note") or "",
            policy=policy,
            reach=str(wording.POLICY_REACH if policy else wording.REACHES[reach]) if reach else "",
            why=rowwords.sentence(why.get("says", "")),
            cite=str(parse(why["cite"])) if why else "",
        )

    def line(self, line: Line) -> ShownLine:
        return ShownLine(
            anchor=line.condition.key,
            title=self.title(line.condition),
            group=self.group(line.condition),
            cells=tuple(ShownCell(self.source(cell.source), self.said(cell)) for cell in line.cells),
            disputes=self.disputes(line),
        )

    def title(self, condition: Condition) -> str:
        if condition.kind == AGE:
            return str(listwords.AGE)
        if condition.kind == ALLERGEN:
            return str(listwords.PLACES[condition.codes[0]])
        return rowwords.joined(condition.codes, self.labels)

    def group(self, condition: Condition) -> str:
        if condition.kind in (AGE, ALLERGEN):
            return _("Substances of the plan, and age")
        known = self.facts.get(condition.codes[0])
        return rowwords.sentence(known.group) if known else _("Other")

    def disputes(self, line: Line) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
        forces = tuple(
            (str(listwords.POSITIONS[force]), ", ".join(who)) for force, who in line.dispute.forces
        )
        states = tuple((rowwords.states(said), ", ".join(who)) for said, who in line.dispute.states)
        about = ((_("how strictly"), forces), (_("when"), states))
        return tuple((what, positions) for what, positions in about if positions)

    def said(self, cell: Cell) -> tuple[Said, ...]:
        """The statements of a cell, item by item."""
        parts = ((cell.says, True), (cell.also, False))
        return tuple(
            self.item(list(statements), here=here)
            for said, here in parts
            for _id, statements in groupby(said, key=lambda statement: statement.item.id)
        )

    def item(self, statements: Sequence[Statement], *, here: bool) -> Said:
        first = statements[0]
        home = condition_of(first.row)
        return Said(
            mark=listwords.MARKS[first.force],
            force=str(listwords.STRENGTHS[first.item.strength]),
            text=rowwords.sentence(first.item.text),
            cite=self.cite(first),
            rows=tuple(self.row(statement) for statement in statements),
            elsewhere=None if here else (home.key, self.title(home)),
        )

    def cite(self, statement: Statement) -> str:
        if statement.item.source not in self.compiled.documents:
            return ""
        return f"{statement.item.source}, {rowwords.place(statement.item.locator)}"

    def row(self, statement: Statement) -> ShownRow:
        row, reach = statement.row, self.reaches.get(statement.item.source)
        effect = statement.effect(reach) if reach else ""
        return ShownRow(
            when=rowwords.subject(row, self.labels) if isinstance(row, AgeRow) else rowwords.when(row),
            match=rowwords.match(row),
            effect=effect,
            tag=str(wording.EFFECT_TAGS[effect]) if effect else "",
        )
