"""Whatever was screened can be screened again from its snapshot, to the byte."""

import datetime as dt
import json
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.tests.thorough import examples
from contraindications import rules, snapshots
from contraindications.models import RuleSet
from contraindications.reading import read_case
from contraindications.screening import Evaluation
from contraindications.tests import documented, random_cases
from contraindications.tests.documented import catalogue

PINNED = "ff365adec1378c9f2447590320c9f4b4a5a3f4b5f0174f792ef12eea2f2b0062"


def evaluation(facts, plan, day):
    compiled = documented.ruleset()
    outcome = rules.screen(facts, plan, compiled, day)
    return Evaluation(1, None, None, RuleSet(digest="d"), compiled, day, facts, plan, outcome, {})


def with_days(patient, day, rng):
    """The same patient, each answer given on some day before."""
    answers = {
        code: answer._replace(answered_on=day - dt.timedelta(rng.randrange(200)))
        for code, answer in patient.answers.items()
    }
    on = None if patient.allergies is None else day - dt.timedelta(rng.randrange(200))
    return rules.Patient(patient.birth_date, patient.sex, answers, patient.allergies, on)


@settings(max_examples=examples(300))
@given(st.integers(0, 10**9))
def test_a_snapshot_screens_to_the_same_bytes(seed):
    rng = random.Random(seed)
    case = read_case(random_cases.readable_case(rng, "x"), catalogue())
    first = evaluation(with_days(case.patient, case.as_of, rng), case.plan, case.as_of)

    stored = json.loads(json.dumps(first.stored, sort_keys=rng.random() < 0.5))
    again = evaluation(
        snapshots.facts_from_json(stored["facts"]), snapshots.plan_from_json(stored["plan"]), case.as_of
    )

    assert again.record == first.record
    assert snapshots.result_from_json(stored["result"]) == first.outcome


@settings(max_examples=examples(100))
@given(st.integers(0, 10**9))
def test_the_order_of_what_was_said_leaves_the_record_as_it_is(seed):
    rng = random.Random(seed)
    case = read_case(random_cases.readable_case(rng, "x"), catalogue())
    patient, plan = case.patient, case.plan
    turned = rules.Patient(
        patient.birth_date,
        patient.sex,
        dict(reversed(patient.answers.items())),
        None if patient.allergies is None else patient.allergies[::-1] + patient.allergies[:1],
    )
    same = plan_turned(plan)

    assert evaluation(turned, same, case.as_of).record == evaluation(patient, plan, case.as_of).record


def plan_turned(plan):
    changed = {
        "ingredients": plan.ingredients[::-1] + plan.ingredients[:1],
        "procedure_substances": plan.procedure_substances[::-1],
    }
    return rules.Plan(**{**{name: getattr(plan, name) for name in plan.__slots__}, **changed})


def test_a_record_made_today_has_this_digest():
    """Pinned: a change of the engine, the snapshot or the canonical JSON would make old screenings uncheckable."""
    raw = documented.case(facts={"nsaid": {"state": "ended", "until": "2026-11-16"}}, allergies=["vitamin_c"])
    case = read_case(raw, catalogue())

    assert evaluation(case.patient, case.plan, case.as_of).digest == PINNED
