"""Absences and closing days: they reserve what sessions leave, all of it, and nothing is cancelled by itself."""

import datetime as dt
from contextlib import suppress

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.tests.thorough import examples
from conftest import NOW
from treatments.schedule import actions, refusals, rules
from treatments.schedule.away import absences
from treatments.schedule.models import Absence, AbsenceKind, Reservation, Resource, Session
from treatments.schedule.resources import resource_of
from treatments.schedule.rules import Slot
from treatments.schedule.tests import factories

pytestmark = pytest.mark.django_db
ZONE = timezone.get_default_timezone()
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
TUESDAY = dt.date(2026, 11, 24)

# What absences should reserve, computed from their own rows: all of each less what sessions take.
UNCOVERED = """
WITH away AS (
    SELECT r.id, range_agg(tstzrange(a.starts_at, a.ends_at)) AS spans
    FROM schedule_resource r JOIN schedule_absence a ON a.lifted_at IS NULL
        AND (a.practitioner_id = r.practitioner_id OR a.practitioner_id IS NULL AND r.room_id IS NOT NULL)
    GROUP BY r.id
), session AS (
    SELECT resource_id AS id, range_agg(period) AS spans FROM schedule_reservation
    WHERE why = 'session' GROUP BY 1
), cover AS (
    SELECT resource_id AS id, range_agg(period) AS spans FROM schedule_reservation
    WHERE why <> 'session' GROUP BY 1
)
SELECT r.id FROM schedule_resource r LEFT JOIN away USING (id) LEFT JOIN session USING (id) LEFT JOIN cover USING (id)
WHERE coalesce(away.spans, '{}') - coalesce(session.spans, '{}') <> coalesce(cover.spans, '{}')
"""
OVERLAPS = """
SELECT a.id FROM schedule_reservation a JOIN schedule_reservation b
ON a.id < b.id AND a.resource_id = b.resource_id AND a.period && b.period
"""


def wrong() -> list[tuple]:
    """Resources that absences do not cover exactly, and reservations that overlap."""
    with connection.cursor() as cursor:
        cursor.execute(UNCOVERED)
        uncovered = cursor.fetchall()
        cursor.execute(OVERLAPS)
        return uncovered + cursor.fetchall()


def clock(day: dt.date, hour: int) -> dt.datetime:
    return rules.wall(day, dt.time(hour), ZONE)


@pytest.fixture
def room(db):
    return factories.room()


@pytest.fixture
def course(doctor):
    factories.working_hours(doctor, weekdays=range(1, 8))
    return factories.confirmed_course(by=doctor)


@pytest.fixture
def sessions(course, room, doctor):
    return factories.booked(course, room, practitioner=doctor)


def away(practitioner, begin, until, *, by, kind=AbsenceKind.LEAVE) -> Absence:
    row = Absence(practitioner=practitioner, starts_at=begin, ends_at=until, kind=kind)
    return absences.record(row, by=by, at=NOW)


def closed(first, last, *, by) -> Absence:
    return away(None, *absences.days_span(first, last), by=by, kind=AbsenceKind.CLOSED)


def free(thing, day) -> list[rules.Span]:
    resource = resource_of(thing).pk
    return list(Resource.objects.free_time([resource], clock(day, 0), clock(day + DAY, 0), at=NOW)[resource])


def test_absence_is_recorded_although_sessions_are_booked_in_it(sessions, doctor, clinic_admin):
    absence = away(doctor, *absences.days_span(TUESDAY, TUESDAY + 90 * DAY), by=clinic_admin)
    assert [session.number for session in Session.objects.met_by(absence)] == [1, 2, 3, 4, 5]
    assert Session.objects.booked().count() == 5
    assert free(doctor, TUESDAY) == []
    assert wrong() == []


def test_what_a_cancelled_session_leaves_is_absence_too(sessions, doctor, clinic_admin):
    away(doctor, *absences.days_span(TUESDAY, TUESDAY), by=clinic_admin)
    actions.cancel_session(sessions[0], reason="ill", version=1, by=doctor, at=NOW)
    assert free(doctor, TUESDAY) == []
    assert wrong() == []


def test_session_moves_out_of_an_absence_and_not_about_in_it(sessions, room, doctor, clinic_admin):
    away(doctor, *absences.days_span(TUESDAY, TUESDAY), by=clinic_admin)

    def move(to):
        where = {"practitioner": doctor, "room": room, "version": 1, "by": doctor, "at": NOW}
        return actions.move_session(sessions[0], starts_at=to, **where)

    for moved in (dt.timedelta(0), 5 * rules.MINUTE, HOUR):
        with pytest.raises(refusals.SlotTaken) as caught:
            move(sessions[0].starts_at + moved)
        assert caught.value.numbers == [1]
    move(sessions[0].starts_at + DAY)
    assert free(doctor, TUESDAY) == []
    assert wrong() == []


def test_the_time_of_a_session_in_an_absence_is_not_offered_to_itself(sessions, room, doctor, clinic_admin):
    away(doctor, *absences.days_span(TUESDAY, TUESDAY), by=clinic_admin)
    closed(TUESDAY, TUESDAY, by=clinic_admin)
    resources = [resource_of(thing).pk for thing in (doctor, room)]
    found = Resource.objects.free_time(
        resources, clock(TUESDAY, 0), clock(TUESDAY + DAY, 0), but=[sessions[0].pk], at=NOW
    )
    assert {resource: list(times) for resource, times in found.items()} == {one: [] for one in resources}


def test_nothing_is_booked_in_an_absence(course, room, doctor, clinic_admin):
    away(doctor, clock(TUESDAY, 10), clock(TUESDAY, 11), by=clinic_admin)
    with pytest.raises(refusals.SlotTaken):
        factories.booked(course, room, practitioner=doctor)
    assert not Session.objects.exists()


def test_lifted_absence_gives_its_time_back(sessions, doctor, clinic_admin):
    absence = away(doctor, *absences.days_span(TUESDAY, TUESDAY), by=clinic_admin)
    before = Reservation.objects.filter(why="session").count()
    for _again in range(2):
        lifted = absences.lift(absence, by=clinic_admin, at=NOW)
        assert (lifted.lifted_by, lifted.lifted_at) == (clinic_admin, NOW)
    assert Reservation.objects.count() == before
    assert wrong() == []


def test_two_absences_may_overlap_and_lifting_one_leaves_the_other(doctor, clinic_admin):
    holiday = away(doctor, *absences.days_span(TUESDAY, TUESDAY + 6 * DAY), by=clinic_admin)
    ill = away(doctor, *absences.days_span(TUESDAY + 3 * DAY, TUESDAY + 8 * DAY), by=clinic_admin)
    assert wrong() == []
    absences.lift(holiday, by=clinic_admin, at=NOW)
    assert wrong() == []
    assert Reservation.objects.filter(starts_at__lt=ill.starts_at).count() == 0
    absences.lift(ill, by=clinic_admin, at=NOW)
    assert not Reservation.objects.exists()


def test_recorded_twice_it_is_one(doctor, front_desk):
    first, second = (absences.ill_today(doctor, by=front_desk, at=NOW) for _ in range(2))
    assert first == second
    assert (first.first_day, first.last_day, first.whole_days) == (NOW.date(), NOW.date(), True)
    assert wrong() == []


def test_closed_clinic_has_no_room_not_even_one_that_is_new(sessions, room, doctor, clinic_admin):
    closed(TUESDAY, TUESDAY + DAY, by=clinic_admin)
    new = factories.room("New")
    assert free(room, TUESDAY) == free(new, TUESDAY) == free(new, TUESDAY + DAY) == []
    assert free(doctor, TUESDAY + DAY) != []
    assert wrong() == []


@pytest.mark.parametrize(
    ("day", "hours"), [(dt.date(2027, 3, 28), 23), (dt.date(2027, 10, 31), 25), (TUESDAY, 24)]
)
def test_a_day_is_the_clinics_day_however_many_hours_it_has(doctor, clinic_admin, day, hours):
    absence = away(doctor, *absences.days_span(day - DAY, day + DAY), by=clinic_admin)
    lengths = [row.ends_at - row.starts_at for row in Reservation.objects.order_by("starts_at")]
    assert lengths == [24 * HOUR, hours * HOUR, 24 * HOUR]
    assert (absence.first_day, absence.last_day) == (day - DAY, day + DAY)


def test_who_books_records_and_lifts_what_is_of_today_and_no_more(doctor, front_desk, clinic_admin):
    with pytest.raises(PermissionDenied):
        away(doctor, *absences.days_span(NOW.date(), TUESDAY), by=front_desk)
    with pytest.raises(PermissionDenied):
        closed(NOW.date(), NOW.date(), by=front_desk)
    later = away(doctor, *absences.days_span(TUESDAY, TUESDAY), by=clinic_admin)
    with pytest.raises(PermissionDenied):
        absences.lift(later, by=front_desk, at=NOW)
    ill = absences.ill_today(doctor, by=front_desk, at=NOW)
    assert absences.lift(ill, by=front_desk, at=NOW).lifted_by == front_desk
    assert list(Absence.objects.standing()) == [later]


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"ends_at": NOW}, "absence_ends_after_it_starts"),
        ({"kind": "closed"}, "absence_of_nobody_is_the_clinics"),
        ({"practitioner": None}, "absence_of_nobody_is_the_clinics"),
        ({"kind": "bored"}, "absence_kind"),
        ({"lifted_at": NOW}, "absence_lifted_by_someone"),
    ],
)
def test_absences_that_are_none_are_refused(doctor, fields, constraint):
    values = {"practitioner": doctor, "starts_at": NOW, "ends_at": NOW + HOUR, "kind": "ill"}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Absence.objects.create(**values | fields, recorded_at=NOW, recorded_by=doctor)


def test_the_list_counts_the_sessions_and_costs_two_lengths_the_same(
    sessions, doctor, nurse, clinic_admin, django_assert_num_queries
):
    away(doctor, *absences.days_span(TUESDAY, TUESDAY), by=clinic_admin)
    away(nurse, *absences.days_span(TUESDAY, TUESDAY + 60 * DAY), by=clinic_admin)
    closed(TUESDAY, TUESDAY + 30 * DAY, by=clinic_admin)
    with django_assert_num_queries(4):  # the list; the setting, whoever there is, whom nurses lack
        rows = [(row.who, row.sessions_left) for row in absences.listed(NOW)]
    assert rows == [("Dorota", 1), ("Natalia", 0), ("Clinic closed", 2)]
    assert not absences.listed(NOW + 90 * DAY)


# Whatever happens in whatever order

WEEKEND = dt.date(2027, 3, 27)  # an hour is left out on the Sunday
moments = st.builds(
    lambda day, hour, minute: clock(WEEKEND + day * DAY, hour) + minute * rules.MINUTE,
    st.integers(0, 2),
    st.integers(0, 23),
    st.sampled_from([0, 15, 30]),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("book"), st.integers(0, 2), moments),
        st.tuples(st.just("move"), st.integers(0, 2), moments),
        st.tuples(st.just("cancel"), st.integers(0, 2)),
        st.tuples(st.just("away"), st.booleans(), moments, st.integers(1, 60)),
        st.tuples(st.just("lift"), st.integers(0, 3)),
    ),
    min_size=4,
    max_size=14,
)


@settings(max_examples=examples(25), suppress_health_check=list(HealthCheck))
@given(steps=steps)
def test_absences_and_sessions_together_cover_exactly_whatever_happens(crowd, doctor, clinic_admin, steps):
    room, courses = crowd
    with transaction.atomic():
        for step, *values in steps:
            with suppress(refusals.SlotTaken, refusals.WrongTimes):
                happen(step, values, room, courses, doctor, clinic_admin)
            assert wrong() == [], (step, values)
        transaction.set_rollback(True)


@pytest.fixture
def crowd(doctor, room):
    factories.working_hours(doctor, weekdays=range(1, 8), starts=dt.time(0), ends=dt.time(23, 59))
    return room, [factories.confirmed_course(by=doctor, sessions=1) for _ in range(3)]


def happen(step, values, room, courses, doctor, clinic_admin) -> None:
    """Do one step of the test above, where it can be done."""
    if step == "away":
        by_doctor, begin, hours = values
        kind = AbsenceKind.LEAVE if by_doctor else AbsenceKind.CLOSED
        away(doctor if by_doctor else None, begin, begin + hours * HOUR, by=clinic_admin, kind=kind)
    elif step == "lift":
        for absence in Absence.objects.standing()[values[0] : values[0] + 1]:
            absences.lift(absence, by=clinic_admin, at=NOW)
    elif session := Session.objects.booked().filter(course=courses[values[0]]).first():
        change(step, values, session, room, doctor)
    elif step == "book":
        slot = Slot(1, values[1], room.pk)
        where = {"practitioner": doctor, "by": doctor, "at": NOW, "key": factories.uuid.uuid4()}
        actions.book_course(courses[values[0]], [slot], **where)


def change(step, values, session, room, doctor) -> None:
    if step == "cancel":
        actions.cancel_session(session, reason="ill", version=session.version, by=doctor, at=NOW)
    elif step == "move":
        where = {"practitioner": doctor, "room": room, "version": session.version, "by": doctor, "at": NOW}
        actions.move_session(session, starts_at=values[1], **where)
