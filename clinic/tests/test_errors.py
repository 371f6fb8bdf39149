"""Error pages, conflicts and unreadable input."""

import pghistory
import pytest
from django.db import OperationalError, transaction
from django.forms import modelform_factory
from django.test import RequestFactory

from clinic import urls
from clinic.errors import changed_meanwhile, conflict, differences
from clinic.models import Room
from clinic.versions import ChangedMeanwhile, save_version


@pytest.fixture
def room(db):
    return Room.objects.create(name="Room 1")


def test_the_first_to_save_wins(room):
    mine, theirs = Room.objects.get(pk=room.pk), Room.objects.get(pk=room.pk)
    theirs.name = "Blue"
    save_version(theirs, version=1, fields=["name"])
    mine.name = "Red"
    with pytest.raises(ChangedMeanwhile) as raised:
        save_version(mine, version=1, fields=["name"])
    assert (theirs.version, raised.value.row.name, raised.value.row.version) == (2, "Blue", 2)
    assert Room.objects.get().name == "Blue"


def test_a_row_that_is_gone_is_a_conflict_too(room):
    Room.objects.all().delete()
    with pytest.raises(ChangedMeanwhile) as raised, transaction.atomic():
        save_version(room, version=1, fields=["name"])
    assert raised.value.row is None


def test_a_conflict_says_who_changed_the_row(as_, clinic_admin, room):
    with pghistory.context(user=clinic_admin.pk), transaction.atomic():
        save_version(room, version=1, fields=["name"])
    assert changed_meanwhile(room).startswith("Celina changed this at ")


def test_a_change_by_nobody_known_is_somebodys(room):
    assert changed_meanwhile(room).startswith("Somebody changed this at ")


def test_differences_show_what_the_others_saved(room):
    form_class = modelform_factory(Room, fields=["name", "active"])
    form = form_class({"name": "Mine", "active": "on"}, instance=Room.objects.get(pk=room.pk))
    room.name = "Theirs"
    assert [(str(label), value) for label, value in differences(form, room)] == [("Name", "Theirs")]


@pytest.mark.parametrize(("htmx", "whole"), [(False, True), (True, False)])
def test_a_conflict_is_a_page_or_for_htmx_a_part_of_one(rf: RequestFactory, db, doctor, htmx, whole):
    request = rf.get("/")
    request.user, request.htmx = doctor, htmx
    answer = conflict(request, "The slot was taken meanwhile.")
    assert answer.status_code == 409
    assert "The slot was taken meanwhile." in answer.text
    assert ("<html" in answer.text) is whole


@pytest.mark.parametrize("address", ["/accounts/login/?next=%00", "/%00", "/accounts/%00/?a%00=1"])
def test_a_nul_byte_in_an_address_is_refused(client, db, address):
    assert client.get(address).status_code == 400


@pytest.mark.parametrize("data", [{"login": "a\x00b"}, {"a\x00": "b"}])
def test_a_nul_byte_in_a_form_is_refused(client, db, data):
    answer = client.post("/accounts/login/", data)
    assert answer.status_code == 400
    assert "could not be read" in answer.text


@pytest.mark.parametrize("path", ["/accounts/login/", "/"])
def test_a_form_in_another_encoding_is_refused_in_words(client, db, path):
    client.raise_request_exception = False
    answer = client.post(path, b"a=+AAA-", content_type="application/x-www-form-urlencoded; charset=utf-7")
    assert answer.status_code == 400
    assert "could not be read" in answer.text


def test_a_form_without_its_hidden_part_says_what_to_do(as_, clinic_admin, room):
    answer = as_(clinic_admin).post(f"/rooms/{room.pk}/", {"name": "Blue"})
    assert answer.status_code == 422
    assert "Load it again" in answer.text


def test_a_nul_byte_in_a_cookie_is_refused(client, db):
    client.cookies["session"] = "\x00"
    assert client.get("/").status_code == 400


def test_an_error_page_says_what_to_do_and_nothing_of_the_inside(client, monkeypatch, doctor):
    def explode(request):
        raise RuntimeError("secret")

    monkeypatch.setattr(urls.urlpatterns[0], "callback", explode)
    client.force_login(doctor)
    client.raise_request_exception = False
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Try again in a minute" in answer.text
    assert "secret" not in answer.text
    assert answer["Content-Security-Policy"]


def test_a_database_out_of_reach_is_said_as_something_that_passes(client, monkeypatch, doctor):
    def unreachable(request):
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(urls.urlpatterns[0], "callback", unreachable)
    client.force_login(doctor)
    client.raise_request_exception = False
    answer = client.get("/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "records cannot be reached" in answer.text
    assert "connection" not in answer.text


@pytest.mark.parametrize("code", ["40P01", "40001", "55P03"])
def test_of_two_changes_in_each_others_way_the_one_taken_back_is_told_so(client, monkeypatch, doctor, code):
    def in_the_way(request):
        cause = RuntimeError("from the driver")
        cause.pgcode = code
        raise OperationalError("deadlock detected") from cause

    monkeypatch.setattr(urls.urlpatterns[0], "callback", in_the_way)
    client.force_login(doctor)
    client.raise_request_exception = False
    answer = client.get("/")
    assert answer.status_code == 409
    assert "Somebody else was changing the same" in answer.text
    assert "deadlock" not in answer.text
