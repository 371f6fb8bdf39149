"""Every stored screening worked out again from its own snapshot: it has to come out the same to the byte."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from contraindications import rules
from contraindications.models import RuleSet, Screening
from contraindications.screening import CannotScreen, Evaluation, screened_again

BATCH = 500


@dataclass(frozen=True, slots=True)
class Replayed:
    """One screening worked out again. `differs` names the columns that it does not come out with."""

    pk: int
    differs: tuple[str, ...]


def replay(screenings: QuerySet[Screening], *, batch: int = BATCH) -> Iterator[Replayed]:
    """Work the screenings out again in the order of their keys, never more than `batch` of them in memory.

    One SQL query a batch and one for each rule set met; nothing is locked, and none of them is open for long.
    """
    rule_sets: dict[int, RuleSet] = {}
    for screening in _in_batches(screenings, batch):
        key = screening.rule_set_id
        if key not in rule_sets:
            rule_sets[key] = RuleSet.objects.defer("content").get(pk=key)
        screening.rule_set = rule_sets[key]
        yield Replayed(screening.pk, differences(screening))


def differences(screening: Screening) -> tuple[str, ...]:
    """The columns that do not hold what the rules make of this screening's facts, plan, day and rule set."""
    try:
        again = screened_again(screening)
    except CannotScreen:
        return ("facts, plan or rule set: cannot be read",)
    expected = _columns(again)
    return tuple(name for name, value in expected.items() if not _same(getattr(screening, name), value))


def _columns(evaluation: Evaluation) -> Mapping[str, Any]:
    return {
        "facts": evaluation.stored["facts"],
        "plan": evaluation.stored["plan"],
        "result": evaluation.result,
        "finding_digests": evaluation.digests,
        "verdict": evaluation.verdict,
        "digest": evaluation.digest,
    }


def _same(stored: Any, again: Any) -> bool:
    """Equal to the byte: true is not 1."""
    return rules.canonical_json(stored) == rules.canonical_json(again)


def _in_batches(screenings: QuerySet[Screening], batch: int) -> Iterator[Screening]:
    after = 0
    while rows := list(screenings.filter(pk__gt=after).order_by("pk")[:batch]):
        yield from rows
        after = rows[-1].pk
