"""How a plan looks on any day to come: screened anew only where something turns. No SQL."""

import datetime as dt
import hashlib
from bisect import bisect
from dataclasses import dataclass, field, replace

from contraindications import rules
from contraindications.clearance import settled_by
from contraindications.models import RuleSet
from contraindications.screening import Evaluation, evaluate_facts, facts_of, failing_closed
from patients.models import Interview, Patient, Report


@dataclass(slots=True)
class Outlook:
    """One patient, one plan, one rule set, and any day: a stretch of days in which nothing turns is screened once."""

    patient: Patient
    interview: Interview | None
    report: Report | None
    plan: rules.Plan
    rule_set: RuleSet
    compiled: rules.RuleSet
    _turns: tuple[dt.date, ...] | None = None
    _stretches: dict[tuple[int, int], Evaluation] = field(default_factory=dict)

    def on(self, day: dt.date) -> Evaluation:
        """The verdict on `day`. Raises CannotScreen."""
        with failing_closed(self.patient.pk):
            stretch = rules.age_on(day, self.patient.birth_date), bisect(self.turns, day)
        if stretch not in self._stretches:
            self._stretches[stretch] = evaluate_facts(
                self.patient,
                self.interview,
                self.report,
                self.plan,
                rule_set=self.rule_set,
                compiled=self.compiled,
                day=day,
            )
        found = self._stretches[stretch]
        return found if found.as_of == day else replace(found, as_of=day)

    @property
    def turns(self) -> tuple[dt.date, ...]:
        if self._turns is None:
            whole = facts_of(self.patient, self.interview, self.report, day=dt.date.max)
            self._turns = rules.turning_days(whole, self.compiled)
        return self._turns


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
