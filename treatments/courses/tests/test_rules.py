"""What the documents name together, and which numbers they give."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.courses.rules import may_hold, names_area, outside


@pytest.mark.parametrize(
    ("areas", "area", "parent", "named"),
    [
        pytest.param({"face"}, "face", None, True, id="named"),
        pytest.param({"face"}, "neck", None, False, id="another area"),
        pytest.param({"eye_area"}, "under_eye", "eye_area", True, id="part of a named area"),
        pytest.param({"under_eye"}, "eye_area", None, False, id="a part does not stand for the whole"),
        pytest.param(set(), "hands", None, True, id="no area named, so any"),
    ],
)
def test_areas_of_a_goal(areas, area, parent, named):
    assert names_area(areas, area, parent) is named


@pytest.mark.parametrize(
    ("value", "documented", "is_outside"),
    [
        pytest.param("4", [4, 13], False, id="lowest"),
        pytest.param("13", [4, 13], False, id="highest"),
        pytest.param("13.01", [4, 13], True, id="just above"),
        pytest.param("0.25", [0.25, 2.5], False, id="no rounding error"),
        pytest.param("28", [27, 30, 32], True, id="between single values"),
        pytest.param("30", [27, 30, 32], False, id="a single value"),
        pytest.param(None, [4, 13], False, id="not given"),
    ],
)
def test_documented_ranges(value, documented, is_outside):
    assert outside(value and Decimal(value), documented) is is_outside


@pytest.mark.parametrize(
    ("role", "may_contain", "allergies", "met"),
    [
        pytest.param("active", (), {"it"}, "is", id="the substance itself"),
        pytest.param("active", (), {"other"}, None, id="another substance"),
        pytest.param("class", ("other",), {"other"}, "may contain", id="a class that names it"),
        pytest.param("class", (), {"other"}, "may contain", id="a class of unknown composition"),
        pytest.param("class", (), set(), None, id="no allergies"),
        pytest.param("class", ("third",), {"other"}, None, id="a class that names others"),
    ],
)
def test_allergies(role, may_contain, allergies, met):
    assert may_hold("it", role, may_contain, allergies) == met


@given(st.sets(st.text(max_size=3)), st.sets(st.text(max_size=3)), st.text(max_size=3))
def test_one_allergy_more_never_clears_an_ingredient(may_contain, allergies, one_more):
    grave = {None: 0, "may contain": 1, "is": 2}
    before = may_hold("it", "class", may_contain, allergies)
    assert grave[may_hold("it", "class", may_contain, allergies | {one_more})] >= grave[before]
