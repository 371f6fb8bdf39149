"""What the desk asks for at first, and when it asks further."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.models import DayHours
from conftest import NOW
from treatments.schedule import rules
from treatments.schedule.models import Resource
from treatments.schedule.proposing import offers
from treatments.schedule.proposing.desk import desk
from treatments.schedule.resources import resources_of
from treatments.schedule.tests import factories

TODAY, DAY = NOW.date(), dt.timedelta(days=1)
WISHES = rules.Wishes(earliest=NOW, now=NOW)


@pytest.fixture
def course(doctor):
    row = factories.confirmed_course(by=doctor)
    resources_of([doctor, factories.room()])
    return row


def works(doctor, *days: int) -> None:
    """The doctor works on these days from today on and on no other."""
    rows = [
        DayHours(practitioner=doctor, day=TODAY + n * DAY, starts=dt.time(9), ends=dt.time(12)) for n in days
    ]
    DayHours.objects.bulk_create(rows)


def asked_and_proposed(course, doctor) -> tuple[int, list[int]]:
    """How often free time is asked for, and on which days from today on the best sessions are."""
    with CaptureQueriesContext(connection) as queries:
        at_desk = desk(course, [doctor], at=NOW, earliest=TODAY, at_first=True)
        found = offers.proposals(at_desk, WISHES)
    asked = sum("generate_series" in query["sql"] for query in queries)
    return asked, [(slot.starts_at.date() - TODAY).days for slot in found[0].slots]


def test_where_good_series_are_found_free_time_is_asked_for_once(course, doctor):
    factories.working_hours(doctor)
    assert asked_and_proposed(course, doctor) == (1, [0, 21, 42, 63, 84])


def test_where_the_only_series_reaches_further_the_rest_of_free_time_is_asked_for(course, doctor):
    days = [28 + 35 * n for n in range(5)]
    works(doctor, *days)
    assert asked_and_proposed(course, doctor) == (2, days)


def test_looking_at_a_patient_who_was_never_booked_writes_nothing(course, doctor):
    factories.working_hours(doctor)
    before = Resource.objects.count()
    at_desk = desk(course, [doctor], at=NOW, earliest=TODAY, at_first=True)
    assert list(at_desk.free.patient) == [(NOW, at_desk.free.patient[0][1])]
    assert Resource.objects.count() == before
