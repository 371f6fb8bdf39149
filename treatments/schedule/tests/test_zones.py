"""Booked and moved over changes of the clock, in several zones: the clinic's clock shows what was chosen."""

import datetime as dt
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test import override_settings
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from clinic.tests.thorough import examples
from conftest import NOW
from treatments.schedule import actions, rules
from treatments.schedule.forms import read_slot, slot_value
from treatments.schedule.models import Reservation
from treatments.schedule.rules import Slot, zones
from treatments.schedule.tests import factories

pytestmark = pytest.mark.django_db
DAY, YEAR = dt.timedelta(days=1), dt.timedelta(days=366)
NAMES = ["Europe/Warsaw", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu"]
LONG = 75  # minutes: face, with cream
WALLS = """
SELECT (starts_at AT TIME ZONE %s)::time, ends_at - starts_at FROM schedule_session ORDER BY number
"""


def change_days(name: str) -> list[dt.date]:
    """The days of the coming year on which the clock is put forward or back; any day where it never is."""
    zone = ZoneInfo(name)
    found = [one.at.astimezone(zone).date() for one in zones.changes(NOW, NOW + YEAR, zone)]
    return found or [NOW.date() + 90 * DAY]


CHANGES = [(name, day) for name in NAMES for day in change_days(name)]


@pytest.fixture
def clinic(doctor):
    factories.working_hours(doctor, weekdays=range(1, 8), starts=dt.time(0), ends=dt.time(23, 55))
    return doctor, factories.room(), factories.confirmed_course(by=doctor, sessions=3)


@settings(max_examples=examples(25), suppress_health_check=list(HealthCheck))
@given(
    change=st.sampled_from(CHANGES),
    before=st.integers(0, 40),
    minute=st.integers(6, 22 * 12).map(lambda fives: fives * 5),
    moved=st.sampled_from([-7, -1, 0, 1, 7]),
)
def test_what_is_booked_and_moved_stays_at_its_hour_on_the_wall(clinic, change, before, minute, moved):
    name, day = change
    zone, wanted = ZoneInfo(name), dt.time(minute // 60, minute % 60)
    days = [day + (14 * n - before) * DAY for n in range(3)]
    days[2] += 7 * DAY
    starts = [rules.wall(one, wanted, zone) for one in [*days, days[2] + moved * DAY]]
    assume(all(one.astimezone(zone).time() == wanted for one in starts))  # a night in spring has no such hour
    assume(starts[0] > NOW)
    with transaction.atomic(), override_settings(TIME_ZONE=name):
        _book_and_move(clinic, starts, zone)
        with connection.cursor() as cursor:
            cursor.execute(WALLS, [name])
            assert cursor.fetchall() == [(wanted, LONG * rules.MINUTE)] * 3
        transaction.set_rollback(True)


def _book_and_move(clinic, starts, zone):
    doctor, room, course = clinic
    slots = [Slot(n, start, room.pk, doctor.pk) for n, start in enumerate(starts[:3], 1)]
    assert [read_slot(slot.number, slot_value(slot)) for slot in slots] == slots
    sessions = actions.book_course(course, slots, by=doctor, at=NOW, key=uuid4())
    assert [one.starts_at for one in sessions] == starts[:3]
    where = {"practitioner": doctor, "room": room, "version": 1, "by": doctor, "at": NOW}
    there = actions.move_session(sessions[2], starts_at=starts[3], **where)
    assert (there.starts_at.astimezone(zone).time(), there.starts_at) == (
        starts[0].astimezone(zone).time(),
        starts[3],
    )
    rows = Reservation.objects.filter(resource__patient=course.patient).order_by("starts_at")
    assert [(row.starts_at, row.ends_at) for row in rows] == [
        rules.shifted(start, (0, LONG)) for start in (*starts[:2], starts[3])
    ]


@pytest.mark.parametrize(("name", "day"), CHANGES, ids=lambda one: str(one))
def test_every_time_of_a_day_with_a_change_goes_through_a_form_and_comes_back(clinic, name, day):
    """None lost, doubled or shifted: what reads the same on the wall twice in a night is two times."""
    doctor, room, _course = clinic
    zone = ZoneInfo(name)
    first, end = rules.wall(day, dt.time.min, zone), rules.wall(day + DAY, dt.time.min, zone)
    steps = [first + n * 5 * rules.MINUTE for n in range((end - first) // (5 * rules.MINUTE))]
    values = {slot_value(Slot(1, step, room.pk, doctor.pk)) for step in steps}
    assert len(values) == len(steps)
    assert {read_slot(1, value).starts_at for value in values} == set(steps)
    assert all(rules.on_grid(step, 5, zone) for step in steps)
