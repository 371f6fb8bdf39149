"""The catalogue's pure rules: examples, and properties that hold for any catalogue."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.catalogue.rules import (
    Site,
    StepRow,
    documented,
    merged,
    names_area,
    outside_documented,
    pairs,
    steps_of_day,
    why_suggested,
)

FACE = Site("face", "other")
EYELIDS = Site("eyelids", "other", "eye_area")
SCALP = Site("scalp", "scalp")

words = st.text("abc", min_size=1, max_size=2)
codes = st.frozensets(words, max_size=4)
sites = st.builds(Site, words, st.sampled_from(["scalp", "other"]), st.none() | words)
rows = st.none() | st.fixed_dictionaries({"label": words})


@given(rows, rows)
def test_a_clinics_change_is_never_overwritten(last, now):
    outcome = merged({"label": "new"}, last, now)
    if outcome == "updated":
        assert now == last
    if now is None and last is not None:
        assert outcome == "left out"


@given(rows)
def test_loading_what_is_there_changes_nothing(last):
    assert merged({"label": "a"}, last, {"label": "a"}) == "same"


@pytest.mark.parametrize(
    ("technique", "family", "families", "areas", "site", "expected"),
    [
        pytest.param("needle_gun", "needle", ["needle"], ["face"], FACE, True, id="family and area named"),
        pytest.param("needle_gun", "needle", ["needle"], [], FACE, True, id="no area named: any"),
        pytest.param("needle_gun", "needle", ["needle"], ["scalp"], FACE, False, id="another area named"),
        pytest.param("ultrasound", "needle_free", ["needle"], ["face"], FACE, False, id="another family"),
        pytest.param(
            "derma_pen", "microneedle", ["microneedle"], ["eye_area"], EYELIDS, True, id="by its parent"
        ),
        pytest.param(
            "derma_roller", "microneedle", ["microneedle"], [], EYELIDS, False, id="eyelids: pen only"
        ),
    ],
)
def test_what_is_documented(technique, family, families, areas, site, expected):
    assert documented(technique, family, families, areas, site) is expected


@given(codes, codes, sites, words)
def test_naming_one_more_area_never_makes_a_named_combination_undocumented(families, areas, site, more):
    if areas and documented("t", "needle", families, areas, site):
        assert documented("t", "needle", families, areas | {more}, site)


@given(codes, sites)
def test_a_part_is_named_where_its_whole_is(areas, site):
    if site.parent in areas:
        assert names_area(areas, site)


@given(words, codes, codes, sites, st.booleans())
def test_nothing_is_suggested_that_no_document_names(goal, for_goals, areas, site, scalp_mix):
    because = why_suggested(goal, for_goals, areas, site, scalp_mix=scalp_mix)
    if goal not in for_goals and not scalp_mix:
        assert because is None
    if because == "scalp mix":
        assert site.region == "scalp"


@given(st.lists(words, max_size=6), st.dictionaries(st.frozensets(words, min_size=2, max_size=2), words))
def test_every_pair_is_spoken_of_once_and_only_with_a_documents_words(chosen, says):
    found = pairs(chosen, says)
    distinct = len(set(chosen))
    assert len({frozenset(pair[:2]) for pair in found}) == len(found) == distinct * (distinct - 1) // 2
    assert all(said == says.get(frozenset((one, other))) for one, other, said in found)


@pytest.mark.parametrize(
    ("value", "numbers", "expected"),
    [
        ("4", [4, 13], False),
        ("13", [4, 13], False),
        ("13.01", [4, 13], True),
        ("0.25", [0.25, 2.5], False),
        ("27", [27, 30, 32], False),
        ("28", [27, 30, 32], True),
    ],
)
def test_outside_the_documented_range(value, numbers, expected):
    assert outside_documented(Decimal(value), numbers) is expected


steps = st.builds(
    StepRow,
    code=words,
    label=words,
    minutes=st.none() | st.integers(0, 60),
    minutes_by_area=st.dictionaries(words, st.integers(1, 60), max_size=3),
    areas=codes,
    optional=st.booleans(),
    frees_practitioner=st.booleans(),
)


@given(st.lists(steps, max_size=6), sites, codes, words)
def test_one_more_substance_never_makes_a_day_shorter(rows, site, substances, more):
    short, long = steps_of_day(rows, site, substances), steps_of_day(rows, site, substances | {more})
    assert sum(step.minutes for step in short) <= sum(step.minutes for step in long)
    assert [step for step in long if step in short] == [
        step for step in long if step.code != more or step in short
    ]


@given(st.lists(steps, max_size=6), sites)
def test_an_optional_step_needs_its_substance(rows, site):
    optional = {row.code for row in rows if row.optional} - {row.code for row in rows if not row.optional}
    assert not optional & {step.code for step in steps_of_day(rows, site, ())}


@pytest.mark.parametrize(
    ("by_area", "site", "expected"),
    [
        pytest.param({"face": 20, "body": 30}, FACE, 20, id="of the area"),
        pytest.param({"eye_area": 10, "body": 30}, EYELIDS, 10, id="of the larger area"),
        pytest.param({"face": 20, "body": 30}, Site("heel", "other"), 30, id="not known: the longest"),
        pytest.param({}, FACE, 7, id="of every area"),
    ],
)
def test_minutes(by_area, site, expected):
    row = StepRow("treat", "Treatment", 7, by_area, (), optional=False, frees_practitioner=False)
    assert steps_of_day([row], site, ())[0].minutes == expected
