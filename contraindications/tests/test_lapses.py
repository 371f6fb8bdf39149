"""When a decision no longer covers, and what is said of it: tried on drawn patients, plans and changes."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clinic.tests.thorough import examples
from contraindications.rules import Answer, Change, RuleSet, bases, changes, finding_digests, screen

from .documented import content, read, ruleset
from .test_decisions import item_changed
from .test_properties import CODES, FACTS, KNOWN, TODAY, patients, plans, reported

NSAID = {"nsaid": {"state": "ended", "until": "2026-11-16"}}


def judged(patient, plan, rules=None, day=TODAY):
    """(bases, digests) of every finding."""
    rules = rules or ruleset()
    result = screen(patient, plan, rules, day)
    return bases(result, patient, plan, rules, day), finding_digests(result, patient, plan, rules, day)


def of(item, rules=None, day=TODAY, **changes):
    one = read(**changes)
    return judged(one.patient, one.plan, rules, day)[0][item]


@pytest.mark.parametrize(
    ("other", "change"),
    [
        pytest.param(
            {"facts": {"nsaid": "current"}},
            Change("fact", "nsaid", ["recent", "2026-11-16"], ["current", "None"]),
            id="state",
        ),
        pytest.param(
            {"facts": {**NSAID, "aspirin": "ended"}},
            Change("fact", "aspirin", None, ["recent", "None"]),
            id="further evidence",
        ),
        pytest.param({"facts": NSAID, "area": "neck"}, Change("area", "", "face", "neck"), id="another area"),
        pytest.param(
            {"facts": NSAID, "technique": "needle_gun"},
            Change("technique", "", "needle_syringe", "needle_gun"),
            id="technique",
        ),
        pytest.param(
            {"facts": NSAID, "ingredients": ["hyaluronic_acid", "vitamin_c"]},
            Change("ingredients", "vitamin_c", None, [("active",)]),
            id="ingredient added",
        ),
        pytest.param(
            {"facts": NSAID, "procedure_substances": ["latex"]},
            Change("procedure_substances", "latex", None, [(KNOWN.ingredients["latex"].role,)]),
            id="also used",
        ),
    ],
)
def test_what_changed_is_named(other, change):
    assert change in changes(of("S1-C02", facts=NSAID), of("S1-C02", **other))


def test_a_reworded_item_is_named():
    reworded = item_changed("S1-C02", item="reworded")
    found = changes(of("S1-C02", facts=NSAID), of("S1-C02", reworded, facts=NSAID))
    assert [one.about for one in found] == ["item"]


def test_another_allergen_is_named():
    cases = (["vitamin_c"], ["biotin"])
    then, now = (of("S0-C03", allergies=case, ingredients=["vitamins_unspecified"]) for case in cases)
    said = [(one.what, one.then, one.now) for one in changes(then, now) if one.about == "contact"]
    assert said == [
        (("vitamin_c", "vitamins_unspecified"), True, None),
        (("biotin", "vitamins_unspecified"), None, True),
    ]


@given(patients(), plans(), patients(), plans())
@settings(max_examples=examples(150))
def test_a_decision_lapses_exactly_if_something_can_be_named(patient, plan, other, other_plan):
    """Never without a word, and no word for nothing: over changed answers, changed plans, and both."""
    for changed in ((other, plan), (patient, other_plan), (other, other_plan), (patient, plan)):
        (then, was), (now, is_) = judged(patient, plan), judged(*changed)
        for item in then.keys() & now.keys():
            assert (was[item] == is_[item]) == (changes(then[item], now[item]) == ())


@given(patients(), plans(), st.sampled_from(FACTS), st.integers(0, 400))
@settings(max_examples=examples(150))
def test_what_is_irrelevant_never_lapses_a_decision(patient, plan, fact, birthdays):
    """Asked again with the same answers, an unrelated "no" or "not sure", a set of lists with the same items."""
    then = judged(patient, plan)[1]
    again = {code: said._replace(answered_on=TODAY) for code, said in patient.answers.items()}
    assert judged(replace(patient, answers=again), plan)[1] == then
    assert judged(replace(patient, allergies_on=TODAY - timedelta(birthdays)), plan)[1] == then
    assert judged(patient, plan, RuleSet.from_content(content(note="a new edition")))[1] == then
    if patient.answers[fact].state in ("no", "unsure"):
        for state in ("no", "unsure"):
            answers = {**patient.answers, fact: Answer(state)}
            assert judged(replace(patient, answers=answers), plan)[1] == then


@given(patients(), plans(), st.sampled_from(FACTS), reported)
@settings(max_examples=examples(200))
def test_an_unrelated_report_never_lapses_a_decision(patient, plan, fact, said):
    """Whatever else is reported: a finding that does not name the fact, before or after, is judged as before."""
    assume(patient.answers[fact].state == "no")
    then, was = judged(patient, plan)
    now, is_ = judged(replace(patient, answers={**patient.answers, fact: said}), plan)
    for item in then.keys() & now.keys():
        if fact not in {*then[item].get("facts", ()), *now[item].get("facts", ())}:
            assert was[item] == is_[item]


@given(patients(), plans(), st.integers(0, 45))
@settings(max_examples=examples(150))
def test_a_day_gone_by_lapses_only_what_is_another_state_then(patient, plan, days):
    then, was = judged(patient, plan)
    now, is_ = judged(patient, plan, day=TODAY + timedelta(days))
    for item in then.keys() & now.keys():
        same = all(then[item].get(part) == now[item].get(part) for part in ("facts", "ages"))
        assert not same or was[item] == is_[item]


@given(patients(), plans(), st.sampled_from(CODES))
@settings(max_examples=examples(150))
def test_another_substance_in_the_plan_lapses_every_decision_and_is_named(patient, plan, code):
    assume(code not in {one.code for one in plan.ingredients})
    more = replace(plan, ingredients=(*plan.ingredients, KNOWN.ingredients[code]))
    (then, was), (now, is_) = judged(patient, plan), judged(patient, more)
    for item in then.keys() & now.keys():
        assert was[item] != is_[item]
        assert ("ingredients", code) in {(one.about, one.what) for one in changes(then[item], now[item])}


def test_recent_that_becomes_past_is_named():
    old = {"facts": {"herpes": {"state": "ended", "until": "2026-10-22"}}}
    found = changes(of("S1-C06", **old), of("S1-C06", day=date(2026, 11, 22), **old))
    assert found == (Change("fact", "herpes", ["recent", "2026-10-22"], ["past", "2026-10-22"]),)
