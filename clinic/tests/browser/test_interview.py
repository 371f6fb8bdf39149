"""The interview by keyboard and mouse: counts, keeps itself, and tells of the other person."""

import re

import pytest
from playwright.sync_api import expect

from patients.models import Interview
from patients.tests.factories import patient
from patients.tests.fixtures import ship_facts

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def asking(page, live_server, as_, nurse):
    """Natalia's browser on the interview of a new patient."""
    ship_facts()
    session = as_(nurse).cookies["session"].value
    page.context.add_cookies([{"name": "session", "value": session, "url": live_server.url}])
    ana = patient(by=nurse)
    page.goto(f"{live_server.url}/patients/{ana.pk}/interview/")
    return page


def answer(page, code, words):
    page.locator(f"#q-{code} .choice", has_text=re.compile(f"^{words}$")).click()


def test_the_interview_keeps_itself_and_is_submitted_from_where_it_stands(asking):
    next_open = asking.get_by_role("link", name="Next unanswered")
    next_open.focus()
    asking.keyboard.press("Enter")
    asking.keyboard.press("Space")
    expect(asking.locator("#progress")).to_have_text("1 of 45 answered")
    expect(asking.locator("#saved")).to_contain_text("saved")
    assert Interview.objects.get().answers["pregnancy"]["state"] == "current"
    answer(asking, "herpes", "Ended")
    asking.locator("#u-herpes").fill("2026-10-01")
    answer(asking, "allergies", "These")
    asking.locator("#substance-filter").fill("vit")
    expect(asking.locator("#substances .choice:has([value=hyaluronic_acid])")).to_be_hidden()
    asking.locator("#substances .choice:has([value=vitamin_c])").click()
    asking.get_by_role("button", name="Submit the interview").click()
    expect(asking.locator("#open h2")).to_contain_text("42 questions are not answered")
    asking.get_by_role("button", name="Submit as it is").click()
    expect(asking.locator("#told")).to_contain_text("Vitamin C")
    done = Interview.objects.get()
    assert (done.number, done.answers["herpes"]["until"]) == (1, "2026-10-01")


def test_two_at_one_interview_are_told_while_they_type(asking, context, nurse):
    other = context.new_page()
    other.goto(asking.url)
    answer(other, "stroke", "Yes, now")
    expect(other.locator("#saved")).to_contain_text("saved")
    answer(asking, "stroke", "No")
    expect(asking.locator("#saved")).to_contain_text("Your answers are still here")
    assert Interview.objects.get().answers["stroke"]["state"] == "current"
    asking.get_by_role("button", name="Submit the interview").click()
    asking.get_by_role("button", name="Submit as it is").click()
    expect(asking.locator("#q-stroke")).to_contain_text("Saved by the other person: yes, now")
    expect(asking.locator("#q-stroke input[value=no]")).to_be_checked()
