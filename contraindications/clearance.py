"""What may happen to a plan now: its verdict, and the decisions that people made about the same findings.

Source: docs/rules.md (screening.md), section 5. A decision covers a finding with the digest it was made about, and
no other; of several the latest counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.models import Clinic
from contraindications import rules
from contraindications.models import Decision, Screening
from contraindications.screening import Evaluation, evaluation_of

REFUSED = "refused"
BOOKABLE, HELD, NOT_BOOKABLE = "bookable", "held", "not_bookable"
BOOKING_WORDS = {
    BOOKABLE: gettext_lazy("Bookable"),
    HELD: gettext_lazy("Held"),
    NOT_BOOKABLE: gettext_lazy("Not bookable"),
}
SENTENCES = {
    "stop": gettext_lazy("Nothing can be booked or performed unless a doctor releases it."),
    REFUSED: gettext_lazy("It was decided not to go ahead with this plan."),
    "incomplete": gettext_lazy("Nothing can be performed until the missing answers are there."),
    "hold": gettext_lazy("It can be booked and performed after a doctor has decided."),
    "caution": gettext_lazy("It can be performed after the practitioner has acknowledged each point."),
    "clear": gettext_lazy("It can be confirmed, booked and performed."),
}
# Which decision settles a finding of which effect.
KINDS = {
    "stop": Decision.Kind.RELEASE,
    "hold": Decision.Kind.DECIDE,
    "caution": Decision.Kind.ACKNOWLEDGE,
}


@dataclass(frozen=True, slots=True)
class Missing:
    """A finding that still waits: for `kind` of decision, or for nobody's ("" : it cannot be released)."""

    item: str
    effect: str
    kind: str


@dataclass(frozen=True, slots=True)
class Clearance:
    """What may happen. `stage` is what stands in the way: a verdict that is not settled, or `refused`."""

    stage: str
    performable: bool
    bookable: bool
    confirmable: bool
    missing: tuple[Missing, ...]
    decided: Mapping[str, Decision]  # item -> the decision that counts
    acknowledged: Mapping[str, frozenset[int]] = field(default_factory=dict)  # caution -> by whom (ids)
    lapsed: Mapping[str, Sequence[Decision]] = field(
        default_factory=dict
    )  # waiting item -> made, not covering

    @property
    def beyond_anybody(self) -> tuple[str, ...]:
        """The stops that nobody can release."""
        return tuple(one.item for one in self.missing if not one.kind)

    @property
    def for_a_doctor(self) -> dict[str, str]:
        """Item -> kind of the decisions that would let it go on and that only a doctor can make; else nothing."""
        if self.stage not in ("hold", "stop") or self.beyond_anybody:
            return {}
        return {one.item: one.kind for one in self.missing if one.effect in ("hold", "stop")}

    def unacknowledged_by(self, user_id: int | None) -> tuple[str, ...]:
        """The cautions that this person has not acknowledged: whoever treats acknowledges (section 5)."""
        return tuple(item for item, by in self.acknowledged.items() if user_id not in by)

    def performable_by(self, user_id: int | None) -> bool:
        """May this person perform it? Somebody else's acknowledgement lets it be confirmed, not performed by them."""
        return self.performable and not self.unacknowledged_by(user_id)

    @property
    def said(self) -> str:
        """One sentence for clinical staff."""
        return said(self.stage, self.missing)

    @property
    def booking(self) -> str:
        """All that the front desk may know: bookable, held or not_bookable."""
        if self.bookable:
            return BOOKABLE
        return NOT_BOOKABLE if self.stage in ("stop", REFUSED) else HELD

    @property
    def booking_said(self) -> str:
        return str(BOOKING_WORDS[self.booking])


def clearance(
    of: Evaluation | Screening, decisions: Iterable[Decision], *, tentative: bool | None = None
) -> Clearance:
    """What may happen now, given this patient's `decisions`.

    `tentative` is the clinic's setting to book before all answers are there, read from the database if not given.
    Up to three SQL queries for a stored screening, one for an evaluation. Raises CannotScreen.
    """
    evaluation = evaluation_of(of) if isinstance(of, Screening) else of
    made = sorted(decisions, key=lambda one: (one.at, one.pk))
    latest = covering(evaluation, made)
    missing = tuple(
        Missing(finding.item, finding.effect, settled_by(finding, evaluation))
        for finding in evaluation.outcome.findings
        if finding.effect in KINDS and finding.item not in latest
    )
    refused = any(not decision.goes_ahead for decision in latest.values())
    stage = _stage(refused, missing, evaluation.outcome.unanswered)
    if tentative is None:
        tentative = stage == "incomplete" and Clinic.current().tentative_bookings
    held = any(one.effect == "hold" for one in missing)
    return Clearance(
        stage=stage,
        performable=stage == "clear",
        bookable=stage in ("clear", "caution") or (stage == "incomplete" and tentative and not held),
        confirmable=stage == "clear",
        missing=missing,
        decided=latest,
        acknowledged=_acknowledged(evaluation, made),
        lapsed=_lapsed(missing, made),
    )


def covering(evaluation: Evaluation, decisions: Iterable[Decision]) -> dict[str, Decision]:
    """Item -> the latest decision made about the same finding, of the kind that can settle it."""
    kinds = {f.item: settled_by(f, evaluation) for f in evaluation.outcome.findings}
    latest: dict[str, Decision] = {}
    for decision in sorted(decisions, key=lambda one: (one.at, one.pk)):
        for item, digest in decision.items.items():
            if evaluation.digests.get(item) == digest and kinds.get(item) == decision.kind:
                latest[item] = decision
    return latest


def _acknowledged(evaluation: Evaluation, made: Iterable[Decision]) -> dict[str, frozenset[int]]:
    """Caution -> the people who acknowledged it since anybody last decided against it."""
    by: dict[str, frozenset[int]] = {
        finding.item: frozenset() for finding in decidable(evaluation, KINDS["caution"])
    }
    for decision in made:
        for item, digest in decision.items.items():
            if item in by and decision.kind == KINDS["caution"] and evaluation.digests.get(item) == digest:
                by[item] = by[item] | {decision.by_id} if decision.goes_ahead else frozenset()
    return by


def _lapsed(missing: Iterable[Missing], made: Sequence[Decision]) -> dict[str, list[Decision]]:
    """What waits -> the decisions once made about the same list item, newest first: none of them counts here."""
    once = {one.item: [made_ for made_ in reversed(made) if one.item in made_.items] for one in missing}
    return {item: decisions for item, decisions in once.items() if decisions}


def is_refused(screening: Screening, decisions: Iterable[Decision]) -> bool:
    """Did the last who decided about a finding of `screening`, just as it is, decide against? For lists: no query."""
    latest: dict[str, Decision] = {}
    for decision in sorted(decisions, key=lambda one: (one.at, one.pk)):
        same = decision.items.items() & screening.finding_digests.items()
        latest |= {item: decision for item, _digest in same}
    return any(not decision.goes_ahead for decision in latest.values())


def decidable(evaluation: Evaluation, kind: str) -> list[rules.Finding]:
    """Every finding that this kind of decision can settle, decided already or not."""
    return [f for f in evaluation.outcome.findings if kind and settled_by(f, evaluation) == kind]


def settled_by(finding: rules.Finding, evaluation: Evaluation) -> str:
    """The kind of decision that settles a finding; "" for one that nobody can release, and for a note."""
    releasable = rules.may_be_released(finding, evaluation.compiled)
    return str(KINDS[finding.effect]) if releasable and finding.effect in KINDS else ""


def _stage(refused: bool, missing: Iterable[Missing], unanswered: Iterable[str]) -> str:
    """The gravest that nobody has settled."""
    open_effects = {one.effect for one in missing}
    if "stop" in open_effects:
        return "stop"
    if refused:
        return REFUSED
    if unanswered:
        return "incomplete"
    return next((effect for effect in ("hold", "caution") if effect in open_effects), "clear")


def said(stage: str, missing: Iterable[Missing]) -> str:
    """One sentence for clinical staff."""
    if stage == "stop" and any(not one.kind for one in missing):
        return _("Nothing can be booked or performed with this plan.")
    return str(SENTENCES[stage])
