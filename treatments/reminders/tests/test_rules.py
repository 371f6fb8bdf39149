"""When a reminder goes, whether it is wanted, when to try again."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from treatments.reminders import rules, rules_times
from treatments.reminders.rules import Needless, Recall

NINE = dt.time(9)
TRUE = Recall(course_finished=True, newer_course=False, booked_ahead=False)


@pytest.mark.parametrize(
    ("zone", "finished_on", "weeks", "goes_at", "utc"),
    [
        pytest.param("Europe/Warsaw", "2026-11-23", 16, "09:00", "2027-03-15T08:00", id="winter"),
        pytest.param(
            "Europe/Warsaw", "2026-12-06", 16, "09:00", "2027-03-28T07:00", id="day of the spring change"
        ),
        pytest.param(
            "Europe/Warsaw", "2026-12-06", 16, "02:30", "2027-03-28T01:30", id="02:30 is 03:30 that day"
        ),
        pytest.param(
            "Europe/Warsaw", "2026-07-11", 16, "09:00", "2026-10-31T08:00", id="after the autumn change"
        ),
        pytest.param(
            "Europe/Warsaw", "2026-07-05", 16, "02:30", "2026-10-25T00:30", id="02:30 twice, the first"
        ),
        pytest.param(
            "America/New_York", "2026-11-22", 16, "09:00", "2027-03-14T13:00", id="spring in New York"
        ),
        pytest.param(
            "America/New_York", "2026-07-12", 16, "01:30", "2026-11-01T05:30", id="autumn in New York"
        ),
        pytest.param(
            "Australia/Lord_Howe", "2026-06-14", 16, "02:15", "2026-10-03T15:45", id="half an hour in spring"
        ),
        pytest.param(
            "Australia/Lord_Howe", "2026-12-13", 16, "01:45", "2027-04-03T14:45", id="half an hour in autumn"
        ),
        pytest.param(
            "Asia/Kathmandu", "2026-11-23", 0, "09:00", "2026-11-23T03:15", id="no changes, odd offset"
        ),
    ],
)
def test_goes_at_the_clinics_wall_time(zone, finished_on, weeks, goes_at, utc):
    day = dt.date.fromisoformat(finished_on) + dt.timedelta(weeks=weeks)
    due = rules_times.on_the_wall(day, dt.time.fromisoformat(goes_at), ZoneInfo(zone))
    assert due == dt.datetime.fromisoformat(utc).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize("zone", ["Europe/Warsaw", "America/New_York", "Australia/Lord_Howe"])
def test_nine_in_the_morning_is_nine_every_day_of_two_years(zone):
    for days in range(2 * 366):
        day = dt.date(2026, 1, 1) + dt.timedelta(days)
        local = rules_times.on_the_wall(day, NINE, ZoneInfo(zone)).astimezone(ZoneInfo(zone))
        assert (local.date(), local.time()) == (day, NINE)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        pytest.param({}, None, id="wanted"),
        pytest.param({"course_finished": False}, Needless.COURSE_CANCELLED, id="course cancelled"),
        pytest.param({"newer_course": True}, Needless.NEWER_COURSE, id="newer course"),
        pytest.param({"booked_ahead": True}, Needless.BOOKED, id="booked"),
    ],
)
def test_why_a_reminder_is_needless(changed, why):
    assert rules.needless_recall(replace(TRUE, **changed)) == why


PERSON = {"ended": False, "duplicate": False, "opted_out": False, "other_channel": False}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        pytest.param([], None, id="may be written to"),
        pytest.param(["ended"], Needless.DIED, id="died"),
        pytest.param(["duplicate"], Needless.DUPLICATE, id="a record closed"),
        pytest.param(["opted_out"], Needless.OPTED_OUT, id="opted out"),
        pytest.param(["other_channel"], Needless.OTHER_CHANNEL, id="another channel"),
        pytest.param([*PERSON], Needless.DIED, id="the gravest first"),
    ],
)
def test_why_a_person_gets_no_message(changed, why):
    assert rules.needless_to_anybody(**PERSON | dict.fromkeys(changed, True)) == why


def test_pauses_double_up_to_an_hour_and_spread_by_a_quarter():
    minutes = [rules.pause(attempt, 0).total_seconds() / 60 for attempt in range(1, 10)]
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert rules.pause(rules.MAX_ATTEMPTS, 1) == dt.timedelta(minutes=75)


def test_all_attempts_together_take_most_of_a_day():
    waits = (rules.pause(attempt, 0) for attempt in range(1, rules.MAX_ATTEMPTS))
    assert dt.timedelta(hours=16) < sum(waits, dt.timedelta()) < dt.timedelta(hours=24)
