"""Booking, moving and cancelling: what is written, and that a refusal writes nothing."""

import datetime as dt
from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic import events
from clinic.models import Clinic, User
from clinic.roles import Role
from clinic.versions import ChangedMeanwhile
from conftest import NOW, person
from patients.tests.factories import interview
from treatments.courses import actions as courses
from treatments.schedule import actions, refusals, rules
from treatments.schedule.events import Booked, CourseBooked, SessionCancelled, SessionMoved
from treatments.schedule.models import Booking, Reservation, Session
from treatments.schedule.resources import resource_of, resources_of
from treatments.schedule.rules import Fault, Slot
from treatments.schedule.tests import factories

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@pytest.fixture
def heard(monkeypatch):
    """The events of the calendar that were announced."""
    found = []
    told = (CourseBooked, SessionMoved, SessionCancelled)
    monkeypatch.setattr(
        events, "announce", lambda event: found.append(event) if isinstance(event, told) else None
    )
    return found


@pytest.fixture
def room(db):
    return factories.room()


@pytest.fixture
def course(doctor):
    factories.working_hours(doctor)
    return factories.confirmed_course(by=doctor)


def book(course, slots, doctor, **fields):
    values = {"practitioner": doctor, "by": doctor, "at": NOW, "key": uuid4(), **fields}
    return actions.book_course(course, slots, **values)


def nothing_booked() -> bool:
    return not (Session.objects.exists() or Reservation.objects.exists() or Booking.objects.exists())


def test_course_is_booked_whole(course, room, doctor, heard):
    slots = factories.slots(course, room)
    sessions = book(course, slots, doctor)
    assert [(s.number, s.starts_at) for s in sessions] == [(s.number, s.starts_at) for s in slots]
    assert {s.ends_at - s.starts_at for s in sessions} == {dt.timedelta(minutes=75)}
    told = tuple(Booked(s.pk, s.number, s.starts_at, s.ends_at, 1) for s in sessions)
    assert heard == [CourseBooked(course.pk, course.patient_id, NOW, told)]


def test_many_sessions_in_two_rooms_ask_no_more_queries_than_few_in_one(course, room, doctor):
    def queries(row, slots) -> int:
        with CaptureQueriesContext(connection) as asked:
            book(row, slots, doctor)
        return len(asked)

    other, short = factories.room("Room 2"), factories.confirmed_course(by=doctor, sessions=2)
    resources_of([doctor, room, other, course.patient, short.patient])
    few = queries(short, factories.slots(short, room, hour=13))
    slots = factories.slots(course, room)
    assert queries(course, [*slots[:2], *(replace(slot, room=other.pk) for slot in slots[2:])]) <= few


def test_practitioner_is_free_while_the_cream_works(course, room, doctor):
    session = book(course, factories.slots(course, room), doctor)[0]
    taken = {
        tuple((moment - session.starts_at) // rules.MINUTE for moment in (r.starts_at, r.ends_at))
        for r in session.reservations.filter(resource__practitioner=doctor)
    }
    assert taken == {(0, 10), (40, 75)}
    whole = list(session.reservations.exclude(resource__practitioner=doctor))
    assert {(r.starts_at, r.ends_at) for r in whole} == {(session.starts_at, session.ends_at)}
    assert len(whole) == 2


def test_same_form_books_once_and_answers_as_the_first_time(course, room, doctor):
    slots, key = factories.slots(course, room), uuid4()
    first = book(course, slots, doctor, key=key)
    assert book(course, slots, doctor, key=key) == first
    assert Session.objects.count() == 5


def test_another_form_for_a_booked_course_is_refused(course, room, doctor):
    book(course, factories.slots(course, room), doctor)
    with pytest.raises(ChangedMeanwhile):
        book(course, factories.slots(course, room, hour=14), doctor)
    assert Session.objects.count() == 5


def test_taken_times_are_named_and_nothing_is_booked(course, room, doctor):
    book(course, factories.slots(course, room), doctor)
    other = factories.confirmed_course(by=doctor)
    clash = factories.slots(other, room, first=NOW.date() + 22 * DAY)
    with pytest.raises(refusals.SlotTaken) as caught:
        book(other, clash, doctor)
    assert caught.value.numbers == [1, 2, 3, 4]
    assert Session.objects.filter(course=other).count() == 0
    assert Booking.objects.count() == 1


def test_back_to_back_is_allowed(course, room, doctor):
    first = book(course, factories.slots(course, room), doctor)
    other = factories.confirmed_course(by=doctor)
    after = [Slot(s.number, s.ends_at, room.pk) for s in first]
    assert len(book(other, after, doctor)) == 5


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        pytest.param(lambda s: s[:-1], Fault.NUMBERS, id="one session short"),
        pytest.param(
            lambda s: [*s, Slot(6, s[-1].starts_at + 21 * DAY, s[0].room)], Fault.NUMBERS, id="one more"
        ),
        pytest.param(lambda s: [*s, s[0]], Fault.NUMBERS, id="one twice"),
        pytest.param(lambda s: moved(s, -2 * DAY), Fault.PAST, id="yesterday"),
        pytest.param(lambda s: moved(s, dt.timedelta(minutes=3)), Fault.GRID, id="off the grid"),
        pytest.param(lambda s: moved(s, 9 * HOUR), Fault.HOURS, id="after hours"),
        pytest.param(lambda s: moved(s, 4 * DAY), Fault.HOURS, id="on a Saturday"),
        pytest.param(lambda s: [moved(s[:1], 13 * DAY)[0], *s[1:]], Fault.INTERVAL, id="too soon after"),
        pytest.param(lambda s: [*s[:4], *moved(s[4:], 20 * DAY)], Fault.INTERVAL, id="too long after"),
    ],
)
def test_times_that_break_a_rule_are_refused(course, room, doctor, change, fault):
    with pytest.raises(refusals.WrongTimes) as caught:
        book(course, change(factories.slots(course, room)), doctor)
    assert fault in {fault for _number, fault in caught.value.faults}
    assert nothing_booked()


def moved(slots, by):
    return [Slot(s.number, s.starts_at + by, s.room) for s in slots]


def test_doctor_may_leave_the_interval_for_a_reason(course, room, doctor):
    slots = factories.slots(course, room)
    slots[4:] = moved(slots[4:], 20 * DAY)
    sessions = book(course, slots, doctor, interval_reason="patient is abroad")
    assert [s.interval_reason for s in sessions] == ["", "", "", "", "patient is abroad"]


def test_nobody_else_may_leave_the_interval(course, room, doctor, nurse, front_desk):
    slots = factories.slots(course, room)
    slots[4:] = moved(slots[4:], 20 * DAY)
    for somebody in (nurse, front_desk):
        with pytest.raises(refusals.WrongTimes):
            book(course, slots, doctor, by=somebody, interval_reason="patient is abroad")
    assert nothing_booked()


def test_plan_that_is_not_confirmed_is_not_bookable(course, room, doctor):
    courses.cancel(course, version=course.version, by=doctor, at=NOW)
    with pytest.raises(refusals.NotBookable):
        book(course, factories.slots(course, room), doctor)
    assert nothing_booked()


@pytest.mark.parametrize(
    ("answers", "tentative", "bookable"),
    [
        ({}, False, True),
        ({"pregnancy": "current"}, False, False),
        ({"pregnancy": "unsure"}, False, False),
        ({"pregnancy": "unsure"}, True, True),
    ],
)
def test_what_is_not_cleared_today_is_not_bookable(course, room, doctor, answers, tentative, bookable):
    Clinic(tentative_bookings=tentative, pk=1).save()
    interview(course.patient, by=doctor, answers=answers)
    if bookable:
        book(course, factories.slots(course, room), doctor)
    else:
        with pytest.raises(refusals.NotBookable):
            book(course, factories.slots(course, room), doctor)
    assert nothing_booked() is not bookable


def test_nurse_without_an_active_cooperating_doctor_may_not_treat(course, room, nurse, doctor):
    factories.working_hours(nurse)
    User.objects.filter(pk=doctor.pk).update(is_active=False)
    with pytest.raises(refusals.NotBookable):
        book(course, factories.slots(course, room), doctor, practitioner=nurse)
    User.objects.filter(pk=doctor.pk).update(is_active=True)
    assert len(book(course, factories.slots(course, room), doctor, practitioner=nurse)) == 5


def test_front_desk_does_not_treat(course, room, doctor, front_desk):
    factories.working_hours(front_desk)
    with pytest.raises(refusals.NotBookable):
        book(course, factories.slots(course, room), doctor, practitioner=front_desk)


def test_room_out_of_use_is_refused(course, doctor):
    with pytest.raises(refusals.NotBookable):
        book(course, factories.slots(course, factories.room(active=False)), doctor)


def test_front_desk_may_book(course, room, doctor, front_desk):
    assert len(book(course, factories.slots(course, room), doctor, by=front_desk)) == 5


# Move


@pytest.fixture
def sessions(course, room, doctor):
    return factories.booked(course, room, practitioner=doctor)


def move(session, doctor, **fields):
    values = {
        "starts_at": session.starts_at + 2 * HOUR,
        "practitioner": session.practitioner,
        "room": session.room,
        "version": session.version,
        "by": doctor,
        "at": NOW,
        **fields,
    }
    return actions.move_session(session, **values)


def test_session_moves_and_its_old_time_is_free(sessions, doctor, heard):
    session = sessions[1]
    old = session.starts_at
    row = move(session, doctor, starts_at=old + dt.timedelta(minutes=15))
    assert row.starts_at == old + dt.timedelta(minutes=15)
    assert {r.starts_at for r in row.reservations.all()} == {row.starts_at, row.starts_at + 40 * rules.MINUTE}
    now = Booked(row.pk, row.number, row.starts_at, row.ends_at, row.version)
    assert heard == [SessionMoved(row.pk, NOW, row.course_id, row.course.patient_id, now)]


def test_session_does_not_move_onto_another(sessions, course, room, doctor):
    other = factories.confirmed_course(by=doctor)
    theirs = factories.booked(other, room, practitioner=doctor, hour=14)
    with pytest.raises(refusals.SlotTaken) as caught:
        move(theirs[2], doctor, starts_at=sessions[2].starts_at)
    assert caught.value.numbers == [3]
    theirs[2].refresh_from_db()
    assert theirs[2].reservations.count() == 4
    assert theirs[2].version == 1


def test_moving_keeps_the_interval_to_the_neighbours(sessions, doctor):
    with pytest.raises(refusals.WrongTimes) as caught:
        move(sessions[2], doctor, starts_at=sessions[2].starts_at - 8 * DAY)
    assert (3, Fault.INTERVAL) in caught.value.faults
    row = move(sessions[2], doctor, starts_at=sessions[2].starts_at - 8 * DAY, interval_reason="operation")
    assert row.interval_reason == "operation"


def test_second_of_two_who_move_one_session_is_refused(sessions, doctor):
    move(sessions[0], doctor)
    with pytest.raises(ChangedMeanwhile):
        move(sessions[0], doctor, starts_at=sessions[0].starts_at + 4 * HOUR, version=1)


def test_two_sessions_can_trade_rooms_one_after_the_other(sessions, course, room, doctor):
    spare = factories.room("Room 2")
    assert move(sessions[0], doctor, starts_at=sessions[0].starts_at, room=spare).room == spare
    assert Reservation.objects.filter(resource__room=spare).count() == 1


# Cancel


def test_cancelled_time_can_be_booked_by_another(sessions, course, room, doctor, heard):
    for session in sessions:
        actions.cancel_session(session, reason="ill", version=1, by=doctor, at=NOW)
    assert Reservation.objects.count() == 0
    assert heard == [SessionCancelled(s.pk, NOW) for s in sessions]
    other = factories.confirmed_course(by=doctor)
    assert len(factories.booked(other, room, practitioner=doctor)) == 5


def test_cancelling_needs_a_reason_and_the_present_version(sessions, doctor):
    with pytest.raises(ValueError, match="reason"):
        actions.cancel_session(sessions[0], reason=" ", version=1, by=doctor, at=NOW)
    with pytest.raises(ChangedMeanwhile):
        actions.cancel_session(sessions[0], reason="ill", version=2, by=doctor, at=NOW)
    assert Session.objects.booked().count() == 5


def test_cancelled_session_is_not_reactivated_over_a_new_one(sessions, doctor, course, room):
    gone = actions.cancel_session(sessions[1], reason="ill", version=1, by=doctor, at=NOW)
    book(course, [Slot(2, gone.starts_at, room.pk)], doctor)
    with pytest.raises(IntegrityError), transaction.atomic():
        Session.objects.filter(pk=gone.pk).update(state="booked", cancelled_at=None, cancelled_by=None)


def test_missing_session_is_booked_again(sessions, doctor, course, room):
    gone = actions.cancel_session(sessions[1], reason="ill", version=1, by=doctor, at=NOW)
    after = book(course, [Slot(2, gone.starts_at + DAY, room.pk)], doctor)
    assert [s.number for s in after] == [1, 2, 3, 4, 5]


def test_course_given_up_frees_its_times(sessions, course, doctor):
    course.refresh_from_db()
    courses.cancel(course, version=course.version, by=doctor, at=NOW)
    assert Reservation.objects.count() == 0
    assert Session.objects.standing().count() == 0


# What the database itself refuses


def raw(resource, begin, until, **fields):
    with transaction.atomic():
        return Reservation.objects.create(
            resource=resource, period=DateTimeTZRange(begin, until, "[)"), why="absence", **fields
        )


@pytest.mark.parametrize(
    ("begin", "until", "constraint"),
    [
        (NOW, NOW, "reservation_takes_time"),
        (NOW, None, "reservation_takes_time"),
        (NOW, NOW + 26 * HOUR, "reservation_within_a_day"),
    ],
)
def test_periods_that_are_none_are_refused(doctor, begin, until, constraint):
    with pytest.raises(IntegrityError, match=constraint):
        raw(resource_of(doctor), begin, until)


def test_overlap_of_a_microsecond_is_refused_back_to_back_is_not(doctor):
    resource = resource_of(doctor)
    raw(resource, NOW, NOW + HOUR)
    raw(resource, NOW + HOUR, NOW + 2 * HOUR)
    with pytest.raises(IntegrityError, match="reservation_no_double_booking"):
        raw(resource, NOW - HOUR, NOW + dt.timedelta(microseconds=1))


def test_hour_that_comes_twice_is_two_hours(doctor):
    zone = timezone.get_default_timezone()
    first = dt.datetime(2026, 10, 25, 2, 30, tzinfo=zone).astimezone(dt.UTC)
    second = dt.datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=zone).astimezone(dt.UTC)
    resource = resource_of(doctor)
    raw(resource, first, first + HOUR)
    assert raw(resource, second, second + HOUR).starts_at - first == HOUR


def test_closing_day_of_25_hours_is_one_reservation(doctor):
    begin, until = (dt.datetime(2026, 10, day, tzinfo=NOW.tzinfo).astimezone(dt.UTC) for day in (25, 26))
    assert raw(resource_of(doctor), begin, until).ends_at - begin == 25 * HOUR


def test_person_of_the_clinic_is_one_resource(doctor, room):
    assert resource_of(doctor) == resource_of(doctor)
    assert resource_of(room) != resource_of(doctor)


def test_absence_is_respected(course, room, doctor):
    slots = factories.slots(course, room)
    raw(resource_of(doctor), slots[2].starts_at, slots[2].starts_at + HOUR)
    with pytest.raises(refusals.SlotTaken) as caught:
        book(course, slots, doctor)
    assert caught.value.numbers == [3]
    assert not Session.objects.exists()


def test_who_may_treat(doctor, nurse, front_desk):
    person("Nina", Role.NURSE)
    assert set(User.objects.who_may_treat()) == {doctor, nurse}
