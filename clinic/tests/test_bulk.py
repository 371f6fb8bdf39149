"""The bulk of patients and sessions is as true as what people enter: every constraint, every reference, no overlap."""

import datetime as dt
import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import CheckConstraint, Count, F, Q
from django.utils import timezone

from clinic.demo import bulk
from clinic.management.commands import seed_demo
from clinic.models import User
from conftest import NOW
from contraindications.models import Screening
from contraindications.replaying import differences
from patients.models import Patient
from treatments.courses.models import Course
from treatments.reminders.models import Message
from treatments.schedule.models import Reservation, Session
from treatments.visits.models import Visit

DAY = NOW.date()
SIZE = bulk.Size(200, 2000)
OVERLAPPING = """
SELECT count(*) FROM schedule_reservation AS one JOIN schedule_reservation AS other
ON one.resource_id = other.resource_id AND one.id < other.id AND one.period && other.period
"""
DANGLING = """
SELECT count(*) FROM "{table}" AS row LEFT JOIN "{target}" AS target ON target.id = row."{column}"
WHERE row."{column}" IS NOT NULL AND target.id IS NULL
"""


def one(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def dangling(model) -> dict[str, int]:
    """How many rows of `model` point nowhere, by column."""
    keys = [f for f in model._meta.concrete_fields if f.is_relation]
    names = [(f.column, f.related_model._meta.db_table) for f in keys]
    return {
        column: one(DANGLING.format(table=model._meta.db_table, target=target, column=column))
        for column, target in names
    }


@pytest.fixture
def loaded(db):
    """What the load said, line by line."""
    said: list[str] = []
    bulk.load(SIZE, DAY, tell=said.append)
    return said


def test_the_bulk_keeps_every_promise_of_the_tables(loaded):
    assert Patient.objects.count() == SIZE.patients
    assert Session.objects.count() == SIZE.sessions
    assert Reservation.objects.count() == 3 * SIZE.sessions
    assert one(OVERLAPPING) == 0
    for model in bulk.FILLED:
        assert set(dangling(model).values()) <= {0}, model
        assert broken_checks(model) == []


def broken_checks(model) -> list[str]:
    """The names of the table's checks that some row breaks."""
    checks = [c for c in model._meta.constraints if isinstance(c, CheckConstraint)]
    return [c.name for c in checks if model._default_manager.exclude(c.condition).exists()]


def test_the_bulk_is_a_clinics_past_and_near_future(loaded):
    begins = {timezone.localtime(s).time() for s in Session.objects.values_list("starts_at", flat=True)}
    days = {timezone.localdate(s) for s in Session.objects.values_list("starts_at", flat=True)}
    assert min(begins) == dt.time(8)
    assert max(begins) < dt.time(16)
    assert {day.isoweekday() for day in days} <= {1, 2, 3, 4, 5}
    assert min(days) < DAY < max(days)
    assert not {DAY + dt.timedelta(days=offset) for offset in range(-3, 4)} & days
    assert Visit.objects.count() == Session.objects.filter(state="performed").count() > 0
    assert not Session.objects.filter(state="booked", ends_at__lt=NOW).exists()


def test_every_screening_of_the_bulk_is_what_the_rules_say(loaded):
    some = Screening.objects.order_by("pk")[:30]
    assert {row.pk: differences(row) for row in some if differences(row)} == {}
    assert set(Screening.objects.values_list("verdict", flat=True)) == {
        "clear",
        "incomplete",
    }  # answers grew old
    assert not Course.objects.exclude(screening__patient=F("patient")).exists()
    assert not Session.objects.with_held().filter(held=True).exists()


def test_a_finished_course_was_performed_to_the_end_and_has_its_reminder(db, monkeypatch):
    monkeypatch.setattr(bulk, "COURSES_A_WAVE", 480)  # a day of a fortnight, not ten
    bulk.load(bulk.Size(300, 5 * bulk.COURSES_A_WAVE + 50), DAY, tell=lambda line: None)
    finished = Course.objects.filter(state="finished")
    done = finished.annotate(done=Count("sessions", Q(sessions__state="performed")))
    assert finished.count() == bulk.COURSES_A_WAVE
    assert not done.exclude(done=F("sessions_planned")).exists()
    assert Message.objects.count() == finished.count()
    assert one(OVERLAPPING) == 0


def test_a_role_that_may_not_switch_checks_off_loads_with_them_on(db, monkeypatch):
    monkeypatch.setattr(bulk, "_may_switch_off", lambda cursor: False)
    off = "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'D'"
    before = one(off)
    bulk.load(SIZE, DAY, tell=lambda line: None)
    assert Reservation.objects.count() == 3 * SIZE.sessions
    assert one(off) == before


def test_what_people_do_afterwards_goes_on_from_the_bulk(loaded, nurse):
    newest = Patient.objects.latest("pk").pk
    made = Patient.objects.create(
        name="New", birth_date=dt.date(1990, 1, 1), sex="female", created_at=NOW, created_by=nurse
    )
    assert made.pk == newest + 1
    assert one(f"SELECT count(*) FROM patients_patientevent WHERE pgh_obj_id = {made.pk}") == 1  # noqa: S608
    assert one(f"SELECT count(*) FROM patients_patientevent WHERE pgh_obj_id = {newest}") == 0  # noqa: S608


# The command


@pytest.fixture
def small(db, monkeypatch):
    """Without the demo's patients, which take a moment."""
    monkeypatch.setattr(seed_demo, "seed", lambda day: None)


def test_the_command_says_what_it_does_and_does_it_once(small):
    said = io.StringIO()
    call_command("seed_demo", patients=20, sessions=100, day=DAY, stdout=said)
    assert "20 patients and 100 sessions loaded" in said.getvalue()
    assert "reservations 300" in said.getvalue()
    with pytest.raises(CommandError, match="bulk is here"):
        call_command("seed_demo", patients=20, sessions=100, force=True)
    assert Patient.objects.count() == 20


@pytest.mark.parametrize(("patients", "sessions"), [(19, 100), (100, 0), (100, None), (None, 100), (-1, -1)])
def test_what_cannot_be_loaded_is_refused_in_words(small, patients, sessions):
    with pytest.raises(CommandError, match="go together"):
        call_command("seed_demo", patients=patients, sessions=sessions)
    assert not User.objects.exists()
