"""What is used in a course under way can change, and the sessions to come follow."""

import pytest
from django.core.exceptions import ValidationError

from clinic.versions import ChangedMeanwhile
from patients.tests.factories import interview
from treatments.catalogue.shelf import Shelf
from treatments.courses import actions
from treatments.courses.models import Course
from treatments.courses.run import run_of
from treatments.courses.tests.factories import course as make
from treatments.courses.tests.factories import picked
from treatments.schedule.models import Session
from treatments.schedule.tests.factories import booked, room, working_hours

pytestmark = pytest.mark.usefixtures("on_the_day")


@pytest.fixture
def course(doctor):
    working_hours(doctor)
    row = make(by=doctor, ingredients=["hyaluronic_acid", "vitamin_c"], sessions=3)
    booked(row, room(), practitioner=doctor)
    return Course.objects.get(pk=row.pk)


def change(course, by, at, **chosen):
    choices = picked(sessions=3, **chosen)
    run = run_of(Shelf.load(), choices)
    return actions.change_cocktail(course, choices, run, version=course.version, by=by, at=at)


def held() -> set[bool]:
    return set(Session.objects.with_held().values_list("held", flat=True))


def test_leaving_out_what_the_patient_is_allergic_to_frees_the_sessions(course, doctor, at):
    interview(course.patient, by=doctor, allergies=["vitamin_c"])
    assert held() == {True}
    change(course, doctor, at, ingredients=["hyaluronic_acid"])
    assert held() == {False}
    course.refresh_from_db()
    assert [i.code for i in course.ingredients.all()] == ["hyaluronic_acid"]
    assert (course.state, course.version) == ("confirmed", 3)


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        pytest.param({"ingredients": ["vitamin_c"]}, actions.NotConfirmable, id="it could not be confirmed"),
        pytest.param({"goal": "wrinkles"}, ValidationError, id="another goal"),
        pytest.param({"area": "neck"}, ValidationError, id="another area"),
        pytest.param({"procedure_substances": ["anaesthetic_cream"]}, ValidationError, id="it takes longer"),
    ],
)
def test_what_is_refused_changes_nothing(course, doctor, at, chosen, why):
    interview(course.patient, by=doctor, allergies=["vitamin_c"])
    with pytest.raises(why):
        change(course, doctor, at, **chosen)
    course.refresh_from_db()
    assert {i.code for i in course.ingredients.all()} == {"hyaluronic_acid", "vitamin_c"}
    assert (course.goal.code, course.version) == ("discoloration", 2)
    assert held() == {True}


def test_the_second_of_two_is_told(course, doctor, at):
    change(course, doctor, at, ingredients=["hyaluronic_acid"])
    with pytest.raises(ChangedMeanwhile):
        change(course, doctor, at, ingredients=["zinc"])


def test_the_page_does_it(course, doctor, as_):
    interview(course.patient, by=doctor, allergies=["vitamin_c"])
    page = as_(doctor).get(f"/courses/{course.pk}/edit/").content.decode()
    assert "This course is under way." in page
    said = {
        "goal": "discoloration",
        "area": "face",
        "technique": "needle_syringe",
        "ingredients": ["hyaluronic_acid"],
        "sessions": "3",
        "do": "save",
        "version": course.version,
    }
    assert as_(doctor).post(f"/courses/{course.pk}/edit/", said).status_code == 302
    assert held() == {False}
