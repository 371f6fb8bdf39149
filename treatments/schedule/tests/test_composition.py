"""What the catalogue says changes: the sessions concerned are screened again, whichever door it came through."""

import threading
from contextlib import closing

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

from clinic import events
from clinic.tests.processes import wait_or_end
from patients.tests.factories import interview, reported
from treatments.catalogue.composition import watched
from treatments.catalogue.events import CompositionChanged
from treatments.catalogue.models import Area, Goal, Ingredient, Product, Technique
from treatments.catalogue.tests.test_admin import filled
from treatments.courses import actions
from treatments.courses.models import Course
from treatments.courses.tests.factories import cleared_patient
from treatments.courses.tests.factories import course as make
from treatments.schedule.models import Session, Standing
from treatments.schedule.tests.factories import booked, room, working_hours

pytestmark = pytest.mark.usefixtures("on_the_day")


def held() -> bool:
    found = set(Session.objects.with_held().values_list("held", flat=True))
    assert len(found) == 1
    return found.pop()


@pytest.fixture
def glow(db):
    product = Product.objects.create(code="glow", label="Glow", citations=["own"])
    product.ingredients.set(Ingredient.objects.filter(code="hyaluronic_acid"))
    return product


@pytest.fixture
def course(doctor, glow):
    """With a product, for somebody who is allergic to what the product does not hold."""
    working_hours(doctor)
    who = cleared_patient(by=doctor)
    interview(who, by=doctor, allergies=["vitamin_c"])
    row = make(by=doctor, patient=who, ingredients=[], products=(glow,), sessions=2)
    booked(row, room(), practitioner=doctor)
    return row


def change(product, *codes, at):
    with watched(at=at):
        product.ingredients.set(Ingredient.objects.filter(code__in=codes))


def test_a_product_that_gains_the_allergen_holds_and_one_that_loses_it_frees(course, glow, at):
    change(glow, "hyaluronic_acid", "vitamin_c", at=at)
    assert held()
    assert set(Standing.objects.values_list("cause", flat=True)) == {"composition"}
    change(glow, "hyaluronic_acid", at=at)
    assert not held()


def test_the_form_of_the_admin_is_such_a_door(course, glow, as_, catalogue_admin):
    browser = as_(catalogue_admin)
    page = reverse("admin:catalogue_product_change", args=[glow.pk])
    both = list(Ingredient.objects.filter(code__in=["hyaluronic_acid", "vitamin_c"]))
    data = filled(browser.get(page)) | {"ingredients": [one.pk for one in both]}
    assert browser.post(page, data).status_code == 302
    assert held()


def test_a_file_is_such_a_door(course, glow, as_, catalogue_admin):
    text = "code,label,ingredients,citations\nglow,Glow,hyaluronic_acid|vitamin_c,own\n"
    file = SimpleUploadedFile("product.csv", text.encode(), "text/csv")
    page = reverse("admin:catalogue_product_import")
    as_(catalogue_admin).post(page, {"import_file": file, "format": "0", "resource": ""})
    assert {i.code for i in glow.ingredients.all()} == {"hyaluronic_acid", "vitamin_c"}
    assert held()


@pytest.mark.parametrize(
    ("model", "code", "changed"),
    [
        pytest.param(Ingredient, "hyaluronic_acid", {"role": "class"}, id="a role"),
        pytest.param(Technique, "needle_syringe", {"family": "needle_free"}, id="a family"),
        pytest.param(Area, "face", {"region": "scalp"}, id="a region"),
        pytest.param(Goal, "discoloration", {"disease_fact": "herpes"}, id="a disease"),
    ],
)
def test_whatever_screening_sees_is_announced_once(course, model, code, changed, at, monkeypatch):
    heard = []
    monkeypatch.setattr(events, "announce", heard.append)
    with watched(at=at):
        model.objects.filter(code=code).update(**changed)
    assert heard == [CompositionChanged({model._meta.model_name: frozenset([code])}, at)]


def test_what_screening_does_not_see_is_not_announced(db, at, monkeypatch):
    monkeypatch.setattr(events, "announce", pytest.fail)
    with watched(at=at):
        Product.objects.update(label="Glow, the new one")
        Ingredient.objects.update(note="seen")


def test_only_what_is_made_with_it_is_screened_again(course, doctor, glow, at):
    other = make(by=doctor)
    before = other.checked.at
    change(glow, "hyaluronic_acid", "vitamin_c", at=at.replace(hour=20))
    other.checked.refresh_from_db()
    assert other.checked.at == before
    assert {c.pk for c in Course.objects.made_with({"product": frozenset(["glow"])})} == {course.pk}


@pytest.mark.parametrize("told", ["confirmed", "reported alone"])
def test_a_new_substance_that_somebody_is_allergic_to_is_found(doctor, course, told, at):
    """Until then it was free text, matched to nothing, and the verdict said so."""
    if told == "confirmed":
        interview(course.patient, by=doctor, allergies=["kiwi"])
    else:
        reported(course.patient, by=doctor, allergies=["kiwi"])
    assert {c.pk for c in Course.objects.made_with({"ingredient": frozenset(["kiwi"])})} == {course.pk}
    assert not Course.objects.made_with({"ingredient": frozenset(["mango"])})


# Planned while it changes


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "negative control"])
def test_a_plan_made_while_its_product_changes_is_not_stale(doctor, glow, at, monkeypatch, guarded):
    """The planner has read the product and not committed; the change comes meanwhile."""
    who = cleared_patient(by=doctor)
    interview(who, by=doctor, allergies=["vitamin_c"])
    if not guarded:
        monkeypatch.setattr("treatments.courses.locks.planning", lambda: None)
    screened, go_on = threading.Event(), threading.Event()
    rescreen = actions.rescreen

    def slowly(*args, **kwargs):
        found = rescreen(*args, **kwargs)
        screened.set()
        assert go_on.wait(120)
        return found

    monkeypatch.setattr(actions, "rescreen", slowly)
    plan = in_thread(lambda: make(by=doctor, patient=who, ingredients=[], products=(glow,), confirmed=False))
    assert screened.wait(60)
    catalogue = in_thread(lambda: change(glow, "vitamin_c", at=at))
    assert wait_or_end(lambda: not catalogue.is_alive()) is guarded
    go_on.set()
    plan.join(60)
    catalogue.join(60)
    assert (Course.objects.get().screening.verdict == "stop") is guarded


def in_thread(work) -> threading.Thread:
    def run():
        with closing(connection):
            work()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_change_that_fails_announces_nothing(db, at, monkeypatch):
    monkeypatch.setattr(events, "announce", pytest.fail)
    with pytest.raises(ZeroDivisionError), watched(at=at):
        fail_after(Ingredient.objects.update(role="class"))


def fail_after(_done):
    raise ZeroDivisionError
