"""A patient's own report beside what stands: what changed, what is new, what is as it was."""

import datetime as dt
from dataclasses import dataclass

from patients import rules
from patients.interviews import Standing, standing_answers
from patients.models import HealthFact, Interview, Report


@dataclass(frozen=True, slots=True)
class Compared:
    """One fact as it stands and as the patient now says it."""

    fact: HealthFact
    stands: Standing
    reported: Standing


@dataclass(frozen=True, slots=True)
class Comparison:
    """A report, sorted for whoever confirms it."""

    report: Report
    stands: Interview | None
    changed: list[Compared]  # each is decided by itself
    first_no: list[Compared]  # nothing stood, and the patient says "no": taken together, or corrected
    same: list[Compared]
    allergies_changed: bool


def comparison(report: Report, stands: Interview | None, *, day: dt.date) -> Comparison:
    """Sort what `report` says against what stands, in the order of the questions. One SQL query."""
    facts = [fact for fact in HealthFact.objects.all() if fact.code in report.answers]
    before = standing_answers(facts, stands, day=day)
    now = standing_answers(facts, report, day=day)
    rows = [Compared(fact, *pair) for fact, *pair in zip(facts, before, now, strict=True)]
    return Comparison(
        report=report,
        stands=stands,
        changed=[row for row in rows if _differs(row) and not _is_first_no(row)],
        first_no=[row for row in rows if _is_first_no(row)],
        same=[row for row in rows if not _differs(row)],
        allergies_changed=rules.told(report.allergies) != rules.told(stands.allergies if stands else None),
    )


def _differs(row: Compared) -> bool:
    return (row.stands.state, row.stands.until) != (row.reported.state, row.reported.until)


def _is_first_no(row: Compared) -> bool:
    return row.stands.state is None and row.reported.state == rules.NO
