"""What a draft makes of its base: edits fit one place only, and nothing that cannot be stood behind compiles."""

import copy

import pytest
from hypothesis import given

from contraindications.rulebook import drafting
from contraindications.rulebook.drafting import Edit, applied, compiled, difference, misfits
from contraindications.rules import RuleSetError, canonical_json, ruleset_digest

from .documented import content
from .drafts import edited, new_source

ITEM = {
    "id": "S1-C16",
    "source": "S1",
    "locator": "L102",
    "item": "gout",
    "strength": "contraindicated",
    "when": [{"fact": "metabolic_unclear", "states": ["current"], "match": "direct"}],
}


def item(**changes):
    return {**ITEM, **changes}


def with_item(**changes):
    one = item(**changes)
    return applied(content(), [Edit("add", one["id"], None, one)])


@given(edited())
def test_the_difference_applied_makes_the_other_content_again(case):
    other, edits = case
    assert applied(content(), edits) == other
    assert applied(content(), difference(content(), other)) == other


@given(edited())
def test_applying_changes_neither_the_base_nor_the_edits(case):
    before = canonical_json(content()), copy.deepcopy(case[1])
    applied(content(), case[1])
    assert (canonical_json(content()), case[1]) == before


@given(edited())
def test_what_can_be_published_can_be_screened_with_and_says_where_each_item_is_written(case):
    other, _edits = case
    try:
        rules = compiled(other)
    except RuleSetError:
        return
    assert all(one.locator and one.text for one in rules.items.values())
    for raw in other["items"]:
        policy = raw["source"] == "CP"
        assert policy == raw["strength"].startswith("policy") == (raw["locator"] == "policy")


def test_what_is_retired_and_added_again_is_where_it_was():
    first = content()["items"][0]
    again = {**first, "item": "expecting a child"}
    other = applied(
        content(), [Edit("retire", first["id"], first, None), Edit("add", first["id"], None, again)]
    )
    assert other["items"][0] == again
    assert [e.kind for e in difference(content(), other)] == ["change"]


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(
            Edit("change", "S0-C01", ITEM, item(id="S0-C01")), id="what it changes is something else"
        ),
        pytest.param(Edit("add", "S0-C01", None, item(id="S0-C01")), id="what it adds is there"),
        pytest.param(Edit("retire", "S9-C01", ITEM, None), id="what it retires is not there"),
        pytest.param(Edit("setting", "minimum_age", 17, 16), id="another number stands"),
        pytest.param(Edit("setting", "minimum_age", 18, 18), id="nothing changes"),
        pytest.param(Edit("source", "S1", None, new_source("S1")), id="the source is there"),
    ],
)
def test_an_edit_that_speaks_of_something_else_does_not_fit(edit):
    with pytest.raises(drafting.DoesNotFit):
        applied(content(), [edit])
    assert misfits(content(), [edit]) == [edit]


def test_only_the_edits_that_do_not_fit_a_new_base_are_named():
    first = content()["items"][0]
    edits = [Edit("retire", first["id"], first, None), Edit("add", ITEM["id"], None, ITEM)]
    newer = applied(content(), [Edit("change", first["id"], first, {**first, "item": "other"})])
    assert misfits(newer, edits) == edits[:1]


def test_the_digest_of_a_preview_changes_with_the_base_and_with_any_word():
    digest = ruleset_digest(content())
    one = drafting.preview_digest(digest, content())
    assert drafting.preview_digest(digest, with_item()) != one
    assert drafting.preview_digest("0" * 64, content()) != one


FACT = {"fact": "herpes", "states": ["current"], "match": "direct"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"locator": ""}, "no locator", id="no citation"),
        pytest.param({"locator": "  "}, "no locator", id="a blank citation"),
        pytest.param({"item": ""}, "no item", id="no words"),
        pytest.param({"item": "x" * 251}, "longer than 250", id="too many words"),
        pytest.param({"item": "a\x00b"}, "no text", id="NUL"),
        pytest.param({"locator": "policy"}, "cited as policy", id="a document cited as policy"),
        pytest.param({"strength": "policy_stop"}, "policy", id="a document with the clinic's force"),
        pytest.param({"source": "CP"}, "policy", id="the clinic with a document's force"),
        pytest.param(
            {"source": "CP", "strength": "policy_hold"}, "cited as policy", id="policy with a place"
        ),
        pytest.param({"when": [FACT, FACT]}, "row twice", id="a row twice"),
        pytest.param(
            {"when": [{**FACT, "fact": "epilepsy"}, {**FACT, "fact": "thrombophilia", "states": ["past"]}]},
            "thrombophilia is never past",
            id="a state that the fact never has",
        ),
        pytest.param(
            {"when": [{"age_below": 131, "match": "direct"}]}, "an age", id="an age that nobody has"
        ),
        pytest.param(
            {"when": [{"age_from": 18, "age_below": 6, "match": "direct"}]},
            "wrong way",
            id="ages turned round",
        ),
        pytest.param(
            {"when": [{"all_of": ["herpes"], "states": ["current"], "match": "direct"}]},
            "at least two",
            id="a join of one",
        ),
        pytest.param({"note": "x"}, "nobody reads", id="a part too many"),
    ],
)
def test_an_item_that_nobody_should_stand_behind_is_refused(changes, said):
    with pytest.raises(RuleSetError, match=said):
        compiled(with_item(**changes))


def test_the_same_item_twice_is_refused():
    twice = [Edit("add", code, None, item(id=code)) for code in ("S1-C16", "S1-C17")]
    with pytest.raises(RuleSetError, match="S1-C17: says the same as S1-C16"):
        compiled(applied(content(), twice))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("minimum_age", 100),
        ("look_back_days", 4000),
        ("validity_days", 0),
        ("absolute", ["allergen", "allergen"]),
    ],
)
def test_a_setting_that_is_a_slip_is_refused(name, value):
    edit = Edit("setting", name, content()["settings"][name], value)
    with pytest.raises(RuleSetError, match=name):
        compiled(applied(content(), [edit]))


@pytest.mark.parametrize(
    ("part", "said"),
    [
        pytest.param({"why": {}}, "why direct: no says", id="no reason"),
        pytest.param(
            {"why": {"direct": {"says": "x", "cite": ""}}}, "no cite", id="a reason without a citation"
        ),
        pytest.param(
            {"reach": {"needle": {"scalp": "direct"}}}, "every technique", id="a technique left out"
        ),
        pytest.param({"source": {"code": "S5", "kind": "document", "title": ""}}, "no title", id="no title"),
    ],
)
def test_a_new_document_says_how_far_it_reaches_and_why(part, said):
    edit = Edit("source", "S5", None, {**new_source("S5"), **part})
    with pytest.raises(RuleSetError, match=said):
        compiled(applied(content(), [edit]))


def test_what_ships_can_be_stood_behind():
    assert len(compiled(content()).items) == 47
