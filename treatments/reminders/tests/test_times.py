"""When messages go, on the clinic's wall: plain values, no database."""

import datetime as dt
import itertools
from zoneinfo import ZoneInfo

import pytest

from treatments.reminders import rules_times
from treatments.reminders.rules_times import Quiet

WARSAW = ZoneInfo("Europe/Warsaw")
NIGHT = Quiet(dt.time(20), dt.time(8), WARSAW)
NEVER = Quiet(dt.time(0), dt.time(0), WARSAW)
HOUR = dt.timedelta(hours=1)
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def wall(text: str, zone=WARSAW) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(dt.UTC)


def shown(moment: dt.datetime, zone=WARSAW) -> str:
    return moment.astimezone(zone).strftime("%m-%d %H:%M")


@pytest.mark.parametrize(
    ("moment", "not_after", "goes"),
    [
        pytest.param("2026-11-23T12:00", "2026-11-24T12:00", "11-23 12:00", id="by day nothing changes"),
        pytest.param(
            "2026-11-23T20:00", "2026-11-24T12:00", "11-24 08:00", id="quiet begins: the morning after"
        ),
        pytest.param(
            "2026-11-24T05:30", "2026-11-24T08:00", "11-24 08:00", id="early: the end of the quiet hours"
        ),
        pytest.param(
            "2026-11-24T05:30", "2026-11-24T07:30", "11-23 19:00", id="too late then: the evening before"
        ),
        pytest.param("2026-11-23T21:00", "2026-11-24T07:30", "11-23 19:00", id="the same evening, earlier"),
        pytest.param("2026-11-24T08:00", "2026-11-24T08:00", "11-24 08:00", id="quiet ends: it may go"),
    ],
)
def test_nobody_is_written_to_in_the_quiet_hours(moment, not_after, goes):
    found = rules_times.out_of_quiet(wall(moment), NIGHT.begin, NIGHT.until, WARSAW, wall(not_after))
    assert shown(found) == goes


def test_quiet_hours_may_lie_within_a_day_or_be_none():
    siesta = Quiet(dt.time(13), dt.time(15), WARSAW)
    noon = wall("2026-11-23T13:30")
    assert (
        shown(rules_times.out_of_quiet(noon, siesta.begin, siesta.until, WARSAW, noon + 9 * HOUR))
        == "11-23 15:00"
    )
    assert not any(NEVER.holds(noon + n * HOUR) for n in range(24))


@pytest.mark.parametrize("zone", ["Europe/Warsaw", "America/New_York", "Australia/Lord_Howe"])
def test_whenever_it_is_what_goes_is_never_quiet(zone):
    zone = ZoneInfo(zone)
    for start in (dt.datetime(2026, 10, 1, tzinfo=dt.UTC), dt.datetime(2026, 3, 1, tzinfo=dt.UTC)):
        for quiet in (Quiet(dt.time(20), dt.time(8), zone), Quiet(dt.time(23), dt.time(2, 15), zone)):
            for n in range(0, 45 * 24 * 4, 3):
                moment = start + n * HOUR / 4
                for room in (HOUR / 2, 20 * HOUR):
                    found = rules_times.out_of_quiet(moment, quiet.begin, quiet.until, zone, moment + room)
                    assert not quiet.holds(found)
                    assert found <= moment + room


@pytest.mark.parametrize(
    ("session", "hours", "goes"),
    [
        ("2026-10-26T10:00", 48, "10-24 10:00"),  # the clock goes back in between: the same time on the wall
        ("2026-03-30T10:00", 48, "03-28 10:00"),  # and forward
        (
            "2026-03-31T02:30",
            48,
            "03-29 03:30",
        ),  # a time that the clock leaves out: as much later as it jumped
        ("2026-10-25T04:00", 3, "10-25 02:00"),  # by the hours that pass: 02:00 for the second time
        ("2026-11-24T10:00", 36, "11-22 22:00"),
    ],
)
def test_whole_days_by_the_wall_anything_else_by_the_hours_that_pass(session, hours, goes):
    assert shown(rules_times.hours_before(wall(session), hours, WARSAW)) == goes


def test_hours_pass_by_utc_whatever_the_zone_of_what_is_passed_in():
    session = dt.datetime(2026, 10, 25, 4, 0, tzinfo=WARSAW)  # an hour after the clock went back
    assert rules_times.hours_before(session, 3, WARSAW) == wall("2026-10-25T04:00") - 3 * HOUR


def reminders(session, *hours, since=LONG_AGO, quiet=NIGHT):
    due = rules_times.reminders(wall(session), hours or (48, 3), quiet, since=since)
    return [(one.step, shown(one.due_at), shown(one.not_after)) for one in due]


def test_each_reminder_is_useful_until_the_next_one_goes():
    assert reminders("2026-11-26T14:00") == [
        (1, "11-24 14:00", "11-26 11:00"),
        (2, "11-26 11:00", "11-26 13:00"),
    ]


def test_before_an_early_session_it_goes_the_evening_before():
    assert reminders("2026-11-26T08:30") == [
        (1, "11-24 08:30", "11-25 19:00"),
        (2, "11-25 19:00", "11-26 07:30"),
    ]


def test_two_that_would_come_together_are_one():
    assert reminders("2026-11-26T08:30", 12, 3) == [(2, "11-25 19:00", "11-26 07:30")]


def test_none_on_the_heels_of_the_booking():
    session = wall("2026-11-26T14:00")
    assert [one[0] for one in reminders("2026-11-26T14:00", since=session - 50 * HOUR)] == [2]
    assert [one[0] for one in reminders("2026-11-26T14:00", since=session - 8 * HOUR)] == []


def test_what_to_mind_goes_days_before_and_at_once_if_that_is_over():
    def goes(since, **late):
        due = rules_times.days_before(
            wall("2026-11-26T14:00"), 3, dt.time(9), NIGHT, since=wall(since), **late
        )
        return due and shown(due.due_at)

    assert goes("2026-11-01T09:00") == "11-23 09:00"
    assert goes("2026-11-25T15:00") == "11-25 15:02"
    assert goes("2026-11-25T21:00") == "11-26 08:00"
    assert goes("2026-11-26T13:30") is None
    assert goes("2026-11-25T15:00", late_too=False) is None
    assert goes("2026-11-01T09:00", late_too=False) == "11-23 09:00"


def test_recalls_are_spaced_on_the_wall_and_each_is_over_before_the_next():
    due = rules_times.recalls(dt.date(2026, 9, 1), 4, 3, 21, dt.time(9), NIGHT)
    assert [(one.step, shown(one.due_at)) for one in due] == [
        (1, "09-29 09:00"),
        (2, "10-20 09:00"),
        (3, "11-10 09:00"),
    ]
    assert all(one.not_after < after.due_at for one, after in itertools.pairwise(due))


def test_a_letter_waits_until_things_have_settled_and_for_the_morning_unless_that_is_too_late():
    evening = wall("2026-11-23T20:30")
    assert shown(rules_times.soon(wall("2026-11-23T12:00"), NIGHT, evening)) == "11-23 12:02"
    assert shown(rules_times.soon(evening, NIGHT, evening + 24 * HOUR)) == "11-24 08:00"
    assert shown(rules_times.soon(evening, NIGHT, evening + 8 * HOUR)) == "11-23 20:32"


# Every minute of the weekends on which the clock changes

CLOCKS = {
    "Europe/Warsaw": ("2026-03-27", "2026-10-23"),
    "America/New_York": ("2026-03-06", "2026-10-30"),
    "Australia/Lord_Howe": ("2026-10-02", "2026-04-03"),
}


def sessions_of(zone: ZoneInfo, friday: dt.date) -> list[dt.datetime]:
    """On six days from Friday on, at each half hour that the clock shows, twice where it shows it twice."""
    begin = dt.datetime.combine(friday, dt.time(), tzinfo=zone).astimezone(dt.UTC)
    return [(begin + n * HOUR / 2).astimezone(zone) for n in range(6 * 48)]


@pytest.mark.parametrize(("name", "friday"), [(n, f) for n, both in CLOCKS.items() for f in both])
def test_each_minute_of_a_clock_change_each_session_gets_each_reminder_once_at_its_time(name, friday):
    """What the tick does, minute by minute by UTC, with what is promised at booking; a fake that sends."""
    zone, friday = ZoneInfo(name), dt.date.fromisoformat(friday)
    quiet, sessions = Quiet(dt.time(0), dt.time(0), zone), sessions_of(zone, friday)
    waiting = sorted(
        (due.due_at, due.not_after, start.astimezone(dt.UTC), due.step)
        for start in sessions
        for due in rules_times.reminders(start.astimezone(dt.UTC), (48, 3), quiet, since=LONG_AGO)
    )
    begin = dt.datetime.combine(friday - dt.timedelta(days=4), dt.time(), tzinfo=dt.UTC)
    sent: dict[tuple[dt.datetime, int], list[dt.datetime]] = {}
    for minute in range(11 * 24 * 60):
        at = begin + dt.timedelta(minutes=minute)
        while waiting and waiting[0][0] <= at:
            _due, not_after, start, step = waiting.pop(0)
            assert at <= not_after
            sent.setdefault((start, step), []).append(at)
    assert not waiting
    shows = clock_shows(zone, begin, 11 * 24 * 60)
    jump = max(after - before for before, after in itertools.pairwise(shows))
    for session in sessions:
        start = session.astimezone(dt.UTC)
        [first], [second] = sent[start, 1], sent[start, 2]
        assert second == start - 3 * HOUR
        wanted = session.replace(tzinfo=None, fold=0) - dt.timedelta(days=2)
        left_out = wanted not in shows
        assert first == shows[wanted + (jump - dt.timedelta(minutes=1)) * left_out]


def clock_shows(zone: ZoneInfo, begin: dt.datetime, minutes: int) -> dict[dt.datetime, dt.datetime]:
    """{what the wall shows: when it first does}, by watching the clock minute by minute."""
    shown = {}
    for n in range(minutes):
        at = begin + dt.timedelta(minutes=n)
        shown.setdefault(at.astimezone(zone).replace(tzinfo=None), at)
    return shown
