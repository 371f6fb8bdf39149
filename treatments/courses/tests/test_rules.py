"""How an ingredient meets what a patient is allergic to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contraindications.rules import Ingredient
from treatments.courses.rules import may_hold


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
    assert may_hold(Ingredient("it", role, may_contain), allergies) == met


@given(st.sets(st.text(max_size=3)), st.sets(st.text(max_size=3)), st.text(max_size=3))
def test_one_allergy_more_never_clears_an_ingredient(may_contain, allergies, one_more):
    grave = {None: 0, "may contain": 1, "is": 2}
    it = Ingredient("it", "class", may_contain)
    assert grave[may_hold(it, allergies | {one_more})] >= grave[may_hold(it, allergies)]
