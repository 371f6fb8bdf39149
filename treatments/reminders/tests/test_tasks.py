"""The tick and its twin, `manage.py tick`."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from kombu.exceptions import OperationalError

from treatments.reminders import tasks
from treatments.reminders.models import Heartbeat, Message
from treatments.reminders.tests.factories import reminder

DAY = dt.timedelta(days=1)


@pytest.fixture
def asked(monkeypatch):
    """The ids that the tick asked to be sent."""
    ids = []
    monkeypatch.setattr(tasks.send, "apply_async", lambda args, expires: ids.append(*args))
    return ids


def test_the_tick_asks_for_what_is_due_and_no_more(doctor, asked):
    now = timezone.now()
    first, second, future = (
        reminder(doctor, due_at=when, try_at=when, not_after=when + 14 * DAY)
        for when in (now - 2 * DAY, now - DAY, now + DAY)
    )
    tasks.tick()
    assert asked == [first.pk, second.pk]
    assert future.state == "due"


def test_a_batch_is_bounded_and_starts_with_those_that_wait_longest(doctor, asked, monkeypatch):
    monkeypatch.setattr(tasks, "BATCH", 2)
    now = timezone.now()
    messages = [reminder(doctor, try_at=now - n * DAY, not_after=now + DAY) for n in range(4)]
    tasks.tick()
    assert asked == [messages[3].pk, messages[2].pk]


def test_the_tick_lets_expire_what_is_too_late(doctor, asked):
    late = reminder(doctor, try_at=timezone.now() - 15 * DAY, not_after=timezone.now() - DAY)
    tasks.tick()
    late.refresh_from_db()
    assert (late.state, asked) == ("expired", [])


def test_the_tick_leaves_word_by_the_database_clock(db, asked):
    before = tasks.database_clock()
    tasks.tick()
    assert before < Heartbeat.objects.get().ticked_at < tasks.database_clock()


def test_without_a_broker_nothing_is_lost(doctor, monkeypatch):
    due = reminder(doctor, try_at=timezone.now() - DAY, not_after=timezone.now() + DAY)

    def down(args, expires):
        raise OperationalError("Redis is down")

    monkeypatch.setattr(tasks.send, "apply_async", down)
    with pytest.raises(OperationalError):
        tasks.tick()
    assert Message.objects.to_send(timezone.now(), 10) == [due.pk]
    assert Heartbeat.objects.exists()


def test_the_task_sends_by_the_database_clock(doctor, mailoutbox):
    reminder_of_the_future = reminder(doctor)
    due = reminder(doctor, try_at=timezone.now() - DAY, not_after=timezone.now() + DAY)
    tasks.send(reminder_of_the_future.pk)
    tasks.send(due.pk)
    tasks.send(due.pk + 1000)
    assert [letter.to for letter in mailoutbox] == [[due.patient.email]]


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
