"""What the documented catalogue answers."""

import pytest
from django.db.models import F

from treatments.catalogue import questions
from treatments.catalogue.models import Area, Goal, Ingredient, Synergy, VisitStep
from treatments.catalogue.shelf import Shelf

pytestmark = pytest.mark.django_db


def area(code):
    return Area.objects.select_related("parent").get(code=code)


def goal(code):
    return Goal.objects.get(code=code)


def goals_documented(area_code, technique):
    shelf = Shelf.load()
    by = next(row for row in shelf.techniques if row.code == technique)
    return {row.code for row in shelf.goals if questions.documented(by, row, area(area_code))}


def techniques_documented(goal_code, area_code):
    rows = Shelf.load().techniques
    return {row.code for row in rows if questions.documented(row, goal(goal_code), area(area_code))}


def suggested(goal_code, area_code):
    rows = Shelf.load().ingredients
    found = {row.code: questions.why_suggested(row, goal(goal_code), area(area_code)) for row in rows}
    return {code: why for code, why in found.items() if why}


def test_goals_documented_for_the_scalp_by_needle():
    named_for_it = {"hair_loss", "hair_quality"}
    no_area = {
        "photoageing",
        "hydration",
        "discoloration",
        "scars",
        "oily_skin",
        "vitiligo",
        "pain",
        "sports_injury",
    }
    assert goals_documented("scalp", "needle_syringe") == named_for_it | no_area


def test_relief_of_allergy_is_never_offered():
    assert "allergy_relief" not in {row.code for row in Shelf.load().goals}


def test_techniques_documented_for_the_eyelids_are_the_pen_alone():
    assert techniques_documented("wrinkles", "eyelids") == {"derma_pen"}


def test_a_part_of_an_area_is_documented_by_its_whole():
    assert "needle_gun" in techniques_documented("wrinkles", "under_eye")


@pytest.mark.parametrize(
    ("goal_code", "area_code", "expected"),
    [
        ("wrinkles", "face", {"hyaluronic_acid", "hyaluronic_acid_crosslinked", "phenolic_acids"}),
        ("photoageing", "face", {"vitamin_c"}),
        (
            "hair_loss",
            "scalp",
            {"dexpanthenol", "biotin", "hyaluronic_acid", "vitamin_a", "vitamin_c", "vitamin_e"}
            | {"green_tea_actives", "algae_actives"},
        ),
        ("hair_loss", "face", set()),  # dexpanthenol and biotin are documented for the scalp
    ],
)
def test_suggested_ingredients(goal_code, area_code, expected):
    assert set(suggested(goal_code, area_code)) == expected


UNNAMED = [
    "cellulite",
    "fat_reduction",
    "stretch_marks",
    "scars",
    "acne_scars",
    "under_eye",
    "oily_skin",
    "dry_skin",
    "vascular_skin",
    "face_oval",
    "pain",
    "sports_injury",
    "allergy_relief",
    "vitiligo",
]


@pytest.mark.parametrize("code", UNNAMED)
def test_where_no_document_names_an_ingredient_none_is_suggested(code):
    assert suggested(code, "face") == {}


def test_why_a_scalp_mixture_is_suggested():
    found = suggested("hair_loss", "scalp")
    assert (found["biotin"], found["vitamin_a"]) == ("goal", "scalp mix")


def test_a_retired_ingredient_is_not_suggested(day):
    Ingredient.objects.filter(code="vitamin_c").update(retired_on=day)
    assert suggested("photoageing", "face") == {}


@pytest.mark.parametrize(
    ("area_code", "family", "expected"),
    [
        ("scalp", "needle", "scalp_standard"),
        ("scalp", "microneedle", "scalp_standard"),
        ("scalp", "needle_free", "needle_free_standard"),
        ("face", "needle", "skin_standard"),
        ("eyelids", "microneedle", "microneedle_standard"),
        ("eyelids", "needle", "skin_standard"),  # the eye area's
        ("under_eye", "needle_free", None),
    ],
)
def test_the_protocol(area_code, family, expected):
    found = questions.protocol_for(Shelf.load().protocols, area(area_code), family)
    assert (found and found.code) == expected


def test_a_session_of_the_face_with_cream():
    steps = questions.steps(questions.steps_in_use(), area("face"), {"anaesthetic_cream", "hyaluronic_acid"})
    assert [(s.code, s.minutes, s.frees_practitioner) for s in steps] == [
        ("interview", 5, False),
        ("cleanse", 5, False),
        ("anaesthetic_cream", 30, True),
        ("disinfect", 5, False),
        ("treat", 20, False),
        ("observe", 10, False),
    ]


def test_steps_come_in_the_order_that_the_catalogue_gives_them_wherever_they_lie_in_the_table():
    before = [step.code for step in questions.steps_in_use()]
    VisitStep.objects.update(position=1000 - F("position"))
    assert [step.code for step in questions.steps_in_use()] == before[::-1]


def test_a_session_without_cream_is_shorter_and_the_scalp_is_massaged():
    assert sum(step.minutes for step in questions.steps(questions.steps_in_use(), area("face"), ())) == 45
    assert [s.code for s in questions.steps(questions.steps_in_use(), area("scalp"), ())][-2:] == [
        "scalp_massage",
        "observe",
    ]


def test_pairs_have_a_documents_word_or_no_data():
    chosen = Ingredient.objects.filter(code__in=["vitamin_c", "phenolic_acids", "zinc"])
    synergies = Synergy.objects.select_related("one", "other")
    found = {
        frozenset((one.code, other.code)): said and said.says
        for one, other, said in questions.pairs(chosen, synergies)
    }
    assert found == {
        frozenset(("vitamin_c", "phenolic_acids")): "work well together",
        frozenset(("vitamin_c", "zinc")): None,
        frozenset(("zinc", "phenolic_acids")): None,
    }


def test_everything_asked_of_a_loaded_shelf_asks_the_database_nothing(django_assert_num_queries):
    face, wrinkles, shelf = area("face"), goal("wrinkles"), Shelf.load()
    wrinkles = next(row for row in shelf.goals if row == wrinkles)
    with django_assert_num_queries(0):
        assert any(questions.documented(row, wrinkles, face) for row in shelf.techniques)
        assert any(questions.why_suggested(row, wrinkles, face) for row in shelf.ingredients)
        assert questions.protocol_for(shelf.protocols, face, "needle")
        assert questions.steps(shelf.steps, face, ())
        assert questions.pairs(shelf.ingredients, shelf.synergies)


def test_the_shelf_is_loaded_in_the_same_number_of_queries_however_full(django_assert_num_queries):
    with django_assert_num_queries(16):
        Shelf.load()
