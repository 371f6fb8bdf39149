"""Many at once through the clinic's own pages, in processes of their own; and what happens without protection."""

import datetime as dt

import pytest
from django.db import connection
from django.urls import resolve
from django.utils import timezone

from clinic.contest import contests, fighting, scene
from clinic.models import User
from treatments.schedule.forms import read_slot
from treatments.schedule.models import Reservation, Session

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def constraint_comes_back(transactional_db):
    """The constraint stands again after the test, whatever it left."""
    yield
    Reservation.objects.all().delete()
    double = next(c for c in Reservation._meta.constraints if c.name == "reservation_no_double_booking")
    with connection.schema_editor() as editor:
        editor.add_constraint(Reservation, double)


def test_of_eight_who_want_the_same_one_gets_it_and_nothing_is_booked_twice():
    fought = fighting.fight(scene.build(15, timezone.localdate()), 120)
    assert set(fought.contests) == set(contests.KINDS)
    assert fought.errors == []
    assert fought.undecided.total() == fought.without_offers == 0
    assert set(fought.wrong.values()) == {0}
    assert Session.objects.count() > 20


def test_without_constraint_and_locks_the_same_crowd_books_double(constraint_comes_back):
    fought = fighting.fight(scene.build(10, timezone.localdate(), unprotected=10), 80, fighting.NONE)
    assert fought.overlaps > 0
    assert fought.wrong["sessions in two places"] > 0
    assert fought.undecided.total() > 0


def test_where_everybody_wins_there_are_courses_left_to_book():
    stage = scene.build(30, timezone.localdate(), unprotected=30)
    fought = list(map(won_by_all, contests.contests(stage, 30)))
    assert len(fought) == 30


def won_by_all(contest) -> None:
    """All sessions of every course that somebody wants to book are booked."""
    wanted = {resolve(one.address).kwargs["pk"]: one.said for one in contest.attempts if one.verb == "book"}
    by = User.objects.first()
    Session.objects.bulk_create(
        Session(
            course_id=course,
            number=number,
            practitioner=by,
            room_id=slot.room,
            starts_at=slot.starts_at,
            ends_at=slot.starts_at + dt.timedelta(minutes=scene.MINUTES),
            booked_at=slot.starts_at,
            booked_by=by,
        )
        for course, said in wanted.items()
        for number in range(1, scene.SESSIONS + 1)
        if (slot := read_slot(number, said[f"slot-{number}"]))
    )
