"""The tick and its twin, `manage.py tick`."""

import datetime as dt
from unittest.mock import patch
from uuid import uuid4

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from kombu.exceptions import OperationalError

from treatments.reminders import actions, rules_channels, tasks
from treatments.reminders.management.commands import tick
from treatments.reminders.models import ChannelState, Heartbeat, Message
from treatments.reminders.tests.factories import reminder

DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)
pytestmark = pytest.mark.usefixtures("no_quiet_hours")


@pytest.fixture
def asked(monkeypatch):
    """The channels for which a turn was asked, and when."""
    channels = []
    monkeypatch.setattr(
        tasks.drain, "apply_async", lambda args, expires, countdown=0: channels.append((*args, countdown))
    )
    return channels


def test_the_tick_asks_a_turn_for_each_channel_with_something_due(doctor, asked):
    now = timezone.now()
    for when in (now - 2 * DAY, now - DAY):
        reminder(doctor, due_at=when, try_at=when, not_after=when + 14 * DAY)
    tasks.tick()
    assert asked == [("email", 0)]


def to_come(doctor):
    """A reminder that is not due yet, whenever the tests run."""
    tomorrow = timezone.now() + DAY
    return reminder(doctor, due_at=tomorrow, try_at=tomorrow, not_after=tomorrow + 14 * DAY)


def test_nothing_is_asked_for_what_is_to_come(doctor, asked):
    to_come(doctor)
    tasks.tick()
    assert asked == []


def test_a_turn_sends_all_batches_those_first_that_wait_longest(doctor, asked, mailoutbox, monkeypatch):
    monkeypatch.setattr(rules_channels, "BATCH", 2)
    now = timezone.now()
    dues = [
        reminder(doctor, due_at=now - n * DAY, try_at=now - n * DAY, not_after=now + DAY) for n in range(5)
    ]
    tasks.drain("email")
    assert [letter.to for letter in mailoutbox] == [[one.patient.email] for one in reversed(dues)]
    assert asked == [("email", 0)]  # one more worker, since there is more than one batch


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_the_tick_lets_expire_what_is_too_late(doctor, asked, channel):
    late = reminder(doctor, channel=channel, try_at=timezone.now() - 15 * DAY, not_after=timezone.now() - DAY)
    tasks.tick()
    late.refresh_from_db()
    assert (late.state, asked) == ("expired", [])


def test_the_tick_leaves_word_by_the_database_clock(db, asked):
    before = tasks.database_clock()
    tasks.tick()
    assert before < Heartbeat.objects.get().ticked_at < tasks.database_clock()


def test_a_tick_asks_two_questions_however_much_is_to_come(doctor, asked, django_assert_num_queries):
    now = timezone.now()
    reminder(doctor, at=now)
    tasks.tick()  # the first leaves a row for each channel
    with django_assert_num_queries(2):  # what time it is; that it was there, and what there is to do
        tasks.tick()
    for _ in range(3):
        reminder(doctor, at=now)
    with django_assert_num_queries(2):
        tasks.tick()


@pytest.fixture
def long_ledger(doctor, at):
    """Two thousand sent long ago, a thousand to come, one due at `at`; PostgreSQL knows how many there are."""
    due = reminder(doctor, try_at=at, not_after=at + DAY)
    same = {name: getattr(due, name) for name in ("kind", "channel", "patient", "course", "created_at")}
    ago = {"due_at": at - 30 * DAY, "try_at": at - 30 * DAY, "not_after": at - 16 * DAY}
    ahead = {"due_at": at + 30 * DAY, "try_at": at + 30 * DAY, "not_after": at + 44 * DAY}
    times = enumerate([ago] * 2000 + [ahead] * 1000, start=due.subject_version + 1)
    Message.objects.write([Message(subject_version=n, **same, **one) for n, one in times], once=False)
    Message.objects.filter(try_at__lt=at).update(state="sent", sent_at=at)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE reminders_message")


def test_a_tick_reads_no_long_ledger(long_ledger, at):
    actions.look(at=at)
    with CaptureQueriesContext(connection) as queries:
        assert actions.look(at=at) == ["email"]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {queries[0]['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan on reminders_message" not in plan
    assert plan.count("Index Scan using message_due_by_channel") == 2


@pytest.mark.parametrize("there", [[], ["email"], ["sms"]])
def test_a_channel_that_was_never_used_is_asked_too(doctor, at, there):
    ChannelState.objects.bulk_create(ChannelState(channel=one) for one in there)
    due = {"try_at": at, "not_after": at + DAY}
    reminder(doctor, **due)
    reminder(doctor, **due, channel="sms")
    assert actions.look(at=at) == ["email", "sms"]


@pytest.mark.parametrize(
    ("hour", "channels", "sent"),
    [
        pytest.param(9, ["email"], [("today", "due")], id="in the morning"),
        pytest.param(15, [], [], id="later nobody is told"),
    ],
)
def test_the_tick_promises_what_staff_want_to_be_told_and_asks_for_it_at_once(
    front_desk, at, hour, channels, sent, django_assert_num_queries
):
    front_desk.wants_today = True
    front_desk.save()
    moment = at.replace(hour=hour)
    assert actions.look(at=moment) == channels
    assert list(Message.objects.values_list("kind", "state")) == sent
    with django_assert_num_queries(1):  # in the morning no more than at other hours
        assert actions.look(at=moment + MINUTE) == channels
    assert Message.objects.count() == len(sent)


def test_what_was_broken_off_is_due_again_in_the_same_tick(doctor):
    due = reminder(doctor)
    gone = {"lease_token": uuid4(), "lease_until": due.due_at}
    Message.objects.filter(pk=due.pk).update(state="sending", **gone)
    assert actions.look(at=due.due_at) == []
    assert actions.look(at=due.due_at + MINUTE) == ["email"]


def test_without_a_broker_nothing_is_lost(doctor, monkeypatch):
    due = reminder(doctor, try_at=timezone.now() - DAY, not_after=timezone.now() + DAY)

    def down(args, expires):
        raise OperationalError("Redis is down")

    monkeypatch.setattr(tasks.drain, "apply_async", down)
    with pytest.raises(OperationalError):
        tasks.tick()
    assert Message.objects.to_send(timezone.now(), 10) == [due.pk]
    assert Heartbeat.objects.exists()


def test_the_turn_goes_by_the_database_clock(doctor, mailoutbox, asked):
    to_come(doctor)
    now = timezone.now()
    due = reminder(doctor, due_at=now - DAY, try_at=now - DAY, not_after=now + DAY)
    tasks.drain("email")
    tasks.drain("sms")
    assert [letter.to for letter in mailoutbox] == [[due.patient.email]]
    assert asked == []


def test_the_clinic_rehearses_a_day_to_come(doctor, mailoutbox, capsys):
    due = reminder(doctor)
    call_command("tick", at=timezone.localtime(due.due_at).strftime("%Y-%m-%dT%H:%M"))
    assert capsys.readouterr().out == "1 sent\n"
    assert [letter.to for letter in mailoutbox] == [[due.patient.email]]
    assert not Heartbeat.objects.exists()


def test_a_rehearsal_gives_up_nothing_that_is_still_to_come(doctor, mailoutbox, capsys):
    waiting = reminder(doctor)
    call_command("tick", at=timezone.localtime(waiting.not_after + DAY).strftime("%Y-%m-%dT%H:%M"))
    waiting.refresh_from_db()
    assert (waiting.state, capsys.readouterr().out, mailoutbox) == ("due", "nothing is due\n", [])


def test_the_command_tells_staff_what_needs_them_where_nothing_else_ticks(front_desk, at):
    front_desk.wants_today = True
    front_desk.save()
    with time_machine.travel(at, tick=False), patch.object(tick, "running_clock", lambda: timezone.now):
        call_command("tick")
    assert [one.kind for one in Message.objects.all()] == ["today"]


def test_the_command_sends_what_is_due_now(doctor, mailoutbox, capsys):
    reminder(doctor, try_at=timezone.now() - DAY, not_after=timezone.now() + DAY)
    call_command("tick")
    call_command("tick")
    assert capsys.readouterr().out == "1 sent\nnothing is due\n"
    assert Heartbeat.objects.exists()


def test_a_rehearsal_gives_up_on_nothing_that_falls_due_before_it(doctor, mailoutbox):
    waiting = reminder(doctor, at=timezone.now())
    call_command("tick", at="2040-01-01T09:00")
    waiting.refresh_from_db()
    assert (waiting.state, len(mailoutbox)) == ("due", 0)


def test_no_rehearsal_where_letters_reach_people(doctor, post_office):
    with pytest.raises(CommandError, match="reach people"):
        call_command("tick", at="2030-01-01T09:00")
    assert post_office.letters == []


def test_a_moment_that_is_none(db):
    with pytest.raises(CommandError, match="tomorrow is no moment"):
        call_command("tick", at="tomorrow")


def test_every_task_that_beat_asks_for_exists():
    from clinic.celery import app

    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)
