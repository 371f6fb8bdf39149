"""Many say yes at once, with connections of their own; and what happens where the protection is taken away."""

import datetime as dt
import random
import threading
from contextlib import suppress
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction

from clinic.models import Clinic
from clinic.tests.processes import wait_or_end
from clinic.versions import ChangedMeanwhile
from conftest import NOW
from patients.actions import note_death
from patients.models import Patient
from treatments.schedule import actions, refusals
from treatments.schedule.actions import answering, offering
from treatments.schedule.models import FreedTime, Hold, Offer, Reservation, Session, Waiting
from treatments.schedule.resources import resources_of
from treatments.schedule.rules import Slot
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_races import at_once, overlaps

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.timedelta(days=1)


@pytest.fixture
def offered(doctor):
    """`offered(n)` offers of one freed time, each to a course with one session booked on a later day."""
    factories.working_hours(doctor)
    room = factories.room()

    def made(how_many, minutes=30):
        Clinic.objects.update_or_create(pk=1, defaults={"offer_to": how_many, "offer_minutes": minutes})
        crowd = [factories.confirmed_course(by=doctor, sessions=1) for _ in range(how_many + 1)]
        sessions = [
            factories.booked(
                row,
                room,
                practitioner=doctor,
                first=NOW.date() + (1 + 7 * (nth // 4)) * DAY,
                hour=8 + 2 * (nth % 4),
            )[0]
            for nth, row in enumerate(crowd)
        ]
        for session in sessions[1:]:
            factories.waiting(session.course, by=doctor, earliest=NOW.date() + DAY, latest=NOW.date() + DAY)
        freed = sessions[0]
        actions.cancel_session(freed, reason="moved", version=1, by=doctor, at=NOW)
        [hold] = offering.offer_freed(FreedTime.objects.get().pk, at=NOW)
        return (
            freed,
            hold,
            list(hold.offers.select_related("waiting__course__patient", "waiting__added_by", "hold")),
        )

    return made


def yes(offer, at=NOW):
    return lambda: actions.say_yes(offer, desk=None, at=at)


def no_half_state(hold, freed):
    """One session at the freed time, one yes, nothing held, nobody twice."""
    hold.refresh_from_db()
    assert hold.ended_at is not None
    assert Session.objects.booked().filter(starts_at=freed.starts_at).count() == 1
    assert sorted(hold.offers.values_list("state", flat=True)) == ["lost"] * (hold.offers.count() - 1) + [
        "yes"
    ]
    winner = hold.offers.get(state="yes").waiting
    assert winner.served_at == NOW
    assert Waiting.objects.standing().count() == hold.offers.count() - 1
    assert Session.objects.get(course=winner.course, state="booked").starts_at == freed.starts_at
    assert not Reservation.objects.filter(why="offer").exists()
    assert overlaps() == 0


@pytest.mark.parametrize("how_many", [2, 20])
def test_of_many_who_say_yes_at_once_one_gets_it_and_the_others_are_told(offered, how_many):
    freed, hold, offers = offered(how_many)
    assert len(offers) == how_many
    results = at_once(*(yes(offer) for offer in offers))
    kinds = [type(outcome) for outcome, _took in results]
    assert kinds.count(Session) == 1
    assert kinds.count(actions.OfferGone) == how_many - 1
    no_half_state(hold, freed)


def test_one_who_presses_twice_at_once_gets_it_once(offered):
    freed, hold, offers = offered(2)
    results = at_once(*[yes(offers[0])] * 4)
    assert [type(outcome) for outcome, _took in results].count(Session) == 1
    assert Session.objects.get(course=offers[0].waiting.course).version == 2
    no_half_state(hold, freed)


def test_without_the_locks_and_the_last_look_the_same_race_lets_several_win(offered, monkeypatch):
    """What the tests above must be able to see: nobody asks whether the offer still stands, and nothing is locked."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE schedule_reservation DROP CONSTRAINT reservation_no_double_booking")
        cursor.execute("DROP INDEX offer_one_yes")
    monkeypatch.setattr(answering, "_lock", lambda offer, session: None)
    monkeypatch.setattr(answering, "_check_open", lambda offer, at: None)
    monkeypatch.setattr(answering, "lock_hold", lambda hold: Hold.objects.get(pk=hold.pk))
    monkeypatch.setattr("treatments.schedule.checks.lock_resources", lambda resources: None)
    monkeypatch.setattr("treatments.schedule.actions.rearranging.check_free", lambda chosen, **kwargs: None)
    monkeypatch.setattr("treatments.schedule.actions.rearranging.lock_resources", lambda resources: None)
    offers = offered(4)[2]
    try:
        results = at_once(*(yes(offer) for offer in offers))
        assert [type(outcome) for outcome, _took in results].count(Session) > 1
        assert overlaps() > 0
    finally:
        Reservation.objects.all().delete()
        Offer.objects.filter(state="yes").update(state="no")
        with connection.schema_editor() as editor:
            for model, name in (
                (Reservation, "reservation_no_double_booking"),
                (Offer, "offer_one_yes"),
            ):
                editor.add_constraint(model, next(c for c in model._meta.constraints if c.name == name))


def test_while_it_lapses_a_yes_wins_or_is_too_late_and_never_both(offered):
    """Some yes come a moment before the end, the tick and a booking by the desk a moment after it."""
    freed, hold, offers = offered(3)
    end = hold.lapses_at
    late = factories.confirmed_course(by=freed.practitioner, sessions=1)
    slot = Slot(1, freed.starts_at, freed.room_id, freed.practitioner_id)
    jobs = [yes(offer, end - dt.timedelta(seconds=1)) for offer in offers]
    jobs += [lambda: offering.lapse(hold, at=end)] * 2
    jobs += [lambda: actions.book_course(late, [slot], by=freed.practitioner, at=end, key=uuid4())]
    random.Random(4).shuffle(jobs)
    results = at_once(*jobs)
    told = (Session, list, type(None), actions.OfferGone, refusals.SlotTaken)
    assert {type(outcome) for outcome, _took in results} <= set(told), results
    assert Session.objects.booked().filter(starts_at=freed.starts_at).count() <= 1
    hold.refresh_from_db()
    assert hold.ended_at is not None
    states = set(hold.offers.values_list("state", flat=True))
    assert states <= {"yes", "lost", "lapsed", "void"}
    assert ("yes" in states) == Session.objects.filter(course__waiting__served_at__isnull=False).exists()
    assert not Reservation.objects.filter(why="offer").exists()
    assert overlaps() == 0


def test_what_is_held_is_booked_by_nobody_else(offered, doctor):
    freed, hold, _offers = offered(2)
    crowd = [factories.confirmed_course(by=doctor, sessions=1) for _ in range(6)]
    slot = Slot(1, freed.starts_at, freed.room_id, doctor.pk)
    results = at_once(
        *(lambda row=row: actions.book_course(row, [slot], by=doctor, at=NOW, key=uuid4()) for row in crowd)
    )
    assert {type(outcome) for outcome, _took in results} == {refusals.SlotTaken}
    assert hold.reservations.count() == 3


def test_a_freed_time_that_many_workers_find_is_offered_once(offered, doctor):
    _freed, hold, _offers = offered(2)
    offering.lapse(hold, at=hold.lapses_at)
    for row in list(Waiting.objects.all()):
        actions.withdraw(row, by=doctor, at=NOW)
    factories.waiting(factories.confirmed_course(by=doctor), by=doctor)
    [freed] = FreedTime.objects.all()
    results = at_once(*[lambda: offering.offer_freed(freed.pk, at=NOW)] * 6)
    assert sum(len(outcome) for outcome, _took in results) == 1
    assert Hold.objects.filter(ended_at=None).count() == 1
    assert not FreedTime.objects.exists()


def test_a_worker_that_dies_while_it_offers_leaves_it_to_the_next(offered, doctor, monkeypatch):
    _freed, hold, _offers = offered(2)
    offering.lapse(hold, at=hold.lapses_at)
    factories.waiting(factories.confirmed_course(by=doctor), by=doctor)
    [freed] = FreedTime.objects.all()
    write = offering._offer

    def die(*args, **kwargs):
        write(*args, **kwargs)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(offering, "_offer", die)
    [(outcome, _took)] = at_once(lambda: offering.offer_freed(freed.pk, at=NOW))
    monkeypatch.setattr(offering, "_offer", write)
    assert isinstance(outcome, Exception)
    assert not Hold.objects.filter(ended_at=None).exists()
    [made] = offering.offer_freed(freed.pk, at=NOW)
    assert made.offers.count() == 1


def meanwhile(job, results):
    """Somebody with a connection of their own begins `job`, and is done with it or waits for us."""

    def run():
        try:
            results.append(job())
        except Exception as error:
            results.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    wait_or_end(lambda: not thread.is_alive())
    return thread


def test_taken_off_the_list_in_the_middle_of_a_yes_it_is_too_late(offered, doctor, monkeypatch):
    freed, hold, offers = offered(2)
    told, threads, check = [], [], answering._check_open

    def check_and_be_slow(offer, at):
        check(offer, at)
        threads.append(meanwhile(lambda: actions.withdraw(offer.waiting, by=doctor, at=NOW), told))

    monkeypatch.setattr(answering, "_check_open", check_and_be_slow)
    actions.say_yes(offers[0], desk=None, at=NOW)
    threads[0].join(60)
    assert [type(one) for one in told] == [ChangedMeanwhile]
    no_half_state(hold, freed)


def test_a_death_noted_in_the_middle_of_their_yes_waits_for_it_and_both_are_done(
    offered, doctor, monkeypatch
):
    _freed, _hold, offers = offered(1)
    told, threads, put = [], [], answering._put

    def put_and_be_slow(offer, *args, **kwargs):
        patient = offer.waiting.course.patient
        threads.append(meanwhile(lambda: note_death(patient, NOW.date(), by=doctor, at=NOW), told))
        return put(offer, *args, **kwargs)

    monkeypatch.setattr(answering, "_put", put_and_be_slow)
    actions.say_yes(offers[0], desk=None, at=NOW)
    for thread in threads:
        thread.join(60)
    assert [type(one) for one in told] == [Patient]


def test_put_on_the_list_again_while_taken_off_it_is_a_place_of_its_own(doctor):
    course = factories.confirmed_course(by=doctor)
    entry, told = factories.waiting(course, by=doctor), []
    with transaction.atomic():
        actions.withdraw(entry, by=doctor, at=NOW)
        thread = meanwhile(lambda: factories.waiting(course, by=doctor, weekdays=[2]), told)
    thread.join(60)
    entry.refresh_from_db()
    assert (entry.withdrawn_at, entry.weekdays) == (NOW, [])
    assert [row.pk for row in told] == [row.pk for row in Waiting.objects.standing()] != [entry.pk]


def test_two_times_that_become_free_at_once_are_not_both_offered_to_one_who_waits(
    offered, doctor, monkeypatch
):
    freed, hold, offers = offered(1)
    offering.lapse(hold, at=hold.lapses_at)
    FreedTime.objects.all().delete()
    actions.withdraw(offers[0].waiting, by=doctor, at=NOW)
    entry = factories.waiting(factories.confirmed_course(by=doctor, sessions=1), by=doctor)
    resources_of([entry.course.patient])  # new, it would have the one wait for the other
    hour = dt.timedelta(hours=1)
    rows = [
        FreedTime.objects.create(
            resources=resources_of([freed.practitioner, freed.room]),
            begin=freed.starts_at + 4 * nth * hour,
            until=freed.starts_at + (4 * nth + 2) * hour,
            freed_at=NOW,
        )
        for nth in range(2)
    ]
    both, best = threading.Barrier(2), offering.best

    def best_at_once(*args, **kwargs):
        found = best(*args, **kwargs)
        with suppress(threading.BrokenBarrierError):
            both.wait(60)
        both.abort()
        return found

    monkeypatch.setattr(offering, "best", best_at_once)
    results = at_once(*(lambda row=row: offering.offer_freed(row.pk, at=NOW) for row in rows))
    assert sorted(len(made) for made, _took in results) == [0, 1]
    assert Offer.objects.filter(state="open").count() == 1
