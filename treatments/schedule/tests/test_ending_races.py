"""A record ends in the moment in which somebody books for it: one waits for the other, and sees what it did."""

import datetime as dt
import threading
import time
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction

from clinic.models import Clinic
from clinic.prepared import Prepared, asked
from conftest import NOW
from patients.actions import StillBooked, close_as_duplicate, note_death
from patients.models import Patient
from patients.tests.factories import clear_interview
from patients.tests.factories import patient as person_of
from treatments.schedule import actions, refusals
from treatments.schedule.actions import booking, common, offering, rearranging
from treatments.schedule.models import FreedTime, Session, Waiting
from treatments.schedule.rules import Slot
from treatments.schedule.tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.timedelta(days=1)
WAITING = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND pid = ANY(%s)"


@pytest.fixture
def room(doctor):
    factories.working_hours(doctor, weekdays=range(1, 8))
    return factories.room()


@pytest.fixture
def patient(doctor):
    found = person_of(by=doctor)
    clear_interview(found, doctor, at=NOW - DAY)
    return found


@pytest.fixture
def unlocked(monkeypatch):
    """The record is looked at, but nothing makes who ends it wait: what the tests below must be able to see."""
    looked_at = Patient.objects.filter(pk__among=asked("patients")).only("died_on", "duplicate_of")
    monkeypatch.setattr(common, "RECORDS", Prepared(lambda: looked_at))


class Others:
    """People with connections of their own who begin at once; what came of it in the order of `jobs`."""

    def __init__(self, *jobs):
        self.outcomes, self.pids = [None] * len(jobs), []
        self.threads = [threading.Thread(target=self._run, args=pair) for pair in enumerate(jobs)]

    def _run(self, nth, job):
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SET lock_timeout = 0; SET statement_timeout = 0"
                )  # a slow machine is no fault
            self.pids.append(connection.connection.info.backend_pid)
            self.outcomes[nth] = job()
        except Exception as error:
            self.outcomes[nth] = error
        finally:
            connections.close_all()

    def begin(self):
        """Until each of them is done or waits for a lock that is held here."""
        for thread in self.threads:
            thread.start()
        until = time.monotonic() + 40
        while self._under_way() > self._waiting():
            assert time.monotonic() < until
            time.sleep(0.01)
        return self

    def _under_way(self):
        return sum(thread.is_alive() for thread in self.threads)

    def _waiting(self):
        with connection.cursor() as cursor:
            cursor.execute(WAITING, [self.pids])
            return cursor.fetchone()[0]

    def end(self):
        for thread in self.threads:
            thread.join(60)
        return self.outcomes


@pytest.fixture
def deeds(doctor, patient, room):
    """Everything that gives a patient time, each in another course of the same one, by name."""

    def course(sessions):
        return factories.confirmed_course(by=doctor, patient=patient, sessions=sessions)

    def booked(hour, *, sessions=1, **when):
        return factories.booked(course(sessions), room, practitioner=doctor, hour=hour, **when)

    to_book, to_wait = course(1), course(1)
    [moving], [_stays, gone] = booked(11), booked(13, sessions=2)
    [missed] = booked(8, first=NOW.date(), at=NOW - DAY)
    actions.cancel_session(gone, reason="ill", version=1, by=doctor, at=NOW)
    missed = actions.miss(missed, version=1, by=doctor, at=NOW)
    again = Slot(2, gone.starts_at, room.pk, doctor.pk)
    there = {"starts_at": moving.starts_at + DAY, "practitioner": doctor, "room": room, "version": 1}
    signed = {"by": doctor, "at": NOW}
    return {
        "book": lambda: factories.booked(to_book, room, practitioner=doctor, hour=15),
        "move": lambda: actions.move_session(moving, **there, **signed),
        "close a gap": lambda: actions.close_gap(gone.course, [again], [], **signed, key=uuid4()),
        "come after all": lambda: actions.come_after_all(missed, version=missed.version, **signed),
        "put on the list": lambda: factories.waiting(to_wait, by=doctor),
    }


def died(patient, by):
    return note_death(Patient.objects.get(pk=patient.pk), NOW.date(), by=by, at=NOW)


def done_while_dying(deeds, patient, doctor):
    """They die, and before anybody can know of it somebody begins each of these: what comes of them, by name."""
    with transaction.atomic():
        died(patient, doctor)
        others = Others(*deeds.values()).begin()
    return dict(zip(deeds, others.end(), strict=True))


def test_whoever_gives_a_patient_time_waits_for_the_death_and_is_refused(deeds, patient, doctor):
    before = list(Session.objects.order_by("pk").values("pk", "version", "state"))
    outcomes = done_while_dying(deeds, patient, doctor)
    assert {name: type(one) for name, one in outcomes.items()} == dict.fromkeys(deeds, refusals.NotBookable)
    assert {str(one) for one in outcomes.values()} == {"This patient has died."}
    assert list(Session.objects.order_by("pk").values("pk", "version", "state")) == before
    assert not Waiting.objects.exists()


def test_without_the_lock_they_go_on_as_if_nobody_had_died(deeds, patient, doctor, unlocked):
    deeds.pop("close a gap")  # looks a second time after it has waited for others: by then it may be known
    outcomes = done_while_dying(deeds, patient, doctor)
    assert not [one for one in outcomes.values() if isinstance(one, Exception)]
    assert Session.objects.booked().of_patient(patient).count() == 4


def closed_while_booking(doctor, patient, room, monkeypatch):
    """The record is to be closed as a duplicate in the middle of a booking: what comes of the closing."""
    other, found = person_of(by=doctor), []
    course, write = factories.confirmed_course(by=doctor, patient=patient, sessions=1), booking._written

    def write_and_be_slow(*args, **kwargs):
        found.append(Others(lambda: close_as_duplicate(patient, other, by=doctor, at=NOW)).begin())
        return write(*args, **kwargs)

    monkeypatch.setattr(booking, "_written", write_and_be_slow)
    factories.booked(course, room, practitioner=doctor)
    return found[0].end()[0]


def test_whoever_closes_a_record_waits_for_a_booking_and_finds_it(doctor, patient, room, monkeypatch):
    assert isinstance(closed_while_booking(doctor, patient, room, monkeypatch), StillBooked)
    patient.refresh_from_db()
    assert patient.duplicate_of is None


def test_without_the_lock_a_record_is_closed_over_a_booking(doctor, patient, room, monkeypatch, unlocked):
    assert isinstance(closed_while_booking(doctor, patient, room, monkeypatch), Patient)
    assert Session.objects.booked().of_patient(patient).exists()


def test_a_death_waits_for_a_move_and_both_are_done(doctor, patient, room, monkeypatch):
    course, found = factories.confirmed_course(by=doctor, patient=patient, sessions=1), []
    put = rearranging._put
    [session] = factories.booked(course, room, practitioner=doctor)

    def put_and_be_slow(*args, **kwargs):
        found.append(Others(lambda: died(patient, doctor)).begin())
        assert found[0].outcomes == [None]
        return put(*args, **kwargs)

    monkeypatch.setattr(rearranging, "_put", put_and_be_slow)
    there = {"starts_at": session.starts_at + DAY, "practitioner": doctor, "room": room}
    actions.move_session(session, **there, version=1, by=doctor, at=NOW)
    assert found[0].end()[0].died_on == NOW.date()


@pytest.fixture
def freed(doctor, patient, room):
    """An hour that is free, and the patient waits for it."""
    Clinic.objects.update_or_create(pk=1, defaults={"offer_to": 1})
    factories.waiting(factories.confirmed_course(by=doctor, patient=patient, sessions=1), by=doctor)
    other = factories.confirmed_course(by=doctor, sessions=1)
    [session] = factories.booked(other, room, practitioner=doctor)
    actions.cancel_session(session, reason="ill", version=1, by=doctor, at=NOW)
    return FreedTime.objects.get()


def offered_while_dying(freed, doctor, patient, monkeypatch):
    """They die in the middle of the offer. The states of what is offered to them then."""
    found, write = [], offering._offer

    def write_and_be_slow(*args, **kwargs):
        found.append(Others(lambda: died(patient, doctor)).begin())
        return write(*args, **kwargs)

    monkeypatch.setattr(offering, "_offer", write_and_be_slow)
    [hold] = offering.offer_freed(freed.pk, at=NOW)
    found[0].end()
    return list(hold.offers.values_list("state", flat=True))


def test_whoever_dies_while_something_is_offered_to_them_is_offered_nothing(
    freed, doctor, patient, monkeypatch
):
    assert offered_while_dying(freed, doctor, patient, monkeypatch) == ["void"]


def test_without_the_lock_it_stays_offered_to_the_dead(freed, doctor, patient, monkeypatch, unlocked):
    assert offered_while_dying(freed, doctor, patient, monkeypatch) == ["open"]


def test_nothing_is_offered_to_who_dies_while_it_is_chosen_for_whom_it_is(
    freed, doctor, patient, monkeypatch
):
    choose = offering.best

    def choose_and_be_slow(*args, **kwargs):
        found = choose(*args, **kwargs)
        if found:
            assert Others(lambda: died(patient, doctor)).begin().end()[0].died_on
        return found

    monkeypatch.setattr(offering, "best", choose_and_be_slow)
    assert offering.offer_freed(freed.pk, at=NOW) == []
    assert not patient.courses.filter(waiting__offers__isnull=False).exists()
