"""Screening, cell by cell and edge by edge; the worked cases ship in data/worked_cases.json."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from contraindications.cases import worked
from contraindications.reading import read_case
from contraindications.rules import (
    VERDICT_WORDS,
    Answer,
    Ingredient,
    RuleSet,
    age_on,
    canonical_json,
    screen,
    state_on,
)

from .documented import ROOT, catalogue, finding, one_item, read, ruleset, screened

TODAY = date(2026, 11, 21)
WORKED = worked()


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case['id']} {case['title']}") for case in WORKED])
def test_worked_case(case):
    one = read_case(case, catalogue())
    result = screen(one.patient, one.plan, ruleset(), one.as_of).to_dict()
    expected = case["expect"]
    for part in ("verdict", "unanswered", "composition"):
        assert result[part] == expected[part]
    # A case names the keys of a finding that matter to it; order and number always do.
    named = zip(result["findings"], expected["findings"], strict=True)
    assert [{key: met[key] for key in wanted} for met, wanted in named] == expected["findings"]


NSAID_BY_ULTRASOUND = {
    "item": "S1-C02",
    "source": "S1",
    "locator": "L88 item 2",
    "strength": "contraindicated",
    "match": "direct",
    "reach": "not_stated",
    "effect": "hold",
    "conflict": False,
    "remedy": None,
    "substances": [],
    "facts": ["nsaid"],
}


def test_a_result_has_every_key_in_its_order():
    result = screened(technique="ultrasound", facts={"nsaid": "current"}).to_dict()
    assert list(result) == ["verdict", "unanswered", "findings", "composition"]
    assert [list(met) for met in result["findings"]] == [list(NSAID_BY_ULTRASOUND)] * 2
    assert result["findings"][0] == NSAID_BY_ULTRASOUND


# Section 3, written out again: strengths, matches, then direct/extended, weak/not_stated, off_area.
BAR, CARE = "must_not contraindicated prohibited should_not", "risky evaluate caution may_trigger"
TABLE = [
    (BAR, "direct class", "stop", "hold", "hold"),
    (BAR, "ambiguous partial", "hold", "hold", "note"),
    (CARE, "direct class", "caution", "hold", "hold"),
    (CARE, "ambiguous partial", "hold", "hold", "note"),
    ("instruction", "direct class ambiguous partial", "hold", "hold", "note"),
    ("policy_stop", "direct class ambiguous partial", "stop", "stop", "stop"),
    ("policy_hold", "direct class ambiguous partial", "hold", "hold", "hold"),
]
CELLS = [
    (strength, match, reach, effect)
    for strengths, matches, *effects in TABLE
    for strength in strengths.split()
    for match in matches.split()
    for reaches, effect in zip(("direct extended", "weak not_stated", "off_area"), effects, strict=True)
    for reach in reaches.split()
]


@pytest.mark.parametrize(("strength", "match", "reach", "effect"), CELLS)
def test_effect_of_each_cell(strength, match, reach, effect):
    row = {"fact": "herpes", "states": ["current"], "match": match}
    rules = RuleSet.from_content(one_item(strength, [row], reach, kind="policy"))
    result = screened(rules, facts={"herpes": "current"})
    assert finding(result, "X-1").effect == effect


def test_the_table_has_every_cell_once():
    assert len(CELLS) == len(set(CELLS)) == 11 * 4 * 5


@pytest.mark.parametrize(
    ("birth_date", "day", "age"),
    [
        pytest.param(date(2008, 11, 21), TODAY, 18, id="eighteen today"),
        pytest.param(date(2008, 11, 22), TODAY, 17, id="eighteen tomorrow"),
        pytest.param(date(2008, 2, 29), date(2026, 2, 28), 17, id="born 29 February, the day before 1 March"),
        pytest.param(date(2008, 2, 29), date(2026, 3, 1), 18, id="born 29 February, on 1 March"),
        pytest.param(
            date(2008, 2, 29), date(2028, 2, 28), 19, id="born 29 February, leap year, the day before"
        ),
        pytest.param(date(2008, 2, 29), date(2028, 2, 29), 20, id="born 29 February, leap year, on the day"),
        pytest.param(TODAY, TODAY, 0, id="born today"),
        pytest.param(date(1, 1, 1), date(9999, 12, 31), 9998, id="the ends of the calendar"),
    ],
)
def test_age_is_whole_years(birth_date, day, age):
    assert age_on(day, birth_date) == age


@pytest.mark.parametrize(
    ("birth_date", "items"),
    [
        pytest.param("2020-11-22", {"CP-01": "stop", "S1-C15": "stop"}, id="five, six tomorrow"),
        pytest.param("2020-11-21", {"CP-01": "stop", "S1-C15": "hold"}, id="six today"),
        pytest.param("2008-11-22", {"CP-01": "stop", "S1-C15": "hold"}, id="seventeen, eighteen tomorrow"),
        pytest.param("2008-11-21", {}, id="eighteen today"),
    ],
)
def test_age_meets_what_it_should(birth_date, items):
    assert {met.item: met.effect for met in screened(birth_date=birth_date).findings} == items


def test_the_clinic_sets_the_minimum_age():
    rules = RuleSet.from_content(
        one_item("policy_stop", [{"age_below": "minimum_age", "match": "direct"}], minimum_age=21)
    )
    assert screened(rules, birth_date="2005-11-22").verdict == "stop"
    assert screened(rules, birth_date="2005-11-21").verdict == "clear"


@pytest.mark.parametrize(
    ("days_ago", "state"),
    [(-1, "current"), (0, "recent"), (30, "recent"), (31, "past"), (None, "recent")],
)
def test_what_has_ended_is_recent_within_the_look_back_window(days_ago, state):
    until = None if days_ago is None else TODAY - timedelta(days_ago)
    assert state_on(TODAY, Answer("ended", until), look_back_days=30) == state


def test_the_look_back_window_may_reach_beyond_the_calendar():
    assert state_on(date(1, 1, 2), Answer("ended", date(1, 1, 1)), look_back_days=10**9) == "recent"


def test_a_fact_is_met_whoever_it_is_asked_of():
    assert screened(sex="male", facts={"pregnancy": "current"}).verdict == "stop"


def test_ended_meets_no_row_that_does_not_list_it():
    assert screened(facts={"vitiligo": {"state": "ended", "until": None}}).verdict == "clear"


def test_the_strongest_match_counts_and_all_evidence_is_kept():
    met = finding(screened(facts={"psoriasis": "current", "vitiligo": "current"}), "S1-C10")
    assert (met.match, met.effect, met.facts) == ("class", "stop", ("psoriasis", "vitiligo"))


@pytest.mark.parametrize(
    ("weaker", "stronger"), [("class", "direct"), ("partial", "class"), ("ambiguous", "partial")]
)
def test_matches_have_an_order(weaker, stronger):
    states = (("herpes", weaker), ("nsaid", stronger))
    rows = [{"fact": fact, "states": ["current"], "match": match} for fact, match in states]
    rules = RuleSet.from_content(one_item(when=rows))
    assert finding(screened(rules, facts={"herpes": "current", "nsaid": "current"}), "X-1").match == stronger


@pytest.mark.parametrize(
    ("facts", "match", "effect"),
    [
        (["heart_disease"], "partial", "hold"),
        (["several_regular_medicines"], "partial", "hold"),
        (["heart_disease", "several_regular_medicines"], "direct", "stop"),
    ],
)
def test_half_of_a_joined_condition_is_partial(facts, match, effect):
    met = finding(screened(facts=dict.fromkeys(facts, "current")), "S4-C09")
    assert (met.match, met.effect, met.facts) == (match, effect, tuple(facts))


def test_one_half_counts_only_while_the_whole_is_not_met():
    """The `any_of` row would be the stronger here, and is passed over once both are true."""
    both = ["heart_disease", "epilepsy"]
    rows = [
        {"all_of": both, "states": ["current"], "match": "ambiguous"},
        {"any_of": both, "states": ["current"], "match": "direct"},
    ]
    rules = RuleSet.from_content(one_item(when=rows))
    assert screened(rules, facts={"epilepsy": "current"}).verdict == "stop"
    assert screened(rules, facts=dict.fromkeys(both, "current")).verdict == "hold"


# Allergies


@pytest.mark.parametrize(
    ("allergies", "ingredients", "procedure", "found"),
    [
        pytest.param(
            ["zinc"],
            ["zinc"],
            [],
            {"S0-C03": "direct", "S3-C07": "direct", "S4-C07": "direct"},
            id="an ingredient",
        ),
        pytest.param(
            ["latex"], ["zinc"], ["latex"], {"S0-C03": "direct", "S4-C07": "direct"}, id="only used"
        ),
        pytest.param(["latex"], ["zinc"], [], {}, id="not used"),
        pytest.param(
            ["zinc"],
            ["microelements_unspecified"],
            [],
            dict.fromkeys(("S0-C03", "S3-C07", "S4-C07"), "ambiguous"),
            id="a class that names it",
        ),
        pytest.param(["biotin"], ["microelements_unspecified"], [], {}, id="a class that names others"),
        pytest.param(
            ["biotin"],
            ["enzymes"],
            [],
            dict.fromkeys(("S0-C03", "S3-C07", "S4-C07"), "ambiguous"),
            id="unknown content",
        ),
        pytest.param(
            ["zinc"],
            ["biotin"],
            ["enzymes"],
            dict.fromkeys(("S0-C03", "S4-C07"), "ambiguous"),
            id="a class only used",
        ),
        pytest.param([], ["enzymes"], [], {}, id="no allergy, unknown content"),
        pytest.param(
            ["enzymes"],
            ["enzymes"],
            [],
            dict.fromkeys(("S0-C03", "S3-C07", "S4-C07"), "direct"),
            id="the class itself",
        ),
    ],
)
def test_where_an_allergen_is_met(allergies, ingredients, procedure, found):
    result = screened(allergies=allergies, ingredients=ingredients, procedure_substances=procedure)
    assert {met.item: met.match for met in result.findings} == found


def test_a_named_substance_counts_before_one_of_unknown_composition():
    met = finding(screened(allergies=["zinc"], ingredients=["zinc", "enzymes"]), "S0-C03")
    assert (met.match, met.substances) == ("direct", ("zinc",))


def test_free_text_may_be_in_a_class_of_unknown_content():
    result = screened(allergies=["peanut"], ingredients=["fatty_acids"])
    assert result.verdict == "hold"
    assert [met.item for met in result.findings] == ["S0-C03", "S4-C07", "allergy-unmatched", "S3-C07"]


def test_only_a_class_may_contain_what_is_not_named():
    one = read(allergies=["zinc"])
    plan = replace(one.plan, ingredients=(Ingredient("biotin", "active", ("zinc",)),))
    assert screen(one.patient, plan, ruleset(), TODAY).findings == ()


def test_free_text_is_whatever_is_not_exactly_a_code():
    met = finding(screened(allergies=["zinc", "Zinc", "zinc ", "pollen"]), "allergy-unmatched")
    assert (met.effect, met.substances) == ("caution", ("Zinc", "pollen", "zinc "))


# The two exceptions


@pytest.mark.parametrize(
    ("facts", "goal", "effect", "conflict"),
    [
        pytest.param(["vitiligo"], "vitiligo", "hold", True, id="the goal alone"),
        pytest.param(["vitiligo"], "wrinkles", "stop", False, id="another goal"),
        pytest.param(["vitiligo", "psoriasis"], "vitiligo", "hold", True, id="with what is only a hold"),
        pytest.param(["vitiligo", "alopecia_areata"], "vitiligo", "stop", False, id="with another stop"),
        pytest.param(["psoriasis"], "vitiligo", "hold", False, id="the goal's fact is not reported"),
    ],
)
def test_goal_conflict(facts, goal, effect, conflict):
    met = finding(screened(facts=dict.fromkeys(facts, "current"), goal=goal), "S1-C10")
    assert (met.effect, met.conflict, met.remedy) == (effect, conflict, None)


def test_a_hold_is_never_a_goal_conflict():
    result = screened(facts={"severe_reaction_unknown_trigger": "current"}, goal="allergy_relief")
    assert [(met.item, met.effect, met.conflict) for met in result.findings[:2]] == [
        ("S0-C03", "hold", False),
        ("S4-C07", "hold", False),
    ]


def test_an_allergen_in_the_plan_is_no_goal_conflict():
    """The goal's disease meets the same item, but the substance is a stop on its own."""
    reaction = {"severe_reaction_unknown_trigger": "current"}
    result = screened(facts=reaction, goal="allergy_relief", allergies=["hyaluronic_acid"])
    met = finding(result, "S0-C03")
    assert (met.effect, met.conflict) == ("stop", False)
    assert met.facts == ("severe_reaction_unknown_trigger",)


def test_a_stop_resting_on_substances_alone_is_cured_by_another_plan():
    reaction = {"severe_reaction_unknown_trigger": "current"}  # a hold only: the stop does not rest on it
    for facts in ({}, reaction):
        met = finding(screened(facts=facts, allergies=["zinc"], ingredients=["zinc"]), "S0-C03")
        assert (met.effect, met.remedy, met.substances) == ("stop", "change_plan", ("zinc",))


def test_all_substances_to_leave_out_are_named_in_order():
    metals = ["zinc", "silicon", "selenium", "molybdenum", "manganese", "iron", "copper"]
    assert finding(screened(allergies=metals, ingredients=metals), "S0-C03").substances == tuple(
        sorted(metals)
    )


def test_a_stop_that_also_rests_on_a_fact_is_not_cured_by_another_plan():
    rows = [
        {"allergen_in": "procedure", "match": "direct"},
        {"fact": "herpes", "states": ["current"], "match": "class"},
    ]
    rules = RuleSet.from_content(one_item(when=rows))
    met = finding(screened(rules, allergies=["hyaluronic_acid"], facts={"herpes": "current"}), "X-1")
    assert (met.effect, met.remedy, met.substances) == ("stop", None, ("hyaluronic_acid",))


def test_what_is_no_stop_has_no_remedy():
    met = finding(screened(allergies=["zinc"], ingredients=["microelements_unspecified"]), "S0-C03")
    assert (met.effect, met.remedy) == ("hold", None)


# How far the lists reach


@pytest.mark.parametrize(
    ("technique", "area", "reaches"),
    [
        ("needle_gun", "scalp", {"S0": "direct", "S1": "direct", "S3": "direct", "S4": "direct"}),
        ("needle_gun", "face", {"S0": "direct", "S1": "direct", "S3": "off_area", "S4": "direct"}),
        ("derma_roller", "scalp", {"S0": "not_stated", "S1": "extended", "S3": "extended", "S4": "extended"}),
        ("derma_roller", "face", {"S0": "not_stated", "S1": "extended", "S3": "off_area", "S4": "extended"}),
        (
            "iontophoresis",
            "scalp",
            {"S0": "not_stated", "S1": "not_stated", "S3": "weak", "S4": "not_stated"},
        ),
        (
            "iontophoresis",
            "face",
            {"S0": "not_stated", "S1": "not_stated", "S3": "off_area", "S4": "not_stated"},
        ),
    ],
)
def test_reach_follows_family_and_region(technique, area, reaches):
    result = screened(technique=technique, area=area, facts={"pregnancy": "current"})
    assert {met.source: met.reach for met in result.findings if met.source} == reaches
    assert (finding(result, "scope-none") is not None) == (technique == "iontophoresis")


@pytest.mark.parametrize(
    ("reach", "kind", "remarked"),
    [
        ("direct", "document", False),
        ("extended", "document", False),
        ("weak", "document", True),
        ("off_area", "document", True),
        ("not_stated", "document", True),
        ("direct", "policy", True),
    ],
)
def test_scope_is_remarked_unless_a_document_reaches_the_plan(reach, kind, remarked):
    result = screened(RuleSet.from_content(one_item(reach=reach, kind=kind)))
    assert (finding(result, "scope-none") is not None) == remarked


# Unanswered


@pytest.mark.parametrize(
    ("answer", "usable"),
    [
        pytest.param(Answer("no"), True, id="answered now"),
        pytest.param(Answer("no", answered_on=TODAY - timedelta(90)), True, id="ninety days old"),
        pytest.param(Answer("no", answered_on=TODAY - timedelta(91)), False, id="ninety-one days old"),
        pytest.param(Answer("unsure"), False, id="not sure"),
        pytest.param(None, False, id="not asked"),
    ],
)
def test_what_counts_as_answered(answer, usable):
    one = read()
    answers = {code: given for code, given in one.patient.answers.items() if code != "epilepsy"}
    if answer:
        answers["epilepsy"] = answer
    result = screen(replace(one.patient, answers=answers), one.plan, ruleset(), TODAY)
    assert result.unanswered == (() if usable else ("epilepsy",))
    assert result.verdict == ("clear" if usable else "incomplete")


def test_an_old_answer_can_still_stop():
    one = read()
    answers = {**one.patient.answers, "epilepsy": Answer("current", answered_on=date(2020, 1, 1))}
    result = screen(replace(one.patient, answers=answers), one.plan, ruleset(), TODAY)
    assert (result.verdict, result.unanswered) == ("stop", ("epilepsy",))


def test_allergies_are_unanswered_until_something_is_recorded():
    assert screened(allergies=None).unanswered == ("allergies",)
    assert screened(allergies=[]).unanswered == ()


@pytest.mark.parametrize(("days", "unanswered"), [(0, ()), (90, ()), (91, ("allergies",))])
def test_a_record_of_allergies_grows_too_old_and_still_counts(days, unanswered):
    one = read(allergies=["hyaluronic_acid"])
    patient = replace(one.patient, allergies_on=TODAY - timedelta(days))
    result = screen(patient, one.plan, ruleset(), TODAY)
    assert (result.verdict, result.unanswered) == ("stop", unanswered)


@pytest.mark.parametrize("sex", ["female", "unspecified", "male"])
def test_pregnancy_is_asked_of_all_but_men(sex):
    result = screened(sex=sex, facts={"pregnancy": "unsure"})
    assert result.unanswered == (() if sex == "male" else ("pregnancy",))


# Verdict and words


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        pytest.param(
            {"facts": {"stroke": "unsure", "epilepsy": "current"}}, "stop", id="stop beats incomplete"
        ),
        pytest.param(
            {"facts": {"stroke": "unsure", "corticosteroid": "current"}},
            "incomplete",
            id="incomplete beats hold",
        ),
        pytest.param(
            {"facts": {"stroke": "current", "corticosteroid": "current"}}, "hold", id="hold beats caution"
        ),
        pytest.param({"facts": {"stroke": "current"}}, "caution", id="caution"),
        pytest.param({"facts": {"enzyme_preparation": "current"}}, "clear", id="notes leave it clear"),
    ],
)
def test_the_gravest_decides(changes, verdict):
    assert screened(**changes).verdict == verdict


def test_wording():
    assert VERDICT_WORDS == {
        "stop": "Contraindicated",
        "incomplete": "Not screened: answers missing",
        "hold": "A doctor must decide",
        "caution": "Proceed with care",
        "clear": "No listed contraindication reported",
    }
    said = " ".join(VERDICT_WORDS.values()).lower()
    assert "safe" not in said
    assert "suitable" not in said


@pytest.mark.parametrize(
    ("ingredients", "actives", "concept", "needs_reason", "unknown"),
    [
        ([], 0, None, False, ()),
        (["zinc"], 1, "italian", False, ()),
        (["zinc", "zinc"], 1, "italian", False, ()),
        (["zinc", "collagen", "vitamin_k", "latex"], 1, "italian", False, ()),
        (["zinc", "enzymes"], 2, "french", False, ("enzymes",)),
        (["zinc", "copper", "iron"], 3, "french", False, ()),
        (["zinc", "copper", "iron", "fatty_acids"], 4, "above_french", True, ("fatty_acids",)),
    ],
)
def test_composition_counts_distinct_actives(ingredients, actives, concept, needs_reason, unknown):
    got = screened(ingredients=ingredients).composition
    assert (got.actives, got.concept, got.needs_reason, got.unknown) == (
        actives,
        concept,
        needs_reason,
        unknown,
    )


# What cannot be screened is refused, never passed


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"sex": "other"}, id="sex"),
        pytest.param({"birth_date": date(2026, 11, 22)}, id="born tomorrow"),
        pytest.param({"answers": {"herpes": Answer("recent")}}, id="a state nobody answers"),
        pytest.param({"answers": {"herpes": Answer("NO")}}, id="a misspelt no"),
        pytest.param({"family": "laser"}, id="family"),
        pytest.param({"region": "elsewhere"}, id="region"),
    ],
)
def test_words_outside_the_vocabulary_are_refused(change):
    one = read()
    fields = type(one.patient).__slots__
    patient = replace(one.patient, **{k: v for k, v in change.items() if k in fields})
    plan = replace(one.plan, **{k: v for k, v in change.items() if k not in fields})
    with pytest.raises(ValueError, match=r"unknown|after"):
        screen(patient, plan, ruleset(), TODAY)


def test_an_unknown_role_is_refused():
    with pytest.raises(ValueError, match="unknown role 'Class'"):
        Ingredient("enzymes", "Class")


def test_canonical_json_is_one_spelling():
    assert canonical_json({"b": ["é"], "a": None}) == '{"a":null,"b":["é"]}'.encode()


def test_every_list_item_is_explained_to_clinicians():
    explained = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
    rows = [f"| {item.id} | {item.locator} | {item.text}: **" for item in ruleset().items.values()]
    assert [row for row in rows if row not in explained] == []
