"""A prepared question answers as its queryset does, however often and with whatever it is asked."""

import datetime as dt
import gc
import threading
import weakref

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from clinic.models import User, WorkingHours
from clinic.prepared import Prepared, asked
from conftest import person

pytestmark = pytest.mark.django_db

PEOPLE = Prepared(lambda: User.objects.filter(pk__among=asked("people")).order_by("pk"))
HOURS = Prepared(
    lambda: (
        WorkingHours.objects.select_related("practitioner").filter(weekday=asked("weekday")).order_by("pk")
    )
)


@pytest.fixture
def hours():
    ana, bea = person("Ana"), person("Bea")
    return [
        WorkingHours.objects.create(practitioner=one, weekday=1, starts=dt.time(8), ends=dt.time(16))
        for one in (ana, bea)
    ]


def test_it_is_asked_anew_each_time_with_what_is_named_then(hours):
    ana, bea = (row.practitioner for row in hours)
    assert PEOPLE.objects(people=[ana.pk]) == [ana]
    assert PEOPLE.objects(people=[bea.pk, ana.pk]) == [ana, bea]
    assert PEOPLE.objects(people=[]) == []


def test_objects_are_as_django_would_have_made_them_with_those_beside_them(hours):
    with CaptureQueriesContext(connection) as queries:
        found = HOURS.objects(weekday=1)
        names = [row.practitioner.name for row in found]
    assert (found, names, len(queries)) == (hours, ["Ana", "Bea"], 1)
    assert not found[0]._state.adding
    assert HOURS.objects(weekday=2) == []


def test_rows_are_those_of_a_values_list():
    ana = person("Ana")
    rows = Prepared(lambda: User.objects.filter(pk=asked("pk")).values_list("name", "email"))
    assert rows.rows(pk=ana.pk) == [(ana.name, ana.email)]
    assert rows.column(pk=ana.pk) == [ana.name]


def test_a_value_is_never_part_of_the_statement():
    rows = Prepared(lambda: User.objects.filter(name=asked("name")).values_list("pk"))
    assert rows.column(name="x' OR '1'='1") == []
    assert rows.column(name="%s") == []


def test_a_sign_of_the_statement_that_looks_like_a_value_stays():
    ana = person("Ana")
    rows = Prepared(lambda: User.objects.filter(pk=asked("pk")).values_list(F("pk") % 2))
    assert rows.column(pk=ana.pk) == [ana.pk % 2]


def test_what_is_beside_it_is_done_in_the_same_statement(django_assert_num_queries):
    ana = person("Ana")
    rename = "UPDATE clinic_user SET name = %(name)s WHERE id = %(pk)s"
    rows = Prepared(lambda: User.objects.filter(pk=asked("pk")).values_list("name"), beside=rename)
    with django_assert_num_queries(1):
        assert rows.column(pk=ana.pk, name="Bea") == ["Ana"]
    assert rows.column(pk=ana.pk, name="%s") == ["Bea"]


@pytest.mark.django_db(transaction=True)
def test_no_connection_is_kept_by_a_question_that_a_thread_asked_first():
    question, seen = Prepared(lambda: User.objects.all()), []

    def ask():
        question.objects()
        seen.append(weakref.ref(connection.connection))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    gc.collect()
    assert seen[0]() is None
