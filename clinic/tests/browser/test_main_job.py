"""The whole main job in a real Chromium, from a new patient to the reminder in the mailbox.

Weeks pass: the clock of the doors is set, and people log in again each day.
"""

import datetime as dt
import re

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import expect

from clinic.models import Room, WorkingHours
from clinic.tests.browser.looking import Looker, answered, log_in
from patients.models import HealthFact, Patient
from treatments.courses.models import Course, CourseState
from treatments.reminders import actions as outbox
from treatments.reminders.models import Message, MessageState
from treatments.reminders.tests.conftest import post_office  # noqa: F401  # a fixture of this test
from treatments.schedule.models import Session

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MORNING = dt.datetime(2026, 11, 23, 9, 30, tzinfo=timezone.get_default_timezone())


@pytest.fixture
def open_clinic(nurse, doctor):
    """A room, and hours for those who treat."""
    Room.objects.create(name="Room 1")
    for who in (nurse, doctor):
        for weekday in range(1, 6):
            WorkingHours.objects.create(practitioner=who, weekday=weekday, starts="09:00", ends="17:00")


def choose(page, name: str, value: str) -> None:
    """Click a choice of the plan, opening what is folded over it, and wait for the server's word."""
    choice = page.locator(f"label.choice:has(input[name={name}][value={value}])")
    if not choice.is_visible():
        page.locator(f"details:has(input[name={name}][value={value}]) > summary").click()
    with answered(page, "/courses/preview/"):
        choice.click()


def register(page, look, base):
    page.goto(f"{base}/patients/")
    look("patients-empty", schemes=("light", "dark"))
    page.get_by_role("link", name=re.compile("Register")).first.click()
    expect(page.get_by_label(re.compile("full name", re.I))).to_be_visible()
    look("register")
    page.get_by_label(re.compile("full name", re.I)).fill("Zofia Wiśniewska-Dąbrowska")
    page.get_by_label(re.compile("date of birth", re.I)).fill("1989-05-02")
    page.locator("[name=sex][value=female]").check(force=True)
    page.locator("[name=email]").fill("zofia@example.org")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="Zofia Wiśniewska-Dąbrowska")).to_be_visible()
    look("patient-new", schemes=("light", "dark"))


def interview(page, look, base, patient):
    """Everything is "no"; allergic to vitamin C."""
    page.goto(f"{base}/patients/{patient.pk}/")
    page.get_by_role("link", name=re.compile("interview|ask", re.I)).first.click()
    page.wait_for_url("**/interview/")
    look("interview", schemes=("light", "dark"))
    for fact in HealthFact.objects.all():
        page.locator(f"input[name='answer.{fact.code}'][value=no]").press("Space")
    page.locator("input[name=allergies][value=some]").press("Space")
    page.locator("input[name=substance][value=vitamin_c]").press("Space")
    page.get_by_role("button", name="Submit the interview").click()
    expect(page.locator("#told")).to_contain_text("Vitamin C")
    look("patient", schemes=("light", "dark"))


def plan(page, look, base, patient):
    """Discoloration of the face: vitamin C is contraindicated for her, another ingredient is not."""
    page.goto(f"{base}/courses/new/{patient.pk}/")
    look("plan-empty", schemes=("light", "dark"))
    choose(page, "goal", "discoloration")
    choose(page, "area", "face")
    choose(page, "technique", "needle_syringe")
    choose(page, "ingredients", "vitamin_c")
    verdict = page.locator("#verdict")
    expect(verdict).to_contain_text("Contraindicated")
    look("plan-stop", schemes=("light", "dark"))
    with answered(page, "/courses/preview/"):
        page.get_by_role("button", name="Leave out Vitamin C").click()
    choose(page, "ingredients", "phenolic_acids")
    expect(verdict).to_contain_text("No listed contraindication reported")
    look("plan-clear")
    page.get_by_role("button", name="Confirm plan").click()
    expect(page.get_by_role("link", name="Book the sessions")).to_be_visible()
    look("course", schemes=("light", "dark"))


def book(page, look):
    page.get_by_role("link", name="Book the sessions").click()
    expect(page.get_by_role("button", name=re.compile("Book these 5")).first).to_be_visible()
    look("book", schemes=("light", "dark"))
    page.get_by_role("button", name=re.compile("Book these 5")).first.click()
    expect(page.get_by_text("All sessions of the course are booked")).to_be_visible()
    look("patient-booked")


def check_in(page, look, number: int):
    """Asked again on the day, one tap for each question; not on the first, which is that of the interview."""
    page.get_by_role("button", name="Patient is here").click()
    expect(page.get_by_role("button", name="Not here after all")).to_be_visible()
    page.get_by_role("link", name="Check in").click()
    page.wait_for_url("**/check-in/")  # to its end: all questions are counted
    if number == 2:
        look("check-in", schemes=("light", "dark"))
    for question in page.locator(".q:not(.allergy)").all():
        question.locator("label.choice:has([value=no])").click()
    if number > 1:
        page.locator("label.choice:has([name=allergies][value=same])").click()
    page.get_by_role("button", name="Check in").click()
    expect(page.get_by_text("The patient is checked in.")).to_be_visible()


@pytest.fixture
def mailbox(post_office, settings):  # noqa: F811
    """A mail server, with the patience that the product has with one."""
    settings.EMAIL_TIMEOUT = 30
    return post_office.letters


def perform(page, look, base, session):
    page.goto(f"{base}/schedule/sessions/{session.pk}/")
    if session.number == 1:
        look("session", schemes=("light", "dark"))
    check_in(page, look, session.number)
    if session.number == 1:
        look("perform", schemes=("light", "dark"))
    page.get_by_role("button", name="Record as performed").click()
    expect(page.get_by_text("The session is recorded as performed.")).to_be_visible()


@pytest.mark.django_db(transaction=True)
def test_from_a_new_patient_to_the_reminder(page, live_server, nurse, open_clinic, mailbox):
    base, look, complaints = live_server.url, Looker(page), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    with time_machine.travel(MORNING):
        log_in(page, base, nurse)
        register(page, look, base)
        patient = Patient.objects.get()
        interview(page, look, base, patient)
        plan(page, look, base, patient)
        book(page, look)
        page.goto(f"{base}/schedule/?day={Session.objects.first().starts_at:%Y-%m-%d}")
        look("day", schemes=("light", "dark"))
    for session in Session.objects.order_by("number"):
        with time_machine.travel(session.starts_at):
            log_in(page, base, nurse)
            perform(page, look, base, session)
    assert Course.objects.get().state == CourseState.FINISHED
    promise = Message.objects.get(kind="maintenance", step=1)
    assert outbox.deliver(promise.pk, at=promise.due_at) == MessageState.SENT
    assert [str(letter["To"]) for letter in mailbox] == ["zofia@example.org"]
    with time_machine.travel(promise.due_at):
        log_in(page, base, nurse)
        page.goto(f"{base}/messages/")
        expect(page.get_by_role("region", name="Messages").get_by_text("Sent", exact=True)).to_be_visible()
        look("messages", schemes=("light", "dark"))
    assert complaints == []
    assert not look.found, "\n".join(look.found)
