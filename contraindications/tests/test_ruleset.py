"""The content of a rule set is read strictly: what is not understood is refused, never passed over."""

import copy

import pytest

from contraindications.rules import SHIPPED_SETTINGS, RuleSet, RuleSetError, ruleset_digest

from .documented import content, one_item, ruleset

FACT_ROW = {"fact": "herpes", "states": ["current"], "match": "direct"}


def test_the_documented_lists_are_read():
    rules = ruleset()
    assert len(rules.items) == 47
    assert rules.documents == {"S0", "S1", "S2", "S3", "S4"}
    assert rules.listing == {"S0", "S1", "S3", "S4"}


@pytest.mark.parametrize(
    "row",
    [
        pytest.param({**FACT_ROW, "match": "probable"}, id="match"),
        pytest.param({**FACT_ROW, "fact": "herpess"}, id="fact"),
        pytest.param({**FACT_ROW, "states": ["ended"]}, id="a state that is only answered"),
        pytest.param({**FACT_ROW, "states": ["no"]}, id="a row met by no"),
        pytest.param({**FACT_ROW, "states": ["unsure"]}, id="a row met by unsure"),
        pytest.param({**FACT_ROW, "states": [False]}, id="YAML's idea of no"),
        pytest.param({**FACT_ROW, "states": []}, id="no states"),
        pytest.param({**FACT_ROW, "unless": "x"}, id="a key too many"),
        pytest.param({"fact": "herpes", "match": "direct"}, id="states missing"),
        pytest.param({"fact": "herpes", "states": ["current"]}, id="match missing"),
        pytest.param({"match": "direct"}, id="looks at nothing"),
        pytest.param({"all_of": [], "states": ["current"], "match": "direct"}, id="all of nothing"),
        pytest.param(
            {"any_of": ["herpess"], "states": ["current"], "match": "direct"}, id="any of the unknown"
        ),
        pytest.param({"allergen_in": "syringe", "match": "direct"}, id="place"),
        pytest.param({"age_below": "18", "match": "direct"}, id="age as text"),
        pytest.param({"age_below": True, "match": "direct"}, id="age as truth"),
        pytest.param({"age_below": None, "match": "direct"}, id="age without a bound"),
        pytest.param(None, id="no row at all"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused(row):
    with pytest.raises(RuleSetError):
        RuleSet.from_content(one_item(when=[row]))


def change(path, value):
    """The documented content with one value changed."""
    changed = copy.deepcopy(content())
    *steps, last = path
    part = changed
    for step in steps:
        part = part[step]
    if value is KeyError:
        del part[last]
    else:
        part[last] = value
    return changed


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param(["items"], [], id="no items"),
        pytest.param(["facts"], [], id="no facts"),
        pytest.param(["items", 0, "strength"], "advised", id="strength"),
        pytest.param(["items", 0, "source"], "S9", id="source"),
        pytest.param(["items", 0, "when"], [], id="an item without rows"),
        pytest.param(["items", 0, "id"], "S0-C02", id="an item twice"),
        pytest.param(["items", 0, "id"], KeyError, id="an item without id"),
        pytest.param(["items", 0], "S0-C01", id="an item that is text"),
        pytest.param(["sources", 0, "kind"], "blog", id="kind of source"),
        pytest.param(["sources", 0, "code"], "S1", id="a source twice"),
        pytest.param(["facts", 0, "code"], "breastfeeding", id="a fact twice"),
        pytest.param(["facts", 0, "states", 0], "ended", id="state of a fact"),
        pytest.param(["facts", 0, "states", 3], False, id="YAML's idea of no"),
        pytest.param(["facts", 0, "asked_of"], ["woman"], id="asked of whom"),
        pytest.param(["scope", "reach", "S0", "needle", "scalp"], "near", id="reach"),
        pytest.param(["scope", "reach", "S0", "needle", "scalp"], KeyError, id="region without reach"),
        pytest.param(["scope", "reach", "S0", "needle"], KeyError, id="family without reach"),
        pytest.param(["scope", "reach", "S0"], KeyError, id="source without reach"),
        pytest.param(["scope", "families"], [], id="no families"),
        pytest.param(["scope"], KeyError, id="no scope"),
        pytest.param(["settings"], KeyError, id="no settings"),
        pytest.param(["settings"], {**SHIPPED_SETTINGS, "minimum_age": -1}, id="minimum age below zero"),
        pytest.param(["settings"], {**SHIPPED_SETTINGS, "look_back_days": "30"}, id="days as text"),
        pytest.param(["settings"], {**SHIPPED_SETTINGS, "look_back_days": 30.5}, id="half days"),
        pytest.param(["settings"], {**SHIPPED_SETTINGS, "minimum_age": True}, id="a truth for an age"),
        pytest.param(["settings"], {**SHIPPED_SETTINGS, "validity_days": None}, id="no validity"),
        pytest.param(["settings"], {**SHIPPED_SETTINGS, "absolute": ["pregnacy"]}, id="absolute misspelt"),
        pytest.param(["settings"], {**SHIPPED_SETTINGS, "absolute": "pregnancy"}, id="absolute as text"),
    ],
)
def test_content_that_cannot_be_relied_on_is_refused(path, value):
    with pytest.raises(RuleSetError):
        RuleSet.from_content(change(path, value))


def test_the_error_names_the_item():
    with pytest.raises(RuleSetError, match="list item X-1: unknown word 'probable'"):
        RuleSet.from_content(one_item(when=[{**FACT_ROW, "match": "probable"}]))


def test_the_digest_does_not_depend_on_the_order_of_keys():
    turned = dict(reversed(content().items()))
    assert list(turned) != list(content())
    assert ruleset_digest(turned) == ruleset_digest(content())


def test_the_digest_changes_with_any_word():
    assert ruleset_digest(change(["items", 0, "locator"], "L21")) != ruleset_digest(content())
    assert len(ruleset_digest(content())) == 64


@pytest.mark.parametrize("nobody", [None, []])
def test_a_fact_asked_of_nobody_in_particular_is_asked_of_all(nobody):
    rules = RuleSet.from_content(change(["facts", 0, "asked_of"], nobody))
    assert all("pregnancy" in asked for asked in rules.asked.values())
