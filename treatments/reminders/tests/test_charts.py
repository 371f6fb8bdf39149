"""How sending went: thirty days of the clinic, counted by the database."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from treatments.reminders.figures import DAYS, day_by_day
from treatments.reminders.tests.factories import reminder

PAGE = "/messages/charts/"
MINUTE = dt.timedelta(minutes=1)


def sent(doctor, at, late=0, **fields):
    return reminder(doctor, **{"state": "sent", "sent_at": at, "due_at": at - late * MINUTE, **fields})


def moment(*args):
    """A wall time of the clinic; of one that comes twice, the first."""
    return dt.datetime(*args, tzinfo=timezone.get_default_timezone())


@pytest.mark.django_db
def test_thirty_days_and_a_row_for_each():
    days = day_by_day(dt.date(2026, 11, 23))
    assert [days[0].day, days[-1].day, len(days)] == [dt.date(2026, 10, 25), dt.date(2026, 11, 23), DAYS]
    assert (days[0].sent, days[0].failure_rate, days[0].median, days[0].worst) == (0, None, None, None)


def test_a_day_begins_and_ends_by_the_clinics_clock_also_when_it_has_25_hours(doctor):
    sent(doctor, moment(2026, 10, 25, 0, 0))
    sent(doctor, moment(2026, 10, 25, 23, 59, 59))
    sent(doctor, moment(2026, 10, 26, 0, 0))
    days = {day.day.isoformat(): day.sent for day in day_by_day(dt.date(2026, 10, 27))}
    assert (days["2026-10-24"], days["2026-10-25"], days["2026-10-26"]) == (0, 2, 1)


def test_middle_and_longest_wait(doctor):
    for late in (0, 2, 30):
        sent(doctor, moment(2026, 11, 23, 10), late)
    today = day_by_day(dt.date(2026, 11, 23))[-1]
    assert (today.median, today.worst) == (2, 30)


def test_what_was_sent_early_waited_for_nothing(doctor):
    sent(doctor, moment(2026, 11, 23, 10), late=-5, not_after=moment(2026, 11, 24, 10))
    assert day_by_day(dt.date(2026, 11, 23))[-1].worst == 0


def test_the_rate_is_of_what_was_due_that_day_and_is_done_with(doctor):
    day = moment(2026, 11, 23, 10)
    sent(doctor, day)
    sent(doctor, day, state="delivered")
    sent(doctor, day, state="bounced", why="x")
    reminder(doctor, state="failed", due_at=day, why="x")
    reminder(doctor, state="suppressed", due_at=day, why="x")
    reminder(doctor, due_at=day)
    today = day_by_day(dt.date(2026, 11, 23))[-1]
    assert (today.failed, today.done, today.failure_rate) == (2, 4, 50)


def test_one_query_for_each(doctor):
    sent(doctor, moment(2026, 11, 23, 10))
    with CaptureQueriesContext(connection) as asked:
        day_by_day(dt.date(2026, 11, 23))
    assert len(asked) == 3


@pytest.mark.parametrize("who", ["doctor", "nurse", "front_desk", "clinic_admin"])
def test_the_table_says_what_is_drawn(as_, request, doctor, who):
    sent(doctor, timezone.now(), late=7)
    page = as_(request.getfixturevalue(who)).get(PAGE)
    assert page.status_code == 200
    assert 'data-value="7.0"' in page.text
    assert "<script>" not in page.text


@pytest.mark.parametrize("who", ["catalogue_admin", "stranger"])
def test_others_do_not_see_it(as_, request, who):
    assert as_(request.getfixturevalue(who)).get(PAGE).status_code == 403


def test_nothing_was_sent_yet(as_, front_desk):
    assert "Nothing was sent yet" in as_(front_desk).get(PAGE).text
    assert as_(front_desk).post(PAGE).status_code == 405
