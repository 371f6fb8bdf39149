"""What the documented catalogue answers."""

import pytest

from treatments.catalogue import questions
from treatments.catalogue.models import Area, Goal, Ingredient, Technique

pytestmark = pytest.mark.django_db


def area(code):
    return Area.objects.select_related("parent").get(code=code)


def goal(code):
    return Goal.objects.get(code=code)


def documented(choices):
    return {choice.row.code for choice in choices if choice.documented}


def test_goals_documented_for_the_scalp_by_needle():
    choices = questions.goals_for(area("scalp"), Technique.objects.get(code="needle_syringe"))
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
    assert documented(choices) == named_for_it | no_area
    assert "allergy_relief" not in {choice.row.code for choice in choices}
    assert [choice.documented for choice in choices] == sorted((c.documented for c in choices), reverse=True)


def test_techniques_documented_for_the_eyelids_are_the_pen_alone():
    assert documented(questions.techniques_for(goal("wrinkles"), area("eyelids"))) == {"derma_pen"}
    assert len(questions.techniques_for(goal("wrinkles"), area("eyelids"))) == 9


def test_a_part_of_an_area_is_documented_by_its_whole():
    assert "needle_gun" in documented(questions.techniques_for(goal("wrinkles"), area("under_eye")))


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
    found = questions.ingredients_for(goal(goal_code), area(area_code))
    assert {suggestion.ingredient.code for suggestion in found} == expected
    assert all(suggestion.citations for suggestion in found)


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
    assert questions.ingredients_for(goal(code), area("face")) == []


def test_why_a_scalp_mixture_is_suggested():
    found = {s.ingredient.code: s for s in questions.ingredients_for(goal("hair_loss"), area("scalp"))}
    assert found["biotin"].because == "goal"
    assert found["vitamin_a"].because == "scalp mix"
    assert [str(citation) for citation in found["vitamin_a"].citations] == ["S3 29"]


def test_a_retired_ingredient_is_not_suggested(day):
    Ingredient.objects.filter(code="vitamin_c").update(retired_on=day)
    assert questions.ingredients_for(goal("photoageing"), area("face")) == []


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
    found = questions.protocol_for(area(area_code), family)
    assert (found and found.code) == expected


def test_a_session_of_the_face_with_cream():
    steps = questions.session_steps(area("face"), {"anaesthetic_cream", "hyaluronic_acid"})
    assert [(s.code, s.minutes, s.frees_practitioner) for s in steps] == [
        ("interview", 5, False),
        ("cleanse", 5, False),
        ("anaesthetic_cream", 30, True),
        ("disinfect", 5, False),
        ("treat", 20, False),
        ("observe", 10, False),
    ]
    assert questions.session_minutes(area("face"), {"anaesthetic_cream"}) == 75


def test_a_session_without_cream_is_shorter_and_the_scalp_is_massaged():
    assert questions.session_minutes(area("face"), ()) == 45
    assert [s.code for s in questions.session_steps(area("scalp"), ())][-2:] == ["scalp_massage", "observe"]


def test_pairs_have_a_documents_word_or_no_data():
    chosen = Ingredient.objects.filter(code__in=["vitamin_c", "phenolic_acids", "zinc"])
    found = {
        frozenset((p.one.code, p.other.code)): p.synergy and p.synergy.says
        for p in questions.pairs_among(chosen)
    }
    assert found == {
        frozenset(("vitamin_c", "phenolic_acids")): "work well together",
        frozenset(("vitamin_c", "zinc")): None,
        frozenset(("zinc", "phenolic_acids")): None,
    }


def test_the_number_of_queries_does_not_grow_with_the_catalogue(django_assert_num_queries):
    face, wrinkles, chosen = area("face"), goal("wrinkles"), list(Ingredient.objects.all())
    pen = Technique.objects.get(code="derma_pen")
    for asked, queries in [
        (lambda: questions.goals_for(face, pen), 2),
        (lambda: questions.techniques_for(wrinkles, face), 2),
        (lambda: questions.ingredients_for(wrinkles, face), 3),
        (lambda: questions.protocol_for(face, "needle"), 2),
        (lambda: questions.session_steps(face, ()), 2),
        (lambda: questions.pairs_among(chosen), 1),
    ]:
        with django_assert_num_queries(queries):
            asked()
