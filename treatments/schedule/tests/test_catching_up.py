"""The run after new lists: killed at any moment it leaves nothing unheld; whoever books meanwhile is not stale."""

import datetime as dt
import os
import subprocess
import sys
import threading
from contextlib import closing

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from clinic.prepared import Prepared, asked
from clinic.tests.processes import database_url, until, wait_or_end
from contraindications import screening
from contraindications.actions import publish_rule_set
from contraindications.models import RuleSet
from contraindications.rules import SHIPPED_SETTINGS
from contraindications.tests import documented
from contraindications.tests.factories import published
from patients.models import Patient
from patients.tests.factories import clear_interview, interview
from patients.tests.factories import patient as someone
from treatments.courses import catching_up, listeners, rescreening
from treatments.courses.models import Check, Course
from treatments.courses.tasks import catch_up
from treatments.courses.tests.factories import cleared_patient
from treatments.courses.tests.factories import course as make
from treatments.schedule.models import Session, Standing
from treatments.schedule.tests.factories import booked, confirmed_course, room, working_hours


def booked_courses(doctor, how_many: int) -> None:
    """Each with one session, one after the other, from next Monday on: a command of its own has the real clock."""
    place, at = room(), timezone.now()
    monday = timezone.localdate(at) + dt.timedelta(days=7 - timezone.localdate(at).weekday())
    for number in range(how_many):
        patient = someone(by=doctor)
        clear_interview(patient, doctor, at=at)
        row = make(by=doctor, at=at, sessions=1, patient=patient)
        first = monday + dt.timedelta(days=7 * (number // 8))
        booked(row, place, practitioner=doctor, at=at, first=first, hour=8 + number % 8)


def stricter():
    """Lists that hold everybody up."""
    content = documented.content(settings={**SHIPPED_SETTINGS, "minimum_age": 60})
    return publish_rule_set(content=content, by=None, at=timezone.now())


def unheld_and_unchecked() -> int:
    """Sessions that would take place on lists that are not in force: there must be none, ever."""
    in_force = RuleSet.objects.in_force()
    free = Session.objects.booked().with_held().filter(held=False)
    return free.exclude(course__checked__rule_set=in_force).count()


# Kill -9


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_run_that_is_killed_leaves_nothing_unheld_and_the_next_one_ends_it(doctor):
    working_hours(doctor)
    booked_courses(doctor, 8)
    rule_set = stricter()
    assert Session.objects.booked().with_held().filter(held=True, unchecked=True).count() == 8
    run = subprocess.Popen([sys.executable, "-c", SLOWLY], **in_this_database())
    until(lambda: run.poll() is not None or Check.objects.filter(rule_set=rule_set).exists())
    assert run.poll() is None, run.stdout.read()
    run.kill()  # SIGKILL, in the middle of a batch
    run.communicate(timeout=60)
    done = Check.objects.filter(rule_set=rule_set).count()
    assert 0 < done < 8
    assert unheld_and_unchecked() == 0
    assert Session.objects.booked().with_held().filter(held=True).count() == 8
    assert Standing.objects.filter(held=True).count() == done  # what it reached, it has judged whole
    again = subprocess.run(
        [sys.executable, "manage.py", "rescreen"], **in_this_database(), timeout=300, check=False
    )
    assert again.returncode == 0, again.stdout
    assert b"Nothing is left" in again.stdout
    assert Standing.objects.filter(held=True, stage="stop").count() == 8
    assert not Course.objects.unchecked(rule_set.pk).exists()


# The command of `manage.py rescreen`, in batches of two; in the middle of the second it waits to be killed.
SLOWLY = """
import os, time
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
from treatments.courses import catching_up, rescreening
catching_up.BATCH = 2
check, checked = rescreening._check, []
def slowly(*args, **kwargs):
    checked.append(check(*args, **kwargs))
    if len(checked) == 2:
        time.sleep(600)
rescreening._check = slowly
call_command("rescreen")
"""


def in_this_database() -> dict:
    """What a process of its own needs to meet the database of this test."""
    environment = {**os.environ, "DATABASE_URL": database_url()}
    return {
        "env": environment,
        "cwd": settings.BASE_DIR,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
    }


# The run


def test_the_run_takes_batches_and_ends(doctor, at, monkeypatch):
    monkeypatch.setattr(catching_up, "BATCH", 2)
    for _ in range(5):
        make(by=doctor, at=at)
    published(at=at)
    assert list(catching_up.catch_up(at=at)) == [2, 2, 1]
    assert list(catching_up.catch_up(at=at)) == []


def test_the_day_turns_and_a_birthday_is_noticed(doctor, at):
    """Tomorrow they are 38, which the lists of this test do not allow."""
    row = make(by=doctor, patient=cleared_patient(by=doctor, birth_date=dt.date(1988, 11, 24)))
    rows = [{"age_from": 38, "match": "direct"}]
    item = {"id": "X-1", "source": "CP", "locator": "here", "item": "too old", "strength": "policy_stop"}
    published(items=[*documented.content()["items"], {**item, "when": rows}])
    assert list(catching_up.catch_up(at=at)) == [1]
    row.refresh_from_db()
    assert row.screening.verdict == "clear"
    assert list(catching_up.catch_up(at=at + dt.timedelta(days=1))) == [1]
    row.refresh_from_db()
    assert row.screening.verdict == "stop"


def test_answers_grow_old_overnight(doctor, at):
    row = make(by=doctor)
    list(catching_up.catch_up(at=at + dt.timedelta(days=91)))
    row.refresh_from_db()
    assert row.screening.verdict == "incomplete"


def test_what_is_closed_is_left_alone(doctor, at):
    row = make(by=doctor)
    row.state, row.cancelled_at, row.cancelled_by = "cancelled", at, doctor
    row.save()
    published(at=at)
    assert list(catching_up.catch_up(at=at)) == []


def test_without_lists_that_can_be_read_the_run_ends_and_all_is_held(doctor, at, monkeypatch):
    working_hours(doctor)
    booked(confirmed_course(by=doctor), room(), practitioner=doctor)
    published(at=at)

    def fail():
        raise screening.CannotScreen

    monkeypatch.setattr(rescreening, "rules_in_force", fail)
    assert list(catching_up.catch_up(at=at)) == []
    assert not Session.objects.with_held().filter(held=False).exists()


def test_the_task_does_it_and_publishing_asks_for_it(doctor, monkeypatch, django_capture_on_commit_callbacks):
    asked = []
    monkeypatch.setattr(listeners.catch_up, "delay", lambda: asked.append(True))
    make(by=doctor)
    with django_capture_on_commit_callbacks(execute=True):
        rule_set = published()
    assert asked == [True]
    catch_up()
    assert Check.objects.get().rule_set == rule_set


def test_publishing_goes_on_while_the_broker_is_down(doctor, monkeypatch, django_capture_on_commit_callbacks):
    def down():
        raise OSError("no broker")

    monkeypatch.setattr(listeners.catch_up, "delay", down)
    make(by=doctor)
    with django_capture_on_commit_callbacks(execute=True):
        rule_set = published()
    assert Course.objects.unchecked(rule_set.pk).count() == 1


def test_the_command_says_how_far_it_is(doctor, capsys):
    make(by=doctor)
    published()
    call_command("rescreen")
    assert "1 done, 0 left" in capsys.readouterr().out
    call_command("rescreen")
    assert "Nothing is left" in capsys.readouterr().out


def test_the_command_has_nothing_to_hold_against_without_lists(db, monkeypatch):
    monkeypatch.setattr(RuleSet.objects.all().__class__, "in_force", lambda self: None)
    with pytest.raises(CommandError, match="everything is held"):
        call_command("rescreen")


# With others at the same time


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("on_the_day")
def test_lists_published_while_somebody_books_hold_what_is_booked(doctor, monkeypatch):
    """The booking has read the lists of before and not committed when the new ones are published."""
    working_hours(doctor)
    row, place = make(by=doctor, sessions=2), room()
    read, go_on = threading.Event(), threading.Event()

    def slowly():
        found = screening.rules_in_force()
        read.set()
        assert go_on.wait(120)
        return found

    monkeypatch.setattr(rescreening, "rules_in_force", slowly)
    booking = in_thread(lambda: booked(row, place, practitioner=doctor))
    assert read.wait(60)
    monkeypatch.setattr(rescreening, "rules_in_force", screening.rules_in_force)
    stricter()
    assert list(catching_up.catch_up(at=timezone.now())) == []  # the course is in use: passed over
    go_on.set()
    booking.join(60)
    assert Session.objects.booked().count() == 2
    assert unheld_and_unchecked() == 0
    assert Session.objects.booked().with_held().filter(held=True, unchecked=True).count() == 2
    assert list(catching_up.catch_up(at=timezone.now())) == [1]
    assert set(Standing.objects.values_list("stage", flat=True)) == {"stop"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False], ids=["locked", "negative control"])
def test_a_plan_made_while_the_patient_answers_is_not_stale(doctor, monkeypatch, locked):
    who = cleared_patient(by=doctor)
    screened, go_on = threading.Event(), threading.Event()
    if not locked:
        monkeypatch.setattr("treatments.courses.actions._lock", lambda patient: patient)
    real = rescreening.screen_now

    def slowly(*args, **kwargs):
        found = real(*args, **kwargs)
        screened.set()
        assert go_on.wait(120)
        return found

    monkeypatch.setattr("treatments.courses.actions.screen_now", slowly)
    planning = in_thread(lambda: make(by=doctor, patient=who, confirmed=False))
    assert screened.wait(60)
    telling = in_thread(lambda: interview(who, by=doctor, answers={"pregnancy": "current"}))
    assert wait_or_end(lambda: not telling.is_alive()) is locked
    go_on.set()
    planning.join(60)
    telling.join(60)
    assert (Course.objects.get().screening.verdict == "stop") is locked


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False], ids=["locked", "negative control"])
def test_a_booking_while_the_patient_answers_is_not_stale(doctor, monkeypatch, locked):
    """The booking has screened and not committed; the answers come meanwhile and wait for the course."""
    working_hours(doctor)
    row, place = make(by=doctor, sessions=2), room()
    screened, go_on = threading.Event(), threading.Event()
    if not locked:
        unlocked = Course.objects.get_queryset().__class__
        monkeypatch.setattr(unlocked, "select_for_update", lambda self, **how: self.all())
        free = Prepared(lambda: Course.objects.filter(pk__among=asked("courses")))
        monkeypatch.setattr("treatments.schedule.actions.common.LOCKED", free)
        records = Prepared(lambda: Patient.objects.filter(pk__among=asked("patients")))
        monkeypatch.setattr("treatments.schedule.actions.common.RECORDS", records)
        # The row of the check would make them wait for each other as well.
        monkeypatch.setattr(rescreening, "_check", lambda screened, **day: None)
    real = rescreening.look_again

    def slowly(*args, **kwargs):
        found = real(*args, **kwargs)
        screened.set()
        assert go_on.wait(120)
        return found

    monkeypatch.setattr("treatments.schedule.checks.look_again", slowly)
    booking = in_thread(lambda: booked(row, place, practitioner=doctor))
    assert screened.wait(60)
    telling = in_thread(lambda: interview(row.patient, by=doctor, answers={"pregnancy": "current"}))
    assert wait_or_end(lambda: not telling.is_alive()) is locked
    go_on.set()
    booking.join(60)
    telling.join(60)
    held = set(Session.objects.booked().with_held().values_list("held", flat=True))
    assert (held == {True}) is locked


def in_thread(work) -> threading.Thread:
    def run():
        with closing(connection):
            work()

    thread = threading.Thread(target=run)
    thread.start()
    return thread
