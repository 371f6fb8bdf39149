"""Proposals over the free time of a whole clinic: the short ways to the best come to the same as the long ones."""

import datetime as dt
from random import Random

import pytest

from treatments.schedule import rules
from treatments.schedule.rules import Clock, Free, Question, Series, Times, Wishes
from treatments.schedule.rules.proposing import horizon
from treatments.schedule.rules.search import Search
from treatments.schedule.rules.steps import minute_of
from treatments.schedule.tests.test_rules import HOUR, MONDAY, ZONE, moment

START = moment(0, 0)
OPENS, OPEN_FOR = 8, 600  # o'clock, minutes
COURSE = Series(4, 10, 14, 21)


def times(chance: Random, share: float, days: int) -> Times:
    """Working days of which about this share is taken, in pieces of 20 to 75 minutes."""
    lows, highs = [], []
    for day in (day for day in range(days) if day % 7 < 5):
        opens, minute = minute_of(moment(day, OPENS)), 0
        while minute < OPEN_FOR:
            piece = min(chance.choice((20, 30, 40, 45, 60, 75)), OPEN_FOR - minute)
            if chance.random() >= share:
                if highs and highs[-1] == opens + minute:
                    highs[-1] += piece
                else:
                    lows.append(opens + minute)
                    highs.append(opens + minute + piece)
            minute += piece
    return Times(lows, highs)


def clinic(seed: int, share: float, *, until: dt.date | None = None, people: int = 5) -> Question:
    """Free time of these people and of four rooms, known up to a day; the patient has time."""
    chance, days = Random(seed), (until - MONDAY).days + 2 if until else 120
    every = [times(chance, part, 120) for part in [share] * people + [share / 2] * 4]
    known = [cut(one, days) for one in every]
    free = Free(
        dict(enumerate(known[:people], 1)), [(START, moment(days, 0))], dict(enumerate(known[people:], 1))
    )
    return Question(free, HOUR, COURSE, Clock(ZONE, 5), 45, until)


def cut(times: Times, days: int) -> Times:
    ends = minute_of(moment(days, 0))
    inside = [pair for pair in zip(times.lows, times.highs, strict=True) if pair[0] < ends]
    return Times([low for low, _high in inside], [high for _low, high in inside])


def costs(question: Question, *, same: bool) -> list[rules.Cost]:
    found = rules.propose(question, Wishes(earliest=START, now=START, same=same))
    return [one.cost for one in found] if isinstance(found, list) else []


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("same", [False, True], ids=["anybody", "the same"])
def test_hours_followed_together_cost_what_each_costs_alone(seed, same, monkeypatch):
    question = clinic(seed, (0.3, 0.6, 0.8)[seed % 3])
    together = costs(question, same=same)
    monkeypatch.setattr(Search, "_one_way", lambda *_anything: None)
    assert together == costs(question, same=same)
    assert together


def proposed_first(seed: int, share: float, off: int) -> list[rules.Cost] | None:
    """What is proposed when free time is known for series with so many days off; None: not far enough."""
    try:
        return costs(clinic(seed, share, until=horizon(COURSE, MONDAY, ZONE, off=off)), same=False)
    except rules.Further:
        return None


def test_free_time_that_is_known_only_so_far_gives_the_same_or_is_not_far_enough():
    outcomes = []
    for seed, share in enumerate((0.5, 0.6, 0.85, 0.9, 0.93, 0.93, 0.97, 0.97, 0.97)):
        whole = costs(clinic(seed, share), same=False)
        first = [proposed_first(seed, share, off) for off in (0, 2, 6)]
        assert all(found in (None, whole) for found in first)
        outcomes += [found is None for found in first]
    assert set(outcomes) == {True, False}
