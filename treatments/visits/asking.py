"""What a patient is asked again on the day of a session."""

import datetime as dt
from dataclasses import dataclass

from contraindications.screening import rules_in_force
from patients.interviews import Allergies, Standing, questions, standing_allergies, standing_answers
from patients.models import HealthFact, Interview, Patient
from treatments.visits import rules


@dataclass(frozen=True, slots=True)
class Asking:
    """The questions of a check-in on `day`, above the interview that stands."""

    patient: Patient
    stands: Interview | None
    day: dt.date
    facts: list[HealthFact]
    asks_allergies: bool

    @property
    def needed(self) -> bool:
        return bool(self.facts) or self.asks_allergies

    @property
    def last(self) -> list[Standing]:
        """What was said last of each question."""
        return standing_answers(self.facts, self.stands, day=self.day)

    @property
    def allergies(self) -> Allergies | None:
        """The allergies that were known last. At most one SQL query."""
        return standing_allergies(self.stands, day=self.day)


def asking(patient: Patient, *, day: dt.date) -> Asking:
    """What can begin or end between sessions, what was never answered, and what is too old on `day`.

    Four SQL queries at most. Raises CannotScreen: without a rule set nobody knows what is too old.
    """
    _row, compiled = rules_in_force()
    stands = Interview.objects.standing(patient)
    answers = stands.answers if stands else {}

    def due(answer, reask: bool) -> bool:
        return rules.is_due(answer, reask=reask, day=day, validity_days=compiled.validity_days)

    return Asking(
        patient=patient,
        stands=stands,
        day=day,
        facts=[fact for fact in questions(patient) if due(answers.get(fact.code), fact.reask)],
        asks_allergies=due(stands and stands.allergies, reask=True),
    )
