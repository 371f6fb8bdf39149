"""Changes: publish a rule set, store a screening, record what a person decided. None of them is ever undone."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from clinic import events
from clinic.models import User
from contraindications import rules
from contraindications.clearance import decidable
from contraindications.deciding.deciders import may_decide
from contraindications.events import DecisionMade, RuleSetPublished
from contraindications.models import Decision, DecisionReason, ListItem, Question, RuleSet, Screening, Source
from contraindications.screening import Evaluation, evaluation_of
from patients.models import Patient

PUBLISHING = 7_305_002  # the advisory lock of publishers


class DecidedMeanwhile(Exception):
    """Somebody has decided on this screening since the person opened the page. Nothing was stored."""

    def __init__(self, decision: Decision):
        super().__init__(f"decision {decision.pk} came first")
        self.decision = decision


@transaction.atomic
def publish_rule_set(
    *, content: Mapping[str, Any], note: str = "", by: User | None, at: dt.datetime
) -> RuleSet:
    """Make `content` the rule set in force, as the next version.

    Raises rules.RuleSetError for content that cannot be relied on: anything that does not compile, an item
    without a citation, a source that the clinic does not have.
    """
    compiled = rules.RuleSet.from_content(content)
    _refuse_what_cannot_be_read(content)
    sources = _cited_sources(compiled)
    one_publisher_at_a_time()
    version = (RuleSet.objects.aggregate(newest=Max("version"))["newest"] or 0) + 1
    rule_set = RuleSet.objects.create(
        version=version, content=content, digest=rules.ruleset_digest(content), note=note
    )
    ListItem.objects.bulk_create(_rows(rule_set, content, compiled, sources))
    rule_set.published_at, rule_set.published_by = at, by
    rule_set.save(update_fields=["published_at", "published_by"])
    events.announce(RuleSetPublished(rule_set.pk, at))
    return rule_set


def one_publisher_at_a_time() -> None:
    """Wait for others who publish or draft, so that versions and changes follow each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PUBLISHING])


def _refuse_what_cannot_be_read(content: Mapping[str, Any]) -> None:
    """RuleSetError for a source without a title and for a reach whose reason has no words or no citation."""
    needed = {f"title of {source['code']}": source.get("title") for source in content["sources"]}
    for source, reaches in content["scope"].get("why", {}).items():
        for reach, why in reaches.items():
            needed |= {f"{part} of {source} {reach}": why.get(part) for part in ("says", "cite")}
    missing = [name for name, text in needed.items() if not isinstance(text, str) or not text.strip()]
    if missing:
        raise rules.RuleSetError(f"missing: {', '.join(missing)}")


def _cited_sources(compiled: rules.RuleSet) -> dict[str, Source]:
    """The sources of all items by code; RuleSetError for an item that does not say where it is written."""
    for item in compiled.items.values():
        for name, text in (("locator", item.locator), ("text", item.text)):
            if not isinstance(text, str) or not text.strip():
                raise rules.RuleSetError(f"list item {item.id} has no {name}")
    sources = {source.code: source for source in Source.objects.all()}
    missing = sorted({item.source for item in compiled.items.values()} - set(sources))
    if missing:
        raise rules.RuleSetError(f"unknown source: {', '.join(missing)}")
    return sources


def _rows(
    rule_set: RuleSet, content: Mapping[str, Any], compiled: rules.RuleSet, sources: Mapping[str, Source]
) -> list[ListItem]:
    return [
        ListItem(
            rule_set=rule_set,
            code=raw["id"],
            source=sources[raw["source"]],
            locator=raw["locator"],
            item=raw["item"],
            strength=raw["strength"],
            when=raw["when"],
            absolute=rules.is_absolute(compiled.items[raw["id"]], compiled),
        )
        for raw in content["items"]
    ]


def store_screening(
    evaluation: Evaluation, *, patient: Patient, by: User | None, at: dt.datetime
) -> Screening:
    """Keep an evaluation for good: facts, plan, rule set, day, result and digest. `by` None is the system."""
    if evaluation.patient_id != patient.pk:
        raise ValueError("the evaluation is about somebody else")
    return store_screenings([evaluation], by=by, at=at)[0]


def store_screenings(
    evaluations: Iterable[Evaluation], *, by: User | None, at: dt.datetime
) -> list[Screening]:
    """Keep many evaluations for good, in their order. One SQL query."""
    return Screening.objects.bulk_create(_row_of(one, by=by, at=at) for one in evaluations)


def _row_of(evaluation: Evaluation, *, by: User | None, at: dt.datetime) -> Screening:
    stored = evaluation.stored
    return Screening(
        patient_id=evaluation.patient_id,
        interview_id=evaluation.interview_id,
        report_id=evaluation.report_id,
        rule_set=evaluation.rule_set,
        as_of=evaluation.as_of,
        facts=stored["facts"],
        plan=stored["plan"],
        result=stored["result"],
        finding_digests=dict(evaluation.digests),
        verdict=evaluation.verdict,
        digest=evaluation.digest,
        at=at,
        by=by,
    )


@transaction.atomic
def decide(
    screening: Screening,
    *,
    kind: str,
    goes_ahead: bool,
    items: Collection[str],
    reason: str,
    text: str,
    by: User,
    at: dt.datetime,
    seen: int | None = None,
) -> Decision:
    """Record a person's decision on some findings of a screening, with a coded reason and a text.

    It answers the questions of which nothing is left to decide. `items` are codes of list items, `reason` the code of
    one that the clinic offers for this kind. `seen` is the newest decision that the person's page showed (0: none);
    one made since raises DecidedMeanwhile. PermissionDenied: not theirs to decide (screening.md section 5).
    ValidationError: nothing chosen, no reason, or a finding that cannot be decided in this way.
    """
    if kind not in Decision.Kind.values:
        raise ValidationError(_("This is no decision that can be made here."))
    if not may_decide(by, kind):
        raise PermissionDenied
    Patient.objects.select_for_update(no_key=True).get(
        pk=screening.patient_id
    )  # one decision after the other
    _refuse_if_decided_since(screening, seen)
    why = _offered(reason, kind)
    decision = Decision(
        screening=screening,
        patient_id=screening.patient_id,
        kind=kind,
        goes_ahead=goes_ahead,
        items=_decidable(screening, kind, items),
        reason=why,
        reason_label=why.label,
        text=text.strip(),
        at=at,
        by=by,
    )
    decision.full_clean()
    decision.save()
    _answer_questions(decision)
    events.announce(DecisionMade(screening.pk, screening.patient_id, at))
    return decision


def _offered(code: str, kind: str) -> DecisionReason:
    """The reason as the clinic words it now; ValidationError for one that it does not offer for this kind."""
    reason = DecisionReason.objects.offered(kind).filter(code=code).first() if code else None
    if reason is None:
        raise ValidationError(_("Choose one of the reasons that are offered."))
    return reason


def _answer_questions(decision: Decision) -> None:
    """The questions on these findings of which this decision settled the last: it is their answer."""
    asked = Question.objects.unanswered().filter(patient=decision.patient_id).select_for_update(no_key=True)
    touched = [one for one in asked if one.items.items() & decision.items.items()]
    if not touched:
        return
    made = Decision.objects.filter(patient=decision.patient_id).values_list("items", flat=True)
    settled = {pair for items in made for pair in items.items()}
    done = [one.pk for one in touched if one.items.items() <= settled]
    Question.objects.filter(pk__in=done).update(answer=decision)


def _refuse_if_decided_since(screening: Screening, seen: int | None) -> None:
    if seen is None:
        return
    newest = Decision.objects.about(screening).first()
    if newest is not None and newest.pk > seen:
        raise DecidedMeanwhile(newest)


def _decidable(screening: Screening, kind: str, items: Collection[str]) -> dict[str, str]:
    """{item: finding digest} of the chosen findings, each of which `kind` may settle; else ValidationError."""
    evaluation = evaluation_of(screening)
    open_to = {finding.item for finding in decidable(evaluation, kind)}
    if not items:
        raise ValidationError(_("Choose the findings that you decide on."))
    if not set(items) <= open_to:
        raise ValidationError(_("One of these findings cannot be decided in this way."))
    return {item: evaluation.digests[item] for item in sorted(set(items))}
