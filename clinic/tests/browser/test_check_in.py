"""What changes between booking and treating: held without a reason shown, confirmed, decided, checked in on a phone."""

import datetime as dt
from uuid import uuid4

import pytest
import time_machine
from playwright.sync_api import expect

from clinic.models import Room, WorkingHours
from clinic.tests.browser.looking import Looker, log_in
from conftest import NOW
from patients.models import Interview
from patients.tests.factories import interview, patient, reported
from treatments.courses.tests.factories import course
from treatments.schedule.actions import book_course
from treatments.schedule.models import Session
from treatments.schedule.rules import Slot
from treatments.schedule.tests.factories import nurses_alone
from treatments.visits.models import CheckIn, Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LONG = "Wolfeschlegelsteinhausenbergerdorff-Szczęśniewicz-Konstantopoulou von und zu Hohenstein-Sonderburg"


@pytest.fixture
def session(nurse):
    """A session tomorrow at eleven, of somebody who answered everything with "no" today."""
    Room.objects.create(name="Room 1")
    nurses_alone()
    for weekday in range(1, 6):
        WorkingHours.objects.create(practitioner=nurse, weekday=weekday, starts="09:00", ends="17:00")
    who = patient(by=nurse, name=LONG)
    interview(who, by=nurse, answers={"viral_infection": {"state": "ended", "until": "2026-03-01"}})
    row, start = course(by=nurse, patient=who, sessions=1), NOW + dt.timedelta(days=1, minutes=90)
    [session] = book_course(
        row,
        [Slot(1, start, Room.objects.get().pk)],
        practitioner=nurse,
        by=nurse,
        at=NOW,
        key=uuid4(),
    )
    return session


def tap(page, name: str, value: str) -> None:
    page.locator(f"label.choice:has([name='{name}'][value='{value}'])").click()


def decide(page, finding: str, text: str) -> None:
    """Go ahead with one finding, for a reason of the clinic's list."""
    form = page.locator("form", has=page.get_by_label(finding)).filter(has=page.locator("[name=text]"))
    form.get_by_label(finding).check()
    form.locator("label.choice:has([value=yes])").click()
    form.locator("[name=reason]").select_option(index=1)
    form.locator("[name=text]").fill(text)
    form.get_by_role("button", name="Record the decision").click()
    expect(page.get_by_text(text).first).to_be_visible()


def test_a_change_holds_until_it_is_confirmed_and_decided(
    page, live_server, session, nurse, doctor, front_desk
):
    """Hers: a corticosteroid since, which the clinic leaves to a doctor."""
    base, look = live_server.url, Looker(page)
    here, who = f"{base}/schedule/sessions/{session.pk}/", session.course.patient
    with time_machine.travel(NOW + dt.timedelta(hours=2)):
        told = {"corticosteroid": "current", "viral_infection": {"state": "ended", "until": "2026-03-01"}}
        reported(
            who, by=front_desk, at=NOW + dt.timedelta(hours=1), answers=told, allergies=("latex gloves",)
        )
        log_in(page, base, front_desk)
        page.goto(here)
        expect(page.get_by_text("Held", exact=True).first).to_be_visible()
        for secret in ("orticosteroid", "latex", "not confirmed yet"):
            expect(page.get_by_text(secret)).to_have_count(0)
        look("held-desk", schemes=("light", "dark"))

        log_in(page, base, nurse)
        page.goto(here)
        look("held-nurse", schemes=("light", "dark"))
        page.get_by_role("link", name="Read and confirm").click()
        expect(page.get_by_role("button", name="Confirm")).to_be_visible()
        look("confirm", schemes=("light", "dark"))
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_text("Not confirmed yet")).to_be_visible()
        tap(page, "answer.corticosteroid", "current")
        tap(page, "allergies", "some")
        look("confirm-chosen", schemes=("light", "dark"))
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_text("Confirmed as interview 2.")).to_be_visible()

        log_in(page, base, doctor)
        page.goto(f"{base}/screening/{Session.objects.get().course.screening_id}/")
        decide(page, "Corticosteroid in use", "Low dose, on the arm.")
        decide(page, "Allergy not matched", "Nitrile gloves.")

        log_in(page, base, front_desk)
        page.goto(here)
        expect(page.get_by_text("Booked", exact=True).first).to_be_visible()
        expect(page.get_by_text("Held", exact=True)).to_have_count(0)
    assert not look.found, "\n".join(look.found)


def test_check_in_on_a_phone(page, live_server, session, nurse):
    """One tap for each question; what ended long ago is not dated again; a caution is acknowledged there and then."""
    base, look = live_server.url, Looker(page)
    with time_machine.travel(session.starts_at):
        page.set_viewport_size({"width": 390, "height": 844})
        log_in(page, base, nurse)
        page.goto(f"{base}/visits/{session.pk}/check-in/")
        look("phone-check-in", schemes=("light", "dark"))
        page.set_viewport_size({"width": 390, "height": 844})
        for question in page.locator(".q:not(.allergy)").all():
            state = "ended" if question.get_attribute("id") == "q-viral_infection" else "no"
            question.locator(f"label.choice:has([value={state}])").click()
        page.get_by_role("button", name="Check in").click()
        expect(page.get_by_text("Not checked in yet")).to_be_visible()
        assert not CheckIn.objects.exists()
        tap(page, "allergies", "some")
        page.locator("[name=text]").first.fill("latex gloves")
        look("phone-check-in-chosen", schemes=("light", "dark"))
        page.set_viewport_size({"width": 390, "height": 844})
        page.get_by_role("button", name="Check in").click()
        expect(page.get_by_text("The patient is checked in.")).to_be_visible()
        stands = Interview.objects.standing(session.course.patient)
        assert stands.answers["viral_infection"] == {
            "state": "ended",
            "until": "2026-03-01",
            "on": "2026-11-24",
        }
        assert stands.allergies["texts"] == ["latex gloves"]
        look("phone-verdict", schemes=("light", "dark"))
        assert not Visit.objects.exists()
    assert not look.found, "\n".join(look.found)
