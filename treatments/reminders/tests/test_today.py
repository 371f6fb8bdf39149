"""In the morning staff who want it are told how much of what needs them."""

import datetime as dt

import pytest

from clinic.models import Clinic
from treatments.reminders import actions, kinds, writing
from treatments.reminders.models import Message
from treatments.reminders.tests.factories import reminder

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def wanting(front_desk):
    front_desk.wants_today = True
    front_desk.save()
    return front_desk


def today():
    return list(Message.objects.filter(kind="today").order_by("pk"))


def test_who_wants_it_is_told_once_a_day_and_nobody_else(wanting, doctor, at):
    for later in (0 * HOUR, HOUR, 2 * HOUR, DAY):
        actions.promise_today(at=at + later)
    assert [one.staff for one in today()] == [wanting] * 2


def test_not_before_the_morning_nor_late_in_the_day(wanting, at):
    for moment in (at.replace(hour=8, minute=59), at.replace(hour=13, minute=0)):
        actions.promise_today(at=moment)
    assert today() == []


def test_it_says_how_many_and_no_names(wanting, doctor, at):
    failed = reminder(doctor, at=at, state="failed", why="so")
    actions.promise_today(at=at)
    [message] = today()
    values = kinds.values([message], at=at)[message.pk]
    letter = writing.write(message, values, Clinic.current(), at=at).letter
    assert "- 1 message could not be sent" in letter.text
    assert wanting.name in letter.text
    assert failed.patient.name not in letter.text
    assert letter.to == wanting.email


def test_what_came_too_late_since_yesterday_is_told_so_that_somebody_calls(wanting, doctor, at):
    for ended in (at - HOUR, at - 25 * HOUR):
        reminder(doctor, at=at - 2 * DAY, due_at=at - 2 * DAY, state="expired", why="so", not_after=ended)
    actions.promise_today(at=at)
    [message] = today()
    assert actions.deliver(message.pk, at=at) == "sent"
    message.refresh_from_db()
    assert "- 1 message came too late and was not sent" in message.sent_text


def test_where_nothing_needs_them_nothing_is_sent(wanting, at):
    actions.promise_today(at=at)
    [message] = today()
    assert actions.deliver(message.pk, at=at) == "suppressed"


def test_nor_to_who_does_not_want_it_any_more(wanting, doctor, at):
    reminder(doctor, at=at, state="failed", why="so")
    actions.promise_today(at=at)
    wanting.wants_today = False
    wanting.save()
    [message] = today()
    assert kinds.needless([message], at=at) == {message.pk: "not_wanted"}


PAGE = "/messages/morning/"


@pytest.mark.parametrize("who", ["doctor", "nurse", "front_desk"])
def test_each_says_for_themself_whether_they_want_it(as_, request, who):
    person = request.getfixturevalue(who)
    browser = as_(person)
    assert "Morning message" in browser.get("/").text or browser.get(PAGE).status_code == 200
    browser.post(PAGE, {"wants_today": "on"})
    person.refresh_from_db()
    assert person.wants_today
    browser.post(PAGE, {})
    person.refresh_from_db()
    assert not person.wants_today


def test_who_wants_it_no_more_gets_no_more(as_, wanting, at):
    actions.promise_today(at=at)
    as_(wanting).post(PAGE, {})
    assert [one.state for one in today()] == ["suppressed"]


@pytest.mark.parametrize("who", ["clinic_admin", "catalogue_admin", "stranger"])
def test_who_has_nothing_to_be_told_of_has_no_such_page(as_, request, who):
    person = request.getfixturevalue(who)
    assert [as_(person).get(PAGE).status_code, as_(person).post(PAGE, {"wants_today": "on"}).status_code] == [
        403,
        403,
    ]
    person.refresh_from_db()
    assert not person.wants_today


def test_it_takes_no_other_method(as_, front_desk):
    assert as_(front_desk).delete(PAGE).status_code == 405
