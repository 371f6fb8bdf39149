"""Pages around the calendar: the day on paper, the secret addresses, what other hours and settings would leave."""

import datetime as dt

import pytest
import time_machine
from playwright.sync_api import expect

from clinic.models import NursesWith, WorkingHours
from clinic.tests.browser.looking import Looker, log_in
from conftest import NOW
from treatments.schedule import actions
from treatments.schedule.models import Device, DeviceKind, Requirement
from treatments.schedule.tests.factories import booked, confirmed_course, nurses_alone, room, working_hours

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BOTH = ("light", "dark")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def sessions(doctor, nurse):
    """Five sessions of the nurse, the next on Tuesday at ten, each with the only device."""
    nurses_alone()
    working_hours(nurse)
    course = confirmed_course(by=doctor)
    kind = DeviceKind.objects.create(name="Gun")
    Device.objects.create(kind=kind, name="Gun of the first floor, with the long cable")
    Requirement.objects.create(technique=course.technique, kind=kind)
    return booked(course, room(), practitioner=nurse)


@pytest.fixture
def look(page):
    looker = Looker(page)
    yield looker
    assert not looker.found, "\n".join(looker.found)


def test_the_day_on_paper_goes_from_practitioners_to_devices(page, live_server, front_desk, sessions, look):
    log_in(page, live_server.url, front_desk)
    page.goto(f"{live_server.url}/schedule/?day=2026-11-24&by=device")
    page.get_by_role("link", name="Print").click()
    expect(page.get_by_role("heading", level=2)).to_contain_text("Gun of the first floor")
    expect(page.get_by_role("cell", name="Natalia, Room 1")).to_be_visible()
    look("sheet-by-device", schemes=BOTH)
    page.get_by_role("link", name="By practitioner").click()
    expect(page.get_by_role("heading", level=2)).to_contain_text("Natalia")
    look("sheet-by-practitioner", schemes=BOTH)


def test_a_secret_address_is_made_and_taken_back(page, live_server, nurse, sessions, look):
    log_in(page, live_server.url, nurse)
    page.goto(f"{live_server.url}/feeds/")
    look("feeds-none", schemes=BOTH)
    page.locator("main form button").first.click()
    expect(page.get_by_text("It is shown this once")).to_be_visible()
    look("feeds-made", schemes=BOTH)


def test_other_hours_show_what_they_leave_before_they_are_saved(
    page, live_server, clinic_admin, nurse, sessions, look
):
    log_in(page, live_server.url, clinic_admin)
    page.goto(f"{live_server.url}/staff/{nurse.pk}/hours/")
    page.locator("[name=to_2_1]").fill("10:30")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="5 sessions to come would lie outside")).to_be_visible()
    look("hours-preview", schemes=BOTH)
    assert WorkingHours.objects.get(practitioner=nurse, weekday=2).ends == dt.time(18)
    page.get_by_role("button", name="Save all the same").click()
    expect(page).to_have_url(f"{live_server.url}/absences/outside/")
    assert WorkingHours.objects.get(practitioner=nurse, weekday=2).ends == dt.time(10, 30)


def test_whom_nurses_need_shows_whom_that_leaves_before_it_is_saved(
    page, live_server, clinic_admin, sessions, look
):
    log_in(page, live_server.url, clinic_admin)
    page.goto(f"{live_server.url}/settings/")
    page.locator("[name=name]").fill("Derma")
    page.locator("[name=nurses_with_doctor]").select_option(NursesWith.HERS.value)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="5 sessions to come would lie outside")).to_be_visible()
    look("settings-preview", schemes=BOTH)
    page.get_by_role("button", name="Save all the same").click()
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("Settings")


def test_who_did_not_come_stands_in_the_calendar(page, live_server, front_desk, nurse, sessions, look):
    with time_machine.travel(sessions[0].starts_at + dt.timedelta(hours=1), tick=False):
        actions.miss(sessions[0], version=1, by=nurse, at=sessions[0].starts_at + dt.timedelta(hours=1))
        log_in(page, live_server.url, front_desk)
        page.goto(f"{live_server.url}/schedule/?day=2026-11-24")
        block = page.locator(f".ec-event.session-{sessions[0].pk}")
        expect(block).to_contain_text("Did not come")
        look("calendar-missed", schemes=BOTH)
