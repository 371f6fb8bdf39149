"""Who is offered a time that became free, against a search through everything."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.schedule import rules
from treatments.schedule.rules import (
    ANY_TIME,
    Daytime,
    Free,
    Need,
    Occupation,
    Series,
    Slot,
    Vacancy,
    Waiter,
    Wishes,
)
from treatments.schedule.rules.waiting import fits
from treatments.schedule.tests.test_rules import CLOCK, HOUR, MONDAY, ZONE, moment, span

ANNA, BEN = 11, 12
ALWAYS = [(moment(-30, 0), moment(99, 0))]
MORNING = Vacancy(*span(0, 10, 11), frozenset({ANNA}), frozenset({1}))
LONG_AGO = moment(-9, 12)


def waiter(
    entry=1, *, number=1, series=None, has=None, free=None, told=(), takes=HOUR, since=LONG_AGO, **wished
):
    wishes = Wishes(**{"earliest": moment(0, 8), "now": moment(0, 8), **wished})
    having = free or Free({ANNA: [MORNING_SPAN]}, ALWAYS, {1: ALWAYS})
    return Waiter(
        entry, number, since, wishes, series or Series(3, 10, 14, 21), takes, having, has, tuple(told)
    )


MORNING_SPAN = (MORNING.begin, MORNING.until)


def chosen(*waiters, vacancy=MORNING, most=3):
    return [fit.waiter.entry for fit in rules.choose(waiters, vacancy, CLOCK, most=most)]


def later(days, **fields):
    """Booked so many days after the vacancy."""
    return Slot(fields.get("number", 1), moment(days, 10), 1, ANNA)


def test_who_has_no_time_comes_first_then_who_gains_most_days_then_who_waits_longest():
    crowd = [
        waiter(1, has=later(5)),
        waiter(2, has=later(9)),
        waiter(3, since=moment(-2, 12)),
        waiter(4, has=later(9), since=moment(-10, 12)),
        waiter(5, since=moment(-3, 12)),
    ]
    assert chosen(*crowd, most=9) == [5, 3, 4, 2, 1]
    assert chosen(*crowd) == [5, 3, 4]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"practitioner": BEN}, id="somebody else is wished"),
        pytest.param({"room": 2}, id="another room"),
        pytest.param({"weekdays": frozenset({2})}, id="another weekday"),
        pytest.param({"daytime": Daytime(dt.time(10, 30))}, id="later in the day"),
        pytest.param({"daytime": Daytime(dt.time.min, dt.time(10, 55))}, id="over before"),
        pytest.param({"earliest": moment(1, 0)}, id="from tomorrow on"),
        pytest.param({"latest": MONDAY - dt.timedelta(days=1)}, id="by yesterday"),
        pytest.param({"takes": Occupation(75, ((0, 75),))}, id="it takes longer"),
        pytest.param({"told": [span(0, 10, 11)]}, id="it was offered before"),
        pytest.param({"has": later(0)}, id="they have it so already"),
        pytest.param({"has": Slot(1, moment(0, 9), 1, ANNA)}, id="they have it sooner"),
        pytest.param({"number": 2}, id="the session before has no time"),
        pytest.param(
            {"number": 2, "series": Series(3, 10, 14, 21, {1: moment(-9, 10)})},
            id="too soon after the one before",
        ),
        pytest.param(
            {"number": 2, "series": Series(3, 10, 14, 21, {1: moment(-12, 10), 3: moment(22, 10)})},
            id="too long before the next",
        ),
        pytest.param(
            {"free": Free({ANNA: [MORNING_SPAN]}, [span(0, 8, 10)], {1: ALWAYS})},
            id="the patient is elsewhere",
        ),
        pytest.param({"free": Free({ANNA: [MORNING_SPAN]}, ALWAYS, {})}, id="it is not done in this room"),
        pytest.param({"free": Free({}, ALWAYS, {1: ALWAYS})}, id="she does not do it"),
        pytest.param(
            {
                "free": Free(
                    {ANNA: [MORNING_SPAN]}, ALWAYS, {1: ALWAYS}, (Need(((0, 60),), {7: [span(0, 8, 10)]}),)
                )
            },
            id="no device",
        ),
    ],
)
def test_nobody_is_offered_what_does_not_do(fields):
    assert chosen(waiter()) == [1]
    assert chosen(waiter(**fields)) == []


def test_what_is_had_otherwise_than_wished_may_change_for_a_later_time():
    assert chosen(waiter(has=later(-1), weekdays=frozenset({1}))) == [1]


def test_only_what_became_free_is_given_away():
    """Ben was free all the time; whoever wanted him could have booked him."""
    idle = Free({BEN: [MORNING_SPAN]}, ALWAYS, {2: ALWAYS})
    assert chosen(waiter(free=idle)) == []
    assert chosen(waiter(free=replace(idle, rooms={1: ALWAYS}))) == [1]


def test_a_patient_who_waits_twice_is_asked_once():
    twice = [replace(waiter(entry), patient=7) for entry in (1, 2)]
    assert chosen(*twice, replace(waiter(3), patient=8)) == [1, 3]


def test_one_yes_settles_all_that_are_asked_at_once():
    """A free morning holds two sessions: who wants the early one and who wants the late one are not asked together."""
    morning = Vacancy(*span(0, 8, 10), frozenset({ANNA}), frozenset({1}))
    whole = Free({ANNA: [span(0, 8, 10)]}, ALWAYS, {1: ALWAYS})
    early = waiter(1, free=whole, daytime=Daytime(dt.time.min, dt.time(9)))
    late = waiter(2, free=whole, daytime=Daytime(dt.time(9)))
    either = waiter(3, free=whole, told=[span(0, 8, 9)], since=moment(-1, 0))
    assert chosen(early, late, either, vacancy=morning) == [1]
    assert chosen(late, either, vacancy=morning) == [2, 3]


# Against brute force

DAYS = st.integers(0, 3)
HOURS = st.integers(8, 12)


def spans_of(draw, most=3):
    found = [
        span(draw(DAYS), begin, begin + draw(st.integers(1, 3)))
        for begin in draw(st.lists(HOURS, max_size=most))
    ]
    joined: list = []
    for begin, until in sorted(found):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(until, joined[-1][1]))
        else:
            joined.append((begin, until))
    return joined


@st.composite
def waiters(draw, entry=1):
    number = draw(st.integers(1, 3))
    standing = {
        n: moment(draw(st.integers(-16, -8)) if n < number else draw(st.integers(10, 20)), 10)
        for n in (1, 2, 3)
    }
    dropped = draw(st.sets(st.integers(1, 3)))
    series = Series(
        3,
        7,
        10,
        21,
        {n: at for n, at in standing.items() if n != number and n not in dropped},
        draw(st.sampled_from([None, BEN])),
    )
    has = Slot(number, moment(draw(st.integers(0, 6)), draw(HOURS)), draw(st.sampled_from([1, 2])), ANNA)
    parts = draw(st.sampled_from([((0, 45),), ((0, 15), (30, 45))]))
    wishes = Wishes(
        earliest=moment(0, draw(st.integers(7, 11))),
        now=moment(0, 7),
        practitioner=draw(st.sampled_from([None, None, ANNA, BEN])),
        weekdays=frozenset(draw(st.sets(st.integers(1, 4), max_size=2))),
        daytime=draw(st.sampled_from([ANY_TIME, Daytime(dt.time(9)), Daytime(dt.time(8), dt.time(12))])),
        latest=draw(st.sampled_from([None, MONDAY, MONDAY + dt.timedelta(days=2)])),
        room=draw(st.sampled_from([None, None, 1])),
    )
    free = Free(
        {ANNA: spans_of(draw), BEN: spans_of(draw)},
        draw(st.sampled_from([ALWAYS, [span(0, 9, 11), span(2, 8, 12)]])),
        {1: draw(st.sampled_from([ALWAYS, [span(0, 8, 12)]])), 2: spans_of(draw, 1)},
        draw(st.sampled_from([(), (Need(((0, 50),), {7: [span(0, 8, 10)], 8: [span(1, 9, 13)]}),)])),
    )
    return Waiter(
        entry,
        number,
        moment(-draw(st.integers(1, 4)), 12),
        wishes,
        series,
        Occupation(45, parts).with_buffers(0, 5),
        free,
        draw(st.sampled_from([None, has])),
        draw(st.sampled_from([(), (span(0, 9, 10),)])),
    )


@st.composite
def vacancies(draw):
    day, begin = draw(DAYS), draw(HOURS)
    until = moment(day + draw(st.integers(0, 2)), begin + draw(st.integers(1, 3)))
    some = st.sets(st.sampled_from([ANNA, BEN]))
    return Vacancy(
        moment(day, begin), until, frozenset(draw(some)), frozenset(draw(st.sets(st.sampled_from([1, 2]))))
    )


def day(at):
    return at.astimezone(ZONE).date()


def all_right(one: Waiter, slot: Slot, vacancy: Vacancy) -> bool:
    """Said again, as plainly as can be."""
    local, end = slot.starts_at.astimezone(ZONE), (slot.starts_at + dt.timedelta(minutes=45)).astimezone(ZONE)

    def wished(starts, ends, who, room):
        wish, clock = one.wishes, one.wishes.daytime
        return not any(
            [
                starts < wish.earliest,
                wish.latest is not None and starts.date() > wish.latest,
                wish.weekdays and starts.isoweekday() not in wish.weekdays,
                wish.practitioner not in (None, who),
                wish.room not in (None, room),
                starts.time() < clock.earliest,
                clock.until is not None and (ends.date() > starts.date() or ends.time() > clock.until),
            ]
        )

    if not rules.could_start(one.free, one.takes, slot) or not wished(
        local, end, slot.practitioner, slot.room
    ):
        return False
    if one.has and one.has.starts_at <= slot.starts_at:
        has = one.has.starts_at.astimezone(ZONE)
        if wished(has, has + dt.timedelta(minutes=45), one.has.practitioner, one.has.room):
            return False
    if any(slot.starts_at < until and begin < end for begin, until in one.told):
        return False
    before, after = one.series.standing.get(one.number - 1), one.series.standing.get(one.number + 1)
    if one.number > 1 and (before is None or not 7 <= (local.date() - day(before)).days <= 21):
        return False
    if after and not 7 <= (day(after) - local.date()).days <= 21:
        return False
    fresh = slot.practitioner in vacancy.practitioners or slot.room in vacancy.rooms
    return fresh and vacancy.begin <= slot.starts_at < vacancy.until


def every_slot(one: Waiter, vacancy: Vacancy):
    starts_at = moment(0, 0)
    while starts_at < moment(7, 0):
        for who in (ANNA, BEN):
            for room in (1, 2):
                slot = Slot(one.number, starts_at, room, who)
                if vacancy.begin <= starts_at < vacancy.until and all_right(one, slot, vacancy):
                    yield slot
        starts_at += dt.timedelta(minutes=CLOCK.grid)


@given(waiters(), vacancies())
def test_exactly_what_does_is_found_the_soonest_first(one, vacancy):
    found = [fit.slot for fit in fits(one, vacancy, CLOCK)]
    assert sorted(found, key=repr) == sorted(every_slot(one, vacancy), key=repr)
    assert [slot.starts_at for slot in found] == sorted(slot.starts_at for slot in found)


@given(st.tuples(*(waiters(entry) for entry in (1, 2, 3, 4))), vacancies(), st.integers(1, 4))
def test_nobody_who_ranks_better_is_passed_over(crowd, vacancy, most):
    found = rules.choose(crowd, vacancy, CLOCK, most=most)

    def rank(one, slot):
        gain = (day(one.has.starts_at) - day(slot.starts_at)).days if one.has else 999
        return -gain, one.since, one.entry

    possible = {one.entry: [rank(one, slot) for slot in every_slot(one, vacancy)] for one in crowd}
    ranks = [rank(fit.waiter, fit.slot) for fit in found]
    assert bool(found) == any(possible.values())
    assert ranks == sorted(ranks)
    assert len(found) <= most
    assert not found or ranks[0] == min(rank for own in possible.values() for rank in own)
    for fit in found:
        assert fit.competes_with(found[0])
    left = [one for one in crowd if one.entry not in {fit.waiter.entry for fit in found}]
    for one in left if len(found) < most and found else []:
        assert not any(rules.Fit(one, slot, 0).competes_with(found[0]) for slot in every_slot(one, vacancy))
