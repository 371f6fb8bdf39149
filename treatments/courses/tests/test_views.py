"""The pages about plans, each asked: works, wrong person, wrong role, wrong method, bad id."""

from unittest.mock import Mock
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.models import AccessLog
from contraindications import screening
from contraindications.tests.factories import published
from patients.tests.factories import interview, patient
from treatments.catalogue.models import Ingredient, Product
from treatments.courses.catching_up import catch_up
from treatments.courses.models import Course, CourseState
from treatments.courses.rescreening import rescreen_courses
from treatments.courses.tests.factories import cleared_patient, course

pytestmark = pytest.mark.usefixtures("on_the_day")

CHOSEN = {
    "goal": "discoloration",
    "area": "face",
    "technique": "needle_syringe",
    "ingredients": ["hyaluronic_acid", "vitamin_c"],
    "sessions": "5",
}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def who(nurse):
    """A patient who answered everything with no and is allergic to vitamin C."""
    row = patient(by=nurse)
    interview(row, by=nurse, allergies=("vitamin_c",))
    return row


def new(row) -> str:
    return f"/courses/new/{row.pk}/"


def test_the_page_of_a_new_plan_offers_goals_and_screens_nothing_yet(as_, nurse, who):
    page = as_(nurse).get(new(who)).content.decode()
    assert "Discoloration and spots" in page
    assert "Choose goal, area and technique" in page


def test_a_change_shows_the_verdict_at_once(as_, nurse, who):
    page = as_(nurse).post(f"/courses/preview/{who.pk}/", CHOSEN, headers=HTMX).content.decode()
    assert "Contraindicated" in page
    assert "Leave out Vitamin C" in page


def test_a_course_under_way_keeps_its_own_button_while_choosing(as_, nurse, who):
    row = course(by=nurse, patient=who)
    page = as_(nurse).get(f"/courses/{row.pk}/edit/").content.decode()
    assert 'name="under_way" value="yes"' in page
    assert "Use this from now on" in page
    chosen = CHOSEN | {"under_way": "yes"}
    preview = as_(nurse).post(f"/courses/preview/{who.pk}/", chosen, headers=HTMX).content.decode()
    assert "Use this from now on" in preview
    assert "Confirm plan" not in preview


def test_the_preview_writes_nothing_but_the_access_log(as_, nurse, who):
    before = AccessLog.objects.count()
    as_(nurse).post(f"/courses/preview/{who.pk}/", CHOSEN, headers=HTMX)
    assert AccessLog.objects.count() == before + 1
    assert not Course.objects.exists()


def test_an_ingredient_that_the_patient_is_allergic_to_is_flagged_before_it_is_chosen(as_, nurse, who):
    page = as_(nurse).post(
        f"/courses/preview/{who.pk}/", CHOSEN | {"ingredients": [], "changed": "goal"}, headers=HTMX
    )
    assert "this patient is allergic to Vitamin C" in page.content.decode()


def test_where_no_document_names_an_ingredient_nothing_is_suggested(as_, nurse, who):
    chosen = CHOSEN | {"goal": "scars", "ingredients": [], "changed": "goal"}
    page = as_(nurse).post(f"/courses/preview/{who.pk}/", chosen, headers=HTMX).content.decode()
    assert "No document names an ingredient for this goal and area" in page


def test_a_pair_without_data_is_never_called_compatible(as_, nurse, who):
    page = (
        as_(nurse)
        .post(f"/courses/preview/{who.pk}/", CHOSEN | {"changed": "goal"}, headers=HTMX)
        .content.decode()
    )
    assert "no data: no document says anything about this pair" in page
    assert "compatible" not in page.lower()


def test_numbers_outside_the_documents_are_told_while_typing(as_, nurse, who):
    numbers = CHOSEN | {"sessions": "9", "needle_length_mm": "20", "changed": "needle_length_mm"}
    page = as_(nurse).post(f"/courses/preview/{who.pk}/", numbers, headers=HTMX).content.decode()
    assert "outside the documented range" in page
    assert "outside the protocol's range" in page
    assert "technique-section" not in page  # what is being typed there stays


def test_more_than_three_actives_ask_for_the_reason(as_, nurse, who):
    many = CHOSEN | {"ingredients": ["vitamin_a", "vitamin_e", "biotin", "zinc"]}
    page = as_(nurse).post(f"/courses/preview/{who.pk}/", many, headers=HTMX).content.decode()
    assert "Why more than three actives?" in page


def test_leaving_the_substance_out_works_without_a_script(as_, nurse, who):
    page = as_(nurse).post(new(who), CHOSEN | {"leave_out": "vitamin_c"}).content.decode()
    assert "No listed contraindication reported" in page
    assert not Course.objects.exists()


def test_a_clear_plan_is_saved_and_confirmed_in_one_step(as_, nurse, who):
    said = CHOSEN | {"ingredients": ["hyaluronic_acid"], "do": "confirm", "key": uuid4()}
    response = as_(nurse).post(new(who), said)
    row = Course.objects.get()
    assert response.headers["Location"] == f"/courses/{row.pk}/"
    assert (row.state, row.confirmed_by) == (CourseState.CONFIRMED, nurse)


def test_a_stopped_plan_is_saved_but_not_confirmed(as_, nurse, who):
    as_(nurse).post(new(who), CHOSEN | {"do": "confirm", "key": uuid4()})
    assert Course.objects.get().state == CourseState.PLANNED


def test_a_form_posted_twice_makes_one_plan(as_, nurse, who):
    said = CHOSEN | {"do": "save", "key": uuid4()}
    first, second = as_(nurse).post(new(who), said), as_(nurse).post(new(who), said)
    assert first.headers["Location"] == second.headers["Location"]
    assert Course.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param({"goal": ""}, "Choose a goal", id="no goal"),
        pytest.param({"goal": "immortality"}, "Select a valid choice", id="unknown goal"),
        pytest.param({"ingredients": ["plutonium"]}, "not offered any more", id="unknown ingredient"),
        pytest.param({"sessions": "31"}, "1 to 30 sessions", id="too many sessions"),
        pytest.param({"sessions": "many"}, "whole number", id="no number"),
        pytest.param({"spacing_mm": "wide"}, "Spacing, mm: Enter a number", id="no measure"),
        pytest.param({"composition_reason": "x" * 501}, "at most 500", id="overlong reason"),
        pytest.param({"key": "1"}, "valid UUID", id="bad key"),
        pytest.param({"area": "eyelids"}, "derma pen only", id="eyelids without the pen"),
    ],
)
def test_bad_choices_are_told_in_words_and_nothing_is_saved(as_, nurse, who, wrong, said):
    response = as_(nurse).post(new(who), CHOSEN | {"do": "save", **wrong})
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not Course.objects.exists()


def test_a_decimal_comma_is_a_decimal_point(as_, nurse, who):
    response = as_(nurse).post(new(who), CHOSEN | {"do": "save", "spacing_mm": "7,5"})
    assert response.status_code == 302
    assert Course.objects.get().parameters == {"spacing_mm": "7.5"}


def test_the_second_editor_keeps_what_was_typed(as_, nurse, who):
    plan = course(by=nurse, patient=who, confirmed=False)
    said = CHOSEN | {"do": "save", "ingredients": ["zinc"]}
    assert as_(nurse).post(f"/courses/{plan.pk}/edit/", said | {"version": plan.version}).status_code == 302
    response = as_(nurse).post(f"/courses/{plan.pk}/edit/", CHOSEN | {"do": "save", "version": plan.version})
    assert response.status_code == 409
    assert [i.code for i in plan.ingredients.all()] == ["zinc"]


def test_the_course_page_shows_verdict_and_next_step(as_, nurse):
    row = course(by=nurse)
    page = as_(nurse).get(f"/courses/{row.pk}/").content.decode()
    assert "No listed contraindication reported" in page
    assert f"/schedule/book/{row.pk}/" in page or "Book the sessions" in page


def test_every_read_of_a_plan_is_logged(as_, nurse):
    row = course(by=nurse)
    as_(nurse).get(f"/courses/{row.pk}/")
    assert (
        AccessLog.objects.filter(patient_id=row.patient_id, view="courses:course", actor_id=nurse.pk).count()
        == 1
    )


def test_confirming_twice_is_told(as_, nurse):
    row = course(by=nurse, confirmed=False)
    assert as_(nurse).post(f"/courses/{row.pk}/confirm/", {"version": row.version}).status_code == 302
    assert as_(nurse).post(f"/courses/{row.pk}/confirm/", {"version": row.version}).status_code == 409


@pytest.mark.parametrize("version", ["", "0", "-1", "²", "9" * 30, "one"])
def test_a_version_that_never_stood_changes_nothing(as_, nurse, version):
    row = course(by=nurse, confirmed=False)
    assert as_(nurse).post(f"/courses/{row.pk}/confirm/", {"version": version}).status_code == 409
    row.refresh_from_db()
    assert row.state == CourseState.PLANNED


def test_a_course_can_be_given_up(as_, nurse):
    row = course(by=nurse)
    as_(nurse).post(f"/courses/{row.pk}/cancel/", {"version": row.version})
    row.refresh_from_db()
    assert (row.state, row.cancelled_by) == (CourseState.CANCELLED, nurse)


PAGES = ["new/{patient}/", "{course}/", "{course}/edit/"]
POSTS = ["preview/{patient}/", "{course}/confirm/", "{course}/cancel/", "{course}/screen/"]


def address(template, row) -> str:
    return "/courses/" + template.format(patient=row.patient_id, course=row.pk)


@pytest.mark.parametrize("template", PAGES + POSTS)
@pytest.mark.parametrize("role", ["front_desk", "catalogue_admin", "clinic_admin", "stranger"])
def test_only_clinical_staff_come_near_a_plan(request, as_, nurse, template, role):
    row = course(by=nurse, confirmed=False)
    client = as_(request.getfixturevalue(role))
    send = client.get if template in PAGES else client.post
    assert send(address(template, row)).status_code == 403
    row.refresh_from_db()
    assert (row.state, row.version) == (CourseState.PLANNED, 1)


@pytest.mark.parametrize("template", POSTS)
def test_reading_changes_nothing(as_, nurse, template):
    row = course(by=nurse, confirmed=False)
    assert as_(nurse).get(address(template, row)).status_code == 405


@pytest.mark.parametrize("template", PAGES + POSTS)
def test_an_unknown_id_is_not_found(as_, nurse, template):
    client = as_(nurse)
    send = client.get if template in PAGES else client.post
    assert send("/courses/" + template.format(patient=10**17, course=10**17)).status_code == 404


def test_the_preview_asks_the_same_number_of_questions_whatever_is_chosen(as_, nurse, who):
    client, address = as_(nurse), f"/courses/preview/{who.pk}/"

    def queries(**chosen):
        with CaptureQueriesContext(connection) as asked:
            client.post(address, CHOSEN | chosen, headers=HTMX)
        return len(asked)

    client.post(address, CHOSEN, headers=HTMX)
    few = queries(ingredients=["zinc", "vitamin_c"])
    many = queries(ingredients=["zinc", "iron", "copper", "biotin", "vitamin_c", "antioxidants"])
    assert few == many


def test_the_patients_page_lists_their_courses_in_the_same_number_of_questions(as_, nurse):
    who = cleared_patient(by=nurse)
    client = as_(nurse)

    def queries():
        course(by=nurse, patient=who, confirmed=False)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(who.get_absolute_url()).status_code == 200
        return len(asked)

    queries()  # what is kept per process is read once
    assert queries() == queries()


def test_a_substance_that_is_not_offered_any_more_leaves_no_milder_verdict(as_, nurse, who):
    """What was chosen cannot be read, so the plan without it is not screened in its place."""
    Ingredient.objects.filter(code="vitamin_c").update(retired_on="2026-11-23")
    page = as_(nurse).post(f"/courses/preview/{who.pk}/", CHOSEN, headers=HTMX).content.decode()
    assert "Cannot screen: do not treat this as clear" in page
    assert "“vitamin_c” is not offered any more" in page
    assert "No listed contraindication reported" not in page


def test_changing_a_plan_says_what_is_not_in_the_catalogue_any_more(as_, nurse):
    plan = course(by=nurse, confirmed=False, ingredients=["hyaluronic_acid", "vitamin_c"])
    Ingredient.objects.filter(code="vitamin_c").update(retired_on="2026-11-23")
    page = as_(nurse).get(f"/courses/{plan.pk}/edit/").content.decode()
    assert "Not in the catalogue any more, so left out on this page: Vitamin C." in page


def test_a_page_brought_back_and_filled_in_anew_is_told_and_makes_no_second_plan(as_, nurse):
    row, chosen = cleared_patient(by=nurse), CHOSEN | {"key": str(uuid4()), "do": "confirm"}
    as_(nurse).post(new(row), chosen)
    answer = as_(nurse).post(new(row), chosen | {"ingredients": ["vitamin_e"]})
    assert answer.status_code == 409
    assert "has saved a plan before" in answer.content.decode()
    assert chosen["key"] not in answer.content.decode()
    assert Course.objects.count() == 1


def test_products_cost_no_more_questions(as_, nurse, who):
    def queries():
        products = [product(code) for code in (uuid4().hex[:8], uuid4().hex[:8])]
        with CaptureQueriesContext(connection) as asked:
            as_(nurse).post(f"/courses/preview/{who.pk}/", CHOSEN | {"products": products}, headers=HTMX)
        return len(asked)

    queries()  # logs in, reads what a process keeps
    assert queries() == queries()


def product(code: str) -> str:
    """A ready-made product of two ingredients."""
    row = Product.objects.create(code=code, label=f"Mix {code}", citations=["own"])
    row.ingredients.set(Ingredient.objects.filter(code__in=["vitamin_e", "zinc"]))
    return code


# A verdict of before


def test_a_verdict_of_older_lists_says_so_until_it_is_screened_again(as_, nurse, at):
    row = course(by=nurse)
    address = f"/courses/{row.pk}/"
    assert "Other lists were published since" not in as_(nurse).get(address).text
    published()
    assert "Other lists were published since" in as_(nurse).get(address).text
    for _courses in catch_up(at=at):
        pass
    assert "Other lists were published since" not in as_(nurse).get(address).text


def test_what_cannot_be_screened_any_more_says_so(as_, nurse, at):
    row = course(by=nurse)
    row.products.add(Product.objects.create(code="mystery", label="Mystery", citations=["own"]))
    rescreen_courses(Course.objects.all(), cause="composition", by=None, at=at)
    assert "do not treat this verdict as clear" in as_(nurse).get(f"/courses/{row.pk}/").text


def test_a_verdict_that_cannot_be_read_any_more_is_no_fault_of_the_page(as_, nurse, monkeypatch):
    row = course(by=nurse)
    monkeypatch.setattr(screening, "compiled_rules", Mock(side_effect=screening.CannotScreen))
    page = as_(nurse).get(f"/courses/{row.pk}/")
    assert (page.status_code, "do not treat this as clear" in page.text) == (200, True)
