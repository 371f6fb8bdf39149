"""Many at once, on real connections: each letter goes out once. Without the claim's condition it would not."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from clinic.celery import app
from clinic.roles import Role
from conftest import person
from treatments.reminders import actions, tasks
from treatments.reminders.models import Heartbeat, Message
from treatments.reminders.querysets import MessageQuerySet
from treatments.reminders.tests.factories import reminder

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_without_the_condition_of_the_claim_it_would_be_sent_again(post_office, monkeypatch):
    due = reminder(person("Dorota", Role.DOCTOR))
    monkeypatch.setattr(MessageQuerySet, "claimable", lambda self, at: self.all())

    def twice():
        for _ in range(2):
            with suppress(IntegrityError):  # what a claim of a message that was sent meanwhile would write
                actions.deliver(due.pk, at=due.due_at)

    at_once(10, twice)
    assert len(post_office.letters) > 1


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
