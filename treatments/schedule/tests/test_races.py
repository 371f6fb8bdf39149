"""Many people at once, with connections of their own; and what happens where the protection is taken away."""

import datetime as dt
import threading
import time
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, connections, transaction

from clinic.tests.processes import until
from clinic.versions import ChangedMeanwhile
from conftest import NOW
from treatments.courses import actions as plans
from treatments.schedule import actions, refusals, transactions
from treatments.schedule.actions import booking as booking_actions
from treatments.schedule.actions.common import lock_courses
from treatments.schedule.models import Booking, Reservation, Resource, Session
from treatments.schedule.resources import resource_of
from treatments.schedule.rules import Slot
from treatments.schedule.tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

OVERLAPS = """
SELECT count(*) FROM schedule_reservation a JOIN schedule_reservation b
ON a.id < b.id AND a.resource_id = b.resource_id AND a.period && b.period
"""

LOCKS = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE locktype = 'advisory' AND datname = current_database()
"""


def at_once(*jobs):
    """Run every job in a thread with its own connection, all from the same moment: (what came of it, seconds)."""
    barrier, results = threading.Barrier(len(jobs)), [None] * len(jobs)

    def run(index, job):
        try:
            connection.ensure_connection()
            barrier.wait()
            began = time.monotonic()
            try:
                outcome = job()
            except Exception as error:
                outcome = error
            results[index] = outcome, time.monotonic() - began
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    return results


def locks_held() -> int:
    with connection.cursor() as cursor:
        cursor.execute(LOCKS)
        return cursor.fetchone()[0]


def overlaps() -> int:
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPS)
        return cursor.fetchone()[0]


def booking(course, slots, doctor):
    return lambda: actions.book_course(course, slots, practitioner=doctor, by=doctor, at=NOW, key=uuid4())


def courses(doctor, how_many, **fields):
    factories.working_hours(doctor)
    return [factories.confirmed_course(by=doctor, **fields) for _ in range(how_many)]


@pytest.fixture
def unprotected(monkeypatch):
    """Neither constraint nor locks nor looking first: what the tests below must be able to see."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE schedule_reservation DROP CONSTRAINT reservation_no_double_booking")
    monkeypatch.setattr(booking_actions, "check_free", lambda chosen, **kwargs: None)
    yield
    Reservation.objects.all().delete()
    constraint = next(c for c in Reservation._meta.constraints if c.name == "reservation_no_double_booking")
    with connection.schema_editor() as editor:
        editor.add_constraint(Reservation, constraint)


def test_of_eight_at_once_one_gets_the_times_and_the_others_are_told(doctor):
    room = factories.room()
    crowd = courses(doctor, 8)
    results = at_once(*(booking(course, factories.slots(course, room), doctor) for course in crowd))
    lost = [outcome for outcome, _took in results if isinstance(outcome, Exception)]
    assert [type(error) for error in lost] == [refusals.SlotTaken] * 7
    assert {tuple(error.numbers) for error in lost} == {(1, 2, 3, 4, 5)}
    assert Session.objects.count() == 5
    assert Reservation.objects.count() == 20
    assert Booking.objects.count() == 1
    assert overlaps() == 0


def test_without_constraint_and_locks_the_same_race_books_double(doctor, unprotected):
    room = factories.room()
    crowd = courses(doctor, 8)
    at_once(*(booking(course, factories.slots(course, room), doctor) for course in crowd))
    assert overlaps() > 0


def test_without_locks_the_constraint_alone_lets_one_through(doctor, monkeypatch):
    monkeypatch.setattr(booking_actions, "check_free", lambda chosen, **kwargs: None)
    room = factories.room()
    crowd = courses(doctor, 8)
    results = at_once(*(booking(course, factories.slots(course, room), doctor) for course in crowd))
    assert {type(outcome) for outcome, _took in results} == {list, refusals.SlotTaken}
    assert Session.objects.count() == 5
    assert overlaps() == 0


def test_crossed_practitioners_and_rooms_end_without_a_deadlock(doctor, nurse):
    """A has the doctor in room 1 and then the nurse in room 2, B the other way round, in opposite orders."""
    factories.working_hours(nurse)
    rooms = factories.room("One"), factories.room("Two")
    crowd = courses(doctor, 8, sessions=2)
    jobs = []
    for index, course in enumerate(crowd):
        first, second = factories.slots(course, rooms[index % 2])
        slots = [first, Slot(2, second.starts_at, rooms[1 - index % 2].pk)]
        who = (doctor, nurse)[index % 2]
        jobs.append(
            lambda course=course, slots=slots[:: (-1) ** index], who=who: actions.book_course(
                course, slots, practitioner=who, by=doctor, at=NOW, key=uuid4()
            )
        )
    results = at_once(*jobs)
    assert {type(outcome) for outcome, _took in results} <= {list, refusals.SlotTaken}
    assert [type(outcome) for outcome, _took in results].count(list) == 2
    assert overlaps() == 0


def test_a_form_posted_eight_times_at_once_books_once(doctor):
    room = factories.room()
    [course] = courses(doctor, 1)
    slots, key = factories.slots(course, room), uuid4()
    results = at_once(
        *[
            lambda: actions.book_course(course, slots, practitioner=doctor, by=doctor, at=NOW, key=key)
            for _ in range(8)
        ]
    )
    assert all(outcome == results[0][0] for outcome, _took in results)
    assert Session.objects.count() == 5


def test_two_forms_for_one_course_at_once_book_it_once(doctor):
    room = factories.room()
    [course] = courses(doctor, 1)
    results = at_once(
        booking(course, factories.slots(course, room, hour=9), doctor),
        booking(course, factories.slots(course, room, hour=14), doctor),
    )
    assert {type(outcome) for outcome, _took in results} == {list, ChangedMeanwhile}
    assert Session.objects.count() == 5


def test_a_session_that_two_move_at_once_moves_once(doctor):
    room = factories.room()
    [course] = courses(doctor, 1)
    session = factories.booked(course, room, practitioner=doctor)[0]
    results = at_once(
        *[
            lambda hours=hours: actions.move_session(
                Session.objects.get(pk=session.pk),
                starts_at=session.starts_at + dt.timedelta(hours=hours),
                practitioner=doctor,
                room=room,
                version=1,
                by=doctor,
                at=NOW,
            )
            for hours in (1, 2, 3, 4)
        ]
    )
    kinds = [type(outcome) for outcome, _took in results]
    assert kinds.count(Session) == 1
    assert kinds.count(ChangedMeanwhile) == 3
    assert session.reservations.count() == 4


def test_a_resource_is_made_once_by_eight_at_once(doctor):
    results = at_once(*[lambda: resource_of(doctor) for _ in range(8)])
    assert len({outcome.pk for outcome, _took in results}) == 1
    assert Resource.objects.count() == 1


def test_a_connection_that_dies_in_the_middle_leaves_nothing_and_no_lock(doctor, monkeypatch):
    room = factories.room()
    course, other = courses(doctor, 2)
    write = booking_actions.reserve

    def die(sessions):
        write(sessions)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(booking_actions, "reserve", die)
    [(outcome, _took)] = at_once(booking(course, factories.slots(course, room), doctor))
    monkeypatch.setattr(booking_actions, "reserve", write)
    assert isinstance(outcome, Exception)
    assert not Session.objects.exists()
    assert not Reservation.objects.exists()
    until(lambda: not locks_held())  # who died is told so a moment before they are gone
    [(outcome, _took)] = at_once(at_a_glance(booking(other, factories.slots(other, room), doctor)))
    assert len(outcome) == 5


class Deadlock(Exception):
    pgcode = "40P01"


class LockNotAvailable(Exception):
    pgcode = "55P03"


def failing(times, error_class):
    """A change that fails so often with a deadlock, then works."""
    from django.db import OperationalError

    calls = []

    def change():
        calls.append(Booking.objects.count())
        if len(calls) <= times:
            raise OperationalError("deadlock detected") from error_class()
        return "done"

    return change, calls


def test_a_deadlock_is_tried_again_and_then_told():
    change, calls = failing(2, Deadlock)
    assert transactions.all_or_nothing(change) == "done"
    assert len(calls) == 3
    change, calls = failing(3, Deadlock)
    with pytest.raises(transactions.Busy):
        transactions.all_or_nothing(change)
    assert len(calls) == 3


def test_who_waited_for_a_lock_as_long_as_anybody_may_is_told_at_once():
    change, calls = failing(1, LockNotAvailable)
    with pytest.raises(transactions.Busy):
        transactions.all_or_nothing(change)
    assert len(calls) == 1


def at_a_glance(job):
    """The job, on a connection that waits for no lock, however busy the machine is."""

    def run():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        with transaction.atomic():
            return job()

    return run


@pytest.mark.parametrize(
    "lock",
    [
        pytest.param(lambda course, by: lock_courses([course.pk]), id="a booking"),
        pytest.param(lambda course, by: plans.screen_again(course, by=by, at=NOW), id="screened again"),
        pytest.param(
            lambda course, by: plans.cancel(course, version=course.version, by=by, at=NOW), id="given up"
        ),
    ],
)
def test_who_changes_a_course_keeps_others_from_changing_it_but_not_from_writing_about_it(doctor, lock):
    """A worker that writes about a course would wait for a booking that waits for the worker's messages."""
    [course] = courses(doctor, 1)
    with transaction.atomic():
        lock(course, doctor)
        writes, changes = at_once(
            at_a_glance(
                lambda: Booking.objects.create(course=course, key=uuid4(), booked_at=NOW, booked_by=doctor)
            ),
            at_a_glance(lambda: lock_courses([course.pk])),
        )
    assert isinstance(writes[0], Booking)
    assert isinstance(changes[0], OperationalError)
