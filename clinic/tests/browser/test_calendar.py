"""The calendar in a real Chromium: dragged, resized, refused, live, by keyboard, on a phone, in another zone."""

import datetime as dt
from uuid import uuid4

import pytest
import time_machine
from playwright.sync_api import expect

from clinic.tests.browser.looking import Looker, log_in
from conftest import NOW
from patients.tests.factories import interview, patient
from treatments.schedule import actions
from treatments.schedule.rules import Slot
from treatments.schedule.tests.factories import confirmed_course, room, working_hours
from treatments.schedule.tests.test_absences import away

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BOTH = ("light", "dark")
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
TUESDAY = NOW + DAY
LONG = "Wolfeschlegelsteinhausenbergerdorff-Szczęśniewicz-Konstantopoulou von und zu Hohenstein-Sonderburg"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def clinic(doctor, nurse):
    """Two practitioners and two rooms."""
    working_hours(doctor)
    working_hours(nurse, starts=dt.time(9), ends=dt.time(17))
    return [room(), room("Room 2")]


def booked(by, starts_at, where, *, who=None, **named):
    course = confirmed_course(by=by, sessions=1, **({"patient": named["patient"]} if named else {}))
    slot = Slot(1, starts_at, where.pk, (who or by).pk)
    return actions.book_course(course, [slot], by=by, at=NOW, key=uuid4())[0]


@pytest.fixture
def session(doctor, clinic):
    """A session on Tuesday from 10:00 to 11:15."""
    return booked(doctor, TUESDAY.replace(hour=10, minute=0), clinic[0])


@pytest.fixture
def busy(doctor, nurse, clinic, clinic_admin, session):
    """A Tuesday with everything that a day can show."""
    booked(nurse, TUESDAY.replace(hour=12), clinic[1])
    held = booked(nurse, TUESDAY.replace(hour=14, minute=0), clinic[1])
    interview(held.course.patient, by=doctor, answers={"pregnancy": "current"})
    interview_of = patient(by=doctor, name=LONG)
    interview(interview_of, by=doctor, answers={}, allergies=())
    away(nurse, TUESDAY.replace(hour=9, minute=0), TUESDAY.replace(hour=11, minute=0), by=clinic_admin)


def calendar(page, base, query):
    page.goto(f"{base}/schedule/?{query}")
    expect(page.locator(".ec-main")).to_be_visible()
    page.wait_for_load_state("networkidle")


def test_look(page, live_server, doctor, front_desk, busy):
    look = Looker(page)
    log_in(page, live_server.url, doctor)
    for name, query in (
        ("day", "day=2026-11-24"),
        ("day-room", "day=2026-11-24&by=room"),
        ("week", "day=2026-11-24&show=week"),
        ("week-all", "day=2026-11-24&show=week&who=0"),
    ):
        calendar(page, live_server.url, query)
        look(f"calendar-{name}", schemes=BOTH)
    page.goto(f"{live_server.url}/schedule/?day=2026-11-24&show=month")
    look("calendar-month", schemes=BOTH)
    assert not look.found, "\n".join(look.found)
