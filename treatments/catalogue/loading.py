"""Loading what ships into the database, without ever overwriting what the clinic changed.

`clinic.models.ShippedRow` remembers what was written last; see docs/decisions. A row that differs from it is the
clinic's, a row that is gone was deleted by the clinic.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connection, models, transaction

from clinic.models import Clinic, ShippedRow
from contraindications.actions import publish_rule_set
from contraindications.models import RuleSet
from contraindications.rules import ruleset_digest
from treatments.catalogue.composition import watched
from treatments.catalogue.rules import Merged, merged
from treatments.catalogue.shipped import Data, Shipped, ShippedDataError, read, shipped_fields

SETTING = ("clinic", "few_days_hours")
LOCK = 7_305_001  # one load at a time

Known = dict[type[models.Model], dict[str, Any]]  # the rows there are, by code


@dataclass(slots=True)
class Report:
    """What a load did: outcome -> model -> codes."""

    rows: dict[Merged, dict[type[models.Model], list[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    no_longer_shipped: list[str] = field(default_factory=list)
    published: int | None = None  # the version of the rule set that this load published
    lists_differ_from: int | None = None  # the version whose lists are no longer those that ship

    def note(self, outcome: Merged, model: type[models.Model], code: str) -> None:
        self.rows[outcome][model].append(code)

    def count(self, outcome: Merged) -> int:
        return sum(map(len, self.rows[outcome].values()))


@transaction.atomic
def load(*, at: datetime, root: Path = settings.BASE_DIR) -> Report:
    """Load the data files under `root`: all of them, or nothing.

    Raises ShippedDataError for data that cannot be relied on, OperationalError if another load is not done in time.
    """
    data = read(root)
    _wait_for_other_loads()
    with watched(at=at):
        return _load(data, at)


def _load(data: Data, at: datetime) -> Report:
    report = Report()
    last = {(row.kind, row.code): row.values for row in ShippedRow.objects.all()}
    known: Known = {}
    for model, rows in data.rows.items():
        _load_rows(model, rows, last, known, report)
    _load_settings(data, last, report)
    report.no_longer_shipped = _no_longer_shipped(data, last)
    _load_lists(data, at, report)
    return report


def _wait_for_other_loads() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '30s'")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _load_rows(
    model: type[models.Model],
    rows: Iterable[Shipped],
    last: Mapping[tuple[str, str], Any],
    known: Known,
    report: Report,
) -> None:
    """Bring the table of one model up to what ships. `known` gains its rows."""
    kind = kind_of(model)
    known[model], now = snapshot(model)
    written = []
    for row in rows:
        values, current = _without_deleted(model, row.values, known), now.get(row.code)
        before = last.get((kind, row.code))
        if before is not None:
            before = _without_deleted(model, _in_todays_fields(before, values, current), known)
        outcome = merged(values, before, current)
        if outcome in ("added", "updated") and not _refers_to_deleted(model, values, known):
            known[model][row.code] = _write(known[model].get(row.code) or model(), row, values, known)
        elif outcome in ("added", "updated"):
            outcome = "left out"
        if outcome not in ("kept", "left out"):
            written.append(ShippedRow(kind=kind, code=row.code, values=row.values))
        report.note(outcome, model, row.code)
    _remember(written)


def _no_longer_shipped(data: Data, last: Iterable[tuple[str, str]]) -> list[str]:
    """Rows of an older version of the data files. They stay; the clinic retires them if it wants."""
    ships = {(kind_of(row.model), row.code) for rows in data.rows.values() for row in rows}
    return [f"{kind} {code}" for kind, code in last if (kind, code) not in ships and kind != SETTING[0]]


def kind_of(model: type[models.Model]) -> str:
    """How ShippedRow calls a table."""
    return str(model._meta.model_name)


def snapshot(model: type[models.Model]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The rows of a table by code, and their values as plain JSON: one query, and one per list of related rows."""
    fields = shipped_fields(model)
    singles = [f.name for f in fields if f.many_to_one or f.one_to_one]
    lists = [f.name for f in fields if f.many_to_many]
    rows: Iterable[Any] = model._default_manager.select_related(*singles).prefetch_related(*lists)
    by_code = {row.code: row for row in rows}
    return by_code, {
        code: {f.name: _plain(row, f) for f in fields} | _retired(row) for code, row in by_code.items()
    }


def _plain(row: models.Model, f: Any) -> Any:
    value = getattr(row, f.name)
    if f.many_to_many:
        return sorted(related.code for related in value.all())
    return value.code if f.is_relation and value else value


def _retired(row: models.Model) -> dict[str, Any]:
    """Retiring is a change of the clinic: such a row never equals what shipped."""
    day = getattr(row, "retired_on", None)
    return {"retired_on": DjangoJSONEncoder().default(day)} if day else {}


def _in_todays_fields(
    before: Mapping[str, Any], values: Mapping[str, Any], now: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What was shipped last time; a field that the table has gained since counts as never touched."""
    return {name: before.get(name, (now or {}).get(name)) for name in values}


def _without_deleted(model: type[models.Model], values: Mapping[str, Any], known: Known) -> dict[str, Any]:
    """The values without related rows that the clinic deleted, which no list can hold any more."""
    lists = {f.name: known[f.related_model] for f in model._meta.many_to_many if f.related_model in known}
    return {
        name: [code for code in value if code in lists[name]] if name in lists else value
        for name, value in values.items()
    }


def _refers_to_deleted(model: type[models.Model], values: Mapping[str, Any], known: Known) -> bool:
    singles = [f for f in shipped_fields(model) if f.many_to_one or f.one_to_one]
    return any(values[f.name] and values[f.name] not in known[f.related_model] for f in singles)


def _write(row: models.Model, shipped: Shipped, values: Mapping[str, Any], known: Known) -> models.Model:
    """Save one row and its lists of related rows. ShippedDataError if a constraint refuses it."""
    lists = {}
    for f in shipped_fields(shipped.model):
        value = values[f.name]
        if f.many_to_many:
            lists[f.name] = [known[f.related_model][code] for code in value]
        else:
            setattr(row, f.name, known[f.related_model][value] if f.is_relation and value else value)
    try:
        row.save()
    except IntegrityError as error:
        raise ShippedDataError(f"{shipped.where}: {str(error).splitlines()[0]}") from error
    for name, related in lists.items():
        getattr(row, name).set(related)
    return row


def _remember(rows: Iterable[ShippedRow]) -> None:
    ShippedRow.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["kind", "code"], update_fields=["values"]
    )


def _load_settings(data: Data, last: Mapping[tuple[str, str], Any], report: Report) -> None:
    """How long "a few days" are until the clinic says otherwise: a column of the clinic's one row."""
    clinic = Clinic.objects.filter(pk=1).first()
    values = {"few_days_hours": data.few_days_hours}
    now = {"few_days_hours": clinic.few_days_hours} if clinic else None
    outcome = merged(values, last.get(SETTING), now)
    if clinic is None:
        Clinic.objects.create(pk=1, **values)
        outcome = "added"
    elif outcome == "updated":
        Clinic.objects.filter(pk=1).update(**values)
    if outcome != "kept":
        _remember([ShippedRow(kind=SETTING[0], code=SETTING[1], values=values)])
    report.note(outcome, Clinic, SETTING[1])


def _load_lists(data: Data, at: datetime, report: Report) -> None:
    """Publish the documented lists as version 1, once. Later lists are never changed from here."""
    first = RuleSet.objects.filter(version=1).first()
    if first is None:
        note = "The documented lists, and the clinic's own minimum age and corticosteroid items"
        report.published = publish_rule_set(content=data.rule_set, note=note, by=None, at=at).version
    elif first.digest != ruleset_digest(data.rule_set):
        report.lists_differ_from = first.version
