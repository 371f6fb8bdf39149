"""Several people at once put sessions elsewhere, with connections of their own; and what happens without protection."""

import datetime as dt
from itertools import pairwise
from uuid import uuid4

import pytest
from django.db import connection

from clinic.versions import ChangedMeanwhile
from conftest import NOW
from treatments.schedule import actions, refusals
from treatments.schedule.actions import Change, rearranging
from treatments.schedule.actions import booking as booking_actions
from treatments.schedule.changing import gaps, moving, swapping
from treatments.schedule.models import Reservation, Session
from treatments.schedule.rules import Slot
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_races import at_once, booking, overlaps

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.timedelta(days=1)


@pytest.fixture
def room(doctor):
    factories.working_hours(doctor, weekdays=range(1, 8))
    return factories.room()


@pytest.fixture
def sessions(doctor, room):
    """Five every 14 days at ten: what puts the second off puts all the later ones off."""
    return factories.booked(factories.confirmed_course(by=doctor), room, practitioner=doctor, every=14)


@pytest.fixture
def unprotected(monkeypatch):
    """Neither constraint nor looking first: what the tests below must be able to see."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE schedule_reservation DROP CONSTRAINT reservation_no_double_booking")
    for module in (booking_actions, rearranging):
        monkeypatch.setattr(module, "check_free", lambda chosen, **kwargs: None)
    yield
    Reservation.objects.all().delete()
    constraint = next(c for c in Reservation._meta.constraints if c.name == "reservation_no_double_booking")
    with connection.schema_editor() as editor:
        editor.add_constraint(Reservation, constraint)


def chain_of(session, days, by):
    """The session so many days later, with all that have to follow."""
    change = Change(
        session, session.version, session.starts_at + days * DAY, session.practitioner, session.room
    )
    return [shift.change for shift in moving.word(change, by=by, at=NOW).shifts]


def moves(changes, by):
    return lambda: actions.rearrange(changes, by=by, at=NOW)


def kinds(results):
    return [type(outcome) for outcome, _took in results]


def intervals(course):
    starts = list(course.sessions.standing().order_by("number").values_list("starts_at", flat=True))
    return [(after - before).days for before, after in pairwise(starts)]


def test_of_four_who_move_the_same_session_with_its_followers_one_does(doctor, sessions):
    chains = [chain_of(sessions[1], days, doctor) for days in (15, 17, 19, 21)]
    assert [len(chain) for chain in chains] == [4] * 4
    results = at_once(*(moves(chain, doctor) for chain in chains))
    assert sorted(kinds(results), key=str) == sorted([list] + [ChangedMeanwhile] * 3, key=str)
    assert set(Session.objects.filter(number__gt=1).values_list("version", flat=True)) == {2}
    assert all(14 <= days <= 35 for days in intervals(sessions[0].course))
    assert overlaps() == 0


def test_two_chains_of_one_course_that_begin_at_different_sessions_never_mix(doctor, sessions):
    chains = chain_of(sessions[1], 21, doctor), chain_of(sessions[2], 21, doctor)
    results = at_once(*(moves(chain, doctor) for chain in chains))
    assert sorted(kinds(results), key=str) == sorted([list, ChangedMeanwhile], key=str)
    assert all(14 <= days <= 35 for days in intervals(sessions[0].course))


def rivals(doctor, room, chain):
    """Of each place that the chain goes to a booking by somebody else."""
    found = []
    for change in chain:
        course = factories.confirmed_course(by=doctor, sessions=1)
        found.append(booking(course, [Slot(1, change.starts_at, room.pk)], doctor))
    return found


def test_a_chain_against_bookings_of_its_places_moves_whole_or_not_at_all(doctor, room, sessions):
    chain = chain_of(sessions[1], 21, doctor)
    results = at_once(moves(chain, doctor), *rivals(doctor, room, chain))
    assert set(kinds(results)) == {list, refusals.SlotTaken}
    whole = isinstance(results[0][0], list)
    assert kinds(results[1:]).count(list) == (0 if whole else 4)
    versions = set(
        Session.objects.filter(course=sessions[0].course, number__gt=1).values_list("version", flat=True)
    )
    assert versions == ({2} if whole else {1})
    assert overlaps() == 0


def test_without_protection_the_same_race_books_double(doctor, room, sessions, unprotected):
    chain = chain_of(sessions[1], 21, doctor)
    at_once(moves(chain, doctor), *rivals(doctor, room, chain))
    assert overlaps() > 0


def test_swaps_that_cross_end_without_a_deadlock(doctor, room):
    """Each of four sessions changes places with its neighbour, all at once, round in a ring."""
    rows = [
        factories.booked(
            factories.confirmed_course(by=doctor, sessions=1), room, practitioner=doctor, hour=hour
        )[0]
        for hour in (8, 10, 12, 14)
    ]
    ring = list(zip(rows, rows[1:] + rows[:1], strict=True))
    jobs = [moves(swapping.swapped(one, other, versions=(1, 1)), doctor) for one, other in ring]
    results = at_once(*jobs)
    assert set(kinds(results)) <= {list, ChangedMeanwhile}
    assert 1 <= kinds(results).count(list) <= 2
    assert {row.starts_at for row in Session.objects.all()} == {row.starts_at for row in rows}
    assert overlaps() == 0


def test_a_gap_is_closed_once_by_four_and_never_half(doctor, room, sessions):
    course = sessions[0].course
    actions.cancel_session(sessions[1], reason="Ill", version=1, by=doctor, at=NOW)
    closing = gaps.closing(course, by=doctor, at=NOW)
    slots, changes = [one.slot for one in closing.again], [one.change for one in closing.following]
    assert changes
    rival = factories.confirmed_course(by=doctor, sessions=1)
    there = Slot(1, changes[-1].starts_at, room.pk)
    jobs = [
        lambda: actions.close_gap(course, slots, changes, by=doctor, at=NOW, key=uuid4()) for _ in range(4)
    ]
    results = at_once(*jobs, booking(rival, [there], doctor))
    assert set(kinds(results)) <= {list, ChangedMeanwhile, refusals.SlotTaken, refusals.WrongTimes}
    closed = kinds(results[:4]).count(list)
    assert closed == (0 if isinstance(results[4][0], list) else 1)
    assert course.sessions.standing().count() == 4 + closed
    moved = Session.objects.filter(pk__in=[one.session.pk for one in changes], version=2).count()
    assert moved == closed * len(changes)
    assert overlaps() == 0
