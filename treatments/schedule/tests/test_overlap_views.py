"""The pages of deliberate overlaps: who is offered one, what is said before, where it is seen, and the report."""

import csv
import datetime as dt
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import User
from conftest import NOW
from treatments.schedule.forms import slot_value
from treatments.schedule.models import Reservation, Session
from treatments.schedule.rules import Slot
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_squeezing import TOMORROW, book, squeezed

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
REPORT, FILE = reverse("schedule:overlaps"), reverse("schedule:overlaps_csv")


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def room(db):
    return factories.room()


@pytest.fixture
def below(doctor, room):
    factories.working_hours(doctor)
    return book(doctor, room)


@pytest.fixture
def session(below, doctor, room):
    """Three hours after the one below."""
    return book(doctor, room, starts_at=TOMORROW + 3 * HOUR)


@pytest.fixture
def allowed(front_desk):
    """Somebody at the front desk who may book over others."""
    User.objects.filter(pk=front_desk.pk).update(may_overlap=True)
    front_desk.refresh_from_db()
    return front_desk


def over(session, below, **fields) -> dict:
    slot = Slot(1, below.starts_at, below.room_id, below.practitioner_id)
    return {"to": slot_value(slot), "version": session.version, **fields}


def move(session) -> str:
    return reverse("schedule:move", args=[session.pk])


# Moving over others


def test_who_may_is_told_whom_it_meets_and_asked_why(as_, allowed, session, below):
    text = as_(allowed).get(move(session), over(session, below)).text
    assert "It would be over this session" in text
    assert below.course.patient.name in text
    assert "Reason for the overlap" in text


def test_who_may_not_is_offered_nothing(as_, nurse, session, below):
    text = as_(nurse).get(move(session), over(session, below)).text
    assert "is not free on" in text
    assert "Reason for the overlap" not in text


def test_with_a_reason_it_is_booked_over_and_seen_everywhere(as_, allowed, session, below):
    browser = as_(allowed)
    form = over(session, below, squeeze_reason="Flies home tomorrow", over=str(below.pk))
    answer = browser.post(move(session), form, follow=True)
    assert squeezed(session) == {"practitioner", "room"}
    assert "Overlap" in answer.text
    assert "Flies home tomorrow" in answer.text
    day = browser.get(reverse("schedule:day"), {"day": "2026-11-24"})
    assert "Overlap" in day.text


def test_without_the_permission_the_form_is_refused(as_, nurse, session, below):
    form = over(session, below, squeeze_reason="please", over=str(below.pk))
    assert as_(nurse).post(move(session), form).status_code == 403
    assert not Reservation.objects.filter(squeezed=True).exists()


def test_without_a_reason_it_is_taken(as_, allowed, session, below):
    answer = as_(allowed).post(move(session), over(session, below, squeeze_reason=" ", over=str(below.pk)))
    assert answer.status_code == 409
    assert "It would be over this session" in answer.text
    assert not Reservation.objects.filter(squeezed=True).exists()


@pytest.mark.parametrize("shown", ["", "x", "1,2,3", "9" * 300])
def test_what_was_not_shown_is_not_booked_over(as_, allowed, session, below, shown):
    form = over(session, below, squeeze_reason="urgent", over=shown)
    assert as_(allowed).post(move(session), form).status_code == 409
    assert not Reservation.objects.filter(squeezed=True).exists()


def test_nobody_is_offered_to_be_in_two_places(as_, allowed, doctor, room, below):
    same = factories.confirmed_course(by=doctor, sessions=1, patient=below.course.patient)
    session = book(doctor, room, starts_at=TOMORROW + 3 * HOUR, course=same)
    text = as_(allowed).get(move(session), over(session, below)).text
    assert "Reason for the overlap" not in text


# A time that is taken


def taken(session, **fields) -> tuple[str, dict]:
    said = {
        "day": "2026-11-24",
        "time": "10:00",
        "practitioner": session.practitioner_id,
        "room": session.room_id,
    }
    return reverse("schedule:taken", args=[session.pk]), said | fields


def test_any_time_can_be_chosen_and_leads_to_what_is_said_of_it(as_, allowed, session, below):
    browser, (url, said) = as_(allowed), taken(session)
    assert url in browser.get(move(session)).text
    assert browser.get(url).status_code == 200
    answer = browser.get(url, said, follow=True)
    assert "It would be over this session" in answer.text


@pytest.mark.parametrize(
    "wrong",
    [{"day": "2020-01-01"}, {"day": "x"}, {"time": "25:00"}, {"room": 10**17}, {"practitioner": "x"}],
)
def test_what_is_no_time_is_said(as_, allowed, session, wrong):
    url, said = taken(session, **wrong)
    assert as_(allowed).get(url, said).status_code == 422


@pytest.mark.parametrize("who", ["nurse", "front_desk", "stranger", "clinic_admin"])
def test_it_is_for_those_who_may(as_, request, session, who):
    url, said = taken(session)
    assert as_(request.getfixturevalue(who)).get(url, said).status_code == 403


def test_wrong_method_is_405_and_bad_id_404(as_, allowed, session):
    assert as_(allowed).post(taken(session)[0]).status_code == 405
    assert as_(allowed).get(reverse("schedule:taken", args=[10**17])).status_code == 404


# The report


@pytest.fixture
def overlap(doctor, room, below):
    User.objects.filter(pk=doctor.pk).update(may_overlap=True)
    doctor.refresh_from_db()
    return book(doctor, room, starts_at=TOMORROW + HOUR, reason="=A child with a fever")


@pytest.mark.parametrize("who", ["front_desk", "nurse", "doctor", "clinic_admin"])
def test_the_report_says_which_two_meet_who_wanted_it_and_why_and_names_no_patient(
    as_, request, overlap, below, who
):
    answer = as_(request.getfixturevalue(who)).get(REPORT)
    for words in ("11:00–11:15", "Dorota, Room 1", "=A child with a fever", "10:00–11:15", "11:00–12:15"):
        assert words in answer.text
    for session in (overlap, below):
        assert session.course.patient.name not in answer.text
        assert (reverse("schedule:session", args=[session.pk]) in answer.text) is (who != "clinic_admin")


def test_the_file_has_the_same_and_no_formula(as_, clinic_admin, overlap):
    answer = as_(clinic_admin).get(FILE)
    assert answer["Content-Disposition"] == 'attachment; filename="overlaps.csv"'
    [_head, row] = csv.reader(answer.text.splitlines())
    assert row == [
        "2026-11-24 11:00",
        "2026-11-24 11:15",
        "Dorota; Room 1",
        "2026-11-24 11:00",
        "Dorota",
        "2026-11-24 10:00",
        "Dorota",
        "'=A child with a fever",
        "Dorota",
    ]


def test_only_what_lies_between_the_days_is_reported(as_, clinic_admin, overlap):
    browser = as_(clinic_admin)
    inside, outside = ({"since": day, "until": day} for day in ("2026-11-24", "2026-11-25"))
    assert len(browser.get(REPORT, inside).context["rows"]) == 1
    assert browser.get(REPORT, outside).context["rows"] == []
    assert "Nobody was booked over anybody" in browser.get(REPORT, outside).text


@pytest.mark.parametrize("page", [REPORT, FILE])
@pytest.mark.parametrize(
    "asked",
    [
        {"since": "x"},
        {"since": "2026-12-01", "until": "2026-11-01"},
        {"until": "2199-12-31"},
        {"since": "1999-12-31"},
    ],
)
def test_what_is_no_period_is_said(as_, clinic_admin, page, asked):
    assert as_(clinic_admin).get(page, asked).status_code == 422


@pytest.mark.parametrize("page", [REPORT, FILE])
def test_nobody_else_reads_it_and_it_is_only_read(as_, stranger, catalogue_admin, clinic_admin, page):
    assert as_(stranger).get(page).status_code == 403
    assert as_(catalogue_admin).get(page).status_code == 403
    assert as_(clinic_admin).post(page).status_code == 405


def test_a_longer_report_asks_no_more_questions(as_, clinic_admin, doctor, room, overlap):
    browser = as_(clinic_admin)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            browser.get(REPORT)
        return len(found)

    queries()
    once = queries()
    for days in (1, 2):
        start = TOMORROW + days * DAY
        book(doctor, room, starts_at=start)
        book(doctor, room, starts_at=start + HOUR, reason="urgent")
    assert queries() == once


# Who may


def test_the_clinic_admin_says_who_may(as_, clinic_admin, nurse):
    browser, url = as_(clinic_admin), reverse("staff_edit", args=[nurse.pk])
    form = {
        "name": nurse.name,
        "email": nurse.email,
        "roles": ["nurse"],
        "cooperating_doctor": nurse.cooperating_doctor_id,
    }
    form |= {"is_active": "on", "version": nurse.version, "may_overlap": "on"}
    assert "May book over others" in browser.get(url).text
    assert browser.post(url, form).status_code == 302
    assert User.objects.get(pk=nurse.pk).may_overlap
    assert "may book over others" in browser.get(reverse("staff")).text
    assert Session.objects.count() == 0


# Booking a course with a time that is taken


@pytest.fixture
def course(below, doctor):
    """Three sessions to book; the first day that is wished has the one below."""
    return factories.confirmed_course(by=doctor, sessions=3)


def chosen(course, below, days=(0, 21, 42), **fields) -> dict:
    """The form of the page of booking: the first time is the one below's."""
    slots = [
        Slot(n, below.starts_at + gap * DAY, below.room_id, below.practitioner_id)
        for n, gap in enumerate(days, 1)
    ]
    values = {f"slot-{slot.number}": slot_value(slot) for slot in slots}
    return {"practitioner": below.practitioner_id, "earliest": "2026-11-24", **values, **fields}


def book_page(course) -> str:
    return reverse("schedule:book", args=[course.pk])


def test_a_taken_time_of_a_course_is_kept_and_said(as_, allowed, course, below):
    text = as_(allowed).get(book_page(course), chosen(course, below, taken="1")).text
    assert "It would be over this session" in text
    assert below.course.patient.name in text
    assert "Book all 3 sessions" not in text


def test_who_may_not_gets_another_time_as_ever(as_, nurse, course, below):
    text = as_(nurse).get(book_page(course), chosen(course, below, taken="1")).text
    assert "It would be over" not in text
    assert "Book all 3 sessions" in text


def test_without_asking_for_it_nobody_is_booked_over(as_, allowed, course, below):
    assert "It would be over" not in as_(allowed).get(book_page(course), chosen(course, below)).text
    form = chosen(course, below, key="0" * 32)
    assert as_(allowed).post(book_page(course), form).status_code == 409
    assert not course.sessions.exists()


def test_the_course_is_booked_over_with_a_reason_and_the_others_stay_under_the_constraint(
    as_, allowed, course, below
):
    form = chosen(course, below, taken="1", key="0" * 32, squeeze_reason="Flies home", over=str(below.pk))
    assert as_(allowed).post(book_page(course), form).status_code == 302
    first, *others = course.sessions.order_by("number")
    assert squeezed(first) == {"practitioner", "room"}
    assert [squeezed(one) for one in others] == [set(), set()]


def test_over_what_was_not_shown_or_without_permission_nothing_is_booked(as_, allowed, nurse, course, below):
    form = chosen(course, below, taken="1", key="0" * 32, squeeze_reason="Flies home", over="1")
    assert as_(allowed).post(book_page(course), form).status_code == 409
    assert as_(nurse).post(book_page(course), form).status_code == 403
    assert not course.sessions.exists()


def test_a_time_beyond_the_hours_is_refused_in_words(as_, allowed, course, below):
    late = Slot(1, below.starts_at.replace(hour=20), below.room_id, below.practitioner_id)
    text = (
        as_(allowed)
        .get(book_page(course), chosen(course, below, taken="1") | {"slot-1": slot_value(late)})
        .text
    )
    assert "Session 1: it cannot be booked then." in text


def test_a_taken_time_of_a_course_is_chosen_on_its_own_page(as_, allowed, course, below):
    browser, url = as_(allowed), reverse("schedule:taken_of_course", args=[course.pk, 1])
    text = browser.get(book_page(course), chosen(course, below, days=(1, 22, 43), choose="1")).text
    assert url in text
    page = urlencode(chosen(course, below, days=(1, 22, 43)))
    assert browser.get(url, {"page": page}).status_code == 200
    said = {
        "day": "2026-11-24",
        "time": "10:00",
        "practitioner": below.practitioner_id,
        "room": below.room_id,
    }
    assert browser.get(url, {"page": page, **said, "time": "x"}).status_code == 422
    answer = browser.get(url, {"page": page, **said}, follow=True)
    assert "It would be over this session" in answer.text


def test_that_page_too_is_for_those_who_may_and_for_times_that_there_are(as_, allowed, nurse, course, below):
    url, page = reverse("schedule:taken_of_course", args=[course.pk, 1]), urlencode(chosen(course, below))
    assert as_(nurse).get(url, {"page": page}).status_code == 403
    browser = as_(allowed)
    assert browser.post(url, {"page": page}).status_code == 405
    assert browser.get(url).status_code == 404
    assert browser.get(reverse("schedule:taken_of_course", args=[10**17, 1])).status_code == 404
