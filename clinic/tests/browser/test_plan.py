"""The plan's page in a real browser: the verdict never says more than the server knows."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.tests.browser.looking import answered, log_in
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


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_enter_in_a_number_checks_the_plan_and_never_confirms_it(new_context, live_server, nurse, javascript):
    who, now = patient(by=nurse), timezone.now()
    interview(who, by=nurse, at=now)
    plan = course(by=nurse, patient=who, confirmed=False, at=now)
    page = new_context(java_script_enabled=javascript).new_page()
    log_in(page, live_server.url, nurse)
    page.goto(f"{live_server.url}/courses/{plan.pk}/edit/")
    page.fill("input[name=sessions]", "9")
    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        page.press("input[name=sessions]", "Enter")
    assert answer.value.status == 200
    expect(page.get_by_role("button", name="Confirm plan")).to_be_visible()
    plan.refresh_from_db()
    assert (plan.state, plan.sessions_planned, page.url.endswith("/edit/")) == ("planned", 5, True)


def test_without_scripts_a_change_is_checked_again(new_context, live_server, nurse):
    who, now = patient(by=nurse), timezone.now()
    interview(who, by=nurse, at=now, allergies=("vitamin_c",))
    plan = course(by=nurse, patient=who, confirmed=False, at=now)
    page = new_context(java_script_enabled=False).new_page()
    log_in(page, live_server.url, nurse)
    page.goto(f"{live_server.url}/courses/{plan.pk}/edit/")
    page.locator("input[value=vitamin_c]").check(force=True)
    page.get_by_role("button", name="Check again").click()
    expect(page.locator("#verdict")).to_contain_text("Contraindicated")


def test_the_keyboard_stays_on_a_choice_whose_section_is_drawn_anew(page, live_server, nurse, catalogue):
    log_in(page, live_server.url, nurse)
    page.goto(f"{live_server.url}/courses/new/{patient(by=nurse).pk}/")
    for name, value in (("goal", "discoloration"), ("area", "face"), ("technique", "needle_syringe")):
        one = page.locator(f"input[name={name}][value={value}]")
        with answered(page, "/courses/preview/"):
            one.evaluate(
                "choice => { choice.closest('details')?.setAttribute('open', ''); choice.focus(); choice.click(); }"
            )
        expect(one).to_be_focused()
