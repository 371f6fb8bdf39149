"""Draft, preview, publish: with scripts and without, looked at on a desk and on a phone."""

import pytest
import time_machine
from playwright.sync_api import expect

from clinic.tests.browser.looking import Looker, enter, log_in, settle
from conftest import NOW
from contraindications.models import Draft, RuleSet
from contraindications.tests.draft_factories import add_item, previewed, retire
from patients.tests.factories import interview
from treatments.courses.tests.factories import cleared_patient, course

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LONG = "Wolfeschlegelsteinhausenbergerdorff-Szczęśniewicz-Konstantopoulou von und zu Hohenstein-Sonderburg"


@pytest.fixture
def clock():
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def affected(nurse):
    """A plan of somebody whom the draft would stop."""
    who = cleared_patient(by=nurse, name=LONG)
    interview(who, by=nurse, answers={"metabolic_unclear": "current"})
    return course(by=nurse, patient=who, confirmed=False)


def test_draft_preview_publish(page, live_server, clock, catalogue_admin, doctor, affected):
    base, look = live_server.url, Looker(page)
    log_in(page, base, catalogue_admin)
    page.goto(f"{base}/rules/")
    look("rules-versions", schemes=("light", "dark"))
    page.get_by_role("link", name="Propose a change").click()
    expect(page.get_by_role("link", name="Add an item")).to_be_visible()
    look("rules-no-draft")
    page.get_by_role("link", name="Add an item").click()
    page.wait_for_url("**/items/add/")
    page.select_option("[name=source]", "S1")
    page.fill("[name=item]", "gout")
    page.fill("[name=locator]", "L102 item 16")
    page.select_option("[name=strength]", "contraindicated")
    page.select_option("[name=row-0-fact]", "metabolic_unclear")
    page.get_by_label("now").check()
    page.select_option("[name=row-0-match]", "direct")
    settle(page)
    page.get_by_role("button", name="Age", exact=True).click()
    expect(page.locator("[name=row-1-age_from]")).to_be_visible()
    expect(page.get_by_role("button", name="Age", exact=True)).to_be_focused()
    page.fill("[name=row-1-age_from]", "70")
    page.select_option("[name=row-1-match]", "ambiguous")
    page.get_by_role("button", name="Several things together").click()
    expect(page.locator("[name=row-2-how]")).to_be_visible()
    look("rules-item", schemes=("light", "dark"))
    page.get_by_role("button", name="Remove this row 3").click()
    expect(page.locator("[name=row-2-how]")).to_have_count(0)
    expect(page.get_by_role("heading", name="What meets it")).to_be_focused()
    expect(page.locator("[name=item]")).to_have_value("gout")
    page.get_by_role("button", name="Propose", exact=True).last.click()
    expect(page.locator("[name=reason]")).to_have_attribute("aria-invalid", "true")
    look("rules-item-refused")
    page.fill("[name=reason]", "The document was read again")
    page.get_by_role("button", name="Propose", exact=True).last.click()
    expect(page.get_by_text("Proposed.")).to_be_visible()
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.get_by_role("button", name="Run it here")).to_be_visible()
    look("rules-preview-running")
    enter(page, page.get_by_role("button", name="Run it here"))
    expect(page.get_by_role("button", name="Run it again")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text("Wolfeschlegel")
    look("rules-draft-admin", schemes=("light", "dark"))

    log_in(page, base, doctor)
    page.goto(f"{base}/rules/draft/")
    look("rules-draft-doctor", schemes=("light", "dark"))
    page.get_by_role("link", name="Plans under way: 1").click()
    expect(page.get_by_text(LONG)).to_be_visible()
    look("rules-people", schemes=("light", "dark"))
    page.goto(f"{base}/rules/draft/")
    page.get_by_role("button", name="Run it again").click()
    expect(page.get_by_role("button", name="Publish")).to_have_count(0)
    enter(page, page.get_by_role("button", name="Run it here"))
    page.fill("[name=note]", "Gout")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", name="Rule set 2 in force")).to_be_visible()
    look("rules-version", schemes=("light", "dark"))
    assert RuleSet.objects.in_force().version == 2
    assert not look.found, "\n".join(look.found)


def test_the_other_forms_and_a_long_draft(page, live_server, clock, catalogue_admin, doctor, affected):
    base, look = live_server.url, Looker(page)
    for code in ("S1-C02", "S1-C15", "S3-C07"):
        change = retire(code, by=catalogue_admin)
    previewed(change.draft, by=doctor)
    add_item(by=catalogue_admin, item="x" * 250)
    log_in(page, base, catalogue_admin)
    page.goto(f"{base}/rules/draft/")
    look("rules-draft-stale", schemes=("light", "dark"))
    page.goto(f"{base}/rules/draft/settings/")
    look("rules-settings", schemes=("light", "dark"))
    page.goto(f"{base}/rules/draft/sources/add/")
    page.get_by_role("button", name="Propose").click()
    look("rules-source", schemes=("light", "dark"))
    page.goto(f"{base}/rules/draft/items/S1-C10/retire/")
    look("rules-retire")
    page.goto(f"{base}/rules/draft/items/S4-C09/")
    look("rules-item-change", schemes=("light", "dark"))
    assert not look.found, "\n".join(look.found)


def test_without_scripts(new_context, live_server, clock, catalogue_admin, doctor):
    page, base = new_context(java_script_enabled=False).new_page(), live_server.url
    log_in(page, base, catalogue_admin)
    page.goto(f"{base}/rules/draft/items/S1-C02/")
    page.get_by_role("button", name="Age", exact=True).click()
    page.locator("[name$=age_from]").fill("70")
    page.locator("fieldset.is-age [name$=match]").select_option("direct")
    page.get_by_role("button", name="Remove this row 1").click()
    page.fill("[name=reason]", "Read again")
    page.get_by_role("button", name="Propose", exact=True).last.click()
    page.get_by_role("button", name="Preview", exact=True).click()
    page.get_by_role("button", name="Run it here").click()
    expect(page.get_by_role("button", name="Run it again")).to_be_visible()
    log_in(page, base, doctor)
    page.goto(f"{base}/rules/draft/")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", name="Rule set 2 in force")).to_be_visible()
    assert RuleSet.objects.in_force().version == 2
    assert not Draft.objects.open().exists()
