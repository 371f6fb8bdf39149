"""Free time for a chosen session: highlighted in the calendar, a click proposes it, as the rules have it."""

import datetime as dt

import pytest
from django.urls import reverse

from clinic.models import AccessLog
from conftest import NOW
from treatments.schedule import actions
from treatments.schedule.forms import read_slot
from treatments.schedule.models import Session
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_feed import EVENTS, ground, span

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
DAY = dt.timedelta(days=1)
TUESDAY = dt.date(2026, 11, 24)
SEEK = "/schedule/seek/"


@pytest.fixture
def room(db):
    return factories.room()


@pytest.fixture
def course(doctor, room):
    """A course whose first session is on Tuesday at ten, with nothing else booked."""
    factories.working_hours(doctor)
    row = factories.confirmed_course(by=doctor, sessions=2)
    sessions = factories.booked(row, room, practitioner=doctor)
    actions.cancel_session(sessions[1], reason="x", version=1, by=doctor, at=NOW)
    return row


def test_the_next_session_is_free_where_the_interval_and_the_hours_allow(as_, doctor, room, course):
    def free(day, **asked):
        return ground(as_(doctor).get(EVENTS, span(day, course=course.pk, **asked)).json(), "free")

    assert free(TUESDAY + 7 * DAY) == []  # sooner than the protocol has it
    day = TUESDAY + 21 * DAY
    assert free(day) == [([doctor.pk], f"{day}T08:00", f"{day}T18:00", "Free")]
    other = factories.confirmed_course(by=doctor, sessions=1)
    factories.booked(other, room, practitioner=doctor, first=day, hour=12)
    assert [one[1:3] for one in free(day, by="room")] == [
        (f"{day}T08:00", f"{day}T12:00"),
        (f"{day}T13:15", f"{day}T18:00"),
    ]
    assert free(day, by="device") == []


def test_for_a_session_that_is_to_move_its_own_time_is_free(as_, doctor, course):
    session = course.sessions.get(state="booked")
    found = ground(as_(doctor).get(EVENTS, span(session=session.pk)).json(), "free")
    assert [one[1:3] for one in found] == [("2026-11-24T08:00", "2026-11-24T18:00")]


def clicked(browser, clock, **asked):
    return browser.get(SEEK, {"at": clock, "by": "practitioner", **asked})


def test_a_click_leads_to_booking_with_that_time_chosen(as_, doctor, room, course):
    browser, day = as_(doctor), TUESDAY + 21 * DAY
    answer = clicked(browser, f"{day}T11:00", course=course.pk, column=doctor.pk)
    page, query = answer["Location"].split("?")
    assert page == reverse("schedule:book", args=[course.pk])
    slot = read_slot(2, query.removeprefix("slot-2="))
    assert (slot.starts_at, slot.room, slot.practitioner) == (
        NOW.replace(month=12, day=15, hour=11, minute=0),
        room.pk,
        doctor.pk,
    )
    assert "11:00–12:15" in browser.get(answer["Location"]).text
    late = clicked(browser, f"{day}T17:30", course=course.pk, column=doctor.pk)["Location"].split("=")[1]
    assert read_slot(2, late).starts_at.astimezone(NOW.tzinfo).strftime("%H:%M") == "16:45"


def test_a_click_leads_to_moving_with_that_time_chosen(as_, doctor, room, course):
    session = course.sessions.get(state="booked")
    answer = clicked(as_(doctor), "2026-11-24T14:00", session=session.pk, by="room", column=room.pk)
    assert answer["Location"].startswith(reverse("schedule:move", args=[session.pk]) + "?to=20261124T1300Z")
    assert Session.objects.get(pk=session.pk).version == 1


def test_where_nothing_is_free_the_page_says_so(as_, doctor, nurse, course):
    browser = as_(doctor)
    for clock, column in (("2026-12-15T11:00", nurse.pk), ("2026-11-28T11:00", doctor.pk)):
        answer = clicked(browser, clock, course=course.pk, column=column)
        assert answer["Location"] == reverse("schedule:book", args=[course.pk])
        assert "not free any more" in browser.get(answer["Location"]).text


def test_the_page_says_for_whom_time_is_sought_and_logs_it(as_, front_desk, course):
    session = course.sessions.get(state="booked")
    browser = as_(front_desk)
    page = browser.get("/schedule/", {"show": "week", "course": course.pk})
    assert f"Free for session 2 of {course.patient.name}" in page.text
    assert page.context["shown"].day == TUESDAY + dt.timedelta(days=course.interval_target)
    assert f"course={course.pk}" in page.context["shown"].after
    page = browser.get("/schedule/", {"session": session.pk})
    assert f"Free for session 1 of {course.patient.name}" in page.text
    assert (
        AccessLog.objects.filter(patient_id=course.patient_id, view="schedule:day", listed=False).count() == 2
    )
    for name, pk in (("book", course.pk), ("move", session.pk)):
        assert "See it in the calendar" in browser.get(reverse(f"schedule:{name}", args=[pk])).text


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"course": 10**17}, 404),
        ({"session": 10**17}, 404),
        ({"course": "x"}, 422),
        ({"session": "9" * 30}, 422),
        ({}, 422),
    ],
)
def test_what_is_not_there_cannot_be_sought(as_, doctor, course, asked, status):
    assert clicked(as_(doctor), "2026-11-24T10:00", column=doctor.pk, **asked).status_code == status


@pytest.mark.parametrize(
    "asked", [{"at": "x"}, {"by": "patient"}, {"column": 0}, {"column": "x"}, {"at": "9999-01-01T10:00"}]
)
def test_points_that_are_none_are_422(as_, doctor, course, asked):
    said = {"at": "2026-12-15T11:00", "by": "room", "column": 1, "course": course.pk} | asked
    assert as_(doctor).get(SEEK, said).status_code == 422


@pytest.mark.parametrize("who", ["stranger", "clinic_admin"])
def test_nobody_else_seeks(as_, request, doctor, course, who):
    browser = as_(request.getfixturevalue(who))
    assert clicked(browser, "2026-12-15T11:00", course=course.pk, column=doctor.pk).status_code == 403
    assert browser.post(SEEK).status_code in {403, 405}
