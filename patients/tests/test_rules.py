"""The decisions about people and answers, without a database."""

import datetime as dt
import doctest

import pytest

from patients import interviews, rules, searching


@pytest.mark.parametrize("module", [rules, searching, interviews])
def test_the_examples_hold(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        pytest.param("1989-05-02", "2026-05-01", 36, id="day before the birthday"),
        pytest.param("1989-05-02", "2026-05-02", 37, id="birthday"),
        pytest.param("2008-02-29", "2026-02-28", 17, id="born on 29 February, not yet"),
        pytest.param("2008-02-29", "2026-03-01", 18, id="born on 29 February, 1 March"),
        pytest.param("2008-02-29", "2028-02-29", 20, id="born on 29 February, leap year"),
    ],
)
def test_age_in_whole_years(born, day, age):
    assert rules.age_on(dt.date.fromisoformat(born), dt.date.fromisoformat(day)) == age


@pytest.mark.parametrize(
    ("asked_of", "sex", "asked"),
    [
        ([], "male", True),
        (["female", "unspecified"], "female", True),
        (["female", "unspecified"], "male", False),
        (["female"], "unspecified", True),
        (["male"], "unspecified", True),
    ],
)
def test_who_is_asked(asked_of, sex, asked):
    assert rules.is_asked(asked_of, sex) is asked


@pytest.mark.parametrize(
    ("states", "choices"),
    [
        (["current", "recent", "past", "no"], ("current", "ended", "no", "unsure")),
        (["current", "past", "no"], ("current", "ended", "no", "unsure")),
        (["current", "no"], ("current", "no", "unsure")),
    ],
)
def test_only_the_answers_that_make_sense_and_always_not_sure(states, choices):
    assert rules.choices(states) == choices


def test_free_text_is_matched_and_sorted_and_said_once():
    names = {"vitaminc": "vitamin_c", "lidocaine": "lidocaine"}
    said = rules.matched([" Vitamin C", "bees", "", "bees", "LIDOCAÏNE"], ["vitamin_c"], names)
    assert said == (["lidocaine", "vitamin_c"], ["bees"])
