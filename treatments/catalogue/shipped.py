"""What the product ships with: read from the data files of the apps that own them, and checked. No database here.

Every row becomes a `Shipped`: which model, which code, and the value of every field in plain JSON, related rows by
their codes. A slip in a file raises ShippedDataError, one sentence that names the file and the row.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.db import models

from contraindications import rules
from contraindications.citations import OWN, CitationsField, problem
from contraindications.models import Source
from patients.models import HealthFact, Substance
from treatments.catalogue.models import (
    AdverseEventKind,
    Area,
    CareRule,
    CompositionConcept,
    Goal,
    Ingredient,
    InjectionMethod,
    Protocol,
    Statement,
    Synergy,
    Technique,
    VisitStep,
)

FACTS = "patients/data/health_facts.yaml"
SOURCES = "contraindications/data/sources.yaml"
SCOPE = "contraindications/data/scope.yaml"
ITEMS = "contraindications/data/list_items.yaml"
CATALOGUE = "treatments/catalogue/data/catalogue.yaml"

# What a row may be called in the files, and the model's name for it.
FIELD_NAMES = {"cites": "citations", "class": "kind", "concept": "code"}
# Set by the clinic only; a row that ships is in use.
NEVER_SHIPPED = {"id", "retired_on"}
_CITED_IN_TEXT = re.compile(r"(?P<text>.*?)\s*\((?P<cites>S\d L\d+(?:, S\d L\d+)*)\)")


class ShippedDataError(ValueError):
    """The data files cannot be loaded; one sentence that names the file and the row."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """One row: the fields of its model as plain values."""

    model: type[models.Model]
    code: str
    values: Mapping[str, Any]
    where: str


@dataclass(frozen=True, slots=True)
class Data:
    """All that ships."""

    rows: Mapping[type[models.Model], list[Shipped]]  # in the order in which they can be written
    rule_set: Mapping[str, Any]
    few_days_hours: int


@dataclass(slots=True)
class _Reading:
    """Rows as they are read, and what they may refer to."""

    sources: Collection[str]
    facts: Collection[str]
    rows: dict[type[models.Model], list[Shipped]] = field(default_factory=dict)

    def codes(self, model: Any) -> set[str]:
        return {row.code for row in self.rows.get(model, ())}


def read(root: Path) -> Data:
    """Read and check the data files under `root`. Raises ShippedDataError."""
    facts, sources, scope, items, raw = (
        _yaml(root, name) for name in (FACTS, SOURCES, SCOPE, ITEMS, CATALOGUE)
    )
    raw = _mapping(raw, CATALOGUE)
    reading = _Reading({s["code"] for s in _list(sources, SOURCES)}, {f["code"] for f in _list(facts, FACTS)})
    _add(reading, HealthFact, FACTS, _numbered(facts))
    _add(reading, Source, SOURCES, ({k: v or "" for k, v in source.items()} for source in sources))
    _catalogue(reading, raw)
    hours = raw.pop("few_days_default_hours", None)
    if type(hours) is not int or hours < 1:
        raise ShippedDataError(
            f"{CATALOGUE}: few_days_default_hours must be a whole number of hours, not {hours!r}"
        )
    if raw:
        raise ShippedDataError(f"{CATALOGUE}: unknown part {sorted(raw)[0]!r}")
    return Data(reading.rows, _rule_set(facts, sources, scope, items, root), hours)


def _catalogue(reading: _Reading, raw: dict[str, Any]) -> None:
    """Every part of the catalogue, in an order in which nothing refers to what comes later."""

    def part(name: str) -> list[dict[str, Any]]:
        if name not in raw:
            raise ShippedDataError(f"{CATALOGUE} has no part {name!r}")
        return _list(raw.pop(name), f"{CATALOGUE}, {name}")

    def add(model: type[models.Model], name: str, rows: Iterable[dict[str, Any]]) -> None:
        _add(reading, model, f"{CATALOGUE}, {name}", _numbered(rows))

    ingredients = part("ingredients")
    add(Area, "areas", part("areas"))
    add(Technique, "techniques", part("techniques"))
    add(Goal, "goals", part("goals"))
    add(InjectionMethod, "injection_methods", part("injection_methods"))
    _add(reading, Substance, f"{CATALOGUE}, ingredients", (_substance(row) for row in ingredients))
    add(Ingredient, "ingredients", ({**row, "substance": row.get("code")} for row in ingredients))
    _add(reading, Synergy, f"{CATALOGUE}, synergies", (_synergy(row) for row in part("synergies")))
    add(CompositionConcept, "composition", (_composition(row) for row in part("composition")))
    add(Protocol, "protocols", (_protocol(row) for row in part("protocols")))
    add(VisitStep, "visit_steps", part("visit_steps"))
    add(CareRule, "care_rules", (_care_rule(row) for row in part("care_rules")))
    add(AdverseEventKind, "adverse_events", part("adverse_events"))
    add(Statement, "statements", _statements(raw))
    _check_depths(raw)


def _check_depths(raw: dict[str, Any]) -> None:
    """Depths are choices of the plan's form (S1 L57), not rows; a test holds the two together."""
    for depth in _list(raw.pop("injection_depths", None), f"{CATALOGUE}, injection_depths"):
        if not isinstance(depth, str):
            raise ShippedDataError(f"{CATALOGUE}, injection_depths: {depth!r} is no name")


# Parts whose shape in the file is not that of their table


def _substance(row: dict[str, Any]) -> dict[str, Any]:
    return {"code": row.get("code"), "label": row.get("label")}


def _synergy(row: dict[str, Any]) -> dict[str, Any]:
    one, other = row.pop("pair")
    return {**row, "code": "+".join(sorted((one, other))), "one": one, "other": other}


def _composition(row: dict[str, Any]) -> dict[str, Any]:
    at_least, at_most = row.pop("actives")
    return {**row, "at_least": at_least, "at_most": at_most}


def _care_rule(row: dict[str, Any]) -> dict[str, Any]:
    return {"label": row.pop("text"), "translations": row.pop("in"), **row}


def _protocol(row: dict[str, Any]) -> dict[str, Any]:
    """Numbers one by one, each with its citations; the row's own citations are all of them."""
    (low, high), usual = row.pop("sessions"), row.pop("default_sessions")
    interval, weeks = row.pop("interval_days"), row.pop("maintenance_weeks")
    cites = {
        f"{name}_citations": row.pop(f"{name}_cites")
        for name in ("sessions", "default", "interval", "bounds", "maintenance")
    }
    return {
        **row,
        **cites,
        "citations": list(dict.fromkeys(cite for each in cites.values() for cite in each)),
        "sessions_min": low,
        "sessions_max": high,
        "sessions_default": usual,
        **{f"interval_{name}": days for name, days in interval.items()},
        **{f"maintenance_{name}_weeks": number for name, number in weeks.items()},
    }


def _statements(raw: dict[str, Any]) -> Iterator[dict[str, Any]]:
    kind = Statement.Kind
    for number, told in enumerate(raw.pop("patient_must_be_told"), 1):
        yield {"code": f"must_be_told_{number}", "kind": kind.MUST_BE_TOLD.value, **_text_and_cites(told)}
    performers = raw.pop("performers")
    note = performers.pop("note", "")
    for code, cites in performers.items():
        who = code.replace("_", " ").capitalize()
        yield {
            "code": code,
            "kind": kind.PERFORMER.value,
            "label": who,
            "text": who,
            "cites": cites,
            "note": note,
        }
    yield {
        "code": "never_repeat",
        "kind": kind.NEVER_REPEAT.value,
        "label": str(kind.NEVER_REPEAT.label),
        "text": raw.pop("never_repeat"),
        "cites": [OWN],
    }
    marks = raw.pop("expected_marks")
    low, high = marks.pop("hours")
    label = str(kind.EXPECTED_MARKS.label)
    text = f"Puncture marks stay visible for {low} to {high} hours"
    yield {
        "code": "expected_marks",
        "kind": kind.EXPECTED_MARKS.value,
        "label": label,
        "text": text,
        "hours_from": low,
        "hours_to": high,
        **marks,
    }


def _text_and_cites(told: str) -> dict[str, Any]:
    """ "one session is not enough (S1 L83)" is a text and its citation; without one the clinic says it."""
    found = _CITED_IN_TEXT.fullmatch(told)
    text, cites = (found["text"], found["cites"].split(", ")) if found else (told, [OWN])
    return {"label": text, "text": text, "cites": cites}


# One row


def _add(reading: _Reading, model: type[models.Model], where: str, raws: Iterable[dict[str, Any]]) -> None:
    """Read the rows of one model, check each and keep them."""
    try:
        raws = list(raws)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ShippedDataError(f"{where}: a row has not the shape of its kind ({error})") from error
    rows = [_row(model, where, raw) for raw in raws]
    doubles = [code for code, times in Counter(row.code for row in rows).items() if times > 1]
    if doubles:
        raise ShippedDataError(f"{where}: {doubles[0]!r} is there twice")
    reading.rows[model] = rows
    for row in rows:
        _check(row, reading)


def _row(model: type[models.Model], where: str, raw: dict[str, Any]) -> Shipped:
    named = {FIELD_NAMES.get(key, key): value for key, value in _mapping(raw, where).items()}
    code = named.get("code") if model is not Synergy else named.pop("code")
    if not isinstance(code, str):
        raise ShippedDataError(f"{where}: a row has no code")
    fields = {f.name: f for f in shipped_fields(model)}
    unknown = sorted(set(named) - set(fields))
    if unknown:
        raise ShippedDataError(f"{where} {code}: unknown key {unknown[0]!r}")
    values = {name: named[name] if name in named else _default(f) for name, f in fields.items()}
    for name, f in fields.items():
        if f.many_to_many:
            values[name] = sorted(values[name])
    return Shipped(model, code, values, f"{where} {code}")


def shipped_fields(model: type[models.Model]) -> list[Any]:
    """The fields that a data file may fill, related rows included."""
    meta = model._meta
    return [f for f in (*meta.concrete_fields, *meta.many_to_many) if f.name not in NEVER_SHIPPED]


def _default(f: Any) -> Any:
    if f.many_to_many:
        return []
    default = f.get_default()
    return default if default is not None or f.null else ""


def _check(row: Shipped, reading: _Reading) -> None:
    """Related rows are there, sources are there, every value fits its field."""
    plain = {}
    for f in shipped_fields(row.model):
        value = row.values[f.name]
        if f.is_relation:
            _refer(
                row,
                f.name,
                [value] if isinstance(value, str) else value or [],
                reading.codes(f.related_model),
            )
        else:
            plain[f.name] = value
        if isinstance(f, CitationsField):
            _cite(row, f.name, value, reading.sources)
    if disease := plain.get("disease_fact"):
        _refer(row, "disease_fact", [disease], reading.facts)
    if row.values.get("optional"):
        _refer(row, "optional", [row.code], reading.codes(Ingredient))
    _refer(row, "minutes_by_area", plain.get("minutes_by_area", {}), reading.codes(Area))
    try:
        row.model(**plain).clean_fields(exclude=[f.name for f in row.model._meta.fields if f.is_relation])
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise ShippedDataError(f"{row.where}: {name}: {messages[0]}") from error


def _refer(row: Shipped, name: str, codes: Iterable[str], known: Collection[str]) -> None:
    for code in codes:
        if code not in known:
            raise ShippedDataError(f"{row.where}: {name} names {code!r}, which is not there")


def _cite(row: Shipped, name: str, cites: Any, sources: Collection[str]) -> None:
    for cite in _list(cites, f"{row.where}: {name}"):
        if said := problem(str(cite), sources):
            raise ShippedDataError(f"{row.where}: {name}: {said}")


# The lists


def _rule_set(facts: Any, sources: Any, scope: Any, items: Any, root: Path) -> dict[str, Any]:
    """The content of rule set 1, which `rules.RuleSet` must be able to read."""
    content = {
        "sources": sources,
        "facts": [{key: fact.get(key) for key in ("code", "states", "asked_of")} for fact in facts],
        "items": items,
        "scope": scope,
        "settings": rules.SHIPPED_SETTINGS,
    }
    try:
        rules.RuleSet.from_content(content)
    except rules.RuleSetError as error:
        raise ShippedDataError(f"{ITEMS} with {SCOPE}: {error}") from error
    return content


# Files


def _yaml(root: Path, name: str) -> Any:
    try:
        return yaml.safe_load((root / name).read_text())
    except OSError as error:
        raise ShippedDataError(f"{name} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ShippedDataError(f"{name} is not YAML: {' '.join(str(error).split())}") from error


def _numbered(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for position, row in enumerate(rows):
        yield {**row, "position": position}


def _list(raw: Any, where: str) -> list[Any]:
    if not isinstance(raw, list):
        raise ShippedDataError(f"{where} must be a list")
    return raw


def _mapping(raw: Any, where: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise ShippedDataError(f"{where}: {raw!r} must be a mapping")
    return raw
