"""The desk asks a patient to answer by themself."""

import base64
import datetime as dt
import re
from urllib.parse import unquote

import pytest
from django.test import Client

from clinic.models import AccessLog
from conftest import NOW
from patients import actions, visitors
from patients.models import InterviewLink, Report
from patients.steps import steps
from patients.tests.factories import patient
from patients.tests.fixtures import facts
from patients.tests.test_own_pages import BORN, BORN_TYPED, HERE, PAYLOADS, answer_all, sign, typed

__all__ = ["facts"]

pytestmark = pytest.mark.usefixtures("on_the_day")
WAYS = ["mail", "code", "tablet"]


@pytest.fixture
def ana(facts, front_desk):
    return patient(by=front_desk, birth_date=BORN, email="ana@mail.example")


def way(person, how):
    return f"/patients/{person.pk}/links/{how}/"


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("role", ["front_desk", "nurse", "doctor"])
def test_the_desk_nurses_and_doctors_ask(request, as_, ana, how, role):
    answer = as_(request.getfixturevalue(role)).post(way(ana, how))
    assert answer.status_code == (200 if how == "code" else 302)
    assert InterviewLink.objects.get().patient == ana


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("role", ["catalogue_admin", "clinic_admin", "stranger"])
def test_others_do_not(request, as_, ana, how, role):
    assert as_(request.getfixturevalue(role)).post(way(ana, how)).status_code == 403
    assert not InterviewLink.objects.exists()


@pytest.mark.parametrize("how", WAYS)
def test_by_posting_and_of_a_patient_who_is_there(as_, front_desk, ana, how):
    browser = as_(front_desk)
    assert browser.get(way(ana, how)).status_code == 405
    assert browser.post(way(ana, how).replace(str(ana.pk), "10000000")).status_code == 404
    assert Client().post(way(ana, how)).status_code == 302
    assert not InterviewLink.objects.exists()


def test_without_an_address_there_is_no_button_and_a_post_is_told_so(as_, front_desk, facts):
    nobody = patient(by=front_desk)
    browser = as_(front_desk)
    assert "Send the interview by e-mail" not in browser.get(f"/patients/{nobody.pk}/").text
    assert browser.post(way(nobody, "mail")).status_code == 409


@pytest.mark.parametrize("how", WAYS)
def test_nobody_is_asked_by_a_record_that_has_ended(as_, front_desk, ana, at, how):
    browser = as_(front_desk)
    actions.note_death(ana, NOW.date(), by=front_desk, at=at)
    assert "Show a QR code" not in browser.get(f"/patients/{ana.pk}/").text
    refused = browser.post(way(ana, how))
    assert (refused.status_code, "has ended" in refused.text) == (409, True)
    assert not InterviewLink.objects.exists()
    with pytest.raises(actions.LinkDead):
        actions.link_for_letter(ana.pk, since=at, at=at)


def test_pressed_twice_it_is_one_request(as_, front_desk, ana):
    browser = as_(front_desk)
    for _press in range(2):
        browser.post(way(ana, "mail"))
    assert InterviewLink.objects.count() == 1


def test_the_code_is_a_picture_and_the_token_is_on_no_page(as_, front_desk, ana, monkeypatch):
    monkeypatch.setattr("patients.tokens.new", lambda: "T" * 43)
    page = as_(front_desk).post(way(ana, "code"))
    assert "no-store" in page["Cache-Control"]
    assert "T" * 43 not in page.text
    picture = unquote(re.search(r'src="(data:image/svg\+xml[^"]+)"', page.text)[1])
    assert "<svg" in picture or b"<svg" in base64.b64decode(picture.partition(",")[2])
    assert "T" * 43 not in as_(front_desk).get(f"/patients/{ana.pk}/").text
    assert AccessLog.objects.filter(patient_id=ana.pk, view="patients:link_by_code").exists()
    assert Client().get(f"/interview/with/{'T' * 43}/")["Location"] == HERE


def test_a_tablet_is_nobodys_but_the_patients(as_, nurse, ana):
    browser = as_(nurse)
    answer = browser.post(way(ana, "tablet"))
    assert answer["Location"] == HERE
    assert "session" not in browser.cookies or not browser.cookies["session"].value
    for address in ("/", f"/patients/{ana.pk}/", "/schedule/"):
        assert "/login/" in browser.get(address)["Location"]
    assert "Start" in browser.get(HERE).text
    answer_all(browser, ana)
    done = sign(browser, "Ana")
    assert "Please hand the tablet back." in done.text
    assert not browser.cookies[visitors.COOKIE.key].value
    assert browser.get(HERE).status_code == 404
    assert Report.objects.get().link.kind == "tablet"


def test_on_a_tablet_answers_kept_before_wait_behind_the_date_of_birth(as_, nurse, ana):
    link, _token = actions.show_code(ana, by=nurse, at=NOW)
    actions.save_answers(
        link.pk, asked=[], answers={"herpes": {"state": "no"}}, allergies=None, asks_allergies=False, at=NOW
    )
    browser = as_(nurse)
    browser.post(way(ana, "tablet"))
    assert "When were you born?" in browser.get(HERE).text
    assert browser.get("/interview/part/4/")["Location"] == HERE
    browser.post(HERE, BORN_TYPED)
    assert "Your answers so far are kept" in browser.get(HERE).text


def test_a_tablet_works_for_an_hour_and_asks_nobody_twice(as_, nurse, ana):
    as_(nurse).post(way(ana, "tablet"))
    link = InterviewLink.objects.get()
    assert (link.expires_at, link.opened_at, link.token_hashes) == (NOW + dt.timedelta(hours=1), NOW, [])


def test_a_link_is_taken_back_once(as_, front_desk, ana):
    link, _token = actions.show_code(ana, by=front_desk, at=NOW)
    address = f"/patients/{ana.pk}/links/{link.pk}/revoke/"
    assert as_(front_desk).post(address).status_code == 302
    link.refresh_from_db()
    assert (link.revoked_at, link.revoked_by) == (NOW, front_desk)
    assert as_(front_desk).post(address).status_code == 409
    assert as_(front_desk).get(address).status_code == 405


def test_a_link_is_taken_back_by_the_desk_and_of_its_own_patient(as_, front_desk, clinic_admin, ana):
    link, _token = actions.show_code(ana, by=front_desk, at=NOW)
    other = patient(by=front_desk)
    assert as_(clinic_admin).post(f"/patients/{ana.pk}/links/{link.pk}/revoke/").status_code == 403
    assert as_(front_desk).post(f"/patients/{other.pk}/links/{link.pk}/revoke/").status_code == 404
    link.refresh_from_db()
    assert link.revoked_at is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "shown 23 Nov, 09:30, not opened yet"),
        ({"sent_at": None}, "the message is not out yet"),
        ({"opened_at": NOW}, "opened 23 Nov, 09:30"),
        ({"tries": 5}, "closed after 5 wrong dates of birth"),
        ({"expires_at": NOW}, "ran out 23 Nov, 09:30"),
    ],
)
def test_the_desk_sees_how_far_a_link_got(as_, front_desk, ana, changed, said):
    link, _token = actions.show_code(ana, by=front_desk, at=NOW)
    InterviewLink.objects.filter(pk=link.pk).update(**changed)
    assert said in as_(front_desk).get(f"/patients/{ana.pk}/").text


@pytest.fixture
def reported(ana, nurse):
    """Answers, with every payload we know as an allergy and as the name."""
    browser = Client()
    _link, token = actions.show_code(ana, by=nurse, at=NOW)
    browser.get(f"/interview/with/{token}/")
    browser.post(HERE, BORN_TYPED)
    answer_all(browser, ana)
    one = next(one for one in steps(ana) if one.allergies)
    browser.post(
        f"/interview/part/{one.number}/",
        typed(one) | {"allergies": "some", "text": [*PAYLOADS, "kiwi fruit"]},
    )
    sign(browser, PAYLOADS[0])
    return Report.objects.get()


def test_the_desk_sees_that_it_was_received_and_nothing_of_it(as_, front_desk, ana, reported):
    page = as_(front_desk).get(f"/patients/{ana.pk}/").text
    assert "own answers are received" in page
    assert "kiwi" not in page
    assert "Show a QR code" not in page
    for how in WAYS:
        assert as_(front_desk).post(way(ana, how)).status_code == 409


def test_clinical_staff_see_that_it_waits_and_what_was_typed_as_text(as_, nurse, ana, reported):
    page = as_(nurse).get(f"/patients/{ana.pk}/").text
    assert "Submitted by the patient on 23 Nov 2026, 09:30, not confirmed yet" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_page_asks_as_often_however_many_links_there_are(
    as_, front_desk, ana, django_assert_max_num_queries
):
    browser = as_(front_desk)
    browser.get(f"/patients/{ana.pk}/")
    with django_assert_max_num_queries(40) as one:
        browser.get(f"/patients/{ana.pk}/")
    for _link in range(8):
        actions.show_code(ana, by=front_desk, at=NOW)
    with django_assert_max_num_queries(len(one)):
        browser.get(f"/patients/{ana.pk}/")
