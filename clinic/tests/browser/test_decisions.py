"""A hold in a real Chromium: the nurse plans and asks, the doctor decides in the list, the front desk books."""

import re

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import expect

from clinic.models import Room, WorkingHours
from clinic.tests.browser.looking import Looker, log_in
from clinic.tests.browser.test_main_job import choose
from conftest import NOW
from contraindications.models import Question
from patients.tests.factories import interview, patient
from treatments.courses.models import Course
from treatments.schedule.models import Session
from treatments.schedule.tests.factories import nurses_alone

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BOTH = ("light", "dark")


@pytest.fixture
def clock():
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def ana(nurse):
    """She had herpes last week: the documents leave it to a doctor."""
    Room.objects.create(name="Room 1")
    nurses_alone()
    for weekday in range(1, 6):
        WorkingHours.objects.create(practitioner=nurse, weekday=weekday, starts="09:00", ends="17:00")
    who = patient(by=nurse, name="Zofia Wiśniewska-Dąbrowska")
    until = (timezone.localdate(NOW)).replace(day=16).isoformat()
    interview(who, by=nurse, answers={"herpes": {"state": "ended", "until": until}})
    return who


def plan_and_ask(page, look, base, who):
    page.goto(f"{base}/courses/new/{who.pk}/")
    choices = {
        "goal": "discoloration",
        "area": "face",
        "technique": "needle_syringe",
        "ingredients": "hyaluronic_acid",
    }
    for name, value in choices.items():
        choose(page, name, value)
    expect(page.locator("#verdict")).to_contain_text("A doctor must decide")
    page.get_by_role("button", name=re.compile("^Save")).click()
    expect(page.get_by_role("button", name="Ask a doctor")).to_be_visible()
    page.get_by_label("What you want to know, if anything").fill("Healed for a week. Shall we wait?")
    look("hold-asking", schemes=BOTH)
    page.get_by_role("button", name="Ask a doctor").click()
    expect(page.get_by_text("Shall we wait?")).to_be_visible()
    look("hold-asked")


def decide_in_the_list(page, look, base):
    page.goto(f"{base}/screening/")
    line = page.get_by_role("region", name=re.compile("Zofia"))
    for said in ("Herpes: ended", "Shall we wait?"):
        expect(line).to_contain_text(said)
    look("waiting", schemes=BOTH)
    line.get_by_text("Decide", exact=True).click()
    line.get_by_role("checkbox").first.check()
    line.locator("input[name=goes_ahead][value=yes]").check(force=True)
    line.get_by_label("Reason").select_option("examined")
    line.get_by_label("In your words").fill("Seen today, nothing left. " + "W" * 100)
    look("waiting-deciding", schemes=BOTH)
    line.get_by_role("button", name="Record the decision").click()
    expect(page.get_by_text("Nothing waits for a decision")).to_be_visible()
    look("waiting-empty", schemes=BOTH)
    page.get_by_role("link", name="Report of decisions").click()
    expect(page.get_by_text("Seen today, nothing left.")).to_be_visible()
    look("report", schemes=BOTH)


def test_a_hold_is_asked_decided_and_booked(page, live_server, clock, nurse, doctor, front_desk, ana):
    base, look = live_server.url, Looker(page)
    log_in(page, base, nurse)
    plan_and_ask(page, look, base, ana)
    course = Course.objects.get()

    log_in(page, base, front_desk)
    page.goto(f"{base}/schedule/book/{course.pk}/")
    assert not Session.objects.exists()

    log_in(page, base, doctor)
    decide_in_the_list(page, look, base)
    assert Question.objects.get().answer is not None

    log_in(page, base, nurse)
    page.goto(f"{base}/courses/{course.pk}/")
    page.get_by_role("button", name="Confirm plan").click()
    expect(page.get_by_role("link", name="Book the sessions")).to_be_visible()

    log_in(page, base, front_desk)
    page.goto(f"{base}/patients/{ana.pk}/")
    page.get_by_role("link", name=re.compile("Book")).first.click()
    page.get_by_role("button", name=re.compile("Book these|Book this")).first.click()
    expect(page.get_by_text("All sessions of the course are booked")).to_be_visible()
    assert Session.objects.count() == course.sessions_planned
    assert not look.found, "\n".join(look.found)


def test_the_clinics_own_reasons(page, live_server, clock, clinic_admin):
    base, look = live_server.url, Looker(page)
    log_in(page, base, clinic_admin)
    page.goto(f"{base}/settings/")
    page.get_by_role("link", name="Reasons for decisions").click()
    expect(page.get_by_role("link", name="Add a reason")).to_be_visible()
    look("reasons", schemes=BOTH)
    page.get_by_role("link", name="Add a reason").click()
    page.get_by_label(re.compile("^Reason")).fill("Letter of the family doctor seen")
    page.get_by_label("decided (a doctor decides)").check()
    look("reason", schemes=BOTH)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Letter of the family doctor seen")).to_be_visible()
    assert not look.found, "\n".join(look.found)
