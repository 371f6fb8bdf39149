"""What happened to a row of the catalogue, from the events that database triggers keep."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from clinic.models import User
from treatments.catalogue.models import LIST_EVENTS

HIDDEN = {"pgh_id", "pgh_created_at", "pgh_label", "pgh_obj", "pgh_context", "id"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One change: when, by whom (None: the product itself or a command), and {field: (before, after)}."""

    at: dt.datetime
    who: str | None
    what: str
    changes: list[tuple[str, Any, Any]]


def history_of(row: models.Model) -> list[Entry]:
    """The changes of a row and of what hangs on it alone (a product's lots), newest first."""
    entries = list(_entries(row.events.all(), ""))  # type: ignore[attr-defined]
    for lot in row.lots.all() if hasattr(row, "lots") else ():
        entries += _entries(lot.events.all(), f"{lot._meta.verbose_name} {lot.number}: ")
    for (model, name), events in LIST_EVENTS.items():
        if model is type(row):
            entries += _list_entries(row, name, events)
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _entries(events: Any, prefix: str) -> Iterator[Entry]:
    rows = list(events.select_related("pgh_context").order_by("pgh_id"))
    names = _names(rows)
    before = None
    for event in rows:
        verb = _("added") if event.pgh_label == "insert" else _("changed")
        yield Entry(event.pgh_created_at, names.get(_user(event)), prefix + verb, _changes(before, event))
        before = event


def _list_entries(row: models.Model, name: str, events: Any) -> Iterator[Entry]:
    """What was put on one of the row's lists and taken off."""
    field: Any = type(row)._meta.get_field(name)
    mine, theirs = field.m2m_field_name(), field.m2m_reverse_field_name()
    rows = list(events.objects.filter(**{mine: row.pk}).select_related("pgh_context", theirs))
    names = _names(rows)
    for event in rows:
        related = getattr(event, theirs, None) or getattr(event, f"{theirs}_id")
        verb = _("put on the list") if event.pgh_label == "added" else _("taken off the list")
        what = f"{field.verbose_name}: {related} {verb}"
        yield Entry(event.pgh_created_at, names.get(_user(event)), what, [])


def _names(events: Iterable[Any]) -> dict[int | None, str]:
    people = User.objects.filter(pk__in={_user(event) for event in events} - {None})
    return {person.pk: str(person) for person in people}


def _user(event: Any) -> int | None:
    context = event.pgh_context
    return context.metadata.get("user") if context else None


def _changes(before: Any, event: Any) -> list[tuple[str, Any, Any]]:
    if before is None:
        return []
    fields = [f for f in event._meta.concrete_fields if f.name not in HIDDEN]
    pairs = [(str(f.verbose_name), getattr(before, f.attname), getattr(event, f.attname)) for f in fields]
    return [(name, old, new) for name, old, new in pairs if old != new]
