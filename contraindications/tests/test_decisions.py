"""What a decision is bound to, who may take it, and which documents are silent."""

import copy
from dataclasses import replace
from datetime import date, timedelta

import pytest

from contraindications.rules import (
    SHIPPED_SETTINGS,
    Answer,
    Ingredient,
    RuleSet,
    finding_digests,
    is_absolute,
    may_be_released,
    screen,
    silent_sources,
)

from .documented import content, finding, one_item, read, ruleset, screened

TODAY = date(2026, 11, 21)
NSAID = {"nsaid": {"state": "ended", "until": "2026-11-16"}}


def digests(rules=None, day=TODAY, answers=None, plan=None, **changes):
    """Item id -> digest of the case with these changes."""
    one = read(**changes)
    patient = replace(one.patient, answers={**one.patient.answers, **(answers or {})})
    planned = replace(one.plan, **(plan or {}))
    result = screen(patient, planned, rules or ruleset(), day)
    return finding_digests(result, patient, planned, rules or ruleset(), day)


def item_changed(code, **changes):
    """The documented lists with one item changed."""
    items = copy.deepcopy(content()["items"])
    next(item for item in items if item["id"] == code).update(changes)
    return RuleSet.from_content(content(items=items))


BASE = digests(facts=NSAID)["S1-C02"]


@pytest.mark.parametrize(
    "same",
    [
        pytest.param({"facts": {**NSAID, "stroke": "current"}}, id="an unrelated fact"),
        pytest.param({"facts": {**NSAID, "anaemia": "unsure"}}, id="an unrelated question left open"),
        pytest.param({"facts": NSAID, "allergies": ["pollen"]}, id="an unrelated allergy"),
        pytest.param({"facts": NSAID, "day": TODAY + timedelta(1)}, id="a day gone by"),
        pytest.param({"facts": NSAID, "birth_date": "1980-01-01"}, id="another birth date"),
        pytest.param(
            {"facts": NSAID, "ingredients": ["hyaluronic_acid"] * 2}, id="an ingredient named twice"
        ),
        pytest.param(
            {"answers": {"nsaid": Answer("ended", date(2026, 11, 16), date(2026, 11, 20))}},
            id="the answer given again",
        ),
        pytest.param(
            {"facts": NSAID, "rules": item_changed("S0-C01", item="reworded")}, id="another item reworded"
        ),
    ],
)
def test_a_decision_stands_while_nothing_relevant_changes(same):
    assert digests(**same)["S1-C02"] == BASE


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"facts": {"nsaid": "current"}}, id="taken again"),
        pytest.param({"facts": {"nsaid": {"state": "ended", "until": "2026-11-20"}}}, id="ended later"),
        pytest.param({"facts": {**NSAID, "aspirin": "ended"}}, id="more evidence for the same item"),
        pytest.param({"facts": NSAID, "technique": "needle_gun"}, id="technique"),
        pytest.param({"facts": NSAID, "area": "neck"}, id="area"),
        pytest.param({"facts": NSAID, "goal": "firming"}, id="goal"),
        pytest.param({"facts": NSAID, "ingredients": ["vitamin_c"]}, id="ingredient"),
        pytest.param({"facts": NSAID, "procedure_substances": ["latex"]}, id="procedure substance"),
        pytest.param(
            {"facts": NSAID, "rules": item_changed("S1-C02", item="reworded")}, id="the item reworded"
        ),
    ],
)
def test_a_decision_lapses_when_something_relevant_changes(other):
    assert digests(**other)["S1-C02"] != BASE


def test_a_decision_lapses_when_recent_becomes_past():
    old = {"facts": {"herpes": {"state": "ended", "until": "2026-10-22"}}}
    assert digests(**old)["S1-C06"] != digests(**old, day=TODAY + timedelta(1))["S1-C06"]


def test_another_allergen_in_the_same_substance_is_asked_again():
    cases = (["vitamin_c"], ["biotin"], ["vitamin_c", "biotin"])
    found = [digests(allergies=case, ingredients=["vitamins_unspecified"])["S0-C03"] for case in cases]
    assert len(set(found)) == 3


def test_news_of_what_a_class_contains_is_asked_again():
    def with_content(*codes):
        enzymes = Ingredient("enzymes", "class", codes)
        return digests(allergies=["zinc"], plan={"ingredients": (enzymes,)})["S0-C03"]

    assert with_content() != with_content("zinc")
    assert with_content("zinc", "copper") == with_content("copper", "zinc")


def test_a_birthday_within_the_same_bracket_changes_nothing():
    child = {"birth_date": "2012-11-22"}
    assert digests(**child) == digests(**child, day=TODAY + timedelta(1))


def test_a_new_minimum_age_is_asked_again():
    older = RuleSet.from_content(content(settings={**SHIPPED_SETTINGS, "minimum_age": 21}))
    child = {"birth_date": "2012-11-22"}
    assert digests(**child)["CP-01"] != digests(older, **child)["CP-01"]
    assert digests(**child)["S1-C15"] == digests(older, **child)["S1-C15"]


def test_remarks_have_a_digest_too():
    pollen = digests(technique="ultrasound", allergies=["pollen"])
    both = digests(technique="ultrasound", allergies=["pollen", "nickel"])
    assert set(pollen) == {"scope-none", "allergy-unmatched"}
    assert pollen["scope-none"] == both["scope-none"]
    assert pollen["allergy-unmatched"] != both["allergy-unmatched"]


@pytest.mark.parametrize(
    ("changes", "item", "released"),
    [
        pytest.param({"facts": {"pregnancy": "current"}}, "S1-C05", False, id="pregnancy"),
        pytest.param({"facts": {"breastfeeding": "current"}}, "S0-C02", False, id="breast-feeding"),
        pytest.param(
            {"allergies": ["hyaluronic_acid"]}, "S0-C03", False, id="allergy to a substance of the plan"
        ),
        pytest.param({"birth_date": "2010-01-01"}, "CP-01", False, id="age below the minimum"),
        pytest.param({"facts": {"epilepsy": "current"}}, "S1-C09", True, id="another stop"),
        pytest.param({"facts": {"pregnancy": "current"}}, "S3-C01", True, id="pregnancy where it is a hold"),
        pytest.param({"birth_date": "2010-01-01"}, "S1-C15", True, id="the documented age, a hold"),
        pytest.param(
            {"birth_date": "2022-01-01"}, "S1-C15", True, id="the documented age, beside the clinic's"
        ),
        pytest.param({"facts": {"stroke": "current"}}, "S4-C03", True, id="a caution"),
        pytest.param({"allergies": ["pollen"]}, "allergy-unmatched", True, id="a remark"),
    ],
)
def test_what_a_doctor_may_release(changes, item, released):
    assert may_be_released(finding(screened(**changes), item), ruleset()) is released


@pytest.mark.parametrize(
    ("item", "absolute"),
    [("S1-C05", True), ("S0-C03", True), ("CP-01", True), ("S1-C15", False), ("S1-C09", False)],
)
def test_which_items_can_be_beyond_everybody(item, absolute):
    assert is_absolute(ruleset().items[item], ruleset()) is absolute


def test_the_clinic_may_make_any_item_absolute():
    rules = RuleSet.from_content(one_item(absolute=["X-1"]))
    assert not may_be_released(finding(screened(rules, facts={"herpes": "current"}), "X-1"), rules)


def test_an_allergy_stop_is_absolute_even_when_another_plan_does_not_cure_it():
    rows = [
        {"allergen_in": "procedure", "match": "direct"},
        {"fact": "herpes", "states": ["current"], "match": "class"},
    ]
    case = {"allergies": ["hyaluronic_acid"], "facts": {"herpes": "current"}}
    for absolute, released in ((["allergen"], False), ([], True)):
        rules = RuleSet.from_content(one_item(when=rows, absolute=absolute))
        assert may_be_released(finding(screened(rules, **case), "X-1"), rules) is released


def test_a_stop_that_another_plan_cures_is_never_released():
    rules = RuleSet.from_content(content(settings={**SHIPPED_SETTINGS, "absolute": []}))
    met = finding(screened(rules, allergies=["hyaluronic_acid"]), "S0-C03")
    assert not may_be_released(met, rules)


@pytest.mark.parametrize(
    ("changes", "item", "silent"),
    [
        pytest.param({"facts": {"pregnancy": "current"}}, "S0-C01", ("S2",), id="all lists name pregnancy"),
        pytest.param(
            {"facts": {"epilepsy": "current"}}, "S1-C09", ("S0", "S2", "S3", "S4"), id="one list alone"
        ),
        pytest.param(
            {"facts": {"anticoagulant": "current"}}, "S1-C03", ("S0", "S2", "S4"), id="off area still speaks"
        ),
        pytest.param(
            {"facts": {"corticosteroid": "current"}},
            "CP-02",
            ("S0", "S1", "S2", "S3", "S4"),
            id="policy alone",
        ),
        pytest.param({"birth_date": "2010-01-01"}, "CP-01", ("S0", "S2", "S3", "S4"), id="age"),
        pytest.param({"allergies": ["hyaluronic_acid"]}, "S0-C03", ("S1", "S2"), id="an ingredient"),
        pytest.param(
            {"allergies": ["latex"], "procedure_substances": ["latex"]},
            "S0-C03",
            ("S1", "S2", "S3"),
            id="only used",
        ),
        pytest.param({"allergies": ["pollen"]}, "allergy-unmatched", (), id="a remark"),
    ],
)
def test_which_documents_are_silent(changes, item, silent):
    met = finding(screened(**changes), item)
    assert silent_sources(met, ruleset(), read(**changes).plan) == silent
