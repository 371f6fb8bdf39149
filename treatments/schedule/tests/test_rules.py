"""The rules of the calendar, checked by examples."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from treatments.schedule import rules
from treatments.schedule.rules import Clock, Fault, Free, Hours, Occupation, Series, Slot, Step

ZONE = ZoneInfo("Europe/Warsaw")
CLOCK = Clock(ZONE, 60)
MONDAY = dt.date(2026, 11, 23)
HOUR = Occupation(60, ((0, 60),))
CREAM = Occupation(60, ((0, 10), (40, 60)))


def moment(day: int, hour: int, minute: int = 0) -> dt.datetime:
    """The moment when the clinic's clock shows this time, `day` days after MONDAY."""
    return rules.wall(MONDAY + dt.timedelta(days=day), dt.time(hour, minute), ZONE)


def span(day: int, begin: int, end: int) -> rules.Span:
    return moment(day, begin), moment(day, end)


def free(*spans, rooms=None, patient=None) -> Free:
    always = [(moment(-1, 0), moment(99, 0))]
    return Free({9: list(spans)}, always if patient is None else patient, rooms or {1: always})


def test_a_session_takes_its_minutes_over_a_change_of_the_clock_also_from_a_local_time():
    begin = dt.datetime(2027, 10, 31, 2, 30, tzinfo=ZONE)
    until = dt.datetime(2027, 10, 31, 1, 45, tzinfo=dt.UTC)
    assert rules.shifted(begin, (0, 75)) == (begin.astimezone(dt.UTC), until)


@pytest.mark.parametrize(
    ("steps", "parts"),
    [
        pytest.param([Step(10), Step(5), Step(20)], ((0, 35),), id="one after the other is one part"),
        pytest.param(
            [Step(10), Step(30, True), Step(5), Step(20)],
            ((0, 10), (40, 65)),
            id="free while the cream works",
        ),
        pytest.param([Step(30, True), Step(20)], ((30, 50),), id="cream first"),
        pytest.param([Step(20), Step(30, True)], ((0, 20),), id="cream last"),
        pytest.param([Step(30, True)], ((0, 30),), id="somebody is always there for something"),
    ],
)
def test_practitioner_is_taken_for_the_steps_that_need_one(steps, parts):
    total = sum(step.minutes for step in steps)
    assert rules.occupation(steps, total) == Occupation(total, parts)


def test_steps_that_do_not_add_up_leave_the_practitioner_taken_all_the_time():
    assert rules.occupation([Step(10), Step(30, True)], 75) == Occupation(75, ((0, 75),))


def test_a_session_fits_where_each_part_fits():
    found = rules.openings(free((moment(0, 9), moment(0, 9, 10)), (moment(0, 9, 40), moment(0, 10))), CREAM)
    assert found == [rules.Opening(moment(0, 9), moment(0, 9), 1, 9)]


def test_a_session_needs_the_same_room_all_the_time():
    rooms = {1: [span(0, 9, 10)], 2: [span(0, 10, 11)]}
    two_hours = Occupation(120, ((0, 120),))
    assert rules.openings(free(span(0, 9, 11), rooms=rooms), two_hours) == []


def test_slots_of_a_day_name_the_first_free_room():
    rooms = {7: [span(0, 10, 11)], 2: [span(0, 9, 12)]}
    found = rules.openings(free(span(0, 9, 12), rooms=rooms), HOUR)
    assert rules.slots_of(3, found, 60, ZONE) == [
        Slot(3, moment(0, 9), 2, 9),
        Slot(3, moment(0, 10), 7, 9),
        Slot(3, moment(0, 11), 2, 9),
    ]


@pytest.mark.parametrize("grid", [5, 10, 15, 20, 30, 60])
@pytest.mark.parametrize("zone", ["Europe/Warsaw", "Asia/Kathmandu", "Asia/Kolkata", "America/St_Johns"])
def test_the_grid_is_the_wall_clocks(grid, zone):
    zone = ZoneInfo(zone)
    start = dt.datetime(2026, 3, 29, 0, 7, 3, tzinfo=dt.UTC)
    up = rules.grid_up(start, grid, zone)
    assert up.astimezone(zone).minute % grid == 0
    assert start < up <= start + dt.timedelta(minutes=grid)
    assert rules.grid_up(up, grid, zone) == up


@pytest.mark.parametrize(
    ("hours", "covered"),
    [
        ([(1, 9, 17)], True),
        ([(1, 9, 10), (1, 10, 17)], True),
        ([(1, 10, 17)], False),
        ([(1, 9, 10)], False),
        ([(1, 9, 10), (1, 11, 17)], False),
        ([(2, 9, 17)], False),
        ([], False),
    ],
)
def test_working_hours_cover_a_span_or_not(hours, covered):
    rows = [Hours(day, dt.time(begin), dt.time(end)) for day, begin, end in hours]
    assert rules.at_work(rows, span(0, 9, 12), ZONE) is covered


def test_working_hours_after_midnight_are_those_of_the_clinics_day():
    early = [Hours(1, dt.time(0), dt.time(2))]
    assert rules.at_work(early, (moment(0, 0, 15), moment(0, 1)), ZONE)
    assert not rules.at_work(early, (moment(1, 0, 15), moment(1, 1)), ZONE)


@pytest.mark.parametrize(("day", "hours"), [(dt.date(2026, 3, 29), 23), (dt.date(2026, 10, 25), 25)])
def test_a_day_has_the_hours_that_it_has(day, hours):
    whole = [(rules.wall(day, dt.time.min, ZONE), rules.wall(day + dt.timedelta(days=1), dt.time.min, ZONE))]
    days = rules.by_day(
        rules.openings(Free({9: whole}, whole, {1: whole}), HOUR), earliest=whole[0][0], zone=ZONE
    )
    assert list(days) == [day]
    assert len(rules.slots_of(1, days[day], 60, ZONE)) == hours


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        pytest.param({1: (0, 9), 2: (14, 9)}, set(), id="as it should be"),
        pytest.param({1: (-1, 9), 2: (13, 9)}, {(1, Fault.PAST)}, id="past"),
        pytest.param(
            {1: (435, 9), 2: (449, 9)}, {(2, Fault.FAR)}, id="a year, four weeks and the course are the most"
        ),
        pytest.param({1: (0, 9, 30), 2: (14, 9)}, {(1, Fault.GRID)}, id="off the grid"),
        pytest.param({1: (0, 9), 2: (9, 9)}, {(2, Fault.INTERVAL)}, id="too soon"),
        pytest.param({1: (0, 9), 2: (22, 9)}, {(2, Fault.INTERVAL)}, id="too late"),
        pytest.param({1: (0, 9), 2: (14, 17)}, {(2, Fault.HOURS)}, id="after work"),
        pytest.param({1: (14, 9), 2: (0, 9)}, {(2, Fault.ORDER)}, id="the wrong way round"),
    ],
)
def test_faults_of_chosen_times(chosen, expected):
    hours = {n: [Hours(day, dt.time(8), dt.time(17)) for day in range(1, 8)] for n in (1, 2)}
    found = rules.faults(
        {number: moment(*when) for number, when in chosen.items()},
        Series(2, 10, 14, 21),
        {1: HOUR, 2: HOUR},
        hours,
        at=moment(0, 0),
        clock=CLOCK,
    )
    assert found == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param((0, 16), (10, 8), set(), id="ten days, though less than ten times 24 hours"),
        pytest.param((0, 8), (9, 16), {(2, Fault.INTERVAL)}, id="nine days and some hours"),
        pytest.param((0, 23, 30), (10, 0, 30), set(), id="ten days in the clinic, not in UTC"),
        pytest.param((0, 0, 30), (9, 23, 30), {(2, Fault.INTERVAL)}, id="ten days in UTC, not in the clinic"),
    ],
)
def test_intervals_are_counted_in_days_of_the_clinic(first, second, expected):
    series = Series(2, 10, 14, 21)
    assert rules.interval_faults({1: moment(*first), 2: moment(*second)}, series, CLOCK) == expected


def test_a_session_after_one_with_a_higher_number_is_out_of_order_though_one_between_is_missing():
    series = Series(5, 10, 14, 21, standing={1: moment(25, 9), 4: moment(45, 9)})
    assert rules.interval_faults({2: moment(46, 9)}, series, CLOCK) == {(2, Fault.ORDER)}
    assert rules.interval_faults({2: moment(35, 9)}, series, CLOCK) == set()


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        pytest.param(9, {(3, Fault.INTERVAL)}, id="sooner than two sessions may follow each other"),
        pytest.param(10, set(), id="the shortest interval, as though it were the next"),
        pytest.param(60, set(), id="how late it may be is said when the one between is booked"),
    ],
)
def test_a_missing_session_leaves_its_neighbours_the_shortest_interval_apart(day, expected):
    series = Series(5, 10, 14, 21, standing={1: moment(0, 9)})
    assert rules.interval_faults({3: moment(day, 9)}, series, CLOCK) == expected
