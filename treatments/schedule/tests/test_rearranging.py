"""Several sessions put elsewhere at once: all of them or none."""

import datetime as dt

import pytest

from clinic import events
from clinic.roles import Role
from clinic.versions import ChangedMeanwhile
from conftest import NOW, person
from treatments.schedule import actions, refusals
from treatments.schedule.actions import Change
from treatments.schedule.events import SessionMoved, TimeFreed
from treatments.schedule.models import Reservation
from treatments.schedule.rules import Fault
from treatments.schedule.tests import factories

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def room():
    return factories.room()


@pytest.fixture
def sessions(doctor, room):
    """Five sessions of a course, at ten every third Saturday week."""
    factories.working_hours(doctor, weekdays=range(1, 8))
    return factories.booked(factories.confirmed_course(by=doctor), room, practitioner=doctor)


@pytest.fixture
def others(doctor, room, sessions):
    """Those of somebody else, on the same days at two."""
    return factories.booked(factories.confirmed_course(by=doctor), room, practitioner=doctor, hour=14)


def to(session, *, starts_at=None, **fields):
    """The change of a session that stays as it is in all else."""
    whole = {"practitioner": session.practitioner, "room": session.room, **fields}
    return Change(session, session.version, starts_at or session.starts_at, **whole)


def calendar():
    """All that is reserved, and each session's time and version."""
    rows = Reservation.objects.order_by("resource", "starts_at")
    return list(rows.values_list("resource", "starts_at", "ends_at", "session", "session__version"))


def test_all_sessions_of_a_course_are_put_a_day_later_in_one_go(sessions, doctor):
    changes = [to(one, starts_at=one.starts_at + DAY) for one in sessions]
    moved = actions.rearrange(changes, by=doctor, at=NOW)
    assert [one.starts_at for one in moved] == [one.starts_at + DAY for one in sessions]
    assert {one.version for one in moved} == {2}
    assert Reservation.objects.count() == 4 * 5


def test_two_sessions_of_different_courses_swap_their_times(sessions, others, doctor):
    mine, theirs = sessions[0], others[0]
    changes = [to(mine, starts_at=theirs.starts_at), to(theirs, starts_at=mine.starts_at)]
    actions.rearrange(changes, by=doctor, at=NOW)
    first, second = mine.starts_at, theirs.starts_at
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.starts_at, theirs.starts_at) == (second, first)


def test_where_one_of_them_cannot_be_none_is_moved(sessions, others, doctor):
    before = calendar()
    changes = [
        to(sessions[1], starts_at=sessions[1].starts_at + HOUR),
        to(sessions[2], starts_at=others[2].starts_at),
    ]
    with pytest.raises(refusals.SlotTaken) as taken:
        actions.rearrange(changes, by=doctor, at=NOW)
    assert taken.value.numbers == [3]
    assert calendar() == before


def test_a_version_that_is_not_the_one_that_was_opened_moves_none(sessions, doctor):
    actions.rearrange([to(sessions[0], starts_at=sessions[0].starts_at + HOUR)], by=doctor, at=NOW)
    before = calendar()
    changes = [to(one, starts_at=one.starts_at + DAY) for one in sessions]
    with pytest.raises(ChangedMeanwhile):
        actions.rearrange(changes, by=doctor, at=NOW)
    assert calendar() == before


def test_intervals_are_those_between_all_that_move(sessions, doctor):
    changes = [to(sessions[4], starts_at=sessions[4].starts_at + 20 * DAY)]
    with pytest.raises(refusals.WrongTimes) as wrong:
        actions.rearrange(changes, by=person(Role.NURSE), at=NOW)
    assert wrong.value.faults == [(5, Fault.INTERVAL)]
    changes.append(to(sessions[3], starts_at=sessions[3].starts_at + 10 * DAY))
    assert len(actions.rearrange(changes, by=doctor, at=NOW)) == 2


def test_a_longer_session_takes_the_practitioner_and_the_room_for_longer(sessions, others, doctor):
    [longer] = actions.rearrange([to(sessions[0], added_minutes=30)], by=doctor, at=NOW)
    assert longer.ends_at == sessions[0].ends_at + 30 * dt.timedelta(minutes=1)
    assert longer.reservations.filter(ends_at=longer.ends_at).count() == 3
    before = calendar()
    with pytest.raises(refusals.SlotTaken):
        actions.rearrange([to(longer, added_minutes=240)], by=doctor, at=NOW)
    assert calendar() == before


def test_a_longer_session_stays_longer_when_it_is_moved(sessions, doctor):
    [longer] = actions.rearrange([to(sessions[0], added_minutes=15)], by=doctor, at=NOW)
    moved = actions.move_session(
        longer,
        starts_at=longer.starts_at + HOUR,
        practitioner=doctor,
        room=longer.room,
        version=longer.version,
        by=doctor,
        at=NOW,
    )
    assert (moved.ends_at - moved.starts_at, moved.added_minutes) == (90 * dt.timedelta(minutes=1), 15)


def test_what_becomes_free_is_announced_when_it_is_free(sessions, doctor, monkeypatch):
    heard = []
    monkeypatch.setattr(events, "announce", heard.append)
    actions.rearrange([to(sessions[0], starts_at=sessions[0].starts_at + 3 * HOUR)], by=doctor, at=NOW)
    moved, freed = [event for event in heard if isinstance(event, SessionMoved | TimeFreed)]
    assert (moved.session_id, moved.now.starts_at) == (sessions[0].pk, sessions[0].starts_at + 3 * HOUR)
    assert (freed.begin, freed.until) == (sessions[0].starts_at, sessions[0].ends_at)
    assert len(freed.resources) == 3


def test_where_one_between_is_missing_the_later_one_does_not_come_too_soon_after_the_earlier(
    sessions, front_desk
):
    first, second, third = sessions[:3]
    actions.cancel_session(second, reason="moved away", version=1, by=front_desk, at=NOW)
    before = calendar()
    with pytest.raises(refusals.WrongTimes) as refused:
        actions.rearrange([to(third, starts_at=first.starts_at + DAY)], by=front_desk, at=NOW)
    assert refused.value.faults == [(3, Fault.INTERVAL)]
    assert calendar() == before
