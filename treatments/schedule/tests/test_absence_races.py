"""Absences against bookings and cancellations at the same moment, and what the locks are for."""

import datetime as dt
import threading
from dataclasses import replace

import pytest
from django.db import transaction

from clinic.models import Clinic, NursesWith
from clinic.roles import Role
from clinic.tests.processes import wait_or_end
from conftest import NOW, person
from treatments.schedule import actions, checks, places, refusals, rules, transactions
from treatments.schedule.actions import booking as booking_actions
from treatments.schedule.actions import cancelling
from treatments.schedule.away import absences, presence
from treatments.schedule.models import Absence, Reservation, Session
from treatments.schedule.resources import resource_of
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_absences import TUESDAY, away, closed, wrong
from treatments.schedule.tests.test_equipment import pen
from treatments.schedule.tests.test_races import at_once, booking, courses

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def unlocked(monkeypatch):
    """Nobody waits for anybody: what the tests below must be able to see."""
    for module in (absences, checks, places):
        monkeypatch.setattr(module, "lock_resources", lambda resources: None)


WRITTEN, DONE, WAITED = threading.Event(), threading.Event(), threading.Event()


def let_the_other_come():
    """Until they have done what they do, or wait for us."""
    WRITTEN.set()
    if wait_or_end(DONE.is_set):
        WAITED.set()


def slowly(write):
    """`write`, and then time for others."""

    def run(*said):
        found = write(*said)
        let_the_other_come()
        return found

    return run


@pytest.fixture(autouse=True)
def nothing_written():
    for happened in (WRITTEN, DONE, WAITED):
        happened.clear()


@pytest.fixture
def slow(monkeypatch):
    """Between what a booking or a cancellation writes and its end lies time for others."""
    for module, name in ((booking_actions, "reserve"), (cancelling, "release")):
        write = getattr(module, name)
        monkeypatch.setattr(module, name, slowly(write))


def later(job):
    """`job`, when the others are in the middle of theirs, however busy the machine is."""

    def run():
        assert WRITTEN.wait(timeout=60)
        try:
            return job()
        finally:
            DONE.set()

    return run


@pytest.fixture
def booked(doctor):
    [course] = courses(doctor, 1)
    return factories.booked(course, factories.room(), practitioner=doctor)


def record_while_booking(doctor, clinic_admin):
    [course] = courses(doctor, 1)
    slots = factories.slots(course, factories.room())
    span = absences.days_span(TUESDAY, TUESDAY)
    return at_once(booking(course, slots, doctor), later(lambda: away(doctor, *span, by=clinic_admin)))


def test_an_absence_recorded_while_others_book_waits_and_covers_the_rest(doctor, clinic_admin, slow):
    (sessions, _took), (absence, _took) = record_while_booking(doctor, clinic_admin)
    assert (len(sessions), Absence.objects.get()) == (5, absence)
    assert WAITED.is_set()
    assert wrong() == []


def test_without_locks_the_same_absence_is_refused(doctor, clinic_admin, slow, unlocked):
    _booked, (absence, _took) = record_while_booking(doctor, clinic_admin)
    assert isinstance(absence, transactions.Overlap)


def lift_while_cancelling(session, doctor, clinic_admin):
    absence = away(doctor, *absences.days_span(TUESDAY, TUESDAY), by=clinic_admin)
    cancel = {"reason": "ill", "version": 1, "by": doctor, "at": NOW}
    at_once(
        lambda: actions.cancel_session(session, **cancel),
        later(lambda: absences.lift(absence, by=clinic_admin, at=NOW)),
    )


def test_an_absence_lifted_while_others_cancel_leaves_nothing_behind(booked, doctor, clinic_admin, slow):
    lift_while_cancelling(booked[0], doctor, clinic_admin)
    assert wrong() == []
    assert not Reservation.objects.exclude(why="session").exists()


def test_without_locks_the_same_leaves_time_that_nobody_can_book(
    booked, doctor, clinic_admin, slow, unlocked
):
    lift_while_cancelling(booked[0], doctor, clinic_admin)
    assert wrong() != []


def book_a_nurse_while_her_doctor_is_noted_as_away(doctor, nurse, clinic_admin):
    factories.working_hours(nurse)
    [course] = courses(doctor, 1)
    slots, span = factories.slots(course, factories.room()), absences.days_span(TUESDAY, TUESDAY)

    def note():
        with transaction.atomic():
            row = away(doctor, *span, by=clinic_admin)
            let_the_other_come()
        return row

    (absence, _took), (booked, _took) = at_once(note, later(booking(course, slots, nurse)))
    assert isinstance(absence, Absence)
    return booked, list(presence.outside(NOW))


@pytest.mark.parametrize("whom", [NursesWith.HERS, NursesWith.ANY])
def test_a_nurse_is_not_booked_in_the_instant_in_which_her_doctor_is_noted_as_away(
    doctor, nurse, clinic_admin, whom
):
    Clinic.objects.update_or_create(pk=1, defaults={"nurses_with_doctor": whom})
    booked, left = book_a_nurse_while_her_doctor_is_noted_as_away(doctor, nurse, clinic_admin)
    assert isinstance(booked, refusals.WrongTimes)
    assert booked.faults == [(1, rules.Fault.DOCTOR)]
    assert WAITED.is_set()
    assert (left, Session.objects.count()) == ([], 0)


def test_where_nobody_counts_on_the_doctor_she_is(doctor, nurse, clinic_admin):
    factories.nurses_alone()
    booked, left = book_a_nurse_while_her_doctor_is_noted_as_away(doctor, nurse, clinic_admin)
    assert (len(booked), left) == (5, [])


def test_without_the_lock_the_same_nurse_stands_there_without_a_doctor(
    doctor, nurse, clinic_admin, monkeypatch
):
    monkeypatch.setattr(checks, "count_on_doctors", lambda people: None)
    booked, left = book_a_nurse_while_her_doctor_is_noted_as_away(doctor, nurse, clinic_admin)
    assert [row.pk for row in left] == [booked[0].pk]


def test_an_absence_of_a_doctor_waits_for_who_counts_on_them_and_tells_of_it(
    doctor, nurse, clinic_admin, slow
):
    factories.working_hours(nurse)
    [course] = courses(doctor, 1)
    slots, span = factories.slots(course, factories.room()), absences.days_span(TUESDAY, TUESDAY)
    (booked, _took), (absence, _took) = at_once(
        booking(course, slots, nurse), later(lambda: away(doctor, *span, by=clinic_admin))
    )
    assert WAITED.is_set()
    assert list(presence.met_by(absence)) == booked[:1]


def test_a_crowd_of_bookings_and_absences_ends_covered_exactly_and_without_a_deadlock(
    doctor, nurse, clinic_admin
):
    factories.working_hours(nurse)
    factories.nurses_alone()
    rooms = factories.room("One"), factories.room("Two")
    crowd = courses(doctor, 6)
    span = absences.days_span(TUESDAY, TUESDAY + (TUESDAY - NOW.date()) * 40)
    jobs = [
        booking(course, factories.slots(course, rooms[n % 2], hour=9 + n), (doctor, nurse)[n % 2])
        for n, course in enumerate(crowd)
    ]
    jobs += [lambda who=who: away(who, *span, by=clinic_admin) for who in (doctor, nurse)]
    jobs += [lambda: closed(TUESDAY, TUESDAY, by=clinic_admin)] * 2
    results = at_once(*jobs)
    assert {type(outcome) for outcome, _took in results} <= {list, Absence, refusals.SlotTaken}
    assert Absence.objects.count() == 3
    assert Session.objects.count() % 5 == 0
    assert wrong() == []


def test_a_room_brought_in_while_the_clinic_closes_is_closed_too(clinic_admin):
    rooms = [factories.room(f"Room {n}") for n in range(6)]
    at_once(
        *[lambda room=room: resource_of(room) for room in rooms],
        lambda: closed(TUESDAY, TUESDAY, by=clinic_admin),
    )
    assert Reservation.objects.filter(why="closed").count() == 6
    assert wrong() == []


def test_ill_today_clicked_by_eight_at_once_is_one_absence(doctor):
    desk = person("Frida", Role.FRONT_DESK)
    results = at_once(*[lambda: absences.ill_today(doctor, by=desk, at=NOW) for _ in range(8)])
    assert {type(outcome) for outcome, _took in results} == {Absence}
    assert Absence.objects.count() == 1


def test_eight_at_once_for_two_devices_take_each_once(doctor):
    crowd = courses(doctor, 8, sessions=1)
    pen(crowd[0], "A", "B")
    at = [n * dt.timedelta(minutes=5) for n in range(8)]
    jobs = []
    for n, course in enumerate(crowd):
        [slot] = factories.slots(course, factories.room(f"Room {n}"))
        who = person(f"Nurse{n}", Role.NURSE, cooperating_doctor=doctor)
        factories.working_hours(who)
        jobs.append(booking(course, [replace(slot, starts_at=slot.starts_at + at[n])], who))
    results = at_once(*jobs)
    kinds = [type(outcome) for outcome, _took in results]
    assert (kinds.count(list), kinds.count(refusals.SlotTaken)) == (2, 6)
    assert Reservation.objects.filter(resource__device__isnull=False).count() == 2
    assert wrong() == []
