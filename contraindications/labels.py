"""The labels behind the codes of a rule set."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contraindications import rules
from contraindications.models import RuleSet
from contraindications.screening import CannotScreen
from patients.models import HealthFact


@dataclass(frozen=True, slots=True)
class Words:
    """The labels behind the codes of one rule set."""

    facts: Mapping[str, str]
    sources: Mapping[str, str]
    why: Mapping[str, Mapping[str, Mapping[str, str]]]


_words: dict[str, Words] = {}


def words_of(rule_set: RuleSet, compiled: rules.RuleSet) -> Words:
    """The labels of a rule set, read once per process and rule set (two SQL queries)."""
    if rule_set.digest in _words:
        return _words[rule_set.digest]
    facts = dict(HealthFact.objects.values_list("code", "label"))
    content: dict[str, Any] | None = (
        RuleSet.objects.filter(digest=rule_set.digest).values_list("content", flat=True).first()
    )
    if content is None:
        raise CannotScreen("the rule set is not there")
    words = Words(
        facts=facts,
        sources={source["code"]: source["title"] for source in content["sources"]},
        why=content["scope"].get("why", {}),
    )
    if facts.keys() >= {fact for asked in compiled.asked.values() for fact in asked}:
        _words[rule_set.digest] = words
    return words
