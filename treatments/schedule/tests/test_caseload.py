"""Whom a draft is previewed against: booked sessions to come, each as of its own day."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from treatments.schedule import actions
from treatments.schedule.caseload import SESSIONS
from treatments.schedule.tests.factories import booked, confirmed_course, room, working_hours

pytestmark = pytest.mark.django_db


@pytest.fixture
def sessions(doctor):
    """`sessions(2)` books a course of two sessions, a day and three weeks after today."""
    working_hours(doctor)
    rooms = iter(room(f"Room {n}") for n in range(1, 9))
    hours = iter(range(8, 17, 2))

    def book(number):
        row = confirmed_course(by=doctor, sessions=number)
        return booked(row, next(rooms), practitioner=doctor, hour=next(hours))

    return book


def test_every_session_to_come_as_of_its_own_day(sessions, doctor, day, at):
    first, second, third = sessions(3)
    actions.cancel_session(second, version=second.version, reason="ill", by=doctor, at=at)
    found = SESSIONS.after(day, -1, 200)
    assert [(case.key, case.day) for case in found] == [
        (row.pk, timezone.localdate(row.starts_at)) for row in (first, third)
    ]
    assert {case.patient_id for case in found} == {first.course.patient_id}
    assert SESSIONS.count(day) == 2
    assert SESSIONS.count(day + dt.timedelta(days=2)) == 1
    assert [case.key for case in SESSIONS.after(day, first.pk, 1)] == [third.pk]


def test_a_longer_list_asks_no_more_questions(sessions, day):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            SESSIONS.after(day, -1, 200)
        return len(asked)

    sessions(2)
    few = queries()
    sessions(4)
    assert queries() == few
