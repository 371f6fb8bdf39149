"""Booking a course with wishes, losing a race for it, and all of that with the keyboard alone, in a real Chromium."""

import datetime as dt
import re
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import expect

from clinic.models import Room, User
from clinic.tests.browser.looking import Looker, answered, log_in
from treatments.schedule.actions import book_course
from treatments.schedule.forms import read_slots
from treatments.schedule.models import Session
from treatments.schedule.tests.factories import confirmed_course, nurses_alone, working_hours

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MORNING = dt.datetime(2026, 11, 23, 9, 30, tzinfo=timezone.get_default_timezone())
LONG = "Dr Aleksandra Brzęczyszczykiewicz-Konstantynopolitańska"


@pytest.fixture(autouse=True)
def now():
    with time_machine.travel(MORNING):
        yield


@pytest.fixture
def clinic(doctor, nurse):
    """Two rooms; the doctor is there all week, the nurse on Tuesdays and Fridays."""
    User.objects.filter(pk=nurse.pk).update(name=LONG)
    Room.objects.create(name="Room 1")
    Room.objects.create(name="The quiet room at the very end of the long corridor")
    working_hours(doctor, weekdays=range(1, 5))
    working_hours(nurse, weekdays=(2, 5))
    nurses_alone()


@pytest.fixture
def course(doctor, clinic):
    return confirmed_course(by=doctor, at=MORNING)


def wish(page, change) -> None:
    """Change a wish and wait until the proposals that follow are on the page."""
    with answered(page, r"/book/\?"):
        change()


def booked() -> list[tuple[int, str]]:
    rows = Session.objects.booked().order_by("number")
    return [
        (timezone.localtime(s.starts_at).isoweekday(), f"{timezone.localtime(s.starts_at):%H:%M}")
        for s in rows
    ]


@pytest.mark.django_db(transaction=True)
def test_a_course_is_booked_as_it_was_wished(page, live_server, front_desk, nurse, course):
    look = Looker(page)
    log_in(page, live_server.url, front_desk)
    page.goto(f"{live_server.url}/schedule/courses/{course.pk}/book/")
    expect(page.get_by_role("article")).to_have_count(3)
    look("booking-proposals", schemes=("light", "dark"))
    wish(page, lambda: page.get_by_label("Practitioner").select_option(label="Anybody, the same each time"))
    wish(page, lambda: page.get_by_role("checkbox", name="Fri").check(force=True))
    wish(page, lambda: page.get_by_label("Not before").fill("14:00"))
    expect(page.get_by_role("article").first).to_contain_text("Friday, 14:00")
    expect(page).to_have_url(re.compile("weekdays=5"))
    expect(page).to_have_url(re.compile("not_before=14%3A00"))
    assert course.patient.name.split()[0] not in page.url
    look("booking-wishes", schemes=("light", "dark"))
    page.reload()
    expect(page.get_by_role("article").first).to_contain_text(LONG)
    page.get_by_role("button", name=re.compile("Book these 5")).first.click()
    expect(page.get_by_text("All sessions of the course are booked")).to_be_visible()
    assert booked() == [(5, "14:00")] * 5
    assert not look.found, "\n".join(look.found)


@pytest.mark.django_db(transaction=True)
def test_what_is_chosen_while_proposals_come_is_kept(page, live_server, front_desk, nurse, course):
    log_in(page, live_server.url, front_desk)
    page.goto(f"{live_server.url}/schedule/courses/{course.pk}/book/")
    page.get_by_label("Practitioner").select_option(label="Anybody, the same each time")
    page.get_by_role("checkbox", name="Fri").check(force=True)
    page.get_by_label("Not before").fill("14:00")
    expect(page.get_by_role("article").first).to_contain_text("Friday, 14:00")
    expect(page.get_by_role("checkbox", name="Fri")).to_be_checked()


@pytest.mark.django_db(transaction=True)
def test_what_stands_in_the_way_is_said_and_let_go_of(page, live_server, front_desk, doctor, course):
    look = Looker(page)
    log_in(page, live_server.url, front_desk)
    asked = f"practitioner={doctor.pk}&weekdays=5&latest=2027-03-31"
    page.goto(f"{live_server.url}/schedule/courses/{course.pk}/book/?{asked}")
    expect(page.get_by_role("alert")).to_contain_text("Dorota has no free time on a Friday then")
    look("booking-nothing", schemes=("light", "dark"))
    helps = page.get_by_role("link", name=re.compile("On any weekday"))
    expect(page.get_by_role("link", name=re.compile("With anybody who treats"))).to_be_visible()
    wish(page, helps.click)
    expect(page.get_by_role("article")).to_have_count(3)
    assert not look.found, "\n".join(look.found)


@pytest.mark.django_db(transaction=True)
def test_a_race_is_lost_and_the_next_proposal_booked(page, live_server, front_desk, doctor, course):
    look = Looker(page)
    log_in(page, live_server.url, front_desk)
    page.goto(f"{live_server.url}/schedule/courses/{course.pk}/book/?weekdays=2")
    first = page.get_by_role("article").first
    expect(first).to_contain_text("Tuesday")
    faster(page, doctor)
    first.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("have just been taken")
    expect(page.get_by_role("heading", name="Proposals, the best first")).to_be_visible()
    expect(page.get_by_label("Tue", exact=True)).to_be_checked()
    look("booking-lost", schemes=("light", "dark"))
    page.get_by_role("article").first.get_by_role("button").click()
    expect(page.get_by_text("All sessions of the course are booked")).to_be_visible()
    assert {weekday for weekday, _time in booked()[5:]} <= {2}
    assert Session.objects.filter(course=course).count() == 5
    assert not look.found, "\n".join(look.found)


def faster(page, doctor) -> None:
    """Somebody else books the times of the first proposal for another patient."""
    inputs = page.get_by_role("article").first.locator("input[name^=slot-]")
    said = {one.get_attribute("name"): one.get_attribute("value") for one in inputs.all()}
    other = confirmed_course(by=doctor, at=MORNING)
    book_course(other, read_slots(said), by=doctor, at=MORNING, key=uuid4())


@pytest.mark.django_db(transaction=True)
def test_a_course_is_booked_with_the_keyboard_alone(page, live_server, front_desk, course):
    log_in(page, live_server.url, front_desk)
    page.goto(f"{live_server.url}/schedule/courses/{course.pk}/book/")
    tab_to(page, "#id_weekdays_2")
    wish(page, lambda: page.keyboard.press("Space"))
    expect(page.get_by_role("article").first).to_contain_text("Wednesday")
    expect(page.locator("#id_weekdays_2")).to_be_focused()
    tab_to(page, "article button")
    page.keyboard.press("Enter")
    expect(page.get_by_text("All sessions of the course are booked")).to_be_visible()
    assert {weekday for weekday, _time in booked()} == {3}


@pytest.mark.django_db(transaction=True)
def test_a_race_is_lost_and_the_next_proposal_booked_with_the_keyboard_alone(
    page, live_server, front_desk, doctor, course
):
    log_in(page, live_server.url, front_desk)
    page.goto(f"{live_server.url}/schedule/courses/{course.pk}/book/")
    faster(page, doctor)
    tab_to(page, "article button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("have just been taken")
    tab_to(page, "article button")
    page.keyboard.press("Enter")
    expect(page.get_by_text("All sessions of the course are booked")).to_be_visible()
    assert Session.objects.filter(course=course).count() == 5


def tab_to(page, selector: str) -> None:
    """Press Tab until this has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"no way to {selector} with the keyboard")


@pytest.mark.django_db(transaction=True)
def test_a_course_is_booked_without_javascript(new_context, live_server, front_desk, course):
    page = new_context(java_script_enabled=False).new_page()
    log_in(page, live_server.url, front_desk)
    page.goto(f"{live_server.url}/schedule/courses/{course.pk}/book/")
    page.get_by_label("Thu").check(force=True)
    page.get_by_role("button", name="Propose times").click()
    expect(page.get_by_role("article").first).to_contain_text("Thursday")
    page.get_by_role("button", name=re.compile("Book these 5")).first.click()
    expect(page.get_by_text("All sessions of the course are booked")).to_be_visible()
    assert {weekday for weekday, _time in booked()} == {4}
