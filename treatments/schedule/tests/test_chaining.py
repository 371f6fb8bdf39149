"""Which later sessions give way to one that moves: by examples, and against a search through everything."""

import datetime as dt

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clinic.tests.thorough import examples
from treatments.schedule import rules
from treatments.schedule.rules import (
    Before,
    Chain,
    Change,
    Clock,
    Free,
    Need,
    Occupation,
    Question,
    Seat,
    Series,
    Slot,
    Stuck,
)
from treatments.schedule.rules.nearest import Nearest
from treatments.schedule.tests.test_proposing import (
    ALWAYS,
    ANNA,
    BEN,
    CLOCK30,
    CREAM,
    EVERY_DAY,
    START,
    changing,
    everything,
    free,
    spans,
    wall_minute,
)
from treatments.schedule.tests.test_rules import CLOCK, HOUR, MONDAY, ZONE, moment

DAY = dt.timedelta(days=1)
SERIES = Series(5, 10, 14, 21)


def seat(number, day, hour=10, *, who=ANNA, room=1, takes=HOUR, **said) -> Seat:
    return Seat(number, moment(day, hour), who, room, takes, **said)


def asked(having: Free, seats, *, before=None, series=SERIES, clock=CLOCK, earliest=START):
    return rules.chain(Question(having, HOUR, series, clock), seats, before=before, earliest=earliest)


def test_sessions_that_can_stay_stay():
    found = asked(free(), [seat(3, 28), seat(4, 42)], before=Before(2, moment(18, 10)))
    assert found == Chain([], Change())


def test_the_next_gives_way_on_its_weekday_at_its_hour_and_the_one_after_stays():
    later = [seat(3, 28), seat(4, 49)]
    found = asked(free(*EVERY_DAY), later, before=Before(2, moment(19, 9)))
    assert found == Chain([Slot(3, moment(35, 10), 1, ANNA)], Change(sessions=1, days=7))


def test_fewest_are_moved_even_where_the_weekday_is_lost():
    later = [seat(3, 28), seat(4, 42)]
    found = asked(free(*EVERY_DAY), later, before=Before(2, moment(19, 9)))
    assert found == Chain([Slot(3, moment(29, 10), 1, ANNA)], Change(sessions=1, weekdays=1, days=1))


def test_all_follow_where_all_must():
    later = [seat(n, 14 * (n - 1)) for n in (3, 4, 5)]
    found = asked(free(*EVERY_DAY), later, before=Before(2, moment(49, 10)))
    assert [slot.starts_at for slot in found.slots] == [moment(63, 10), moment(77, 10), moment(91, 10)]


def test_somebody_else_only_where_the_same_has_no_time_at_all():
    people = {BEN: EVERY_DAY}
    early = [(moment(day, 6), moment(day, 7)) for day in range(60)]
    [slot] = asked(free(*early, people=people), [seat(3, 28)], before=Before(2, moment(19, 9))).slots
    assert (slot.practitioner, slot.starts_at) == (ANNA, moment(35, 6))
    [slot] = asked(free(people=people), [seat(3, 28)], before=Before(2, moment(19, 9))).slots
    assert (slot.practitioner, slot.starts_at) == (BEN, moment(35, 10))


def test_neighbours_whom_a_doctor_put_outside_the_interval_are_left_alone():
    later = [seat(3, 28), seat(4, 30), seat(5, 90)]
    assert asked(free(*EVERY_DAY), later, before=Before(2, moment(14, 10))).slots == []


def test_a_missing_session_between_two_keeps_its_interval_to_both():
    assert asked(free(*EVERY_DAY), [seat(4, 28)], before=Before(2, moment(8, 10))).slots == []
    [slot] = asked(free(*EVERY_DAY), [seat(4, 28)], before=Before(2, moment(9, 10))).slots
    assert slot.starts_at == moment(35, 10)


def test_one_that_must_not_stay_moves_and_one_that_was_performed_never():
    away = [seat(2, 14, may_stay=False), seat(3, 28)]
    [slot] = asked(free(*EVERY_DAY), away, before=Before(1, moment(0, 10), stood=True)).slots
    assert (slot.number, slot.starts_at) == (2, moment(14, 10))  # its own time counts as free here
    done = [seat(3, 28, may_move=False)]
    assert asked(free(*EVERY_DAY), done, before=Before(2, moment(20, 10))) == Stuck(
        3, MONDAY + 30 * DAY, MONDAY + 41 * DAY
    )


def test_who_is_stuck_is_named_with_the_days_between_which_there_is_nothing():
    having = free(*[(moment(day, 8), moment(day, 18)) for day in range(30)])
    later = [seat(3, 28), seat(4, 42)]
    found = asked(having, later, before=Before(2, moment(19, 9)))
    assert isinstance(found, Chain)
    found = asked(having, later, before=Before(2, moment(23, 9)))
    assert found == Stuck(3, MONDAY + 33 * DAY, MONDAY + 44 * DAY)


def test_a_longer_session_needs_its_device_longer():
    need = Need(((0, 70),), {5: [(moment(28, 10), moment(28, 11, 10)), (moment(30, 9), moment(30, 11, 10))]})
    having = Free({ANNA: EVERY_DAY}, ALWAYS, {1: ALWAYS}, (need,))
    longer = Occupation(90, ((0, 90),))
    before = Before(2, moment(14, 9))
    [slot] = asked(having, [seat(3, 28, may_stay=False)], before=before).slots
    assert slot.starts_at == moment(28, 10)
    [slot] = asked(having, [seat(3, 28, takes=longer, may_stay=False)], before=before).slots
    assert slot.starts_at == moment(30, 9)


# Against a search through everything


def by_hand(having: Free, seats, series: Series, before: Before | None) -> list[Change]:
    """What every chain costs that keeps the intervals, added up one by one."""
    slots = {}
    for takes in {one.takes for one in seats}:
        slots[takes] = [
            (at, *one) for at, these in everything(having, takes, CLOCK30).items() for one in these
        ]
    assume(all(len(found) <= 90 for found in slots.values()))
    ways = [(Change(), before)]
    for one in seats:
        ways = [
            (cost.plus(change_of(one, start, who, room)), Before(one.number, start))
            for cost, last in ways
            if one.may_move
            for start, who, room, *_rest in slots[one.takes]
            if follows(last, one.number, start, series)
        ] + [
            (cost, Before(one.number, one.starts_at, stood=True))
            for cost, last in ways
            if one.may_stay
            and (last is None or last.stood or follows(last, one.number, one.starts_at, series))
        ]
        ways = list(dict.fromkeys(ways))
    return [cost for cost, _last in ways]


def follows(last, number, start, series) -> bool:
    if last is None:
        return True
    days = rules.day_of(start, ZONE) - rules.day_of(last.starts_at, ZONE)
    numbers = number - last.number
    return numbers * series.at_least <= days.days <= numbers * series.at_most


def change_of(one: Seat, start, who, room) -> Change:
    old, new = one.starts_at.astimezone(ZONE), start.astimezone(ZONE)
    return Change(
        1,
        who != one.practitioner,
        old.weekday() != new.weekday(),
        abs(wall_minute(start) - wall_minute(one.starts_at)),
        room != one.room,
        abs((new.date() - old.date()).days),
    )


standing = st.tuples(
    st.integers(0, 11),
    st.integers(8, 12),
    st.sampled_from([ANNA, BEN]),
    st.integers(1, 2),
    st.sampled_from([HOUR, CREAM]),
    st.sampled_from([(True, True), (True, True), (False, True), (True, False)]),
)


@settings(max_examples=examples(80))
@given(
    anna=spans,
    ben=spans,
    room=spans,
    bounds=st.tuples(st.integers(1, 4), st.integers(0, 3)),
    rows=st.lists(standing, min_size=1, max_size=3),
    skipped=st.integers(0, 1),
    before=st.none() | st.tuples(st.integers(0, 6), st.booleans()),
)
def test_the_change_is_the_least_of_everything_that_is_possible(
    anna, ben, room, bounds, rows, skipped, before
):
    at_least, more = bounds
    series = Series(9, at_least, at_least, at_least + more)
    seats = [
        Seat(number + skipped * (number > 2), moment(day, hour), who, place, takes, *may)
        for number, (day, hour, who, place, takes, may) in enumerate(rows, 2)
    ]
    having = Free({ANNA: anna, BEN: ben}, ALWAYS, {1: room, 2: ALWAYS})
    first = Before(1, moment(before[0], 9), before[1]) if before else None
    possible = by_hand(having, seats, series, first)
    found = rules.chain(Question(having, HOUR, series, CLOCK30), seats, before=first, earliest=START)
    if not possible:
        assert isinstance(found, Stuck)
        return
    assert isinstance(found, Chain)
    assert found.change == min(possible)
    assert is_so(found, seats, having)


@given(anna=spans, ben=spans, room=spans, row=standing)
def test_no_day_costs_less_than_is_said_before_it_is_looked_into(anna, ben, room, row):
    day, hour, who, place, takes, _may = row
    having = Free({ANNA: anna, BEN: ben}, ALWAYS, {1: room, 2: ALWAYS})
    one, near = Seat(2, moment(day, hour), who, place, takes), Nearest(having, HOUR, CLOCK30, START)
    for other in (MONDAY + n * DAY for n in range(14)):
        picked = near.on(one, other)
        assert picked is None or near.at_best(one, other) <= picked[0]


def is_so(found: Chain, seats, having: Free) -> bool:
    """The times it names are free, and cost what it says."""
    by_number, total = {one.number: one for one in seats}, Change()
    for slot in found.slots:
        one = by_number[slot.number]
        possible = everything(having, one.takes, CLOCK30)[slot.starts_at]
        if (slot.practitioner, slot.room) not in {(who, room) for who, room, *_rest in possible}:
            return False
        total = total.plus(change_of(one, slot.starts_at, slot.practitioner, slot.room))
    return total == found.change


@given(change=changing, days=st.integers(1, 13), minute=st.integers(0, 24 * 12 - 1).map(lambda n: n * 5))
def test_a_session_that_follows_over_a_change_of_the_clock_keeps_its_hour_on_the_wall(change, days, minute):
    zone, day = change
    old = rules.wall(day - days * DAY, dt.time(minute // 60, minute % 60), zone)
    always = [(old - 60 * DAY, old + 60 * DAY)]
    stands = Seat(2, old, ANNA, 1, HOUR)
    question = Question(
        Free({ANNA: always}, always, {1: always}), HOUR, Series(3, 14, 14, 14), Clock(zone, 5)
    )
    before = Before(1, rules.wall(rules.day_of(old, zone), dt.time(12), zone))
    [slot] = rules.chain(question, [stands], before=before, earliest=always[0][0]).slots
    assert slot.starts_at.astimezone(zone).time() == old.astimezone(zone).time()
    assert rules.day_of(slot.starts_at, zone) == rules.day_of(old, zone) + 14 * DAY


@pytest.mark.parametrize("sessions", [5, 30])
def test_a_long_course_with_many_to_choose_from_is_soon_done(sessions):
    people = {who: [(moment(day, 8), moment(day, 18)) for day in range(900)] for who in range(11, 31)}
    always = [(moment(-1, 0), moment(999, 0))]
    having = Free(people, always, dict.fromkeys(range(1, 13), always))
    later = [seat(n, 14 * (n - 1)) for n in range(3, sessions + 1)]
    series = Series(sessions, 10, 14, 35)
    found = asked(having, later, before=Before(2, moment(60, 10)), series=series)
    assert len(found.slots) >= 2
