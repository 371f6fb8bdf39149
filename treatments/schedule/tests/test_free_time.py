"""Free time as the database computes it, against the clock and against the index."""

import datetime as dt
import json

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.models import WorkingHours
from conftest import NOW
from treatments.schedule import places, rules
from treatments.schedule.models import Reservation, Resource
from treatments.schedule.querysets import FREE_TIME, free_time_parameters
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_actions import raw

pytestmark = pytest.mark.django_db
ZONE = timezone.get_default_timezone()
TUESDAY = dt.date(2026, 11, 24)


def clock(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    return rules.wall(day, dt.time(hour, minute), ZONE)


def free(thing, first: dt.date, days: int = 1) -> list[rules.Span]:
    resource = places.resource_of(thing).pk
    found = Resource.objects.free_time([resource], clock(first, 0), clock(first + dt.timedelta(days=days), 0))
    return found[resource]


def test_practitioner_is_free_in_working_hours_less_what_is_reserved(doctor):
    factories.working_hours(doctor, weekdays=[2], starts=dt.time(8), ends=dt.time(12))
    factories.working_hours(doctor, weekdays=[2], starts=dt.time(13), ends=dt.time(17))
    resource = places.resource_of(doctor)
    raw(resource, clock(TUESDAY, 7), clock(TUESDAY, 9))
    raw(resource, clock(TUESDAY, 10), clock(TUESDAY, 10, 30))
    assert free(doctor, TUESDAY) == [
        (clock(TUESDAY, 9), clock(TUESDAY, 10)),
        (clock(TUESDAY, 10, 30), clock(TUESDAY, 12)),
        (clock(TUESDAY, 13), clock(TUESDAY, 17)),
    ]


def test_practitioner_without_hours_is_never_free(doctor):
    assert free(doctor, TUESDAY, 30) == []


def test_hours_that_touch_are_one_span(doctor):
    factories.working_hours(doctor, weekdays=[2], starts=dt.time(8), ends=dt.time(12))
    factories.working_hours(doctor, weekdays=[2], starts=dt.time(12), ends=dt.time(17))
    assert free(doctor, TUESDAY) == [(clock(TUESDAY, 8), clock(TUESDAY, 17))]


def test_room_is_free_unless_reserved_also_from_the_day_before():
    room = factories.room()
    raw(places.resource_of(room), clock(TUESDAY, 0) - dt.timedelta(hours=20), clock(TUESDAY, 1))
    assert free(room, TUESDAY) == [(clock(TUESDAY, 1), clock(TUESDAY + dt.timedelta(days=1), 0))]


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (dt.date(2026, 3, 29), 23),
        (dt.date(2026, 10, 25), 25),
        (dt.date(2027, 3, 28), 23),
        (dt.date(2027, 10, 31), 25),
    ],
)
def test_days_with_23_and_25_hours(doctor, day, hours):
    factories.working_hours(doctor, weekdays=[7], starts=dt.time(0), ends=dt.time(12))
    room = factories.room()
    [(opens, closes)] = free(doctor, day)
    assert (opens, closes) == (clock(day, 0), clock(day, 12))
    assert closes - opens == dt.timedelta(hours=hours - 12)
    [(begin, until)] = free(room, day)
    assert until - begin == dt.timedelta(hours=hours)


def test_working_hours_inside_the_hour_that_is_left_out(doctor):
    factories.working_hours(doctor, weekdays=[7], starts=dt.time(2, 30), ends=dt.time(3))
    assert free(doctor, dt.date(2026, 3, 29)) == []
    assert len(free(doctor, dt.date(2026, 4, 5))) == 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    day=st.dates(dt.date(2026, 3, 20), dt.date(2027, 11, 5)),
    begin=st.integers(4, 12),
    length=st.integers(1, 10),
)
def test_hours_are_wall_clock_on_every_day(doctor, day, begin, length):
    WorkingHours.objects.all().delete()
    factories.working_hours(doctor, weekdays=range(1, 8), starts=dt.time(begin), ends=dt.time(begin + length))
    assert free(doctor, day) == [(clock(day, begin), clock(day, begin + length))]


def test_it_is_one_query(doctor, django_assert_num_queries):
    resources = [places.resource_of(thing).pk for thing in (doctor, factories.room())]
    with django_assert_num_queries(1):
        Resource.objects.free_time(resources, NOW, NOW + dt.timedelta(days=90))


@pytest.fixture
def crowded(doctor):
    """Two resources with 20,001 reservations each, an hour apart."""
    factories.working_hours(doctor)
    mine, other = places.resource_of(doctor), places.resource_of(factories.room())
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO schedule_reservation (resource_id, period, why, squeezed, squeeze_reason)"
            " SELECT r, tstzrange(%s::timestamptz + i * '1 hour'::interval,"
            " %s::timestamptz + i * '1 hour'::interval + '50 min'), 'absence', false, ''"
            " FROM unnest(%s::bigint[]) r, generate_series(-10000, 10000) i",
            [NOW, NOW, [mine.pk, other.pk]],
        )
        cursor.execute("ANALYZE schedule_reservation")
    return mine, other


def test_the_index_of_a_resource_is_read_and_nothing_else(crowded):
    """The plan of free time reads the btree of (resource, start), no more rows than the window holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN (ANALYZE, FORMAT JSON) " + FREE_TIME,
            free_time_parameters([crowded[0].pk], NOW, NOW + dt.timedelta(days=1)),
        )
        [read] = reads(cursor.fetchone()[0])
    assert read["Index Name"] == "reservation_of_resource"
    assert read["Actual Rows"] <= 50


def test_a_day_of_the_calendar_reads_the_same_index(crowded):
    day = Reservation.objects.of_day([resource.pk for resource in crowded], NOW, NOW + dt.timedelta(days=1))
    found = reads(day.explain(format="json", analyze=True))
    assert {read["Index Name"] for read in found} == {"reservation_of_resource"}
    assert sum(read["Actual Rows"] * read["Actual Loops"] for read in found) <= 110


def reads(plan):
    """The nodes of a plan that read the table of reservations."""
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return [node for node in nodes(plan) if node.get("Relation Name") == Reservation._meta.db_table]


def nodes(plan):
    """Every node of an EXPLAIN in JSON."""
    if isinstance(plan, list):
        for one in plan:
            yield from nodes(one)
        return
    yield plan
    for one in [plan["Plan"]] if "Plan" in plan else plan.get("Plans", []):
        yield from nodes(one)
