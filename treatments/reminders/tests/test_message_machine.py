"""Anything in any order, on real PostgreSQL; and mistakes that the same search must find."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from clinic.tests.thorough import examples
from patients.models import Patient
from treatments.reminders.actions import sessions
from treatments.reminders.tests import message_machine
from treatments.schedule.tests import factories

pytestmark = [pytest.mark.slow, pytest.mark.hypothesis, pytest.mark.django_db]
ANYTHING = settings(
    max_examples=examples(10),
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # to make a failure short takes minutes: add Phase.shrink then
)
UNTIL_FOUND = settings(ANYTHING, max_examples=400)  # mostly after a few; it ends with the first that is found


@pytest.fixture
def machine(doctor):
    factories.working_hours(doctor, weekdays=range(1, 8))
    first = factories.confirmed_course(by=doctor, sessions=3)
    others = [factories.confirmed_course(by=doctor, sessions=3, patient=p) for p in (first.patient, None)]
    Patient.objects.update(phone="+48602000111", email="ana@mail.example")

    class Machine(message_machine.Messages):
        world = message_machine.World(doctor, factories.room(), [first, *others])

    return Machine


def test_whatever_happens_in_whatever_order_what_is_written_is_so(machine):
    run_state_machine_as_test(machine, settings=ANYTHING)


def forget_to_take_back(monkeypatch):
    monkeypatch.setattr(sessions, "_take_back", lambda held, session_id, why: set())


def forget_to_tell(monkeypatch):
    """Nobody is written to about a session that was moved."""
    told = sessions._told
    monkeypatch.setattr(
        sessions, "_told", lambda desk, kind, *about: [] if kind == "moved" else told(desk, kind, *about)
    )


def forget_to_promise_anew(monkeypatch):
    before = sessions.before
    monkeypatch.setattr(
        sessions, "before", lambda desk, session, *gone: [] if gone else before(desk, session)
    )


@pytest.mark.parametrize(
    ("mistake", "seen"),
    [
        (forget_to_take_back, "has|goes before no session"),
        (forget_to_tell, "believes"),
        (forget_to_promise_anew, "has"),
    ],
)
def test_the_search_finds_mistakes(machine, monkeypatch, mistake, seen):
    mistake(monkeypatch)
    with pytest.raises(AssertionError, match=seen):
        run_state_machine_as_test(machine, settings=UNTIL_FOUND)
