"""Two rule sets side by side: what is added, retired and changed, and nothing else."""

import copy
import random

import pytest

from contraindications.rules import SHIPPED_SETTINGS
from contraindications.rules.comparing import Change, Comparison, compare
from contraindications.tests import documented

OLD = documented.content()
NOTHING = Comparison((), (), (), (), (), ())


def item(code):
    return next(item for item in OLD["items"] if item["id"] == code)


def with_item(code, **changed):
    items = [{**one, **changed} if one["id"] == code else one for one in OLD["items"]]
    return documented.content(items=items)


def test_a_rule_set_does_not_differ_from_itself():
    assert compare(OLD, copy.deepcopy(OLD)) == NOTHING
    assert NOTHING.same


def test_the_order_of_rows_says_nothing():
    turned = {part: OLD[part][::-1] for part in ("items", "sources", "facts")}

    assert compare(OLD, documented.content(**turned)).same


def test_a_null_is_no_other_than_nothing():
    sources = [{**source, "later": None} for source in OLD["sources"]]

    assert compare(OLD, documented.content(sources=sources)).same


def test_an_item_is_added_and_retired():
    fewer = documented.content(items=[one for one in OLD["items"] if one["id"] != "S4-C08"])

    (added,), (retired,) = compare(fewer, OLD).items, compare(OLD, fewer).items
    assert (added.kind, added.code, added.old, added.new) == ("added", "S4-C08", None, item("S4-C08"))
    assert (retired.kind, retired.old, retired.new) == ("retired", item("S4-C08"), None)
    assert {change.path for change in added.changes} == {(field,) for field in item("S4-C08")}


def test_a_changed_item_says_field_by_field_how():
    (changed,) = compare(OLD, with_item("S4-C08", strength="must_not", locator="L38 item 8")).items

    assert changed.kind == "changed"
    assert changed.changes == (
        Change(("locator",), "L38", "L38 item 8"),
        Change(("strength",), "may_trigger", "must_not"),
    )


def test_what_meets_an_item_is_one_field():
    when = [{"fact": "urticaria", "states": ["current"], "match": "direct"}]
    (changed,) = compare(OLD, with_item("S4-C08", when=when)).items

    assert changed.changes == (Change(("when",), item("S4-C08")["when"], when),)


def test_settings_sources_facts_and_scope_are_compared_too():
    new = copy.deepcopy(OLD)
    new["settings"] = {**SHIPPED_SETTINGS, "minimum_age": 16}
    new["scope"]["reach"]["S3"]["needle_free"]["scalp"] = "not_stated"
    new["sources"] = [*new["sources"], {"code": "S9", "title": "Another", "kind": "document"}]
    new["facts"][0]["asked_of"] = None
    found = compare(OLD, new)

    assert found.settings == (Change(("minimum_age",), 18, 16),)
    assert found.scope == (Change(("reach", "S3", "needle_free", "scalp"), "weak", "not_stated"),)
    assert [(one.kind, one.code) for one in found.sources] == [("added", "S9")]
    assert [(one.kind, one.code) for one in found.facts] == [("changed", "pregnancy")]
    assert (found.items, found.others) == ((), ())


def test_a_part_that_nobody_knows_is_not_passed_over():
    new = documented.content(later={"deep": {"er": 1}})

    assert compare(OLD, new).others == (Change(("later", "deep", "er"), None, 1),)


@pytest.mark.parametrize("seed", range(60))
def test_whatever_is_edited_is_found_and_nothing_else(seed):
    rng = random.Random(seed)
    edited = {one["id"]: rng.choice([None, {"locator": "L1 edited"}]) for one in rng.sample(OLD["items"], 7)}
    items = [
        {**one, **edited.get(one["id"], {})} for one in OLD["items"] if edited.get(one["id"], {}) is not None
    ]
    rng.shuffle(items)

    found = compare(OLD, documented.content(items=items))
    assert {one.code: one.kind for one in found.items} == {
        code: "retired" if change is None else "changed" for code, change in edited.items()
    }
    assert compare(documented.content(items=items), OLD).items != ()
    assert [one.code for one in found.of_kind("retired")] == sorted(c for c, e in edited.items() if e is None)
