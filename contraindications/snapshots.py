"""What a screening was given and what it answered, as JSON that never changes its spelling. Pure."""

from datetime import date
from typing import Any

from .rules import Answer, Composition, Finding, Ingredient, Patient, Plan, Result


def facts_to_json(patient: Patient) -> dict[str, Any]:
    """The facts in one order, whatever order they came in."""
    return {
        "birth_date": patient.birth_date.isoformat(),
        "sex": patient.sex,
        "answers": {code: _answer_to_json(answer) for code, answer in sorted(patient.answers.items())},
        "allergies": None if patient.allergies is None else sorted(set(patient.allergies)),
        "allergies_on": _day_to_json(patient.allergies_on),
    }


def facts_from_json(facts: dict[str, Any]) -> Patient:
    return Patient(
        birth_date=date.fromisoformat(facts["birth_date"]),
        sex=facts["sex"],
        answers={code: _answer_from_json(raw) for code, raw in facts["answers"].items()},
        allergies=None if facts["allergies"] is None else tuple(facts["allergies"]),
        allergies_on=_day_from_json(facts["allergies_on"]),
    )


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """The plan; substances sorted, each once, since neither order nor repetition means anything."""
    return {
        "technique": plan.technique,
        "family": plan.family,
        "area": plan.area,
        "region": plan.region,
        "goal": plan.goal,
        "disease_fact": plan.disease_fact,
        "ingredients": _substances_to_json(plan.ingredients),
        "procedure_substances": _substances_to_json(plan.procedure_substances),
        "catalogue": sorted(plan.catalogue),
    }


def plan_from_json(plan: dict[str, Any]) -> Plan:
    return Plan(
        **{
            **plan,
            "ingredients": _substances_from_json(plan["ingredients"]),
            "procedure_substances": _substances_from_json(plan["procedure_substances"]),
            "catalogue": frozenset(plan["catalogue"]),
        }
    )


def result_from_json(result: dict[str, Any]) -> Result:
    """The inverse of `Result.to_dict`."""
    return Result(
        verdict=result["verdict"],
        unanswered=tuple(result["unanswered"]),
        findings=tuple(_finding_from_json(raw) for raw in result["findings"]),
        composition=Composition(
            **{**result["composition"], "unknown": tuple(result["composition"]["unknown"])}
        ),
    )


def _finding_from_json(raw: dict[str, Any]) -> Finding:
    return Finding(**{**raw, "substances": tuple(raw["substances"]), "facts": tuple(raw["facts"])})


def _answer_to_json(answer: Answer) -> dict[str, str | None]:
    return {
        "state": answer.state,
        "until": _day_to_json(answer.until),
        "on": _day_to_json(answer.answered_on),
    }


def _answer_from_json(raw: dict[str, Any]) -> Answer:
    return Answer(raw["state"], _day_from_json(raw["until"]), _day_from_json(raw["on"]))


def _substances_to_json(ingredients: tuple[Ingredient, ...]) -> list[dict[str, Any]]:
    once = {(i.code, i.role, tuple(sorted(set(i.may_contain)))) for i in ingredients}
    return [
        {"code": code, "role": role, "may_contain": list(contents)} for code, role, contents in sorted(once)
    ]


def _substances_from_json(raw: list[dict[str, Any]]) -> tuple[Ingredient, ...]:
    return tuple(Ingredient(r["code"], r["role"], tuple(r["may_contain"])) for r in raw)


def _day_to_json(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day_from_json(raw: str | None) -> date | None:
    return None if raw is None else date.fromisoformat(raw)
