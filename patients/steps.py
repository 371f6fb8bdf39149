"""The interview in parts, one for each group of questions: what a phone shows at a time."""

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _

from patients import interviews
from patients.interview_forms import ALLERGIES, InterviewForm
from patients.interviews import Standing
from patients.models import HealthFact, Patient


@dataclass(frozen=True, slots=True)
class Step:
    """One part. `allergies`: the question of allergies is asked here too."""

    number: int
    title: str
    facts: list[HealthFact]
    allergies: bool

    @property
    def codes(self) -> list[str]:
        return [*(fact.code for fact in self.facts), *([ALLERGIES] if self.allergies else [])]


def steps(patient: Patient) -> list[Step]:
    """The parts for this patient, in the order of the form. One SQL query."""
    grouped = interviews.in_groups(interviews.questions(patient))
    named = [(group, [fact for block in blocks for fact in block]) for group, blocks in grouped]
    if ALLERGIES not in dict(named):
        named.append((ALLERGIES, []))
    return [
        Step(number, _(group), facts, group == ALLERGIES)
        for number, (group, facts) in enumerate(named, start=1)
    ]


def form(patient: Patient, parts: list[Step], *, day: dt.date) -> InterviewForm:
    """The questions of `parts`. What is on record is not shown to whoever holds a link."""
    asked = [Standing(fact) for part in parts for fact in part.facts]
    return InterviewForm(patient, asked, None, day=day)
