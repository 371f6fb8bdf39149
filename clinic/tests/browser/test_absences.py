"""A practitioner is ill: one click, then five sessions find another time, by keyboard; and the admin's pages."""

import datetime as dt

import pytest
import time_machine
from playwright.sync_api import expect

from clinic.tests.browser.looking import Looker, answered, enter, log_in
from conftest import NOW
from treatments.schedule import actions
from treatments.schedule.models import Absence, Session
from treatments.schedule.rules import Slot
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_absences import away, wrong

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BOTH = ("light", "dark")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def five(nurse):
    """Five sessions of five patients today, one after the other."""
    factories.nurses_alone()
    factories.working_hours(nurse)
    room = factories.room()
    for n in range(5):
        course = factories.confirmed_course(by=nurse, sessions=1)
        slot = Slot(1, NOW + n * dt.timedelta(minutes=90) + dt.timedelta(minutes=30), room.pk)
        key = factories.uuid.uuid4()
        actions.book_course(course, [slot], practitioner=nurse, by=nurse, at=NOW, key=key)


def test_a_practitioner_is_ill_and_five_sessions_are_re_planned_by_keyboard(
    page, live_server, front_desk, five
):
    look = Looker(page)
    log_in(page, live_server.url, front_desk)
    page.goto(f"{live_server.url}/schedule/")
    look("day-to-be-ill", schemes=BOTH)
    enter(page, page.get_by_role("button", name="Natalia is ill"))
    expect(page.get_by_role("heading", name="5 sessions still stand in it")).to_be_visible()
    look("absence", schemes=BOTH)
    for left in (4, 3, 2, 1, 0):
        enter(page, page.get_by_role("link", name="Find another time").first)
        page.wait_for_url("**/move/**")
        with answered(page, r"/move/\?.*day=2026-11-24"):
            page.get_by_label("Around").fill("2026-11-24")
        with answered(page, r"/move/\?.*day=2026-11-24"):
            enter(page, page.get_by_role("button", name="Show times"))
        page.locator("input[name=to]").first.press("Space")
        enter(page, page.get_by_role("button", name="Move the session"))
        word = "1 session still stands" if left == 1 else f"{left} sessions still stand"
        expect(page.get_by_text(word if left else "No session stands in it")).to_be_visible()
    look("absence-settled")
    page.goto(f"{live_server.url}/schedule/")
    look("day-ill", schemes=BOTH)
    assert Session.objects.booked().filter(starts_at__date=dt.date(2026, 11, 23)).count() == 0
    assert Session.objects.booked().count() == 5
    assert wrong() == []
    assert not look.found, "\n".join(look.found)


def test_the_clinic_admin_sees_what_an_absence_would_meet(page, live_server, clinic_admin, nurse, five):
    look, base = Looker(page), live_server.url
    log_in(page, base, clinic_admin)
    page.goto(f"{base}/absences/")
    look("absences-none")
    page.get_by_role("link", name="Record an absence").click()
    expect(page.get_by_label("First day")).to_be_visible()
    look("absence-add", schemes=BOTH)
    page.get_by_label("Practitioner").select_option(label="Natalia")
    page.get_by_label("First day").fill("2026-11-23")
    page.get_by_label("Last day").fill("2026-11-27")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="5 booked sessions need another time then")).to_be_visible()
    look("absence-preview", schemes=BOTH)
    page.get_by_role("button", name="Save it all the same").click()
    expect(page.get_by_role("heading", name="5 sessions still stand in it")).to_be_visible()
    look("absence-admin")
    away(None, NOW, NOW + dt.timedelta(hours=8), by=clinic_admin, kind="closed")
    page.goto(f"{base}/absences/hours/{nurse.pk}/?day=2026-11-23")
    page.locator("[name=from_1]").fill("12:00")
    page.get_by_role("button", name="Save the hours of this day").click()
    expect(page.get_by_role("button", name="Save it all the same")).to_be_visible()
    look("day-hours-preview", schemes=BOTH)
    page.get_by_role("button", name="Save it all the same").click()
    expect(page.get_by_text("are saved.")).to_be_visible()
    look("day-hours")
    page.goto(f"{base}/absences/")
    look("absences", schemes=BOTH)
    assert Absence.objects.standing().count() == 2
    assert not look.found, "\n".join(look.found)


def test_the_clinic_admin_says_what_needs_which_device(page, live_server, clinic_admin, five):
    look, base = Looker(page), live_server.url
    technique = str(Session.objects.first().course.technique)
    log_in(page, base, clinic_admin)
    page.goto(f"{base}/equipment/kinds/add/")
    page.get_by_label("Name").fill("Mesotherapy gun")
    page.get_by_label("Cleaning after use, minutes").fill("10")
    page.get_by_label(technique, exact=True).check()
    look("kind", schemes=BOTH)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="5 booked sessions need another time then")).to_be_visible()
    look("kind-preview", schemes=BOTH)
    page.get_by_role("button", name="Save it all the same").click()
    expect(page.get_by_role("heading", name="5 sessions to come")).to_be_visible()
    look("misfits", schemes=BOTH)
    page.goto(f"{base}/equipment/devices/add/")
    page.get_by_label("Name").fill("Gun 1")
    page.get_by_label("Kind").select_option(label="Mesotherapy gun")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/equipment/")
    look("equipment", schemes=BOTH)
    assert not look.found, "\n".join(look.found)
