"""How often a booking asks the database: the same for a short course and for a long one."""

import datetime as dt
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import NOW
from treatments.schedule import actions
from treatments.schedule.querysets import course_to_book
from treatments.schedule.resources import resources_of
from treatments.schedule.tests import factories

pytestmark = pytest.mark.django_db
# With the fetch of the course, the two ends of the savepoint, and the four in which all its messages are promised.
A_BOOKING = 38


@pytest.fixture
def room(doctor):
    factories.working_hours(doctor)
    return factories.room()


def queries(doctor, room, sessions: int, *, days: int) -> int:
    """Of a booking of so many sessions, the first of them in so many days."""
    planned = factories.confirmed_course(by=doctor, sessions=sessions)
    resources_of([doctor, room, planned.patient])
    with CaptureQueriesContext(connection) as asked:
        course = course_to_book(doctor, planned.pk)
        slots = factories.slots(course, room, first=NOW.date() + dt.timedelta(days=days), every=14)
        actions.book_course(course, slots, practitioner=doctor, by=doctor, at=NOW, key=uuid4())
    return len(asked)


def test_booking_twelve_sessions_asks_no_more_than_three(doctor, room):
    queries(doctor, room, 1, days=1)  # the first in a process asks more
    few, many = queries(doctor, room, 3, days=2), queries(doctor, room, 12, days=3)
    # One more at most, for however many: the answers are too old on the later days, and so it says a screening.
    assert few <= many <= few + 1 <= A_BOOKING
