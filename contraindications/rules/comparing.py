"""What is different between two rule sets, row by row. A row is the same row while its code is."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ADDED, RETIRED, CHANGED = "added", "retired", "changed"

Content = Mapping[str, Any]
Path = tuple[str, ...]

_ROWS = {"items": "id", "sources": "code", "facts": "code"}  # part -> what names its rows


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs. `path` says where, outermost first; None is "not there"."""

    path: Path
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that only one of two rule sets has, or that they have differently."""

    code: str
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None

    @property
    def kind(self) -> str:
        """added, retired or changed."""
        if self.old is None:
            return ADDED
        return RETIRED if self.new is None else CHANGED

    @property
    def changes(self) -> tuple[Change, ...]:
        """Field by field; of a row that is added or retired every field."""
        return changes(self.old or {}, self.new or {})


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that differs between an older and a newer content of a rule set."""

    items: tuple[Difference, ...]
    sources: tuple[Difference, ...]
    facts: tuple[Difference, ...]
    settings: tuple[Change, ...]
    scope: tuple[Change, ...]
    others: tuple[Change, ...]  # what a later format may add

    @property
    def same(self) -> bool:
        """Do both say the same? The order of rows says nothing, nor does a null beside a key that is absent."""
        parts = (self.items, self.sources, self.facts, self.settings, self.scope, self.others)
        return not any(parts)

    def of_kind(self, kind: str) -> tuple[Difference, ...]:
        """The list items that are added, retired or changed."""
        return tuple(item for item in self.items if item.kind == kind)


def compare(old: Content, new: Content) -> Comparison:
    """What is added, retired and changed on the way from `old` to `new`, each in the order of its code.

    Both are contents of rule sets as in docs/rules.md, section 8. KeyError for one without items, sources or facts.
    """
    rest = {key for key in (*old, *new) if key not in {*_ROWS, "settings", "scope"}}
    return Comparison(
        **{part: _differences(old[part], new[part], key) for part, key in _ROWS.items()},
        settings=changes(old.get("settings", {}), new.get("settings", {})),
        scope=changes(old.get("scope", {}), new.get("scope", {})),
        others=changes(*({key: content.get(key) for key in rest} for content in (old, new))),
    )


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """Every value that differs, however deep it lies, in the order of the paths."""
    before, after = dict(_leaves(old)), dict(_leaves(new))
    return tuple(
        Change(path, before.get(path), after.get(path))
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    )


def _differences(
    old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]], key: str
) -> tuple[Difference, ...]:
    before, after = ({row[key]: row for row in rows} for rows in (old, new))
    found = (Difference(code, before.get(code), after.get(code)) for code in sorted({*before, *after}))
    return tuple(one for one in found if one.kind != CHANGED or one.changes)


def _leaves(value: Mapping[str, Any], above: Path = ()) -> Iterator[tuple[Path, Any]]:
    for key, below in value.items():
        if isinstance(below, Mapping) and below:
            yield from _leaves(below, (*above, key))
        else:
            yield (*above, key), below
