"""The rules of the calendar, checked by examples and against a search through everything."""

import datetime as dt
from itertools import pairwise, product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treatments.schedule import rules
from treatments.schedule.rules import Clock, Fault, Free, Hours, Lack, Lacking, Occupation, Series, Slot, Step

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
    return Free(list(spans), always if patient is None else patient, rooms or {1: always})


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
    assert found == [rules.Opening(moment(0, 9), moment(0, 9), 1)]


def test_a_session_needs_the_same_room_all_the_time():
    rooms = {1: [span(0, 9, 10)], 2: [span(0, 10, 11)]}
    two_hours = Occupation(120, ((0, 120),))
    assert rules.openings(free(span(0, 9, 11), rooms=rooms), two_hours) == []


def test_slots_of_a_day_name_the_first_free_room():
    rooms = {7: [span(0, 10, 11)], 2: [span(0, 9, 12)]}
    found = rules.openings(free(span(0, 9, 12), rooms=rooms), HOUR)
    assert rules.slots_of(3, found, 60, ZONE) == [
        Slot(3, moment(0, 9), 2),
        Slot(3, moment(0, 10), 7),
        Slot(3, moment(0, 11), 2),
    ]


@pytest.mark.parametrize("grid", [5, 10, 15, 20, 30, 60])
@pytest.mark.parametrize("zone", ["Europe/Warsaw", "Asia/Kathmandu", "Asia/Kolkata", "America/St_Johns"])
def test_the_grid_is_the_wall_clocks(grid, zone):
    zone = ZoneInfo(zone)
    start = dt.datetime(2026, 3, 29, 0, 7, 3, tzinfo=dt.UTC)
    up, down = rules.grid_up(start, grid, zone), rules.grid_down(start, grid, zone)
    assert up.astimezone(zone).minute % grid == 0 == down.astimezone(zone).minute % grid
    assert up - down == dt.timedelta(minutes=grid)
    assert down < start < up
    assert rules.grid_up(up, grid, zone) == up == rules.grid_down(up, grid, zone)


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


def test_course_keeps_interval_weekday_and_hour():
    work = [span(day, 8, 16) for day in range(80)]
    found = rules.propose(free(*work), HOUR, Series(5, 10, 14, 21), earliest=moment(0, 9, 30), clock=CLOCK)
    assert found == [Slot(number, moment(14 * (number - 1), 10), 1) for number in range(1, 6)]


def test_missing_session_goes_between_its_neighbours():
    work = [span(day, 8, 16) for day in range(80)]
    standing = {1: moment(0, 9), 3: moment(26, 9)}
    found = rules.propose(
        free(*work), HOUR, Series(3, 10, 14, 21, standing), earliest=moment(1, 0), clock=CLOCK
    )
    assert found == [Slot(2, moment(14, 9), 1)]


def test_first_session_can_be_missing_too():
    work = [span(day, 8, 16) for day in range(80)]
    series = Series(2, 10, 14, 21, {2: moment(40, 9)})
    found = rules.propose(free(*work), HOUR, series, earliest=moment(1, 0), clock=CLOCK)
    assert found == [Slot(1, moment(19, 8), 1)]


@pytest.mark.parametrize(
    ("having", "lacking"),
    [
        pytest.param(free(), (1, Lack.PRACTITIONER), id="practitioner never works"),
        pytest.param(free(span(0, 9, 12)), (2, Lack.PRACTITIONER), id="practitioner works once"),
        pytest.param(free(span(0, 9, 12), span(14, 9, 12), patient=[span(0, 9, 12)]), (2, Lack.PATIENT)),
        pytest.param(free(span(0, 9, 12), span(14, 9, 12), rooms={1: [span(0, 9, 12)]}), (2, Lack.ROOM)),
        pytest.param(
            free(span(0, 9, 12), span(14, 9, 10), rooms={1: [span(0, 9, 12), span(14, 10, 11)]}),
            (2, Lack.TOGETHER),
        ),
    ],
)
def test_says_which_session_lacks_what(having, lacking):
    found = rules.propose(having, HOUR, Series(3, 10, 14, 21), earliest=moment(0, 0), clock=CLOCK)
    assert isinstance(found, Lacking)
    assert (found.number, found.lack) == lacking


def test_says_that_the_interval_has_run_out():
    series = Series(2, 10, 14, 21, {1: moment(0, 9)})
    found = rules.propose(free(span(30, 8, 16)), HOUR, series, earliest=moment(30, 0), clock=CLOCK)
    assert found == Lacking(2, MONDAY + dt.timedelta(days=10), MONDAY + dt.timedelta(days=21), Lack.PAST)


def test_time_of_day_is_kept():
    work = [span(day, 8, 16) for day in range(40)]
    afternoon = rules.Daytime(dt.time(14), dt.time(23, 59))
    found = rules.propose(
        free(*work), HOUR, Series(2, 10, 14, 21), earliest=moment(0, 0), clock=CLOCK, daytime=afternoon
    )
    assert [slot.starts_at for slot in found] == [moment(0, 14), moment(14, 14)]


# Against a search through everything

spans = st.lists(
    st.tuples(st.integers(0, 13), st.integers(8, 12), st.integers(1, 3)), max_size=9, unique_by=lambda s: s[0]
).map(lambda rows: [span(day, begin, begin + length) for day, begin, length in sorted(rows)])


def cost(series: Series, first: dt.datetime, whole: tuple[dt.datetime, ...]) -> tuple[int, int, int]:
    local = [start.astimezone(ZONE) for start in whole]
    gaps = sum(abs((b.date() - a.date()).days - series.target) for a, b in pairwise(local))
    anchor = first.astimezone(ZONE)
    return (
        gaps,
        sum(start.weekday() != anchor.weekday() for start in local[1:]),
        sum(abs(start.hour - anchor.hour) * 60 for start in local[1:]),
    )


def all_series(having: Free, series: Series) -> list[tuple[dt.datetime, ...]]:
    starts = sorted({s.starts_at for s in rules.slots_of(1, rules.openings(having, HOUR), 60, ZONE)})
    days = {start: start.astimezone(ZONE).date() for start in starts}
    return [
        whole
        for whole in product(starts, repeat=series.sessions)
        if all(series.allows((days[b] - days[a]).days) for a, b in pairwise(whole))
    ]


@settings(max_examples=150, deadline=None)
@given(
    practitioner=spans, room=spans, bounds=st.tuples(st.integers(1, 4), st.integers(0, 2), st.integers(0, 2))
)
def test_finds_the_best_series_if_there_is_any(practitioner, room, bounds):
    at_least, more, most = bounds
    series = Series(3, at_least, at_least + more, at_least + more + most)
    having = free(*practitioner, rooms={1: room, 2: [span(5, 0, 20)]})
    possible = all_series(having, series)
    found = rules.propose(having, HOUR, series, earliest=moment(0, 0), clock=CLOCK)
    if not possible:
        assert isinstance(found, Lacking)
        return
    chosen = tuple(slot.starts_at for slot in found)
    earliest = min(whole[0] for whole in possible)
    best = min(cost(series, earliest, whole) for whole in possible if whole[0] == earliest)
    assert chosen in possible
    assert chosen[0] == earliest
    assert cost(series, earliest, chosen) == best
    assert not rules.faults(
        {slot.number: slot.starts_at for slot in found},
        series,
        HOUR,
        {n: [Hours(d, dt.time(0), dt.time(23, 59)) for d in range(1, 8)] for n in (1, 2, 3)},
        at=moment(0, 0),
        clock=CLOCK,
    )


clock_changes = st.sampled_from(
    [dt.date(2026, 3, 29), dt.date(2026, 10, 25), dt.date(2027, 3, 28), dt.date(2027, 10, 31)]
)


@given(
    change=clock_changes,
    before=st.integers(0, 13),
    hour=st.integers(4, 20),
    minute=st.sampled_from([0, 15, 45]),
)
def test_proposals_keep_the_wall_time_over_a_change_of_the_clock(change, before, hour, minute):
    first = change - dt.timedelta(days=before)
    start = rules.wall(first, dt.time(hour, minute), ZONE)
    always = [(start, start + dt.timedelta(days=90))]
    found = rules.propose(
        Free(always, always, {1: always}), HOUR, Series(4, 10, 14, 21), earliest=start, clock=Clock(ZONE, 15)
    )
    assert [slot.starts_at.astimezone(ZONE).time() for slot in found] == [dt.time(hour, minute)] * 4
    days = [slot.starts_at.astimezone(ZONE).date() for slot in found]
    assert days == [first + dt.timedelta(days=14 * n) for n in range(4)]


@pytest.mark.parametrize(("day", "hours"), [(dt.date(2026, 3, 29), 23), (dt.date(2026, 10, 25), 25)])
def test_a_day_has_the_hours_that_it_has(day, hours):
    whole = [(rules.wall(day, dt.time.min, ZONE), rules.wall(day + dt.timedelta(days=1), dt.time.min, ZONE))]
    days = rules.by_day(rules.openings(Free(whole, whole, {1: whole}), HOUR), earliest=whole[0][0], zone=ZONE)
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
        HOUR,
        hours,
        at=moment(0, 0),
        clock=CLOCK,
    )
    assert found == expected
