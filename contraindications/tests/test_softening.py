"""Where a draft is milder than what is in force, it says so."""

import copy

import pytest
from hypothesis import assume, given

from contraindications.rulebook.drafting import compiled
from contraindications.rulebook.softening import Softer, softened
from contraindications.rules import RuleSetError, screen
from contraindications.rules.words import EFFECTS

from .documented import content
from .drafts import edited, new_source
from .test_properties import TODAY, patients, plans


def worst(result):
    return min((EFFECTS.index(finding.effect) for finding in result.findings), default=len(EFFECTS))


@given(edited(), patients(), plans())
def test_nobody_is_judged_more_mildly_by_a_draft_that_names_nothing_milder(case, patient, plan):
    draft, _edits = case
    try:
        new = compiled(draft)
    except RuleSetError:
        assume(False)
    before, after = (screen(patient, plan, rules, TODAY) for rules in (compiled(content()), new))
    assert worst(after) <= worst(before) or softened(content(), draft)


def test_a_draft_that_only_adds_a_bar_names_nothing():
    draft = changed()
    row = {"fact": "psoriasis", "states": ["current"], "match": "direct"}
    draft["items"].append({**item(draft, "S1-C09"), "id": "S1-C16", "when": [row]})
    assert softened(content(), draft) == []


def changed(**settings):
    draft = copy.deepcopy(content())
    draft["settings"] = {**draft["settings"], **settings}
    return draft


def item(draft, code):
    return next(one for one in draft["items"] if one["id"] == code)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        pytest.param({"minimum_age": 16}, "minimum_age", id="younger patients"),
        pytest.param({"look_back_days": 20}, "look_back_days", id="what ended counts for a shorter time"),
        pytest.param({"validity_days": 120}, "validity_days", id="older answers count"),
        pytest.param(
            {"absolute": ["pregnancy", "breastfeeding", "minimum_age"]}, "absolute", id="can be released"
        ),
    ],
)
def test_a_milder_setting_is_named_and_the_stricter_one_is_not(settings, code):
    there = softened(content(), changed(**settings))
    back = softened(changed(**settings), content())
    assert code in {one.code for one in there}
    assert not back


def test_a_younger_minimum_age_names_the_ages_that_pass():
    assert Softer("CP-01", "stop", "nothing", ages=(16, 17)) in softened(content(), changed(minimum_age=16))


def test_a_retired_item_is_milder_for_all_that_met_it():
    draft = changed()
    draft["items"].remove(item(draft, "S1-C12"))
    assert {(one.facts, one.before, one.after) for one in softened(content(), draft)} == {
        ((("anaemia", "current"),), "stop", "nothing"),
        ((("anaemia", "recent"),), "hold", "nothing"),
    }


def test_a_retired_item_whose_condition_another_bars_is_named_as_covered():
    [pregnancy] = softened(content(), without("S4-C01"))
    assert (pregnancy.facts, pregnancy.covered) == ((("pregnancy", "current"),), True)
    assert {one.covered for one in softened(content(), without("S1-C12"))} == {False}


def without(code):
    draft = changed()
    draft["items"].remove(item(draft, code))
    return draft


def test_a_care_item_made_plainer_is_milder():
    draft = changed()
    item(draft, "S4-C04")["when"][1]["match"] = "direct"
    [one] = softened(content(), draft)
    assert (one.code, one.facts, one.before, one.after) == (
        "S4-C04",
        (("diabetes_type2_insulin", "current"),),
        "hold",
        "caution",
    )


def test_an_allergen_row_that_is_gone_is_named():
    draft = changed()
    item(draft, "S3-C07")["when"].pop(0)
    assert {(one.allergen, one.before, one.after) for one in softened(content(), draft)} == {
        ("named", "stop", "nothing"),
        ("suspected", "hold", "nothing"),
    }


def test_two_reports_that_are_milder_together_are_named_unless_another_list_bars_one():
    row = {"fact": "thrombophilia", "states": ["current"], "match": "ambiguous"}
    plain = {"fact": "stroke", "states": ["current"], "match": "direct"}
    draft = changed()
    draft["items"] = [one for one in draft["items"] if one["id"] not in ("S4-C06", "S1-C13")]
    draft["items"].append({**item(draft, "S4-C03"), "id": "S4-C10", "when": [plain, row]})
    assert [one.facts for one in softened(content(), draft) if one.together] == [
        (("stroke", "current"), ("thrombophilia", "current"))
    ]
    barred = changed()
    barred["items"].append({**item(barred, "S4-C03"), "id": "S4-C10", "when": [plain, row]})
    assert not softened(content(), barred)


def test_a_document_that_covers_a_technique_for_the_first_time_takes_a_remark_away():
    draft, new = changed(), new_source("S5")
    draft["sources"] = [*draft["sources"], new["source"]]
    draft["scope"]["reach"]["S5"] = new["reach"]
    assert not softened(content(), draft)  # it has no list yet
    draft["items"].append({**item(draft, "S1-C09"), "id": "S5-C01", "source": "S5"})
    places = {one.place for one in softened(content(), draft) if one.code == "scope-none"}
    assert ("needle_free", "other") in places
    assert ("needle", "other") not in places
