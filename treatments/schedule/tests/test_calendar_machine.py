"""Anything in any order, on real PostgreSQL; and mistakes that the same search must find."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from clinic.tests.thorough import examples
from treatments.schedule.actions import booking, cancelling, rearranging
from treatments.schedule.querysets import ReservationQuerySet
from treatments.schedule.tests import calendar_machine
from treatments.schedule.tests.test_equipment import pen

pytestmark = [pytest.mark.slow, pytest.mark.hypothesis, pytest.mark.django_db]
ANYTHING = settings(
    max_examples=examples(14),
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # to make a failure short takes minutes: add Phase.shrink then
)
UNTIL_FOUND = settings(ANYTHING, max_examples=60)


@pytest.fixture
def machine(doctor, nurse, clinic_admin):
    """The calendar machine in a small world."""

    class Machine(calendar_machine.Calendar):
        world = calendar_machine.world(doctor, nurse, clinic_admin, pen)

    return Machine


def test_whatever_happens_in_whatever_order_the_calendar_holds(machine):
    run_state_machine_as_test(machine, settings=ANYTHING)


def forget_to_release(monkeypatch):
    monkeypatch.setattr(cancelling, "release", lambda session: None)


def forget_to_look_and_to_forbid(monkeypatch):
    """Neither the question before nor the constraint. In the test's transaction: it comes back at its end."""
    for module in (booking, rearranging):
        monkeypatch.setattr(module, "check_free", lambda chosen, **said: None)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE schedule_reservation DROP CONSTRAINT reservation_no_double_booking")


def forget_the_last_session(monkeypatch):
    write = booking._written
    monkeypatch.setattr(
        booking, "_written", lambda course, chosen, *said, **kw: write(course, chosen[:-1], *said, **kw)
    )


def forget_the_absences(monkeypatch):
    """What is given up is not covered again."""
    monkeypatch.setattr(ReservationQuerySet, "cover", lambda self, *said: None)


@pytest.mark.parametrize(
    ("mistake", "seen"),
    [
        (forget_to_release, "reserves something else"),
        (forget_to_look_and_to_forbid, "an overlap|does not cover"),
        (forget_the_last_session, "by half"),
        (forget_the_absences, "does not cover"),
    ],
)
def test_the_search_finds_mistakes(machine, monkeypatch, mistake, seen):
    mistake(monkeypatch)
    with pytest.raises(AssertionError, match=seen):
        run_state_machine_as_test(machine, settings=UNTIL_FOUND)
