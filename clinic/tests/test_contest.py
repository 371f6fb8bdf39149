"""Many at once through the clinic's own pages, in processes of their own; and what happens without protection."""

import pytest
from django.db import connection
from django.utils import timezone

from clinic.contest import contests, fighting, scene
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
    fought = fighting.fight(scene.build(10, timezone.localdate()), 80, fighting.NONE)
    assert fought.overlaps > 0
    assert fought.wrong["sessions in two places"] > 0
    assert fought.undecided.total() > 0
