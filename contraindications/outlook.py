"""How a plan looks on any day to come: screened anew only where something turns. No SQL."""

import datetime as dt
import hashlib
from bisect import bisect
from dataclasses import dataclass, field, replace

from contraindications import rules
from contraindications.clearance import settled_by
from contraindications.models import RuleSet
from contraindications.screening import (
    CannotScreen,
    Evaluation,
    Person,
    evaluate_facts,
    facts_of,
    failing_closed,
)
from patients.querysets import Told


@dataclass(slots=True)
class Outlook:
    """One patient, one plan, one rule set, and any day: a stretch of days in which nothing turns is screened once."""

    patient: Person
    interview: Told | None
    report: Told | None
    plan: rules.Plan
    rule_set: RuleSet
    compiled: rules.RuleSet
    _facts: rules.Patient | None = None  # with every answer, be it of a day to come
    _turns: tuple[dt.date, ...] = ()
    _given_by: dt.date = dt.date.min  # the day of the newest answer
    _stretches: dict[tuple[int, int], Evaluation] = field(default_factory=dict)
    _outcomes: dict[int, str] = field(default_factory=dict)

    def on(self, day: dt.date) -> Evaluation:
        """The verdict on `day`. Raises CannotScreen."""
        found = self.stretch(day)
        return found if found.as_of == day else replace(found, as_of=day)

    def stretch(self, day: dt.date) -> Evaluation:
        """The verdict on `day` or on another, of which everything but `as_of` is the same. Raises CannotScreen.

        The same object for the same stretch.
        """
        if self._facts is None:
            self._read()
        key = self._age(day), bisect(self._turns, day)
        found = self._stretches.get(key)
        if found is None:
            found = self._stretches[key] = self._screened(day)
        return found

    def _screened(self, day: dt.date) -> Evaluation:
        return evaluate_facts(
            self.patient,
            self.interview,
            self.report,
            self.plan,
            rule_set=self.rule_set,
            compiled=self.compiled,
            day=day,
            facts=self._facts if self._given_by <= day else None,
        )

    def outcome(self, day: dt.date) -> str:
        """`outcome_of` the verdict on `day`. Raises CannotScreen."""
        found = self.stretch(day)
        if id(found) not in self._outcomes:
            self._outcomes[id(found)] = outcome_of(found)
        return self._outcomes[id(found)]

    def _read(self) -> None:
        with failing_closed(self.patient.pk):
            self._facts = facts_of(self.patient, self.interview, self.report, day=dt.date.max)
            self._turns = rules.turning_days(self._facts, self.compiled)
        given = {one.answered_on for one in set(self._facts.answers.values())} | {self._facts.allergies_on}
        self._given_by = max((on for on in given if on), default=dt.date.min)

    def _age(self, day: dt.date) -> int:
        try:
            return rules.age_on(day, self.patient.birth_date)
        except ValueError as error:
            raise CannotScreen("born after the day") from error


def outcome_of(evaluation: Evaluation) -> str:
    """SHA-256 of what an evaluation means to people: verdict, unanswered, and each finding with what settles it.

    Two evaluations with the same outcome need no second screening: who decided on one has decided on the other.
    """
    found = [
        (finding.item, evaluation.digests[finding.item], settled_by(finding, evaluation))
        for finding in evaluation.outcome.findings
    ]
    said = [evaluation.verdict, evaluation.outcome.unanswered, found]
    return hashlib.sha256(rules.canonical_json(said)).hexdigest()
