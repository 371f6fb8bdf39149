"""When a verdict may change by itself: the days on which what was said begins to mean something else. Pure."""

from collections.abc import Iterator
from datetime import date, timedelta

from . import words
from .ruleset import RuleSet
from .values import Patient


def turning_days(patient: Patient, ruleset: RuleSet) -> tuple[date, ...]:
    """The days, sorted, from which on an answer means something else or is too old (sections 1 and 4).

    Between two of them, and between two birthdays, `screen` answers the same on every day.
    """
    said = set(patient.answers.values())
    given = {answer.answered_on for answer in said} | {patient.allergies_on}
    ended = {answer.until for answer in said}
    turns = {*_from(given, ruleset.validity_days), *_from(ended, ruleset.look_back_days)}
    return tuple(sorted(turns))


def _from(days: set[date | None], last: int) -> Iterator[date]:
    """Each day itself, and the first one more than `last` days after it."""
    for day in days - {None}:
        if day is not None:
            yield day
            if day <= date.max - timedelta(days=last + 1):
                yield day + timedelta(days=last + 1)


def unsaid(patient: Patient, ruleset: RuleSet) -> tuple[str, ...]:
    """What was asked of this patient and never answered, or with "not sure"; an answer too old is an answer here."""
    answers = patient.answers
    given = set(answers.values())  # a few of which most are: quicker than to look at each
    void = {said for said in given if said.state == words.UNSURE or said.answered_on == date.min}
    asked = ruleset.asked[patient.sex]
    missing = [fact for fact in asked if fact not in answers or (void and answers[fact] in void)]
    never_asked = patient.allergies is None or patient.allergies_on == date.min
    return tuple(sorted([*missing, words.ALLERGIES] if never_asked else missing))
