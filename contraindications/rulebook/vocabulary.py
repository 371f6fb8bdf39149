"""What may be chosen when an item, a document or a setting is drafted: the words of the rule set, with labels."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from contraindications import wording
from contraindications.rulebook import listwords
from contraindications.rulebook.listing import POLICY, POLICY_STRENGTHS
from contraindications.rules import words
from patients.models import HealthFact

Choices = list[tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one content."""

    content: Mapping[str, Any]
    labels: Mapping[str, str]  # fact -> what people call it
    groups: Mapping[str, str]  # fact -> its group

    @property
    def states(self) -> dict[str, list[str]]:
        """Fact -> the states that make sense for it."""
        return {fact["code"]: [s for s in fact["states"] if s != words.NO] for fact in self.content["facts"]}

    @property
    def policies(self) -> set[str]:
        """The sources that are the clinic's own."""
        return {source["code"] for source in self.content["sources"] if source["kind"] == POLICY}

    def facts(self) -> Choices:
        """The facts by group, as a select offers them."""
        grouped: dict[str, Choices] = {}
        for code in sorted(self.states, key=lambda fact: self.labels.get(fact, fact)):
            grouped.setdefault(self.groups.get(code, ""), []).append((code, self._offered(code)))
        return sorted((group.capitalize(), facts) for group, facts in grouped.items())

    def _offered(self, fact: str) -> str:
        """The fact, and that it is never answered as ended where that is so."""
        label = self.labels.get(fact, fact)
        return _("%(fact)s (now only)") % {"fact": label} if self.states[fact] == [words.CURRENT] else label

    def sources(self) -> Choices:
        """The documents, then the clinic's own policy."""
        rows = sorted(self.content["sources"], key=lambda source: (source["kind"] == POLICY, source["code"]))
        return [(source["code"], f"{source['code']}, {source['title']}") for source in rows]

    def items(self) -> Choices:
        return [(item["id"], f"{item['id']}, {item['item']}") for item in self.content["items"]]


def vocabulary(content: Mapping[str, Any]) -> Vocabulary:
    """The words of `content`, with today's labels. One SQL query."""
    rows = list(HealthFact.objects.values_list("code", "label", "group"))
    return Vocabulary(
        content, {code: label for code, label, _ in rows}, {code: group for code, _, group in rows}
    )


def named(codes: Iterable[str], labels: Mapping[str, Any]) -> Choices:
    return [(code, labels.get(code, code)) for code in codes]


MATCHES = named(words.MATCHES, listwords.MATCHES)
STATES = named(words.HELD_STATES, listwords.STATES)
PLACES = named(("preparation", "procedure"), listwords.PLACES)
REACHES = named(words.REACHES, wording.REACHES)
DOCUMENT_STRENGTHS = named((s for s in words.STRENGTHS if s not in POLICY_STRENGTHS), listwords.STRENGTHS)
CLINIC_STRENGTHS = named(POLICY_STRENGTHS, listwords.STRENGTHS)
