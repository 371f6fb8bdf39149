"""The plan's page in a real browser: the verdict never says more than the server knows."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.tests.browser.looking import log_in
from patients.tests.factories import interview, patient
from treatments.courses.tests.factories import course

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_a_verdict_that_cannot_be_brought_up_to_date_is_taken_down(page, live_server, nurse):
    who = patient(by=nurse)
    now = timezone.now()
    interview(who, by=nurse, at=now, allergies=("vitamin_c",))
    plan = course(by=nurse, patient=who, confirmed=False, at=now)
    log_in(page, live_server.url, nurse)
    page.goto(f"{live_server.url}/courses/{plan.pk}/edit/")
    verdict, vitamin_c = page.locator("#verdict"), page.locator("input[value=vitamin_c]")
    expect(verdict).to_contain_text("No listed contraindication reported")

    page.route("**/courses/preview/**", lambda route: route.abort())
    vitamin_c.check(force=True)
    expect(verdict).to_contain_text("Cannot screen: do not treat this as clear")
    expect(verdict).not_to_contain_text("No listed contraindication reported")
    expect(page.locator("#verdict-bar")).to_contain_text("Cannot screen")

    page.unroute("**/courses/preview/**")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#verdict")).to_contain_text("Contraindicated")
