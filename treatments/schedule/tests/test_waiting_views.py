"""The pages of the waiting list: each works, and each refuses the wrong person, role, method and id."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import AccessLog, Clinic
from clinic.tests.unchanged import nothing_changes
from conftest import NOW
from patients.models import Patient
from patients.tests.factories import interview
from treatments.courses import actions as courses
from treatments.courses.tests.factories import course
from treatments.schedule import actions
from treatments.schedule.actions import offering
from treatments.schedule.models import FreedTime, Offer, Session, Waiting
from treatments.schedule.tests import factories

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def booked(doctor):
    """Two courses with a session each, tomorrow and in a week."""
    factories.working_hours(doctor)
    room = factories.room()
    crowd = [factories.confirmed_course(by=doctor, sessions=1) for _ in range(3)]
    return [
        factories.booked(row, room, practitioner=doctor, first=NOW.date() + (1 + 7 * nth) * DAY)[0]
        for nth, row in enumerate(crowd)
    ]


@pytest.fixture
def offers(booked, doctor):
    """Tomorrow's session is given up; its time is offered to the two others."""
    for session in booked[1:]:
        factories.waiting(session.course, by=doctor)
    actions.cancel_session(booked[0], reason="moved", version=1, by=doctor, at=NOW)
    [hold] = offering.offer_freed(FreedTime.objects.get().pk, at=NOW)
    return list(hold.offers.order_by("waiting"))


def url(name, *args):
    return reverse(f"waiting:{name}", args=args)


WISHED = {
    "number": 1,
    "practitioner": "any",
    "earliest": NOW.date(),
    "weekdays": ["2", "4"],
    "not_before": "16:00",
}


# The desk


def test_nobody_waits(as_, front_desk):
    assert "Nobody waits" in as_(front_desk).get(url("list")).text


def test_the_list_says_who_waits_for_what_and_nothing_clinical(as_, front_desk, booked, doctor):
    course = booked[1].course
    factories.waiting(course, by=doctor, weekdays=[1, 3], not_before=dt.time(16), practitioner=doctor)
    page = as_(front_desk).get(url("list")).text
    for said in (
        course.patient.name,
        "Session 1 of 1",
        "with Dorota",
        "on a Monday or Wednesday",
        "not before 16:00",
    ):
        assert said in page
    assert "hyaluron" not in page.lower()
    assert str(course) not in page


def test_everybody_whom_the_list_names_is_logged_as_read(
    as_, front_desk, doctor, booked, offers, clinic_admin
):
    waiting = factories.confirmed_course(by=doctor)
    factories.waiting(waiting, by=doctor)
    as_(clinic_admin).get(url("list"))
    assert not AccessLog.objects.filter(listed=True).exists()
    as_(front_desk).get(url("list"))
    rows = AccessLog.objects.filter(actor_id=front_desk.pk, view="waiting:list", listed=True)
    courses = [offer.waiting.course for offer in offers] + [waiting]
    assert sorted(row.patient_id for row in rows) == sorted(course.patient_id for course in courses)


def test_the_list_costs_no_more_queries_when_it_is_longer(as_, front_desk, doctor, booked, offers):
    browser = as_(front_desk)

    def count():
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(url("list")).status_code == 200
        return len(queries)

    count()  # the first page of a session
    few = count()
    for _ in range(4):
        factories.waiting(factories.confirmed_course(by=doctor), by=doctor)
    assert count() == few


@pytest.mark.parametrize("who", ["clinic_admin", "catalogue_admin", "stranger"])
def test_who_does_not_book_sees_and_changes_nothing(as_, who, request, booked, offers):
    browser = as_(request.getfixturevalue(who))
    entry = Waiting.objects.first()
    with nothing_changes():
        assert browser.get(url("list")).status_code == 403
        assert browser.get(url("add", booked[0].course_id)).status_code == 403
        assert browser.post(url("add", booked[0].course_id), WISHED).status_code == 403
        assert browser.post(url("withdraw", entry.pk)).status_code == 403
        assert browser.post(url("answer", offers[0].pk), {"answer": "yes"}).status_code == 403


def test_wrong_methods(as_, front_desk, offers, booked):
    browser = as_(front_desk)
    with nothing_changes():
        assert browser.post(url("list")).status_code == 405
        assert browser.put(url("add", booked[0].course_id)).status_code == 405
        assert browser.get(url("withdraw", Waiting.objects.first().pk)).status_code == 405
        assert browser.get(url("answer", offers[0].pk)).status_code == 405


def test_what_is_not_there(as_, front_desk, doctor):
    plan = course(by=doctor, confirmed=False)
    browser = as_(front_desk)
    assert browser.get(url("add", plan.pk)).status_code == 404
    for name in ("add", "withdraw", "answer"):
        assert browser.post(url(name, 10**17), {"answer": "yes"}).status_code == 404


def test_a_session_is_put_on_the_list_with_its_wishes(as_, front_desk, booked, doctor):
    course = booked[1].course
    answer = as_(front_desk).post(url("add", course.pk), WISHED)
    assert (answer.status_code, answer["Location"]) == (302, url("list"))
    entry = Waiting.objects.get()
    assert (entry.course, entry.number, entry.weekdays, entry.not_before) == (course, 1, [2, 4], dt.time(16))
    assert (entry.practitioner, entry.added_by) == (None, front_desk)


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": 9},
        {"number": "x"},
        {"practitioner": "999"},
        {"earliest": "2020-01-01"},
        {"latest": "2026-11-01"},
        {"weekdays": ["8"]},
        {"not_before": "25:00"},
        {"room": "7777777"},
    ],
)
def test_wishes_that_cannot_be_are_refused(as_, front_desk, booked, wrong):
    browser = as_(front_desk)
    with nothing_changes():
        assert browser.post(url("add", booked[1].course_id), WISHED | wrong).status_code == 422


def test_the_form_brings_along_what_was_wished_on_the_booking_page(as_, front_desk, booked, doctor):
    page = (
        as_(front_desk)
        .get(url("add", booked[1].course_id), {"practitioner": "same", "over_by": "12:00"})
        .text
    )
    assert 'value="12:00"' in page
    assert '<option value="any" selected>' in page
    assert 'value="same"' not in page


def test_where_nothing_can_wait_the_form_says_so(as_, front_desk, booked, doctor):
    course = booked[1].course
    courses.cancel(course, version=course.version, by=doctor, at=NOW)
    browser = as_(front_desk)
    assert "Only a confirmed course" in browser.get(url("add", course.pk)).text
    assert browser.post(url("add", course.pk), WISHED).status_code == 409


def test_from_the_session_and_from_the_booking_page_a_way_leads_to_the_list(as_, front_desk, booked, doctor):
    browser = as_(front_desk)
    page = browser.get(reverse("schedule:session", args=[booked[1].pk])).text
    assert f"{url('add', booked[1].course_id)}?number=1&amp;latest=" in page
    missing = factories.confirmed_course(by=doctor)
    page = browser.get(
        reverse("schedule:book", args=[missing.pk]), {"practitioner": "any", "weekdays": 2}
    ).text
    assert f"{url('add', missing.pk)}?practitioner=any" in page
    factories.waiting(booked[1].course, by=doctor)
    assert (
        "Waits for another time since" in browser.get(reverse("schedule:session", args=[booked[1].pk])).text
    )


def test_the_booking_page_says_what_is_held(as_, front_desk, offers, doctor):
    missing = factories.confirmed_course(by=doctor)
    page = as_(front_desk).get(reverse("schedule:book", args=[missing.pk])).text
    assert "Tuesday 24 November, 10:00 with Dorota is held for the waiting list until 10:00." in page


def test_off_the_list(as_, front_desk, booked, doctor):
    entry = factories.waiting(booked[1].course, by=doctor)
    browser = as_(front_desk)
    assert browser.post(url("withdraw", entry.pk)).status_code == 302
    assert browser.post(url("withdraw", entry.pk)).status_code == 409
    assert "Nobody waits" in browser.get(url("list")).text


def test_the_desk_takes_a_yes_and_the_page_says_who_lost(as_, front_desk, offers, booked):
    browser = as_(front_desk)
    page = browser.get(url("list")).text
    assert "held until 10:00, 30 more minutes" in page
    answer = browser.post(url("answer", offers[1].pk), {"answer": "yes"})
    assert answer["Location"] == reverse("schedule:session", args=[booked[2].pk])
    assert Session.objects.get(pk=booked[2].pk).starts_at == booked[0].starts_at
    page = browser.get(url("list")).text
    assert "Somebody else was faster" in page
    assert "no e-mail address: please call" in page
    assert Offer.objects.get(pk=offers[1].pk).desk == front_desk


def test_the_desk_takes_a_no(as_, front_desk, offers):
    browser = as_(front_desk)
    assert browser.post(url("answer", offers[0].pk), {"answer": "no"}).status_code == 302
    assert browser.post(url("answer", offers[0].pk), {"answer": "no"}).status_code == 409
    assert browser.post(url("answer", offers[1].pk), {"answer": "maybe"}).status_code == 422
    assert [offer.state for offer in Offer.objects.order_by("waiting")] == ["no", "open"]


def test_a_yes_that_cannot_be_kept_says_why_in_words(as_, front_desk, offers, booked, doctor):
    interview(booked[1].course.patient, by=doctor, answers={"pregnancy": "current"})
    answer = as_(front_desk).post(url("answer", offers[0].pk), {"answer": "yes"})
    assert answer.status_code == 409
    assert "a doctor or nurse must look at it first" in answer.text
    assert "pregnan" not in answer.text


# The patient


@pytest.fixture
def link(offers):
    token = actions.mint_token(offers[0].pk, at=NOW)
    return reverse("offer:answer", args=[token])


def test_looking_at_an_offer_changes_nothing_and_says_nothing_clinical(client, link):
    with nothing_changes():
        page = client.get(link)
        client.head(link)
    assert page.status_code == 200
    for said in (
        "Tuesday 24 November 2026",
        "10:00",
        "Dorota",
        "Held until 23 November, 10:00",
        "Instead of",
    ):
        assert said in page.text
    assert "face" not in page.text.lower().replace("surface", "")
    assert "hyaluron" not in page.text.lower()


def test_an_offer_is_read_and_answered_in_the_language_of_its_patient(client, link, offers):
    Patient.objects.update(language="pl")
    page = client.get(link)
    assert page["Content-Language"] == "pl"
    assert '<html lang="pl"' in page.text
    assert "24 listopada 2026 (wtorek)" in page.text
    assert "Termin jest zarezerwowany." in client.post(link, {"answer": "yes"}).text


def test_yes_by_the_patient_and_once_more_for_a_double_click(client, link, booked):
    for _ in range(2):
        answer = client.post(link, {"answer": "yes"})
        assert (answer.status_code, "It is yours" in answer.text) == (200, True)
    assert Session.objects.get(pk=booked[1].pk).starts_at == booked[0].starts_at
    assert Session.objects.get(pk=booked[1].pk).version == 2
    assert client.get(link).status_code == 404
    assert client.post(link, {"answer": "no"}).status_code == 404


def test_no_by_the_patient(client, link, offers):
    assert "Noted" in client.post(link, {"answer": "no"}).text
    assert client.get(link).status_code == 404
    assert [offer.state for offer in Offer.objects.order_by("waiting")] == ["no", "open"]


def test_who_is_too_late_is_told_that_somebody_was_faster(client, link, offers, doctor):
    actions.say_yes(offers[1], desk=doctor, at=NOW)
    answer = client.post(link, {"answer": "yes"})
    assert (answer.status_code, "Somebody was faster" in answer.text) == (409, True)


def test_wrong_old_and_used_links_get_the_same_page(client, link, time_machine):
    wrong = client.get(reverse("offer:answer", args=["x" * 43]))
    time_machine.move_to(NOW + dt.timedelta(minutes=30), tick=False)
    old = client.get(link)
    assert wrong.status_code == old.status_code == 404
    assert [re.sub(r'Token": "\w+"', "", page.text) for page in (wrong, old)] == 2 * [
        re.sub(r'Token": "\w+"', "", wrong.text)
    ]
    assert wrong["Referrer-Policy"] == "no-referrer"
    assert client.post(link, {"answer": "yes"}).status_code == 404


def test_what_is_neither_yes_nor_no(client, link):
    assert client.post(link, {"answer": "maybe"}).status_code == 422
    assert client.put(link).status_code == 405


def test_a_form_from_elsewhere_is_refused(link, offers):
    assert Client(enforce_csrf_checks=True).post(link, {"answer": "yes"}).status_code == 403
    assert Offer.objects.get(pk=offers[0].pk).state == "open"


def test_a_treatment_that_is_not_cleared_any_more_is_said_without_saying_why(client, link, booked, doctor):
    interview(booked[1].course.patient, by=doctor, answers={"pregnancy": "current"})
    Clinic.objects.update(phone="+48 22 000")
    answer = client.post(link, {"answer": "yes"})
    assert answer.status_code == 409
    assert "+48 22 000" in answer.text
    assert "pregnan" not in answer.text.lower()


def test_who_guesses_is_slowed_down(client, db):
    for _ in range(11):
        last = client.get(reverse("offer:answer", args=["x" * 43]))
    assert (last.status_code, last["Retry-After"]) == (429, "60")
