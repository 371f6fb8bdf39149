"""From records to a verdict: gathers what the rules need, runs them, and refuses rather than guesses."""

import datetime as dt
import hashlib
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from contraindications import rules, snapshots
from contraindications.models import RuleSet, Screening
from patients import rules as told
from patients.models import Interview, Patient, Report
from patients.querysets import Told

log = logging.getLogger(__name__)

CANNOT_SCREEN = _("Cannot screen: do not treat this as clear")
# An answer dated after the day of screening is no answer yet.
NEVER = dt.date.min


class CannotScreen(Exception):
    """No verdict can be given. Pages say CANNOT_SCREEN, never a milder verdict."""


class Person(NamedTuple):
    """Of a patient what screening asks for, without the rest of the row."""

    pk: int
    birth_date: dt.date
    sex: str


@dataclass(frozen=True)
class Evaluation:
    """A verdict with all that it came from; stored by `actions.store_screening`, shown by `display.show`."""

    patient_id: int
    interview_id: int | None
    report_id: int | None  # the patient's own report that nobody has confirmed
    rule_set: RuleSet
    compiled: rules.RuleSet
    as_of: dt.date
    patient_facts: rules.Patient
    plan: rules.Plan
    outcome: rules.Result
    digests: Mapping[str, str]  # item -> what a decision about its finding is bound to

    @property
    def verdict(self) -> str:
        return self.outcome.verdict

    @cached_property
    def result(self) -> dict[str, Any]:
        """As docs/rules.md, section 7."""
        return self.outcome.to_dict()

    @cached_property
    def stored(self) -> dict[str, Any]:
        """All that is kept of it: facts, plan, rule set, day and result as plain values."""
        return {
            "facts": snapshots.facts_to_json(self.patient_facts),
            "plan": snapshots.plan_to_json(self.plan),
            "rule_set": self.rule_set.digest,
            "as_of": self.as_of.isoformat(),
            "result": self.result,
        }

    @cached_property
    def record(self) -> bytes:
        """The canonical JSON of what is stored."""
        return rules.canonical_json(self.stored)

    @property
    def digest(self) -> str:
        """SHA-256 of the record."""
        return hashlib.sha256(self.record).hexdigest()


def evaluate(
    patient: Patient, plan: rules.Plan, *, day: dt.date, before: dt.datetime | None = None
) -> Evaluation:
    """Screen `plan` for `patient` on `day`; nothing is written. At most three SQL queries.

    With `before`, on what had been told before that moment: a record that is made up for later stands on that.
    Raises CannotScreen: no rule set is published, or what is recorded cannot be read.
    """
    rule_set, compiled = rules_in_force()
    interview = Interview.objects.submitted_last(patient, before=before)
    report = Report.objects.pending(patient, before=before)
    return evaluate_facts(patient, interview, report, plan, rule_set=rule_set, compiled=compiled, day=day)


def evaluate_facts(
    patient: Patient | Person,
    interview: Interview | Told | None,
    report: Report | Told | None,
    plan: rules.Plan,
    *,
    rule_set: RuleSet,
    compiled: rules.RuleSet,
    day: dt.date,
    facts: rules.Patient | None = None,
) -> Evaluation:
    """Screen on what was loaded already, under any rule set, a draft's too. No SQL. Raises CannotScreen.

    `facts` are those of `day`, if they were read before.
    """
    with failing_closed(patient.pk):
        facts = facts or facts_of(patient, interview, report, day=day)
        outcome = rules.screen(facts, plan, compiled, day)
        digests = rules.finding_digests(outcome, facts, plan, compiled, day)
    return Evaluation(
        patient_id=patient.pk,
        interview_id=interview.pk if interview else None,
        report_id=report.pk if report else None,
        rule_set=rule_set,
        compiled=compiled,
        as_of=day,
        patient_facts=facts,
        plan=plan,
        outcome=outcome,
        digests=digests,
    )


def evaluation_of(screening: Screening) -> Evaluation:
    """A stored screening as it was given: its own facts, plan, rule set and result.

    At most two SQL queries; none once `rule_set` is loaded and a process has compiled it.
    """
    rule_set = _rule_set_of(screening)
    compiled = compiled_rules(rule_set.digest)
    with failing_closed(screening.patient_id):
        return Evaluation(
            patient_id=screening.patient_id,
            interview_id=screening.interview_id,
            report_id=screening.report_id,
            rule_set=rule_set,
            compiled=compiled,
            as_of=screening.as_of,
            patient_facts=snapshots.facts_from_json(screening.facts),
            plan=snapshots.plan_from_json(screening.plan),
            outcome=snapshots.result_from_json(screening.result),
            digests=screening.finding_digests,
        )


def recompute(screening: Screening) -> bytes:
    """The record that the stored facts, plan, day and rule set give; its SHA-256 is `screening.digest`.

    Raises CannotScreen.
    """
    return screened_again(screening).record


def screened_again(screening: Screening) -> Evaluation:
    """What the rules make today of what a stored screening was given. SQL queries as `evaluation_of`.

    Raises CannotScreen.
    """
    stored = evaluation_of(screening)
    given = stored.patient_facts, stored.plan
    with failing_closed(screening.patient_id):
        outcome = rules.screen(*given, stored.compiled, stored.as_of)
        digests = rules.finding_digests(outcome, *given, stored.compiled, stored.as_of)
        return replace(stored, outcome=outcome, digests=digests)


def _rule_set_of(screening: Screening) -> RuleSet:
    """The rule set of a screening without its content, which is big."""
    if not Screening.rule_set.is_cached(screening):
        screening.rule_set = RuleSet.objects.defer("content").get(pk=screening.rule_set_id)
    return screening.rule_set


def rules_in_force() -> tuple[RuleSet, rules.RuleSet]:
    """The newest published rule set and its compiled form; one small SQL query once a process has compiled it.

    Raises CannotScreen where none is published or it cannot be read.
    """
    row = RuleSet.objects.in_force()
    if row is None:
        log.error("Cannot screen: no rule set is published")
        raise CannotScreen("no rule set is published")
    return row, compiled_rules(row.digest)


@lru_cache(maxsize=32)
def compiled_rules(digest: str) -> rules.RuleSet:
    """The rule set with this digest, compiled once per process. Raises CannotScreen if it cannot be relied on."""
    content = RuleSet.objects.filter(digest=digest).values_list("content", flat=True).first()
    if content is None or rules.ruleset_digest(content) != digest:
        log.error("Cannot screen: the content of rule set %s is not what was published", digest)
        raise CannotScreen("the rule set is not what was published")
    try:
        return rules.RuleSet.from_content(content)
    except rules.RuleSetError as error:
        log.exception("Cannot screen: rule set %s cannot be read", digest)
        raise CannotScreen("the rule set cannot be read") from error


def facts_of(
    patient: Patient | Person,
    interview: Interview | Told | None,
    report: Report | Told | None = None,
    *,
    day: dt.date,
) -> rules.Patient:
    """What is known of the patient on `day`. Without an interview nothing was asked, not even allergies.

    Each answer keeps the day it was given, so that the rules can tell when it is too old. What the patient reported
    and nobody has confirmed counts for stopping, never for clearing.
    """
    answers = interview.answers if interview else {}
    allergies = interview.allergies if interview else None
    if report:
        answers = told.graver_of(answers, report.answers)
        allergies = told.graver_allergies(allergies, report.allergies)
    return rules.Patient(
        birth_date=patient.birth_date,
        sex=patient.sex,
        answers=_answers(answers, day),
        allergies=None if allergies is None else tuple({*allergies["substances"], *allergies["texts"]}),
        allergies_on=None if allergies is None else _given_on(allergies, day),
    )


def _answers(answers: Mapping[str, Mapping[str, Any]], day: dt.date) -> dict[str, rules.Answer]:
    """Each answer with its day, NEVER for one that is not given yet on `day`."""
    read = {code: _read(raw["state"], raw.get("until"), raw["on"]) for code, raw in answers.items()}
    early = {said for said in set(read.values()) if said.answered_on is None or said.answered_on > day}
    if not early:
        return read
    return {code: said._replace(answered_on=NEVER) if said in early else said for code, said in read.items()}


@lru_cache(maxsize=4096)
def _read(state: str, until: str | None, on: str) -> rules.Answer:
    """Most answers of most people are the same few: one object each, however many are screened at once."""
    ended = dt.date.fromisoformat(until) if until else None
    return rules.Answer(state, ended, dt.date.fromisoformat(on))


def _given_on(raw: Mapping[str, Any], day: dt.date) -> dt.date:
    on = dt.date.fromisoformat(raw["on"])
    return on if on <= day else NEVER


@contextmanager
def failing_closed(patient_id: int) -> Iterator[None]:
    """Turn whatever goes wrong inside into CannotScreen. The log says where, never what is in the record."""
    try:
        yield
    except Exception as error:
        log.error("Cannot screen patient %s: %s in %s", patient_id, type(error).__name__, _place(error))
        raise CannotScreen("the record cannot be read") from error


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
