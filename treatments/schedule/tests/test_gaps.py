"""A session was given up or missed while later ones stand: the gap is closed in one go."""

import datetime as dt
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import AccessLog
from conftest import NOW
from patients.actions import note_death
from patients.tests.factories import interview
from treatments.courses.models import Check
from treatments.schedule import actions, refusals
from treatments.schedule.away import absences
from treatments.schedule.changing import gaps
from treatments.schedule.models import Reservation, Session
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_absences import away, wrong

pytestmark = pytest.mark.django_db
DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def course(doctor):
    factories.working_hours(doctor, weekdays=range(1, 8))
    return factories.confirmed_course(by=doctor)


@pytest.fixture
def sessions(course, doctor):
    """Every 21 days; 14 to 35 may lie between."""
    return factories.booked(course, factories.room(), practitioner=doctor)


@pytest.fixture
def third_gone(sessions, doctor):
    return actions.cancel_session(sessions[2], reason="Ill", version=1, by=doctor, at=NOW)


def url(course):
    return reverse("schedule:gap", args=[course.pk])


def fields(page):
    closing = page.context["closing"]
    said = {f"slot-{shift.session.number}": shift.value for shift in closing.again}
    for shift in closing.following:
        number = shift.session.number
        said |= {f"later-{number}": shift.value, f"version-{number}": shift.session.version}
    return {**said, "key": str(page.context["key"])}


def standing():
    rows = Session.objects.standing().order_by("number")
    return list(rows.values_list("number", "starts_at", "version"))


def test_cancelling_leads_on_to_closing_the_gap(as_, front_desk, sessions):
    browser = as_(front_desk)
    cancel = reverse("schedule:cancel", args=[sessions[2].pk])
    answer = browser.post(cancel, {"version": 1, "reason": "Away"}, follow=True)
    assert answer.redirect_chain[-1][0] == url(sessions[0].course)
    assert "The missing session, booked again" in answer.text
    assert "Leave it missing for now" in answer.text
    last = reverse("schedule:cancel", args=[sessions[4].pk])
    answer = browser.post(last, {"version": 1, "reason": "Away"}, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("schedule:session", args=[sessions[4].pk])


def test_where_there_is_time_between_the_others_stay(as_, front_desk, sessions, third_gone):
    browser = as_(front_desk)
    page = browser.get(url(third_gone.course))
    closing = page.context["closing"]
    assert closing.following == []
    assert closing.again[0].starts_at == third_gone.starts_at - 7 * DAY  # not on the day that was given up
    before = [row for row in standing() if row[0] != 3]
    assert browser.post(url(third_gone.course), fields(page)).status_code == 302
    assert [row for row in standing() if row[0] != 3] == before
    assert [row[0] for row in standing()] == [1, 2, 3, 4, 5]
    assert wrong() == []


@pytest.fixture
def none_between(third_gone, doctor, clinic_admin):
    """Nobody treats in the days on which the third could be while the fourth stays."""
    second, fourth = (third_gone.starts_at + n * 21 * DAY for n in (-1, 1))
    days = absences.days_span(second.date() + 10 * DAY, fourth.date() - 9 * DAY)
    return away(doctor, *days, by=clinic_admin)


def test_the_later_ones_move_as_little_as_can_be(as_, front_desk, course, none_between):
    browser = as_(front_desk)
    page = browser.get(url(course))
    closing = page.context["closing"]
    assert [shift.session.number for shift in closing.following] == [4]
    assert "1 later session moves for it" in page.text
    shown = {s.session.number: s.starts_at for s in [*closing.again, *closing.following]}
    assert browser.post(url(course), fields(page)).status_code == 302
    assert {number: start for number, start, _v in standing() if number in (3, 4)} == shown
    assert Reservation.objects.filter(why="session").count() == 20
    assert wrong() == []


def test_the_same_form_closes_it_once(as_, front_desk, course, none_between):
    browser = as_(front_desk)
    form = fields(browser.get(url(course)))
    browser.post(url(course), form)
    before = standing()
    assert browser.post(url(course), form).status_code == 302
    assert standing() == before


def test_whoever_was_slower_is_told_and_nothing_moves(as_, front_desk, course, none_between, doctor):
    browser = as_(front_desk)
    form = fields(browser.get(url(course)))
    fourth = Session.objects.get(course=course, number=4, state="booked")
    actions.move_session(
        fourth,
        starts_at=fourth.starts_at + DAY,
        practitioner=doctor,
        room=fourth.room,
        version=1,
        by=doctor,
        at=NOW,
    )
    before = standing()
    assert browser.post(url(course), form).status_code == 409
    assert standing() == before


def test_when_booking_fails_the_moves_are_taken_back(course, none_between, doctor):
    closing = gaps.closing(course, by=doctor, at=NOW)
    slots, moves = [one.slot for one in closing.again], [one.change for one in closing.following]
    other = factories.confirmed_course(by=doctor, sessions=1)
    first = type(slots[0])(1, slots[0].starts_at, slots[0].room)
    actions.book_course(other, [first], practitioner=doctor, by=doctor, at=NOW, key=uuid4())
    before = standing()
    with pytest.raises(refusals.SlotTaken):
        actions.close_gap(course, slots, moves, by=doctor, at=NOW, key=uuid4())
    assert standing() == before
    assert wrong() == []


def test_where_there_is_no_time_it_is_said(as_, front_desk, course, third_gone, doctor, clinic_admin):
    begin = third_gone.starts_at.date() - 10 * DAY
    away(doctor, *absences.days_span(begin, begin + 60 * DAY), by=clinic_admin)
    page = as_(front_desk).get(url(course))
    assert page.context["closing"].said[0].startswith("There is no free time for session 3 from")
    assert "Choose a time by wishes" in page.text


def test_a_course_without_a_gap_says_so(as_, front_desk, course, sessions):
    assert "No session of this course is missing" in as_(front_desk).get(url(course)).text
    assert as_(front_desk).post(url(course), {"key": str(uuid4())}).status_code == 422


@pytest.mark.parametrize(
    "form", [{}, {"key": "x", "slot-3": "y"}, {"key": str(uuid4()), "slot-3": "20261201T0900Z-1"}]
)
def test_broken_forms_close_nothing(as_, front_desk, course, third_gone, form):
    before = standing()
    assert as_(front_desk).post(url(course), form).status_code == 422
    assert standing() == before


@pytest.mark.parametrize("who", ["stranger", "catalogue_admin", "clinic_admin"])
def test_nobody_else_closes_it(as_, request, course, third_gone, who, front_desk):
    browser = as_(request.getfixturevalue(who))
    assert browser.get(url(course)).status_code == 403
    assert browser.post(url(course)).status_code == 403
    browser = as_(front_desk)
    assert browser.delete(url(course)).status_code == 405
    assert browser.get(reverse("schedule:gap", args=[10**17])).status_code == 404


def test_the_gap_of_what_is_held_stays_and_its_verdict_is_kept(
    as_, front_desk, course, none_between, doctor, time_machine
):
    browser = as_(front_desk)
    form, before = fields(browser.get(url(course))), standing()
    interview(course.patient, by=doctor, answers={"pregnancy": "current"})
    time_machine.move_to(NOW + MINUTE, tick=False)
    answer = browser.post(url(course), form)
    assert answer.status_code == 409
    assert "a doctor or nurse must look at it first." in answer.text
    assert "pregnan" not in answer.text.lower()
    assert standing() == before
    assert Check.objects.get(course=course).at == NOW + MINUTE


# All that was given up

GIVEN_UP = "/schedule/given-up/"


def given_up(browser):
    return [(row.course_id, row.number) for row in browser.get(GIVEN_UP).context["sessions"]]


def test_what_was_given_up_or_missed_is_listed_until_it_is_booked_anew(
    as_, front_desk, course, sessions, third_gone, doctor
):
    browser = as_(front_desk)
    actions.cancel_by_patient(sessions[3], version=1, at=NOW)
    page = browser.get(GIVEN_UP)
    assert "Ill" in page.text
    assert "Cancelled by the patient, with the link in a message" in page.text
    assert url(course) in page.text
    assert given_up(browser) == [(course.pk, 3), (course.pk, 4)]
    slots = [slot for slot in factories.slots(course, sessions[0].room, every=21) if slot.number in (3, 4)]
    actions.book_course(course, slots, practitioner=doctor, by=doctor, at=NOW, key=uuid4())
    assert given_up(browser) == []
    assert "No course has a gap." in browser.get(GIVEN_UP).text


def test_what_is_long_past_makes_no_room_for_itself(as_, front_desk, course, third_gone):
    third_gone_at = Session.objects.get(course=course, number=3).starts_at
    for days, found in ((89, [(course.pk, 3)]), (91, [])):
        with time_machine.travel(third_gone_at + dt.timedelta(days=days), tick=False):
            assert given_up(as_(front_desk)) == found


def test_nobody_is_asked_to_close_the_gap_of_who_has_died(as_, front_desk, course, third_gone):
    assert given_up(as_(front_desk)) == [(course.pk, 3)]
    note_death(course.patient, NOW.date(), by=front_desk, at=NOW)
    assert given_up(as_(front_desk)) == []


def test_given_up_twice_it_is_listed_once(as_, front_desk, course, sessions, third_gone, doctor):
    slots = [slot for slot in factories.slots(course, sessions[0].room, every=21) if slot.number == 3]
    standing = actions.book_course(course, slots, practitioner=doctor, by=doctor, at=NOW, key=uuid4())
    [again] = [row for row in standing if row.number == 3]
    actions.cancel_session(again, reason="Again", version=1, by=doctor, at=NOW)
    page = as_(front_desk).get(GIVEN_UP)
    assert [row.pk for row in page.context["sessions"]] == [again.pk]


def test_a_longer_list_asks_no_more_and_whom_it_names_is_logged(
    as_, front_desk, course, sessions, third_gone, django_assert_max_num_queries
):
    browser = as_(front_desk)
    with CaptureQueriesContext(connection) as one:
        browser.get(GIVEN_UP)
    actions.cancel_by_patient(sessions[3], version=1, at=NOW)
    with django_assert_max_num_queries(len(one)):
        browser.get(GIVEN_UP)
    rows = AccessLog.objects.filter(view="schedule:given_up", listed=True)
    assert set(rows.values_list("actor_id", "patient_id")) == {(front_desk.pk, course.patient_id)}


@pytest.mark.parametrize("who", ["stranger", "catalogue_admin", "clinic_admin"])
def test_nobody_else_reads_the_list_and_nothing_is_posted_to_it(as_, request, doctor, third_gone, who):
    assert as_(request.getfixturevalue(who)).get(GIVEN_UP).status_code == 403
    assert as_(doctor).post(GIVEN_UP).status_code == 405
