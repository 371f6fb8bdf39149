"""The other pages of the main job, looked at by people with other roles, empty, refused and with long names."""

import datetime as dt
from uuid import uuid4

import pytest
import time_machine
from playwright.sync_api import expect

from clinic.models import Room, WorkingHours
from clinic.tests.browser.looking import Looker, log_in
from conftest import NOW
from patients.tests.factories import interview, patient
from treatments.courses.tests.factories import course
from treatments.schedule.actions import book_course
from treatments.schedule.models import Session
from treatments.schedule.rules import Slot
from treatments.schedule.tests.factories import nurses_alone

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LONG = "Wolfeschlegelsteinhausenbergerdorff-Szczęśniewicz-Konstantopoulou von und zu Hohenstein-Sonderburg"


@pytest.fixture
def clock():
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def held(nurse):
    """A plan that waits for a doctor: a corticosteroid, which no source names and the clinic's policy holds."""
    who = patient(by=nurse, name=LONG, email="long@example.org", phone="+48601234567")
    interview(
        who, by=nurse, answers={"corticosteroid": "current", "urticaria": "current"}, allergies=("pollen",)
    )
    return course(by=nurse, patient=who, confirmed=False)


@pytest.fixture
def booked(nurse):
    """A course with one session today and one in three weeks."""
    Room.objects.create(name="Room 1")
    nurses_alone()
    for weekday in range(1, 6):
        WorkingHours.objects.create(practitioner=nurse, weekday=weekday, starts="09:00", ends="17:00")
    row, room = course(by=nurse, sessions=2), Room.objects.get()
    starts = [NOW + dt.timedelta(hours=1, minutes=30), NOW + dt.timedelta(days=21)]
    slots = [Slot(number, start, room.pk) for number, start in enumerate(starts, 1)]
    book_course(row, slots, practitioner=nurse, by=nurse, at=NOW, key=uuid4())
    return Session.objects.get(number=1)


def test_a_doctor_decides_what_is_held(page, live_server, clock, doctor, held):
    base, look = live_server.url, Looker(page)
    log_in(page, base, doctor)
    page.goto(f"{base}/screening/")
    look("worklist", schemes=("light", "dark"))
    page.get_by_role("link", name="Open the plan").click()
    expect(page.locator("#verdict")).to_contain_text("A doctor must decide")
    look("course-held", schemes=("light", "dark"))
    page.goto(f"{base}/screening/{held.screening.pk}/")
    look("screening", schemes=("light", "dark"))
    page.get_by_role("link", name="Why sheet").click()
    expect(page.get_by_role("heading", name="Findings")).to_be_visible()
    look("why", schemes=("light", "dark"))
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the PDF").click()
    assert download.value.suggested_filename == f"screening-{held.screening.pk}.pdf"
    page.goto(f"{base}/courses/{held.pk}/edit/")
    look("plan-edit")
    assert not look.found, "\n".join(look.found)


def test_anybody_checks_a_digest(page, live_server, held):
    look = Looker(page)
    page.goto(f"{live_server.url}/check/")
    look("check-form", schemes=("light", "dark"))
    page.get_by_label("Digest").fill(f" {held.screening.digest[:32].upper()} {held.screening.digest[32:]} ")
    page.get_by_role("button", name="Check it").click()
    expect(page.get_by_role("heading", name="A screening with this digest is kept here.")).to_be_visible()
    expect(page.get_by_text("Worked out again just now: identical.")).to_be_visible()
    look("check", schemes=("light", "dark"))
    assert not look.found, "\n".join(look.found)


def test_the_front_desk_books_moves_and_cancels(page, live_server, clock, front_desk, booked):
    base, look = live_server.url, Looker(page)
    log_in(page, base, front_desk)
    page.goto(base)
    look("desk-start")
    page.goto(f"{base}/patients/{booked.course.patient_id}/")
    expect(page.get_by_text("What the patient told us")).to_have_count(0)
    look("desk-patient", schemes=("light", "dark"))
    page.goto(f"{base}/schedule/?day=2026-11-23&by=room")
    look("day-rooms", schemes=("light", "dark"))
    page.goto(f"{base}/schedule/sessions/{booked.pk}/move/")
    look("move", schemes=("light", "dark"))
    page.goto(f"{base}/schedule/sessions/{booked.pk}/")
    page.get_by_text("Cancel this session").click()
    page.locator("input[name=reason]").fill("Ill")
    page.get_by_role("button", name="Cancel the session").click()
    expect(page.get_by_role("heading", name="Close the gap")).to_be_visible()
    look("session-cancelled")
    page.get_by_role("link", name="Choose a time by wishes").click()
    expect(page.get_by_role("heading", name="Proposals, the best first")).to_be_visible()
    look("book-missing")
    assert not look.found, "\n".join(look.found)


def test_pages_with_nothing_in_them_and_pages_in_words(page, live_server, clock, nurse, held):
    base, look = live_server.url, Looker(page)
    page.goto(f"{base}/accounts/login/")
    look("login", schemes=("light", "dark"))
    log_in(page, base, nurse)
    page.goto(base)
    look("day-empty", schemes=("light", "dark"))
    page.goto(f"{base}/messages/")
    look("messages-empty")
    page.goto(f"{base}/patients/")
    page.get_by_label("Name, phone or date of birth").fill("wolfeschl")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", name="1 patient")).to_be_visible()
    look("patients-found", schemes=("light", "dark"))
    page.goto(f"{base}/patients/{held.patient_id}/")
    look("patient-long", schemes=("light", "dark"))
    page.goto(f"{base}/patients/{held.patient_id}/edit/")
    look("patient-edit")
    page.goto(f"{base}/patients/999999/")
    look("not-found", schemes=("light", "dark"))
    page.goto(f"{base}/staff/")
    look("refused")
    assert not look.found, "\n".join(look.found)
