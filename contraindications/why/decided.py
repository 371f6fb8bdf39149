"""What people decided on the findings of a why sheet, and whether it counted."""

from collections.abc import Iterator, Sequence

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from contraindications.deciding.lapses import Lapsed
from contraindications.display import Shown, title_of
from contraindications.models import Decision, Screening
from contraindications.screening import Evaluation
from contraindications.why.parts import Part, Table


def decisions_of(screening: Screening) -> list[Decision]:
    """All that were made on it or before it, oldest first, and later ones about the very same findings."""
    same = screening.finding_digests.items()
    return [
        one
        for one in reversed(Decision.objects.of(screening.patient_id))
        if one.screening_id == screening.pk or one.at <= screening.at or one.items.items() & same
    ]


def decisions_part(evaluation: Evaluation, shown: Shown, made: Sequence[Decision]) -> Part:
    """Every decision about these findings, and what was decided once and does not count, oldest first."""
    rows = tuple(_Decided(evaluation, shown).rows(made))
    if not rows:
        return Part(heading=_("Decisions"), text=(_("Nobody has decided anything on these findings."),))
    head = (_("When, who"), _("Decision"), _("Reason"), _("On"), _("Counts"))
    return Part(heading=_("Decisions"), table=Table(head, rows, widths=(5, 4, 8, 6, 4)))


class _Decided:
    """Tells the decisions that count from those that do not."""

    def __init__(self, evaluation: Evaluation, shown: Shown):
        self.evaluation, self.cleared = evaluation, shown.clearance
        self.lapsed: dict[str, Lapsed] = {one.item: one.lapsed for one in shown.findings if one.lapsed}

    def rows(self, made: Sequence[Decision]) -> Iterator[tuple[str, ...]]:
        for decision in made:
            for item, digest in decision.items.items():
                if self.evaluation.digests.get(item) == digest:
                    yield self.row(decision, item, self.counts(decision, item))
                elif item in self.lapsed and self.lapsed[item].decision == decision:
                    yield self.row(
                        decision, item, _("no: %(why)s") % {"why": "; ".join(self.lapsed[item].why)}
                    )

    def row(self, decision: Decision, item: str, counts: str) -> tuple[str, ...]:
        kind = str(decision.get_kind_display()) if decision.goes_ahead else _("Not to go ahead")
        return (
            f"{date_format(localtime(decision.at), 'j M Y, H:i')}, {decision.by}",
            kind,
            f"{decision.reason_label}: “{decision.text}”",
            title_of(self.evaluation, item),
            counts,
        )

    def counts(self, decision: Decision, item: str) -> str:
        """Whether it counts, of those about the very same finding."""
        latest = self.cleared.decided.get(item)
        if latest == decision or decision.by_id in self.cleared.acknowledged.get(item, ()):
            return _("yes")
        return _("no: a later one does") if latest else _("no")
