"""The pages of devices and abilities: each works, and each refuses the wrong person, role, method and id."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import Room
from conftest import NOW
from treatments.schedule.models import Ability, Device, DeviceKind, Requirement, Session
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_equipment import other_technique, pen

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def course(doctor):
    factories.working_hours(doctor)
    return factories.confirmed_course(by=doctor)


@pytest.fixture
def sessions(course, doctor):
    return factories.booked(course, factories.room(), practitioner=doctor)


def url(name, *args):
    return reverse(f"equipment:{name}", args=args)


def test_a_kind_and_a_device_are_added_and_changed(as_, course, clinic_admin):
    browser = as_(clinic_admin)
    form = {"name": "Pen", "cleanup_minutes": 10, "techniques": [course.technique_id], "version": 1}
    assert browser.post(url("kind_add"), form)["Location"] == url("list")
    kind = DeviceKind.objects.get()
    assert kind.requirements.get().technique == course.technique
    browser.post(url("device_add"), {"name": "A", "kind": kind.pk, "active": "on", "version": 1})
    browser.post(url("kind_edit", kind.pk), form | {"name": "Pens", "techniques": []})
    device = Device.objects.get()
    browser.post(url("device_edit", device.pk), {"name": "B", "kind": kind.pk, "version": 1})
    kind.refresh_from_db()
    device.refresh_from_db()
    assert (kind.name, kind.version, kind.requirements.count()) == ("Pens", 2, 0)
    assert (device.name, device.active, device.version) == ("B", False, 2)
    page = browser.get(url("list")).text
    assert "cleaned for 10 min" in page
    assert "out of use" in page


def test_what_is_done_in_a_room_and_by_a_practitioner_is_kept(as_, course, doctor, clinic_admin):
    room, browser = factories.room(), as_(clinic_admin)
    for name, thing in (("room", room), ("practitioner", doctor)):
        browser.post(url(name, thing.pk), {"techniques": [course.technique_id], "version": 1})
        assert [one.technique for one in thing.abilities.all()] == [course.technique]
        page = browser.get(url(name, thing.pk))
        assert page.context["form"].initial["techniques"] == [course.technique_id]
    assert str(course.technique) in browser.get(url("list")).text


def test_sessions_that_would_lack_something_are_shown_before_and_listed_after(
    as_, sessions, course, clinic_admin, front_desk
):
    room, browser = Room.objects.get(), as_(clinic_admin)
    form = {"techniques": [other_technique(course).pk], "version": 1}
    page = browser.post(url("room", room.pk), form)
    assert (page.status_code, page.context["sessions"]) == (200, sessions)
    assert "Nothing is saved yet" in page.text
    assert course.patient.name not in page.text
    assert not Ability.objects.exists()
    answer = browser.post(url("room", room.pk), form | {"sure": page.context["seen"]}, follow=True)
    assert "5 sessions to come" in answer.text
    assert course.patient.name not in answer.text
    assert Session.objects.booked().count() == 5
    assert "5 sessions to come lack something" in browser.get(url("list")).text
    assert course.patient.name in as_(front_desk).get(url("left")).text


def test_a_new_kind_that_sessions_lack_is_shown_before_it_is_made(as_, sessions, course, clinic_admin):
    form = {"name": "Pen", "cleanup_minutes": 0, "techniques": [course.technique_id], "version": 1}
    browser = as_(clinic_admin)
    page = browser.post(url("kind_add"), form)
    assert len(page.context["sessions"]) == 5
    assert not DeviceKind.objects.exists()
    answer = browser.post(url("kind_add"), form | {"sure": page.context["seen"]})
    assert answer["Location"] == url("left")
    assert Requirement.objects.count() == 1


def test_what_was_not_previewed_is_previewed_anew(as_, sessions, course, clinic_admin):
    form = {"techniques": [other_technique(course).pk], "version": 1, "sure": "x"}
    assert as_(clinic_admin).post(url("room", Room.objects.get().pk), form).status_code == 200
    assert not Ability.objects.exists()


def test_a_device_taken_out_of_use_lists_its_sessions(as_, course, doctor, clinic_admin):
    kind = pen(course, "A", "B")
    factories.booked(course, factories.room(), practitioner=doctor)
    browser = as_(clinic_admin)
    used, spare = Device.objects.get(name="A"), Device.objects.get(name="B")
    form = {"kind": kind.pk, "version": 1}
    assert browser.post(url("device_edit", spare.pk), form | {"name": "B"}).status_code == 302
    page = browser.post(url("device_edit", used.pk), form | {"name": "A"})
    assert len(page.context["sessions"]) == 5
    used.refresh_from_db()
    assert used.active


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("kind_add", {"name": ""}),
        ("kind_add", {"name": "PEN"}),
        ("kind_add", {"name": "x" * 61}),
        ("kind_add", {"cleanup_minutes": "241"}),
        ("kind_add", {"cleanup_minutes": "-1"}),
        ("kind_add", {"techniques": ["9" * 25]}),
        ("kind_add", {"techniques": ["x"]}),
        ("kind_add", {"version": "x"}),
        ("device_add", {"name": "a"}),
        ("device_add", {"name": "New", "kind": "9" * 25}),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(as_, course, clinic_admin, name, typed):
    kind = pen(course, "A")
    form = {"name": "Laser", "cleanup_minutes": 0, "kind": kind.pk, "version": 1}
    assert as_(clinic_admin).post(url(name), form | typed).status_code == 422
    assert (DeviceKind.objects.count(), Device.objects.count()) == (1, 1)


def test_changed_meanwhile_says_so_and_keeps_what_was_typed(as_, course, clinic_admin):
    kind, room = pen(course, "A"), factories.room()
    DeviceKind.objects.update(version=2)
    Room.objects.update(version=2)
    form = {"name": "Laser", "cleanup_minutes": 0, "version": 1, "techniques": [course.technique_id]}
    for address in (url("kind_edit", kind.pk), url("room", room.pk)):
        answer = as_(clinic_admin).post(address, form)
        assert answer.status_code == 409
        assert 'name="version" value="2"' in answer.text
    kind.refresh_from_db()
    assert (kind.name, Ability.objects.count()) == ("Pen", 0)


def test_longer_lists_ask_no_more_questions(as_, course, doctor, clinic_admin):
    kind, browser = pen(course, "A"), as_(clinic_admin)

    def questions(n):
        Device.objects.create(kind=kind, name=f"Device {n}")
        Ability.objects.create(room=factories.room(f"Room {n}"), technique=course.technique)
        with CaptureQueriesContext(connection) as asked:
            browser.get(url("list"))
        return len(asked)

    questions(0)
    assert questions(1) == questions(2)


BOUND = ["kind_edit", "device_edit", "room", "practitioner"]


@pytest.mark.parametrize("name", [*BOUND, "kind_add", "device_add", "list"])
@pytest.mark.parametrize("who", ["front_desk", "doctor", "catalogue_admin", "stranger"])
def test_only_the_clinic_admin_changes_anything(as_, request, course, doctor, name, who):
    kind, room = pen(course, "A"), factories.room()
    things = {
        "kind_edit": kind,
        "device_edit": Device.objects.get(),
        "room": room,
        "practitioner": doctor,
    }
    address = url(name, things[name].pk) if name in things else url(name)
    browser = as_(request.getfixturevalue(who))
    assert browser.get(address).status_code == 403
    assert browser.post(address, {"name": "Mine", "version": 1}).status_code in {403, 405}
    kind.refresh_from_db()
    assert kind.version == 1


def test_a_stranger_sees_no_sessions(as_, stranger, catalogue_admin):
    for who in (stranger, catalogue_admin):
        assert as_(who).get(url("left")).status_code == 403


@pytest.mark.parametrize("name", BOUND)
def test_wrong_ids_and_methods_are_refused(as_, front_desk, clinic_admin, name):
    browser = as_(clinic_admin)
    for pk in (10**17, front_desk.pk):
        assert browser.get(url(name, pk)).status_code == 404
        assert browser.delete(url(name, pk)).status_code == 405
    assert browser.post(url("list")).status_code == 405
    assert browser.post(url("left")).status_code == 405


def test_move_page_of_somebody_who_no_longer_does_it_names_another(as_, sessions, course, doctor, nurse):
    Ability.objects.create(practitioner=doctor, technique=other_technique(course))
    page = as_(nurse).get(reverse("schedule:move", args=[sessions[0].pk]))
    assert (page.status_code, page.context["around"].cleaned_data["practitioner"]) == (200, nurse)
    page = as_(nurse).get(reverse("schedule:book", args=[course.pk]))
    assert list(page.context["wish"].people.values()) == [nurse]
