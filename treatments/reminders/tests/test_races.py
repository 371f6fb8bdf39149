"""Many at once, on real connections: each letter goes out once. Without the claim's condition it would not."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Event

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from clinic.celery import app
from clinic.chaos.running import PROTECTIONS
from clinic.roles import Role
from clinic.tests.processes import somebody_waits, until, wait_or_end
from conftest import person
from treatments.reminders import actions, rules_channels, tasks
from treatments.reminders.actions import journal, sending
from treatments.reminders.actions.outcomes import Outcome
from treatments.reminders.channels.email import SmtpLine
from treatments.reminders.models import Heartbeat, Message
from treatments.reminders.querysets import MessageQuerySet
from treatments.reminders.tests.factories import reminder

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_quiet_hours")]


def at_once(count, act):
    """What `count` threads return that do `act` at the same moment, each on a connection of its own."""
    barrier = Barrier(count)

    def one(_):
        try:
            barrier.wait()
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_delivered_by_ten_at_once_it_is_sent_once(post_office):
    due = reminder(person("Dorota", Role.DOCTOR))
    done = at_once(10, lambda: actions.deliver(due.pk, at=due.due_at))
    assert (done.count("sent"), done.count(None), len(post_office.letters)) == (1, 9, 1)


def test_without_lease_and_claim_it_would_be_sent_again(post_office, monkeypatch):
    due = reminder(person("Dorota", Role.DOCTOR))
    monkeypatch.setattr(MessageQuerySet, "claimable", lambda self, at: self.all())
    monkeypatch.setattr(journal, "begin", lambda message, done=None: (True, True))

    def twice():
        for _ in range(2):
            with suppress(IntegrityError):
                actions.deliver(due.pk, at=due.due_at)

    at_once(10, twice)
    assert len(post_office.letters) > 1


def many(count):
    """So many reminders that are due now."""
    doctor, now = person("Dorota", Role.DOCTOR), timezone.now()
    return [
        reminder(doctor, due_at=now, try_at=now, not_after=now + dt.timedelta(days=1)) for _ in range(count)
    ]


def turn():
    clock = tasks.running_clock()
    for _states in actions.Turn("email", clock=clock, ends_at=clock() + dt.timedelta(seconds=30)).batches():
        pass


def tries_again(message, by):
    def once():
        with suppress(actions.NotFailed):
            actions.put_back(message, by=by, at=message.due_at)
            return True

    return once


def test_of_two_who_try_a_failed_message_again_at_once_one_does(monkeypatch):
    by = person("Dorota", Role.DOCTOR)
    failed = reminder(by, state="failed", why="No such mailbox.")
    assert at_once(2, tries_again(failed, by)).count(True) == 1
    monkeypatch.setattr(MessageQuerySet, "retriable", lambda self, at: self.all())  # the other way
    assert at_once(2, tries_again(failed, by)).count(True) == 2


def test_two_turns_at_once_share_the_work_and_send_each_message_once(post_office, monkeypatch):
    monkeypatch.setattr(rules_channels, "BATCH", 3)
    dues = many(12)
    at_once(2, turn)
    assert sorted(letter["Message-ID"] for letter in post_office.letters) == sorted(
        one.message_id for one in dues
    )
    assert set(Message.objects.values_list("state", "maybe_twice", "attempts")) == {("sent", False, 1)}


def test_without_the_claim_two_turns_send_the_same_messages(post_office, monkeypatch):
    many(4)
    barrier, refusals = Barrier(2), sending.refusals

    def together(messages, *, at):
        with suppress(BrokenBarrierError):
            barrier.wait(60)  # both have read what is due
        return refusals(messages, at=at)

    monkeypatch.setattr(MessageQuerySet, "claimable", lambda self, at: self.filter(state="due"))
    monkeypatch.setattr(MessageQuerySet, "select_for_update", lambda self, **options: self)
    monkeypatch.setattr(journal, "begin", lambda message, done=None: (True, True))
    monkeypatch.setattr(sending, "refusals", together)
    at_once(2, turn)
    assert len(post_office.letters) > 4


@pytest.fixture
def a_turn_begins_while_another_hands_over(monkeypatch):
    """When the first letter is handed over, another turn looks for what is due."""
    send, others = SmtpLine.send, iter([turn])

    def meanwhile(line, letter):
        for other in others:
            other()
        return send(line, letter)

    monkeypatch.setattr(SmtpLine, "send", meanwhile)


@pytest.fixture
def without_the_lease(transactional_db):
    """As in the control of `make chaos`."""
    with connection.cursor() as cursor:
        cursor.execute(PROTECTIONS["lease"])
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION chaos_no_lease CASCADE")


def test_what_is_on_its_way_is_not_begun_by_another_turn(post_office, a_turn_begins_while_another_hands_over):
    many(3)
    turn()
    assert len(post_office.letters) == 3
    assert set(Message.objects.values_list("state", "maybe_twice", "attempts")) == {("sent", False, 1)}


def test_without_the_lease_another_turn_sends_it_too(
    post_office, without_the_lease, a_turn_begins_while_another_hands_over
):
    [due] = many(1)
    turn()
    assert [letter["Message-ID"] for letter in post_office.letters] == [due.message_id] * 2


@pytest.fixture
def eager():
    """Tasks run where they are asked for."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def test_two_ticks_at_once_send_each_message_once(post_office, eager):
    doctor = person("Dorota", Role.DOCTOR)
    for _ in range(6):
        reminder(doctor, try_at=timezone.now(), not_after=timezone.now() + dt.timedelta(days=1))
    at_once(2, tasks.tick)
    assert len({letter["Message-ID"] for letter in post_office.letters}) == len(post_office.letters) == 6
    assert set(Message.objects.values_list("state", "maybe_twice")) == {("sent", False)}
    assert Heartbeat.objects.count() == 1


def test_a_wish_and_a_booking_that_promises_letters_do_not_wait_for_each_other_for_ever():
    """What is promised locks its patient when it is committed, and a wish locks the messages that a booking holds."""
    waiting = reminder(person("Dorota", Role.DOCTOR))
    patient, now, held, wished = waiting.patient, timezone.now(), Event(), Event()
    values = {"due_at": now, "at": now, "not_after": now, "patient": patient, "course": waiting.course}

    def booking():
        with transaction.atomic():
            list(Message.objects.filter(patient=patient).select_for_update())
            actions.promise([actions.drafted("booked", **values)])
            held.set()
            assert wait_or_end(wished.is_set)  # the wish waits for the messages
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        booked = pool.submit(booking)
        assert held.wait(60)
        actions.stop_topic(patient, "maintenance", how="link", at=now)
        wished.set()
        booked.result(60)
    waiting.refresh_from_db()
    assert (waiting.state, Message.objects.filter(kind="booked").count()) == ("suppressed", 1)


def a_worker_and_the_desk_at(messages):
    """The worker settles the second of a patient's messages and begins the first, while the desk locks both by key.

    In the middle of the desk's way the worker comes. Raises OperationalError where they wait for each other.
    """
    first, second = messages
    first_locked = Event()

    def desk():
        try:
            with transaction.atomic():
                Message.objects.select_for_update().get(pk=first.pk)
                first_locked.set()
                until(somebody_waits)
                Message.objects.select_for_update().get(pk=second.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        editing = pool.submit(desk)
        assert first_locked.wait(60)
        done = journal.begin(first, (second, Outcome("due", False, why="put off")))
        editing.result(60)
    return done


@pytest.fixture
def two_claimed():
    """Two messages of one patient in a worker's hands."""
    first = reminder(person("Dorota", Role.DOCTOR))
    reminder(first.patient.created_by, patient=first.patient)
    Message.objects.update(try_at=first.try_at)
    return sorted(actions.claim("email", at=first.try_at).messages, key=lambda one: one.pk)


def test_a_worker_and_a_patient_being_edited_do_not_wait_for_each_other_for_ever(two_claimed):
    assert a_worker_and_the_desk_at(two_claimed) == (True, True)
    assert list(Message.objects.order_by("pk").values_list("state", "why")) == [
        ("sending", ""),
        ("due", "put off"),
    ]


def test_in_the_order_of_the_batch_they_would(two_claimed, monkeypatch):
    by_batch = journal.STEP.replace("ORDER BY id FOR UPDATE", "ORDER BY id DESC FOR UPDATE")
    monkeypatch.setattr(journal, "STEP", by_batch)
    with pytest.raises(OperationalError, match="deadlock"):
        a_worker_and_the_desk_at(two_claimed)


def test_what_somebody_holds_the_tick_clears_away_a_minute_later(two_claimed):
    first, _second = two_claimed
    after = first.not_after + dt.timedelta(days=1)

    def cleared():
        try:
            return actions.clear_away(at=after)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Message.objects.select_for_update().get(pk=first.pk)
        assert pool.submit(cleared).result(60) == 1
    assert cleared() == 1
    assert set(Message.objects.values_list("state", flat=True)) == {"expired"}
