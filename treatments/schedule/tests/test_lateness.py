"""The patient is late: what follows is said first, and the session is put off within its day or finds another time."""

import datetime as dt
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import Clinic
from conftest import NOW
from patients.tests.factories import interview
from treatments.courses.models import Check
from treatments.schedule import actions, arrivals
from treatments.schedule.forms import slot_value
from treatments.schedule.lateness import lateness
from treatments.schedule.models import Reservation, Session
from treatments.schedule.refusals import WrongTimes
from treatments.schedule.rules import Fault, Slot
from treatments.schedule.tests import factories

pytestmark = pytest.mark.django_db
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)


def book(doctor, room, starts_at, *, at=NOW) -> Session:
    course = factories.confirmed_course(by=doctor, sessions=1)
    slots = [Slot(1, starts_at, room.pk)]
    [session] = actions.book_course(course, slots, practitioner=doctor, by=doctor, at=at, key=uuid4())
    return session


@pytest.fixture
def room(db):
    return factories.room()


@pytest.fixture
def session(doctor, room):
    """Tomorrow from 10:00 to 11:15."""
    factories.working_hours(doctor)
    return book(doctor, room, NOW.replace(hour=10, minute=0) + DAY)


@pytest.fixture
def that_day(session, time_machine):
    """A quarter of an hour before it begins."""
    at = session.starts_at - 15 * MINUTE
    time_machine.move_to(at, tick=False)
    return at


@pytest.fixture
def url(session):
    return reverse("schedule:late", args=[session.pk])


def said(session, at) -> list[tuple[int, bool, str]]:
    return [(one.minutes, one.fits, " ".join(one.said)) for one in lateness(session, at=at).by_minutes]


def late(session, minutes: int, **fields) -> dict:
    there = Slot(
        session.number, session.starts_at + minutes * MINUTE, session.room_id, session.practitioner_id
    )
    return {"to": slot_value(there), "version": session.version, **fields}


# What follows


def test_where_nobody_comes_after_all_of_it_fits(session, that_day):
    assert said(session, that_day) == [(n, True, "still fits") for n in (5, 10, 15, 30)]
    assert lateness(session, at=that_day).others == []


def test_whom_it_meets_is_said_and_when_else_there_is_time(session, doctor, room, that_day):
    after = book(doctor, room, session.ends_at + 10 * MINUTE, at=that_day)
    name = after.course.patient.name
    found = lateness(session, at=that_day)
    assert [(one.minutes, one.fits) for one in found.by_minutes] == [
        (5, True),
        (10, True),
        (15, False),
        (30, False),
    ]
    assert found.by_minutes[2].said == [f"meets {name}, 11:25–12:40 with Dorota in Room 1"]
    starts = [one.slot.starts_at for one in found.others]
    assert starts == sorted(starts)
    assert starts[0] >= after.ends_at
    assert len(starts) == 6


def test_late_beyond_the_hours_is_said(doctor, room, time_machine):
    factories.working_hours(doctor)
    last = book(doctor, room, NOW.replace(hour=16, minute=40) + DAY)
    assert said(last, last.starts_at)[1] == (10, False, "not within the working hours, or no device is free")


def test_what_is_past_by_now_is_now_on_the_grid(session):
    at = session.starts_at + 11 * MINUTE
    starts = [one.slot.starts_at for one in lateness(session, at=at).by_minutes]
    assert [(start - session.starts_at) // MINUTE for start in starts] == [15, 15, 15, 30]


def test_the_room_being_made_ready_before_is_in_nobodys_way(doctor, room, time_machine):
    Clinic.objects.update_or_create(pk=1, defaults={"buffer_before": 10, "buffer_after": 5})
    factories.working_hours(doctor)
    session = book(doctor, room, NOW.replace(hour=10, minute=0) + DAY)
    assert all(fits for _n, fits, _said in said(session, session.starts_at + 2 * MINUTE))


def test_it_asks_the_database_as_often_on_a_full_day(session, doctor, room, that_day):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            lateness(session, at=that_day)
        return len(found)

    book(doctor, room, session.ends_at, at=that_day)
    queries()
    once = queries()
    for hours in (3, 5):
        book(doctor, room, session.starts_at + hours * 60 * MINUTE, at=that_day)
    assert queries() == once


# Putting it off


@pytest.mark.parametrize("who", ["front_desk", "nurse", "doctor"])
def test_one_click_puts_it_off_and_whoever_is_here_stays_here(
    as_, request, doctor, session, url, that_day, who
):
    row = arrivals.mark(session, here=True, version=1, by=doctor, at=that_day)
    answer = as_(request.getfixturevalue(who)).post(url, late(row, 10))
    assert answer["Location"] == reverse("schedule:session", args=[session.pk])
    row = Session.objects.get(pk=session.pk)
    assert row.starts_at == session.starts_at + 10 * MINUTE
    assert row.arrived_at == that_day
    room = Reservation.objects.get(session=row, resource__room=row.room)
    assert room.starts_at == row.starts_at


def test_nobody_is_asked_for_the_interval_that_a_doctor_gave_a_reason_for(
    as_, front_desk, doctor, room, time_machine
):
    factories.working_hours(doctor, weekdays=range(1, 8))
    course = factories.confirmed_course(by=doctor, sessions=2)
    slots, key = factories.slots(course, room, every=7), uuid4()
    sessions = actions.book_course(
        course, slots, practitioner=doctor, by=doctor, at=NOW, key=key, interval_reason="Leaves the country"
    )
    time_machine.move_to(sessions[1].starts_at, tick=False)
    url = reverse("schedule:late", args=[sessions[1].pk])
    assert as_(front_desk).post(url, late(sessions[1], 15)).status_code == 302
    row = Session.objects.get(pk=sessions[1].pk)
    assert (row.starts_at - sessions[1].starts_at, row.interval_reason) == (15 * MINUTE, "Leaves the country")
    with pytest.raises(WrongTimes) as caught:
        actions.move_session(
            row,
            starts_at=row.starts_at + DAY,
            practitioner=doctor,
            room=room,
            version=2,
            by=front_desk,
            at=NOW,
        )
    assert caught.value.faults == [(2, Fault.INTERVAL)]


def test_the_page_says_all_of_it(as_, front_desk, session, doctor, room, url, that_day):
    browser = as_(front_desk)
    assert "Patient is late" in browser.get(reverse("schedule:session", args=[session.pk])).text
    assert browser.get(url).text.count("still fits") == 4
    book(doctor, room, session.ends_at, at=that_day)
    text = browser.get(url).text
    assert text.count("meets ") == 4
    assert "Other free times today" in text


def test_what_is_taken_meanwhile_is_refused_and_offered_anew(
    as_, front_desk, doctor, session, room, url, that_day
):
    book(doctor, room, session.ends_at, at=that_day)
    answer = as_(front_desk).post(url, late(session, 10))
    assert answer.status_code == 409
    assert "Other free times today" in answer.text
    assert Session.objects.get(pk=session.pk).starts_at == session.starts_at


def test_the_second_of_two_people_reads_who_was_first(as_, front_desk, nurse, session, url, that_day):
    as_(nurse).post(url, late(session, 10))
    answer = as_(front_desk).post(url, late(session, 15))
    assert answer.status_code == 409
    assert "Natalia changed this" in answer.text


@pytest.mark.parametrize("minutes", [-600, 24 * 60])
def test_only_times_of_today_are_taken(as_, front_desk, session, url, that_day, minutes):
    answer = as_(front_desk).post(url, late(session, minutes))
    assert answer.status_code == 422
    assert Session.objects.get(pk=session.pk).starts_at == session.starts_at


def test_on_another_day_nobody_is_late(as_, front_desk, session, url, time_machine):
    time_machine.move_to(session.starts_at - DAY, tick=False)
    browser = as_(front_desk)
    assert "not booked for today" in browser.get(url).text
    assert browser.post(url, late(session, 10)).status_code == 422
    assert Session.objects.get(pk=session.pk).version == 1


@pytest.mark.parametrize(
    "posted", [{}, {"to": "x", "version": 1}, {"to": "20261124T0905Z-1", "version": 10**20}]
)
def test_broken_forms_change_nothing(as_, front_desk, session, url, that_day, posted):
    assert as_(front_desk).post(url, posted).status_code == 422
    assert Session.objects.get(pk=session.pk).version == 1


@pytest.mark.parametrize("who", ["stranger", "clinic_admin", "catalogue_admin"])
def test_nobody_else_sees_or_does_it(as_, request, session, url, that_day, who):
    browser = as_(request.getfixturevalue(who))
    assert (browser.get(url).status_code, browser.post(url, late(session, 10)).status_code) == (403, 403)
    assert Session.objects.get(pk=session.pk).version == 1


def test_wrong_method_is_405_and_bad_id_404(as_, front_desk, url):
    assert as_(front_desk).delete(url).status_code == 405
    assert as_(front_desk).get(reverse("schedule:late", args=[10**17])).status_code == 404


def test_what_is_held_is_not_put_off_and_its_verdict_is_kept(as_, front_desk, doctor, session, url, that_day):
    interview(session.course.patient, by=doctor, answers={"pregnancy": "current"}, at=NOW)
    answer = as_(front_desk).post(url, late(session, 10))
    assert answer.status_code == 409
    assert "a doctor or nurse must look at it first." in answer.text
    assert "pregnan" not in answer.text.lower()
    assert Session.objects.get().starts_at == session.starts_at
    assert Check.objects.get(course=session.course).at == that_day
