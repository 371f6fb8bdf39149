"""Patients for tests."""

import datetime as dt
from itertools import count

from conftest import NOW
from patients.actions import save_answers, show_code, submit_interview, submit_report
from patients.interviews import questions
from patients.models import Interview, Patient, Report

_numbers = count(1)


def patient(*, by, **fields) -> Patient:
    """An adult woman who answers to a made-up name; every field can be given."""
    values = {
        "name": f"Ana Nowak {next(_numbers)}",
        "birth_date": dt.date(1989, 5, 2),
        "sex": "female",
        "created_at": NOW,
        "created_by": by,
        **fields,
    }
    return Patient.objects.create(**values)


def interview(patient, *, by, at=NOW, answers=None, allergies=()) -> Interview:
    """A submitted interview: everything asked of this patient is "no", `answers` says otherwise.

    `answers` is {fact code: state, {"state", "until"} or None for not asked}. `allergies` are codes or free texts,
    () is "none known", None is not asked.
    """
    given = {fact.code: {"state": "no"} for fact in questions(patient)}
    for code, answer in (answers or {}).items():
        given[code] = {"state": answer} if isinstance(answer, str) else answer
    return submit_interview(
        patient,
        answers={code: answer for code, answer in given.items() if answer},
        allergies=None if allergies is None else {"substances": [], "texts": list(allergies)},
        by=by,
        at=at,
    )


def clear_interview(patient, by, at=NOW) -> Interview:
    """Everything asked, everything "no", no allergies known."""
    return interview(patient, by=by, at=at)


def reported(patient, *, by, at=NOW, answers=None, allergies=()) -> Report:
    """What the patient signed by themself, not confirmed: `answers` and `allergies` as in `interview`."""
    link, _token = show_code(patient, by=by, at=at)
    given = {fact.code: {"state": "no"} for fact in questions(patient)}
    for code, answer in (answers or {}).items():
        given[code] = {"state": answer} if isinstance(answer, str) else answer
    told = {"substances": [], "texts": list(allergies)}
    save_answers(link.pk, asked=given, answers=given, allergies=told, asks_allergies=True, at=at)
    return submit_report(link.pk, signature=patient.name, at=at)
