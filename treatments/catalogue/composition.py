"""What screening sees of the catalogue, watched around every change to it, whichever door it comes through."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from clinic import events
from treatments.catalogue.events import CompositionChanged
from treatments.catalogue.models import Area, Goal, Ingredient, Product, Technique

Seen = Mapping[str, Mapping[tuple[str, str], Any]]  # kind of row -> (code, column) -> what it holds
LISTS: tuple[tuple[str, Any, str], ...] = (
    ("ingredient", Ingredient, "may_contain"),
    ("product", Product, "ingredients"),
)
COLUMNS: tuple[tuple[str, Any, str], ...] = (
    ("ingredient", Ingredient, "role"),
    ("technique", Technique, "family"),
    ("area", Area, "region"),
    ("goal", Goal, "disease_fact"),
)


@contextmanager
def watched(*, at: dt.datetime) -> Iterator[None]:
    """A change to the catalogue, in one transaction; at its end what screening sees otherwise is announced, once."""
    with transaction.atomic():
        before = seen()
        yield
        changed = differing(before, seen())
        if changed:
            events.announce(CompositionChanged(changed, at))


def seen() -> Seen:
    """All that screening sees of the catalogue. Six SQL queries."""
    found: dict[str, dict[tuple[str, str], Any]] = defaultdict(dict)
    for kind, model, column in COLUMNS:
        for code, value in model.objects.values_list("code", column):
            found[kind][code, column] = value
    for kind, model, column in LISTS:
        for code, one in model.objects.values_list("code", f"{column}__code"):
            found[kind].setdefault((code, column), set()).add(one)
    return found


def differing(before: Seen, after: Seen) -> dict[str, frozenset[str]]:
    """{kind of row: codes of those that are not as they were}."""
    changed = {
        kind: frozenset(
            code
            for code, column in {*before.get(kind, ()), *after.get(kind, ())}
            if before.get(kind, {}).get((code, column)) != after.get(kind, {}).get((code, column))
        )
        for kind in {*before, *after}
    }
    return {kind: codes for kind, codes in changed.items() if codes}
