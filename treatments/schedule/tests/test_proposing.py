"""What is proposed for a course, against a search through everything, and over changes of the clock."""

import datetime as dt
from collections.abc import Callable
from itertools import pairwise, product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clinic.tests.thorough import examples
from treatments.schedule import rules
from treatments.schedule.rules import (
    Clock,
    Cost,
    Daytime,
    Free,
    Lack,
    Lacking,
    Need,
    Occupation,
    Question,
    Series,
    Slot,
    Wish,
    Wishes,
    steps,
)
from treatments.schedule.rules.grid import Grid
from treatments.schedule.rules.steps import Times
from treatments.schedule.tests.test_rules import CLOCK, HOUR, MONDAY, ZONE, moment, span

ANNA, BEN = 11, 12
START = moment(0, 0)
ALWAYS = [(moment(-1, 0), moment(99, 0))]


def free(*spans, rooms=None, patient=None, **others) -> Free:
    """Anna is free then; the room and the patient always, unless something else is said."""
    return Free(
        {ANNA: list(spans)} | others.pop("people", {}),
        ALWAYS if patient is None else patient,
        rooms or {1: ALWAYS},
    )


def wishes(**said) -> Wishes:
    return Wishes(**{"earliest": START, "now": START, **said})


def asked(having: Free, series=None, **said) -> Question:
    return Question(
        having, said.get("takes", HOUR), series or Series(5, 10, 14, 21), said.get("clock", CLOCK), 60
    )


def first(found) -> list[dt.datetime]:
    return [slot.starts_at for slot in found[0].slots]


EVERY_DAY = [span(day, 8, 18) for day in range(120)]


def test_course_keeps_interval_weekday_hour_and_practitioner():
    people = {BEN: [span(day, 6, 18) for day in range(120)]}
    found = rules.propose(asked(free(*EVERY_DAY, people=people)), wishes(earliest=moment(0, 9, 30)))
    assert found[0].slots == [Slot(n + 1, moment(14 * n, 10), 1, ANNA) for n in range(5)]
    assert found[0].cost[:5] == (0, 0, 0, 0, 0)


def test_proposals_differ_at_a_glance_and_the_best_comes_first():
    found = rules.propose(asked(free(*EVERY_DAY)), wishes())
    assert [first([one])[0] for one in found] == [moment(0, 8), moment(1, 12), moment(2, 16)]
    assert [one.cost for one in found] == sorted(one.cost for one in found)


def test_where_only_one_part_of_the_day_is_free_the_hours_differ_then_the_practitioners():
    mondays = [span(day, 8, 10) for day in range(0, 120, 7)]
    having = free(*mondays, people={BEN: [span(day, 8, 9) for day in range(0, 120, 7)]})
    found = rules.propose(asked(having), wishes(weekdays=frozenset({1})), most=9)
    faces = [(one.slots[0].starts_at, one.slots[0].practitioner) for one in found]
    assert faces == [(moment(0, 8), ANNA), (moment(0, 8), BEN), (moment(0, 9), ANNA)]


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        pytest.param({"practitioner": BEN}, lambda s, local: s.practitioner == BEN, id="a practitioner"),
        pytest.param({"room": 2}, lambda s, local: s.room == 2, id="a room"),
        pytest.param(
            {"weekdays": frozenset({3, 5})}, lambda s, local: local.isoweekday() in (3, 5), id="weekdays"
        ),
        pytest.param(
            {"daytime": Daytime(dt.time(14), dt.time(16))},
            lambda s, local: local.hour in (14, 15),
            id="time of day",
        ),
        pytest.param(
            {"earliest": moment(9, 11)}, lambda s, local: s.starts_at >= moment(9, 11), id="an earliest date"
        ),
        pytest.param(
            {"latest": MONDAY + dt.timedelta(days=45)},
            lambda s, local: s.starts_at < moment(46, 0),
            id="a latest",
        ),
    ],
)
def test_nothing_outside_a_wish_is_proposed(said, holds: Callable):
    people = {BEN: [span(day, 8, 18) for day in range(120)]}
    having = free(*EVERY_DAY, people=people, rooms={1: ALWAYS, 2: ALWAYS})
    found = rules.propose(asked(having), wishes(**said))
    assert len(found) == 3
    for slot in (slot for one in found for slot in one.slots):
        assert holds(slot, slot.starts_at.astimezone(ZONE))


def test_any_practitioner_but_the_same_for_all():
    having = free(span(0, 8, 12), people={BEN: [span(0, 10, 12), span(14, 10, 12)]})
    two = Series(2, 10, 14, 21)
    assert {slot.practitioner for slot in rules.propose(asked(having, two), wishes(same=True))[0].slots} == {
        BEN
    }
    apart = free(span(0, 8, 12), people={BEN: [span(14, 8, 12)]})
    assert [s.practitioner for s in rules.propose(asked(apart, two), wishes())[0].slots] == [ANNA, BEN]
    found = rules.propose(asked(apart, two), wishes(same=True))
    assert found == Lacking(1, MONDAY, MONDAY + dt.timedelta(days=14), Lack.SAME)


def test_a_start_that_leaves_no_gap_that_fits_nothing_comes_before_an_earlier_one():
    having = free(span(0, 8, 11), span(14, 8, 11), rooms={1: [(moment(0, 7, 30), moment(99, 0))]})
    found = rules.propose(asked(having, Series(2, 10, 14, 21)), wishes())
    assert first(found) == [moment(0, 9), moment(14, 9)]  # at eight half an hour would be left in the room


def test_of_the_rooms_the_one_is_taken_where_no_gap_is_left():
    rooms = {1: [(moment(0, 8, 30), moment(0, 10))], 2: [span(0, 9, 10)]}
    found = rules.propose(asked(free(span(0, 9, 10), rooms=rooms), Series(1, 10, 14, 21)), wishes())
    assert (found[0].slots[0].room, found[0].cost.gaps) == (2, 0)


def test_what_is_over_before_the_first_session_could_be_is_no_gap():
    now = moment(0, 8, 50)
    having = free((now, moment(0, 12)), rooms={1: [(now, moment(0, 12))]})
    found = rules.propose(asked(having, Series(1, 10, 14, 21)), wishes(earliest=now, now=now))
    assert (found[0].slots[0].starts_at, found[0].cost.gaps) == (moment(0, 9), 0)


@pytest.mark.parametrize(
    ("second", "hour"),
    [
        pytest.param([span(14, 8, 9), span(14, 13, 14)], 8, id="two hours before, three after"),
        pytest.param([span(14, 7, 8), span(14, 12, 13)], 12, id="three hours before, two after"),
        pytest.param([span(14, 8, 9), span(14, 12, 13)], 8, id="two hours before and after: the earlier"),
    ],
)
def test_the_nearest_hour_to_that_of_the_first_is_taken(second, hour):
    found = rules.propose(asked(free(span(0, 10, 11), *second), Series(2, 10, 14, 21)), wishes())
    assert found[0].slots[1].starts_at == moment(14, hour)


def test_a_day_off_now_may_save_more_later():
    days = [span(day, 9, 10) for day in (0, 13, 16, 30, 34)]  # 13, then 21 or 17; 16, then 14
    found = rules.propose(asked(free(*days), Series(3, 10, 14, 21)), wishes())
    assert first(found) == [moment(0, 9), moment(16, 9), moment(30, 9)]


def test_devices_are_one_more_thing_that_a_session_needs():
    device = Need(((0, 70),), {5: [span(0, 8, 9)], 6: [span(0, 9, 12), span(14, 9, 12)]})
    having = Free({ANNA: EVERY_DAY}, ALWAYS, {1: ALWAYS}, (device,))
    found = rules.propose(asked(having, Series(2, 10, 14, 21)), wishes())
    assert {(slot.starts_at.astimezone(ZONE).hour, slot.devices) for slot in found[0].slots} == {(9, (6,))}
    none = Free({ANNA: EVERY_DAY}, ALWAYS, {1: ALWAYS}, (Need(((0, 70),), {5: []}),))
    assert rules.propose(asked(none), wishes()).lack == Lack.DEVICE


def test_missing_session_goes_between_its_neighbours():
    series = Series(3, 10, 14, 21, {1: moment(0, 9), 3: moment(26, 9)}, ANNA)
    found = rules.propose(asked(free(*EVERY_DAY), series), wishes(earliest=moment(1, 0)))
    assert found[0].slots == [Slot(2, moment(14, 9), 1, ANNA)]


def test_first_session_can_be_missing_too():
    series = Series(2, 10, 14, 21, {2: moment(40, 9)})
    found = rules.propose(asked(free(*EVERY_DAY), series), wishes(earliest=moment(1, 0)))
    assert found[0].slots == [Slot(1, moment(26, 9), 1, ANNA)]


@pytest.mark.parametrize(
    ("having", "said", "lacking"),
    [
        pytest.param(free(), {}, (1, Lack.PRACTITIONER), id="practitioner never works"),
        pytest.param(free(span(0, 9, 12)), {}, (2, Lack.PRACTITIONER), id="practitioner works once"),
        pytest.param(free(*EVERY_DAY, patient=[span(0, 9, 12)]), {}, (2, Lack.PATIENT), id="patient"),
        pytest.param(free(*EVERY_DAY, rooms={1: [span(0, 9, 12)]}), {}, (2, Lack.ROOM), id="room"),
        pytest.param(
            free(span(0, 9, 12), span(14, 9, 10), rooms={1: [span(0, 9, 12), span(14, 10, 11)]}),
            {},
            (2, Lack.TOGETHER),
            id="never at once",
        ),
        pytest.param(
            free(*EVERY_DAY), {"latest": MONDAY + dt.timedelta(days=9)}, (2, Lack.LATEST), id="latest date"
        ),
        pytest.param(
            free(*EVERY_DAY), {"practitioner": BEN}, (1, Lack.PRACTITIONER), id="somebody who is not there"
        ),
        pytest.param(
            free(*EVERY_DAY), {"daytime": Daytime(dt.time(20))}, (1, Lack.PRACTITIONER), id="not at that time"
        ),
    ],
)
def test_says_which_session_lacks_what(having, said, lacking):
    found = rules.propose(asked(having, Series(3, 10, 14, 21)), wishes(**said))
    assert (found.number, found.lack) == lacking


def test_says_that_no_wished_weekday_lies_in_the_interval():
    found = rules.propose(asked(free(*EVERY_DAY), Series(2, 9, 9, 12)), wishes(weekdays=frozenset({1})))
    assert (found.number, found.lack) == (2, Lack.WEEKDAYS)


def test_says_that_the_interval_has_run_out():
    series = Series(2, 10, 14, 21, {1: moment(0, 9)})
    found = rules.propose(asked(free(span(30, 8, 16)), series), wishes(earliest=moment(30, 0)))
    assert found == Lacking(2, MONDAY + dt.timedelta(days=10), MONDAY + dt.timedelta(days=21), Lack.PAST)


def test_says_which_wish_to_let_go_of():
    fridays = frozenset({5})
    having = free(*[span(day, 8, 18) for day in range(120) if day % 7 != 4], people={BEN: EVERY_DAY})
    said = wishes(practitioner=ANNA, weekdays=fridays, daytime=Daytime(dt.time(9), dt.time(12)))
    assert isinstance(rules.propose(asked(having), said), Lacking)
    found = rules.loosened(asked(having), said)
    assert found.keys() == {Wish.PRACTITIONER, Wish.WEEKDAYS}
    assert {slot.practitioner for slot in found[Wish.PRACTITIONER].slots} == {BEN}
    assert found[Wish.WEEKDAYS].slots[0].starts_at == moment(0, 9)


def test_says_from_when_on_there_is_what_is_wished():
    """Away for six weeks: the wishes are kept, and the next weeks in which they can be are told."""
    having = free(*[span(day, 8, 18) for day in range(45, 200)])
    question = asked(having, Series(3, 10, 14, 21))
    said, half_a_year = wishes(weekdays=frozenset({5})), MONDAY + rules.LATER_WITHIN
    assert isinstance(rules.propose(question, said), Lacking)
    found = rules.later(question, said, until=half_a_year)
    assert [slot.starts_at for slot in found.slots] == [moment(46 + n * 14, 8) for n in range(3)]
    assert rules.later(question, said, until=MONDAY + dt.timedelta(days=28)) is None
    assert rules.later(asked(free(), Series(3, 10, 14, 21)), said, until=half_a_year) is None
    tight = wishes(latest=MONDAY + dt.timedelta(days=60))
    assert rules.later(question, tight, until=half_a_year) is None


def test_what_follows_a_session_that_stands_cannot_begin_later():
    series = Series(2, 10, 14, 21, {1: moment(0, 9)})
    question = asked(free(*[span(day, 8, 18) for day in range(45, 200)]), series)
    assert rules.later(question, wishes(), until=MONDAY + rules.LATER_WITHIN) is None


# Against a search through everything

HALF = dt.timedelta(minutes=30)


def apart(rows, since: int = 0) -> list[rules.Span]:
    """Spans from (day, first half-hour, half-hours); what overlaps or touches what was before is left out.

    `since`: the day that is counted as the first.
    """
    found: list[rules.Span] = []
    for day, begin, halves in sorted(rows):
        start = moment(since + day, begin // 2, begin % 2 * 30)
        if not found or found[-1][1] < start:
            found.append((start, start + halves * HALF))
    return found


rows = st.lists(st.tuples(st.integers(0, 9), st.integers(16, 24), st.integers(2, 6)), max_size=8)
spans = rows.map(apart)
CREAM = Occupation(60, ((0, 10), (40, 60)))
BUFFERED = HOUR.with_buffers(0, 30)
SHORTEST, CLEANING = 45, 10


def everything(
    having: Free, takes: Occupation, clock: Clock, begin: dt.datetime = START
) -> dict[dt.datetime, list[tuple[int, int, tuple[int, ...], int]]]:
    """Every start on the grid: (practitioner, room, devices, gaps left) of all that is possible then."""
    found = {}
    start, beside = begin, takes.before + takes.after
    kinds = [(having.practitioners, takes.parts, beside), (having.rooms, [takes.room], beside)]
    kinds += [(need.free, need.parts, CLEANING) for need in having.devices]
    while start < begin + dt.timedelta(days=14):
        free = [
            [
                (one, tight(times, start, parts, SHORTEST + extra, begin))
                for one, times in things.items()
                if all(holding(times, rules.shifted(start, part)) for part in parts)
            ]
            for things, parts, extra in kinds
        ]
        these = [
            (
                who,
                room,
                tuple(device for device, _gaps in devices),
                gaps + more + sum(one for _d, one in devices),
            )
            for (who, gaps), (room, more), *devices in product(*free)
        ]
        if these:
            found[start] = these
        start += dt.timedelta(minutes=clock.grid)
    return found


def holding(spans, span):
    return next((one for one in spans if one[0] <= span[0] and span[1] <= one[1]), None)


def tight(spans, start, parts, shortest, since) -> int:
    """Gaps before the first part and after the last that are too short for a session."""
    begin, end = rules.shifted(start, parts[0]), rules.shifted(start, parts[-1])
    before, after = begin[0] - holding(spans, begin)[0], holding(spans, end)[1] - end[1]
    zero, shortest = dt.timedelta(0), dt.timedelta(minutes=shortest)
    return (holding(spans, begin)[0] > since and zero < before < shortest) + (zero < after < shortest)


def wall_minute(start: dt.datetime) -> int:
    local = start.astimezone(ZONE)
    return local.hour * 60 + local.minute


def cost_of(whole, series: Series) -> Cost:
    """What a series of (start, practitioner, room, devices, gaps) costs, added up by hand."""
    local = [one[0].astimezone(ZONE) for one in whole]
    return Cost(
        sum(abs((b.date() - a.date()).days - series.target) for a, b in pairwise(local)),
        sum(one.weekday() != local[0].weekday() for one in local),
        sum(abs(wall_minute(one[0]) - wall_minute(whole[0][0])) for one in whole),
        sum(one[1] != whole[0][1] for one in whole),
        sum(one[-1] for one in whole),
        int(whole[0][0].timestamp()) // 60,
    )


def every_series(having: Free, takes: Occupation, series: Series, clock: Clock, said: Wishes):
    """(cost, series) of each that is possible, the cheapest first."""
    found = [(start, *one) for start, these in everything(having, takes, clock).items() for one in these]
    assume(len(found) <= 90)
    days = {one[0]: one[0].astimezone(ZONE).date() for one in found}
    wholes = [(one,) for one in found]
    for _ in range(series.sessions - 1):
        wholes = [
            (*whole, one)
            for whole in wholes
            for one in found
            if series.allows((days[one[0]] - days[whole[-1][0]]).days)
            and (not said.same or one[1] == whole[0][1])
        ]
    return sorted((cost_of(whole, series), whole) for whole in wholes)


def part_of(start: dt.datetime) -> int:
    return sum(start.hour >= hour for hour in (12, 16))


# When two first sessions, (start, practitioner), are too much alike, and whether only what keeps days, weekdays and
# minutes as well as the best is looked at.
ALIKE = [
    (lambda a, b: a[0].weekday() == b[0].weekday() or part_of(a[0]) == part_of(b[0]), True),
    (lambda a, b: a[0].weekday() == b[0].weekday(), True),
    (lambda a, b: (a[0].weekday(), part_of(a[0])) == (b[0].weekday(), part_of(b[0])), False),
    (lambda a, b: (a[0].weekday(), a[0].hour) == (b[0].weekday(), b[0].hour), False),
    (lambda a, b: (a[0].weekday(), a[0].hour, a[1]) == (b[0].weekday(), b[0].hour, b[1]), False),
]


def chosen_by_hand(possible, most: int) -> list[Cost]:
    """The best series of each look: on other weekdays and in other parts of the day, where there are enough."""
    found = []
    for alike, as_well in ALIKE:
        for cost, whole in possible:
            face = whole[0][0].astimezone(ZONE), whole[0][1]
            if len(found) == most or (as_well and found and cost[:3] > found[0][0][:3]):
                break
            if not any(alike(face, other) for _cost, other in found):
                found.append((cost, face))
    return sorted(cost for cost, _face in found)


def whole_of(offer, having: Free, takes: Occupation, begin: dt.datetime = START):
    """The slots of an offer as (start, practitioner, room, devices, gaps), the gaps counted by hand."""
    at = everything(having, takes, CLOCK30, begin)
    return [
        (slot.starts_at, *one)
        for slot in offer.slots
        for one in at[slot.starts_at]
        if one[:3] == (slot.practitioner, slot.room, slot.devices)
    ]


def is_possible(offer, having: Free, takes: Occupation, series: Series) -> bool:
    gaps = [
        rules.day_of(b.starts_at, ZONE) - rules.day_of(a.starts_at, ZONE) for a, b in pairwise(offer.slots)
    ]
    fits = len(whole_of(offer, having, takes)) == len(offer.slots)
    return fits and all(series.allows(gap.days) for gap in gaps)


CLOCK30 = Clock(ZONE, 30)


@settings(max_examples=examples(70))
@given(
    anna=spans,
    ben=spans,
    room=spans,
    other=spans,
    bounds=st.tuples(st.integers(1, 4), st.integers(0, 2), st.integers(0, 2)),
    sessions=st.integers(1, 3),
    takes=st.sampled_from([HOUR, CREAM, BUFFERED]),
    same=st.booleans(),
    device=st.none() | spans,
)
def test_proposals_are_the_best_of_everything_that_is_possible(
    anna, ben, room, other, bounds, sessions, takes, same, device
):
    at_least, more, most = bounds
    series = Series(sessions, at_least, at_least + more, at_least + more + most)
    devices = () if device is None else (Need(((0, 60 + CLEANING),), {5: device, 6: room}),)
    having = Free({ANNA: anna, BEN: ben}, ALWAYS, {1: room, 2: other}, devices)
    said = wishes(same=same)
    possible = every_series(having, takes, series, CLOCK30, said)
    found = rules.propose(Question(having, takes, series, CLOCK30, SHORTEST), said)
    if not possible:
        assert isinstance(found, Lacking)
        return
    assert [one.cost for one in found] == chosen_by_hand(possible, 3)
    for one in found:
        assert is_possible(one, having, takes, series)
        assert cost_of(whole_of(one, having, takes), series) == one.cost


# With wishes, beside sessions that stand, and over nights in which the clock is changed

BEGINS = [dt.date(2027, 3, 22), dt.date(2027, 10, 25)]  # on their Sundays the clock is put forward and back
EIGHT_HOURS = 16  # half-hours
at_night = rows.map(lambda rows: [(day, half - EIGHT_HOURS, halves) for day, half, halves in rows])
some_wishes = st.fixed_dictionaries(
    {},
    optional={
        "practitioner": st.sampled_from([ANNA, BEN]),
        "room": st.sampled_from([1, 2]),
        "weekdays": st.frozensets(st.integers(1, 7), min_size=3),
        "daytime": st.sampled_from([Daytime(dt.time(1)), Daytime(dt.time(2, 30)), Daytime(until=dt.time(3))]),
        "latest": st.integers(3, 9),
        "earliest": st.integers(1, 6 * 48),
        "same": st.booleans(),
    },
)


def fits(found, takes: Occupation, said: Wishes) -> bool:
    """Does a (start, practitioner, room, devices, gaps) lie within the wishes?"""
    start, who, room, *_rest = found
    day, end = start.astimezone(ZONE).date(), start + dt.timedelta(minutes=takes.minutes)
    until = said.daytime.until
    return (
        said.practitioner in (None, who)
        and said.room in (None, room)
        and (not said.weekdays or day.isoweekday() in said.weekdays)
        and rules.wall(day, said.daytime.earliest, ZONE) <= start
        and (until is None or end <= rules.wall(day, until, ZONE))
        and (said.latest is None or day <= said.latest)
    )


def every_way(having: Free, takes: Occupation, series: Series, said: Wishes):
    """(cost, missing sessions) of each series that is possible beside what stands, the cheapest first."""
    at = everything(having, takes, CLOCK30, said.earliest)
    found = [one for start, these in at.items() for rest in these if fits(one := (start, *rest), takes, said)]
    assume(len(found) <= 60)
    ways: list[dict] = [{}]
    for number in range(1, series.sessions + 1):
        stands = series.standing.get(number)
        here = found if stands is None else [(stands, series.practitioner)]
        ways = [
            {**way, number: one} for way in ways for one in here if follows(way, number, one, series, said)
        ]
    return sorted((cost_beside(way, series), tuple(way[n] for n in series.missing)) for way in ways)


def days_from(one: dt.datetime, other: dt.datetime) -> int:
    return (other.astimezone(ZONE).date() - one.astimezone(ZONE).date()).days


def follows(way, number: int, one, series: Series, said: Wishes) -> bool:
    """May this session come after those of the way? What stands was wanted so, whatever lies between."""
    whom = {series.practitioner, *(way[n][1] for n in way)} - {None}
    if said.same and whom and number in series.missing and whom != {one[1]}:
        return False
    if number == 1 or {number - 1, number} <= series.standing.keys():
        return True
    return series.allows(days_from(way[number - 1][0], one[0]))


def cost_beside(way, series: Series) -> Cost:
    """The cost of the missing sessions beside those that stand, added up by hand."""
    like = way[min(series.standing or way)]
    missing = [way[number] for number in series.missing]
    pairs = [pair for pair in pairwise(sorted(way)) if not {*pair} <= series.standing.keys()]
    return Cost(
        sum(abs(days_from(way[a][0], way[b][0]) - series.target) for a, b in pairs),
        sum(one[0].astimezone(ZONE).weekday() != like[0].astimezone(ZONE).weekday() for one in missing),
        sum(abs(wall_minute(one[0]) - wall_minute(like[0])) for one in missing),
        sum(one[1] != like[1] for one in missing),
        sum(one[-1] for one in missing),
        int(missing[0][0].timestamp()) // 60,
    )


@settings(max_examples=examples(60))
@given(
    begin=st.sampled_from(BEGINS),
    anna=at_night,
    ben=at_night,
    room=at_night,
    bounds=st.tuples(st.integers(1, 4), st.integers(0, 2), st.integers(0, 2)),
    standing=st.dictionaries(
        st.integers(1, 3), st.tuples(st.integers(-3, 9), st.integers(0, 12)), max_size=2
    ),
    takes=st.sampled_from([HOUR, CREAM, BUFFERED]),
    said=some_wishes,
)
def test_within_wishes_and_beside_what_stands_the_best_is_proposed_over_changes_of_the_clock(
    begin, anna, ben, room, bounds, standing, takes, said
):
    since, (at_least, more, most) = (begin - MONDAY).days, bounds
    having = Free(
        {ANNA: apart(anna, since), BEN: apart(ben, since)},
        [(moment(since - 1, 0), moment(since + 99, 0))],
        {1: apart(room, since), 2: [(moment(since, 0), moment(since + 99, 0))]},
    )
    stands = [moment(since + day, half // 2, half % 2 * 30) for day, half in sorted(standing.values())]
    assume(len({one.astimezone(ZONE).date() for one in stands}) == len(stands))
    series = Series(
        3,
        at_least,
        at_least + more,
        at_least + more + most,
        dict(zip(sorted(standing), stands, strict=True)),
        ANNA if standing else None,
    )
    earliest = moment(since, 0) + said.pop("earliest", 0) * HALF
    latest = begin + dt.timedelta(days=said.pop("latest")) if "latest" in said else None
    wished = Wishes(earliest=earliest, now=earliest, latest=latest, **said)
    possible = every_way(having, takes, series, wished)
    found = rules.propose(Question(having, takes, series, CLOCK30, SHORTEST), wished)
    if not possible:
        assert isinstance(found, Lacking)
        return
    assert [one.cost for one in found] == chosen_by_hand(possible, 3)
    for one in found:
        assert (one.cost, tuple(whole_of(one, having, takes, earliest))) in possible


# Changes of the clock

CHANGES = {
    "Europe/Warsaw": [dt.date(2026, 3, 29), dt.date(2026, 10, 25)],
    "America/New_York": [dt.date(2026, 3, 8), dt.date(2026, 11, 1)],
    "Australia/Lord_Howe": [dt.date(2026, 4, 5), dt.date(2026, 10, 4)],  # by half an hour
    "Asia/Kathmandu": [dt.date(2026, 3, 29), dt.date(2026, 10, 25)],  # never, and not on the hour of UTC
}
changing = st.sampled_from([(ZoneInfo(zone), day) for zone, days in CHANGES.items() for day in days])


@given(
    change=changing,
    before=st.integers(0, 13),
    minute=st.integers(4 * 12, 22 * 12).map(lambda fives: fives * 5),
    grid=st.sampled_from([5, 10, 15, 20, 30, 60]),
)
def test_two_weeks_later_at_ten_stays_ten_on_the_wall(change, before, minute, grid):
    zone, day = change
    begin, wanted = day - dt.timedelta(days=before), dt.time(minute // 60, minute % 60 // grid * grid)
    start = rules.wall(begin, wanted, zone)
    always = [(start, start + dt.timedelta(days=90))]
    question = Question(
        Free({ANNA: always}, always, {1: always}), HOUR, Series(4, 10, 14, 21), Clock(zone, grid), 0
    )
    found = rules.propose(question, Wishes(earliest=start, now=start), most=1)
    local = [slot.starts_at.astimezone(zone) for slot in found[0].slots]
    assert [one.time() for one in local] == [wanted] * 4
    assert [one.date() for one in local] == [begin + dt.timedelta(days=14 * n) for n in range(4)]


@given(
    change=changing,
    after=st.integers(-1, 1),
    grid=st.sampled_from([5, 10, 15, 20, 30, 60]),
    minutes=st.integers(1, 90),
)
def test_no_step_of_a_day_is_lost_doubled_or_shifted(change, after, grid, minutes):
    """Every minute of the day at which the clinic's clock shows a step of the grid, once, and nothing else."""
    zone, day = change[0], change[1] + dt.timedelta(days=after)
    begin, end = rules.wall(day, dt.time.min, zone), rules.wall(day + dt.timedelta(days=1), dt.time.min, zone)
    every = [begin + n * rules.MINUTE for n in range((end - begin) // rules.MINUTE)]
    expected = [one for one in every if one.astimezone(zone).minute % grid == 0]
    row = Grid.over(day, day, Clock(zone, grid))
    found = row.days[day.toordinal()]
    every_step = steps.places(found.all_steps)
    assert [steps.moment_of(found.minutes[place]) for place in every_step] == expected
    shown = [one.astimezone(zone) for one in expected]
    assert [found.walls[place] for place in every_step] == [one.hour * 60 + one.minute for one in shown]
    until = begin + minutes * rules.MINUTE
    within = steps.places(found.of(row.starts(Times.of([(begin, until)]), [(0, 0)])))
    assert [steps.moment_of(found.minutes[place]) for place in within] == [
        one for one in expected if one <= until
    ]


@given(
    change=changing,
    lengths=st.lists(st.tuples(st.integers(1, 900), st.integers(1, 900)), max_size=6),
    grid=st.sampled_from([5, 10, 15, 20, 30, 60]),
    part=st.tuples(st.integers(-20, 40), st.integers(1, 90)),
)
def test_a_row_of_days_has_the_steps_at_which_a_part_lies_in_free_time(change, lengths, grid, part):
    """Free and taken time in turn, over a change of the clock, looked at step by step."""
    zone, day = change
    row = Grid.over(day - dt.timedelta(days=1), day + dt.timedelta(days=1), Clock(zone, grid))
    lows, highs, minute = [], [], row.begin - 100
    for taken, left in lengths:
        lows.append(minute + taken)
        highs.append(minute + taken + left)
        minute = highs[-1]
    begin, end = part[0], part[0] + part[1]
    found = row.starts(Times(lows, highs), [(begin, end)])
    for one in row.days.values():
        fits = [
            place
            for place in steps.places(one.all_steps)
            if any(
                low <= one.minutes[place] + begin and one.minutes[place] + end <= high
                for low, high in zip(lows, highs, strict=True)
            )
        ]
        assert steps.places(one.of(found)) == fits


@pytest.mark.parametrize(
    ("having", "fits"),
    [
        pytest.param(free(span(0, 9, 10)), True, id="all free"),
        pytest.param(free(span(0, 9, 10), patient=[]), False, id="patient is elsewhere"),
        pytest.param(free(span(0, 9, 10), rooms={1: [span(0, 8, 9)]}), False, id="room is taken"),
        pytest.param(free(span(0, 8, 9)), False, id="practitioner is not there"),
    ],
)
def test_a_chosen_slot_is_free_or_not(having, fits):
    assert rules.could_start(having, HOUR, Slot(1, moment(0, 9), 1, ANNA)) is fits
    assert not rules.could_start(having, HOUR, Slot(1, moment(0, 9), 1, BEN))
