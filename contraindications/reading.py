"""Reading a case: the JSON of docs/rules.md, section 7, into what screening takes. Pure, and strict.

A slip in a case must not become a milder verdict, so only what is absent on purpose may be absent:
`facts`, `default_state` and `allergies`, whose absence means "not asked".
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from .rules import Answer, Ingredient, Patient, Plan
from .rules.words import ANSWER_STATES, ENDED, SEXES

# S1 L123: the eyelids are documented for the derma pen only.
EYELIDS, DERMA_PEN = "eyelids", "derma_pen"

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class UnreadableCase(ValueError):
    """The case cannot be read; the message is one sentence for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the codes of a case may be."""

    facts: Collection[str]
    techniques: Mapping[str, str]  # code -> family
    areas: Mapping[str, str]  # code -> region
    goals: Mapping[str, str | None]  # code -> disease fact
    ingredients: Mapping[str, Ingredient]


@dataclass(frozen=True, slots=True)
class Case:
    """One case, read."""

    id: str
    as_of: date
    patient: Patient
    plan: Plan


def read_case(raw: Any, catalogue: Catalogue) -> Case:
    """Read one case. Raises UnreadableCase for anything missing, unknown, misspelt or contradictory."""
    case = _mapping(raw, "the case")
    as_of = _date(_required(case, "as_of", "the case"), "as_of")
    return Case(
        id=_text(_required(case, "id", "the case"), "id"),
        as_of=as_of,
        patient=_patient(_required(case, "patient", "the case"), as_of, catalogue),
        plan=_plan(_required(case, "plan", "the case"), catalogue),
    )


def undocumented_site(technique: str, area: str) -> str | None:
    """Why this technique is never used on this area, None where it may be."""
    if area == EYELIDS and technique != DERMA_PEN:
        return f"eyelids are treated with the derma pen only, not with {technique!r}"
    return None


def _patient(raw: Any, as_of: date, catalogue: Catalogue) -> Patient:
    patient = _mapping(raw, "patient", {"birth_date", "sex", "default_state", "facts", "allergies"})
    birth_date = _date(_required(patient, "birth_date", "patient"), "birth_date")
    if birth_date > as_of:
        raise UnreadableCase(f"birth_date {birth_date} is after as_of {as_of}")
    return Patient(
        birth_date=birth_date,
        sex=_word(_required(patient, "sex", "patient"), SEXES, "sex"),
        answers=_answers(patient, as_of, catalogue.facts),
        allergies=_allergies(patient.get("allergies")),
    )


def _answers(patient: Mapping[str, Any], as_of: date, facts: Collection[str]) -> dict[str, Answer]:
    """The answers given, and `default_state` for every fact not named."""
    given = patient.get("facts")
    named = {} if given is None else _mapping(given, "facts")
    answers = {_word(code, facts, "fact"): _answer(raw, code, as_of) for code, raw in named.items()}
    default = patient.get("default_state")
    if default is None:
        return answers
    answer = Answer(_word(default, ANSWER_STATES, "default_state"))
    return {**dict.fromkeys(facts, answer), **answers}


def _answer(raw: Any, fact: str, as_of: date) -> Answer:
    answer = _mapping(raw, f"fact {fact}", {"state", "until"})
    state = _word(_required(answer, "state", f"fact {fact}"), ANSWER_STATES, f"state of {fact}")
    if answer.get("until") is None:
        return Answer(state)
    if state != ENDED:
        raise UnreadableCase(f"{fact} has an end date and is not ended")
    until = _date(answer["until"], f"until of {fact}")
    if until > as_of:
        raise UnreadableCase(f"{fact} is said to have ended on {until}, after as_of {as_of}")
    return Answer(state, until)


def _allergies(raw: Any) -> tuple[str, ...] | None:
    if raw is None:
        return None
    return tuple(_text(allergy, "an allergy") for allergy in _list(raw, "allergies"))


def _plan(raw: Any, catalogue: Catalogue) -> Plan:
    keys = {"technique", "area", "goal", "ingredients", "procedure_substances"}
    plan = _mapping(raw, "plan", keys)
    given = {key: _required(plan, key, "plan") for key in sorted(keys)}
    technique = _word(given["technique"], catalogue.techniques, "technique")
    area = _word(given["area"], catalogue.areas, "area")
    goal = _word(given["goal"], catalogue.goals, "goal")
    if problem := undocumented_site(technique, area):
        raise UnreadableCase(problem)
    return Plan(
        technique=technique,
        family=catalogue.techniques[technique],
        area=area,
        region=catalogue.areas[area],
        goal=goal,
        disease_fact=catalogue.goals[goal],
        ingredients=_substances(given["ingredients"], "ingredients", catalogue),
        procedure_substances=_substances(given["procedure_substances"], "procedure_substances", catalogue),
        catalogue=frozenset(catalogue.ingredients),
    )


def _substances(raw: Any, where: str, catalogue: Catalogue) -> tuple[Ingredient, ...]:
    known = catalogue.ingredients
    return tuple(known[_word(code, known, f"code in {where}")] for code in _list(raw, where))


def _mapping(raw: Any, where: str, keys: Collection[str] | None = None) -> Mapping[str, Any]:
    """An object; where `keys` are given, with no others (a misspelt key must not be passed over)."""
    if not isinstance(raw, Mapping):
        raise UnreadableCase(f"{where} must be an object, not {_shown(raw)}")
    unknown = sorted(set(raw) - set(keys)) if keys is not None else []
    if unknown:
        raise UnreadableCase(f"{where} has an unknown key {_shown(unknown[0])}")
    return raw


def _list(raw: Any, where: str) -> list[Any]:
    if not isinstance(raw, list):
        raise UnreadableCase(f"{where} must be a list, not {_shown(raw)}")
    return raw


def _required(raw: Mapping[str, Any], key: str, where: str) -> Any:
    if raw.get(key) is None:
        raise UnreadableCase(f"{where} has no {key}")
    return raw[key]


def _word(raw: Any, vocabulary: Collection[str], what: str) -> str:
    if not isinstance(raw, str) or raw not in vocabulary:
        raise UnreadableCase(f"unknown {what} {_shown(raw)}")
    return raw


def _text(raw: Any, what: str) -> str:
    """Text that says something and can be stored: not blank, no NUL, valid Unicode."""
    if not isinstance(raw, str) or not raw.strip():
        raise UnreadableCase(f"{what} must be text, not {_shown(raw)}")
    if "\0" in raw or any("\ud800" <= letter <= "\udfff" for letter in raw):
        raise UnreadableCase(f"{what} has characters that are no text: {_shown(raw)}")
    return raw


def _date(raw: Any, what: str) -> date:
    if isinstance(raw, str) and _DATE.fullmatch(raw):
        try:
            return date.fromisoformat(raw)
        except ValueError:
            pass  # such a day does not exist: refused below like any other
    raise UnreadableCase(f"{what} must be a date like 2026-11-21, not {_shown(raw)}")


def _shown(raw: Any) -> str:
    """What was found, in ASCII and never longer than a line."""
    shown = ascii(raw)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
