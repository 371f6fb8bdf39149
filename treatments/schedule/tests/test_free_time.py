"""Free time as the database computes it, against the clock and against the index."""

import datetime as dt
import json

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.models import Clinic, DayHours, WorkingHours
from clinic.tests.thorough import examples
from conftest import NOW
from treatments.schedule import rules
from treatments.schedule.models import Reservation, Resource
from treatments.schedule.occupations import hours_of
from treatments.schedule.proposing.free_time import FREE_TIME, free_time_parameters
from treatments.schedule.resources import resource_of
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_actions import raw

pytestmark = pytest.mark.django_db
ZONE = timezone.get_default_timezone()
TUESDAY = dt.date(2026, 11, 24)


def clock(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    return rules.wall(day, dt.time(hour, minute), ZONE)


def free(thing, first: dt.date, days: int = 1) -> list[rules.Span]:
    resource = resource_of(thing).pk
    found = Resource.objects.free_time(
        [resource], clock(first, 0), clock(first + dt.timedelta(days=days), 0), at=NOW
    )
    return list(found[resource])


def test_practitioner_is_free_in_working_hours_less_what_is_reserved(doctor):
    factories.working_hours(doctor, weekdays=[2], starts=dt.time(8), ends=dt.time(12))
    factories.working_hours(doctor, weekdays=[2], starts=dt.time(13), ends=dt.time(17))
    resource = resource_of(doctor)
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
    raw(resource_of(room), clock(TUESDAY, 0) - dt.timedelta(hours=20), clock(TUESDAY, 1))
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


def on(doctor, day: dt.date, starts: int | None = None, ends: int | None = None) -> None:
    """On that day the doctor works these hours."""
    times = {"starts": dt.time(starts), "ends": dt.time(ends)} if starts is not None else {}
    DayHours.objects.create(practitioner=doctor, day=day, **times)


def test_the_hours_of_a_single_day_stand_in_place_of_the_weekly_ones(doctor, nurse):
    factories.working_hours(doctor, weekdays=[2, 3], starts=dt.time(8), ends=dt.time(12))
    factories.working_hours(nurse, weekdays=[2], starts=dt.time(8), ends=dt.time(12))
    on(doctor, TUESDAY, 12, 15)
    on(doctor, TUESDAY, 16, 20)
    on(doctor, TUESDAY + dt.timedelta(days=1))
    on(doctor, dt.date(2026, 11, 28), 9, 11)
    assert free(doctor, TUESDAY, 7) == [
        (clock(TUESDAY, 12), clock(TUESDAY, 15)),
        (clock(TUESDAY, 16), clock(TUESDAY, 20)),
        (clock(dt.date(2026, 11, 28), 9), clock(dt.date(2026, 11, 28), 11)),
    ]
    assert free(doctor, TUESDAY + dt.timedelta(days=7)) != []
    Clinic.objects.update_or_create(pk=1, defaults={"nurses_with_doctor": "never"})
    assert free(nurse, TUESDAY) == [(clock(TUESDAY, 8), clock(TUESDAY, 12))]


@pytest.mark.parametrize(("day", "hours"), [(dt.date(2027, 3, 28), 7), (dt.date(2027, 10, 31), 9)])
def test_the_hours_of_a_single_day_are_wall_clock_when_the_clocks_change(doctor, day, hours):
    on(doctor, day, 0, 8)
    [(opens, closes)] = free(doctor, day)
    assert closes - opens == dt.timedelta(hours=hours)


@pytest.mark.parametrize("second", [(None, None), (12, 13), (19, 21)], ids=str)
def test_the_hours_of_a_single_day_do_not_overlap(doctor, second):
    on(doctor, TUESDAY, 12, 20)
    with pytest.raises(IntegrityError, match="dayhours_do_not_overlap"), transaction.atomic():
        on(doctor, TUESDAY, *second)


@pytest.mark.parametrize(
    ("span", "works"),
    [((12, 15), True), ((12, 16), False), ((15, 17), False), ((8, 10), False), ((16, 20), True)],
)
def test_the_rule_of_booking_knows_the_same_hours(doctor, span, works):
    factories.working_hours(doctor, weekdays=[2], starts=dt.time(8), ends=dt.time(12))
    on(doctor, TUESDAY, 12, 15)
    on(doctor, TUESDAY, 16, 20)
    hours = hours_of([doctor])[doctor.pk]
    assert rules.at_work(hours, (clock(TUESDAY, span[0]), clock(TUESDAY, span[1])), ZONE) is works
    week_later = TUESDAY + dt.timedelta(days=7)
    assert rules.at_work(hours, (clock(week_later, 8), clock(week_later, 10)), ZONE)


def test_the_rule_of_booking_knows_a_day_off(doctor):
    factories.working_hours(doctor)
    on(doctor, TUESDAY)
    hours = hours_of([doctor])[doctor.pk]
    assert not rules.at_work(hours, (clock(TUESDAY, 10), clock(TUESDAY, 11)), ZONE)


@settings(
    max_examples=examples(40),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
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
    resources = [resource_of(thing).pk for thing in (doctor, factories.room())]
    with django_assert_num_queries(1):
        Resource.objects.free_time(resources, NOW, NOW + dt.timedelta(days=90), at=NOW)


@pytest.fixture
def crowded(doctor):
    """Two resources with 20,001 reservations each, an hour apart."""
    factories.working_hours(doctor)
    mine, other = resource_of(doctor), resource_of(factories.room())
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO schedule_reservation (resource_id, period, why, squeezed, squeeze_reason)"
            " SELECT r, tstzrange(%s::timestamptz + i * '1 hour'::interval,"
            " %s::timestamptz + i * '1 hour'::interval + '50 min'), 'absence', false, ''"
            " FROM unnest(%s::bigint[]) r, generate_series(-10000, 10000) i",
            [NOW, NOW, [mine.pk, other.pk]],
        )
        cursor.execute("ANALYZE schedule_reservation")
        # Which rows lie side by side is left to chance by earlier tests and autovacuum, and with it whether the
        # planner takes an index row by row, by a bitmap or not at all. Which index is what these tests ask.
        cursor.execute("SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off")
    return mine, other


def test_the_index_of_a_resource_is_read_and_nothing_else(crowded):
    """The plan of free time reads the btree of (resource, start), no more rows than the window holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN (ANALYZE, FORMAT JSON) " + FREE_TIME,
            free_time_parameters([crowded[0].pk], NOW, NOW + dt.timedelta(days=1)),
        )
        [read] = reads(cursor.fetchone()[0])
    assert read.get("Index Name") == "reservation_of_resource"
    assert rows_of(read) <= 50


def test_a_day_of_the_calendar_reads_the_same_index(crowded):
    mine = [resource.pk for resource in crowded]
    day = Reservation.objects.of_kind("absence", mine, NOW, NOW + dt.timedelta(days=1))
    found = reads(day.explain(format="json", analyze=True))
    assert {read.get("Index Name") for read in found} == {"reservation_of_resource"}
    assert sum(rows_of(read) for read in found) <= 110


def reads(plan):
    """The nodes of a plan that read the table of reservations."""
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return [node for node in nodes(plan) if node.get("Relation Name") == Reservation._meta.db_table]


def rows_of(node) -> float:
    """How many rows a node of a plan went through, those that it threw away included."""
    return (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]


def nodes(plan):
    """Every node of an EXPLAIN in JSON."""
    if isinstance(plan, list):
        for one in plan:
            yield from nodes(one)
        return
    yield plan
    for one in [plan["Plan"]] if "Plan" in plan else plan.get("Plans", []):
        yield from nodes(one)
