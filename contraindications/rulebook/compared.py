"""Two rule sets compared, in words: what is added, retired and changed, each value before and after."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from contraindications import rules, wording
from contraindications.rulebook import listwords, rowwords
from contraindications.rules.comparing import Change, Comparison, Content, Difference, Path, compare
from contraindications.rules.ruleset import Item

Lines = tuple[str, ...]  # one value, in as many lines as it needs


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One value before and after. Nothing: it was, or is, not there."""

    what: str
    old: Lines
    new: Lines

    @property
    def same_in_words(self) -> bool:
        """It is only written in another order."""
        return self.old == self.new


@dataclass(frozen=True, slots=True)
class ShownDifference:
    """A row that is added, retired or changed."""

    kind: str
    tag: str
    code: str
    title: str
    changes: tuple[ShownChange, ...]


@dataclass(frozen=True, slots=True)
class ShownComparison:
    """All that differs, part by part; a part without differences is left out."""

    items: tuple[ShownDifference, ...]
    parts: tuple[tuple[str, tuple[ShownDifference, ...]], ...]  # sources and facts
    values: tuple[tuple[str, tuple[ShownChange, ...]], ...]  # settings, scope and what a later format adds
    count: Mapping[str, int]  # added, retired, changed items

    @property
    def same(self) -> bool:
        return not (self.items or self.parts or self.values)


def show(old: Content, new: Content, facts: rowwords.Labels) -> ShownComparison:
    """Put the difference of two contents into words. No SQL query. Raises rules.RuleSetError for one that is none."""
    found = compare(old, new)
    reader = _Reader(old, new, facts)
    parts = ((_("Sources"), found.sources), (_("What is asked"), found.facts))
    return ShownComparison(
        items=reader.rows(found.items),
        parts=tuple((heading, reader.rows(rows)) for heading, rows in parts if rows),
        values=reader.values(found),
        count={kind: len(found.of_kind(kind)) for kind in listwords.DIFFERENCES},
    )


class _Reader:
    """Reads the differences of two contents."""

    def __init__(self, old: Content, new: Content, facts: rowwords.Labels):
        self.facts = facts
        self.before, self.after = (rules.RuleSet.from_content(content).items for content in (old, new))

    def rows(self, differences: Iterable[Difference]) -> tuple[ShownDifference, ...]:
        return tuple(self.row(difference) for difference in differences)

    def row(self, difference: Difference) -> ShownDifference:
        row = difference.new or difference.old or {}
        return ShownDifference(
            kind=difference.kind,
            tag=str(listwords.DIFFERENCES[difference.kind]),
            code=difference.code,
            title=self.title(difference.code, row),
            changes=tuple(
                self.change(change, difference.code) for change in difference.changes if _says(change)
            ),
        )

    def title(self, code: str, row: Mapping[str, Any]) -> str:
        """An item by its condition, a source by its title, a fact by its label."""
        return rowwords.sentence(row.get("item") or row.get("title") or self.facts.get(code, code))

    def change(self, change: Change, code: str) -> ShownChange:
        if change.path == ("when",):
            return ShownChange(
                self.what(change.path), self.met_by(self.before, code), self.met_by(self.after, code)
            )
        words = self.words(change.path)
        return ShownChange(self.what(change.path), _lines(change.old, words), _lines(change.new, words))

    def met_by(self, items: Mapping[str, Item], code: str) -> Lines:
        rows = items[code].rows if code in items else ()
        return tuple(rowwords.in_words(row, self.facts) for row in rows)

    def values(self, found: Comparison) -> tuple[tuple[str, tuple[ShownChange, ...]], ...]:
        parts = (
            (_("Settings"), found.settings),
            (_("How far the lists reach"), found.scope),
            (_("Other parts"), found.others),
        )
        return tuple(
            (heading, tuple(self.change(c, "") for c in changes)) for heading, changes in parts if changes
        )

    def what(self, path: Path) -> str:
        """What a value is called, by where it stands."""
        if path[0] == "reach" and len(path) == 4:
            _part, source, family, region = path
            place = listwords.FAMILIES.get(family, family), listwords.REGIONS.get(region, region)
            return f"{source}: {place[0]}, {place[1]}"
        if path[0] == "why" and len(path) == 4:
            _part, source, reach, part = path
            said = _("reason") if part == "says" else _("place of the reason")
            return f"{source}: {wording.REACHES.get(reach, reach)}, {said}"
        return str(listwords.FIELDS.get(path[0], " / ".join(path)))

    def words(self, path: Path) -> Callable[[Any], str]:
        """How a value at this path is put."""
        known: dict[str, Mapping[str, Any]] = {
            "strength": listwords.STRENGTHS,
            "reach": wording.REACHES,
            "families": listwords.FAMILIES,
            "regions": listwords.REGIONS,
            "states": {**listwords.STATES, "no": _("no")},
            "absolute": {**self.facts, **listwords.ABSOLUTE},
        }
        if path[0] == "locator":
            return rowwords.place
        return lambda value: str(known.get(path[0], {}).get(value, value))


def _says(change: Change) -> bool:
    """Its code stands in the heading of a row already."""
    return change.path not in (("id",), ("code",))


def _lines(value: Any, words: Callable[[Any], str]) -> Lines:
    if value is None or value == []:
        return ()
    return tuple(words(one) for one in value) if isinstance(value, list) else (words(value),)
