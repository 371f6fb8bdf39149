"""What waits for a decision on a screening, and which of it the person who looks may decide."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from clinic.models import User
from contraindications.actions import DECIDERS
from contraindications.clearance import Clearance, clearance, decidable
from contraindications.display import title_of
from contraindications.forms import DecisionForm
from contraindications.models import Decision, Screening
from contraindications.screening import Evaluation, evaluation_of

HEADINGS = {
    Decision.Kind.RELEASE: _("Release a stop"),
    Decision.Kind.DECIDE: _("Decide what the documents leave to a doctor"),
    Decision.Kind.ACKNOWLEDGE: _("Acknowledge"),
}
WHO = {
    Decision.Kind.RELEASE: _("Only a doctor can release this."),
    Decision.Kind.DECIDE: _("A doctor must decide this."),
    Decision.Kind.ACKNOWLEDGE: _("The practitioner who treats acknowledges this."),
}


@dataclass(frozen=True, slots=True)
class Open:
    """Findings that one kind of decision settles; `form` is None for a person who may not decide them."""

    kind: str
    heading: str
    who: str
    waiting: list[str]  # titles of those that nobody has decided; none: all of them were, and may be again
    form: DecisionForm | None


@dataclass(frozen=True, slots=True)
class ToDecide:
    """All that can be decided on one screening, gravest first: nothing while a stop stands that nobody can release."""

    screening: Screening
    clearance: Clearance
    kinds: list[Open]
    beyond: list[str]  # titles of stops that nobody can release
    curable: bool  # another plan cures all of these


def to_decide(screening: Screening, user: User, bound: DecisionForm | None = None) -> ToDecide:
    """What waits on `screening` for this person; `bound` takes the place of the form of its kind.

    Raises CannotScreen.
    """
    evaluation = evaluation_of(screening)
    made = list(Decision.objects.about(screening))
    cleared = clearance(evaluation, made)
    seen = made[0].pk if made else 0
    kinds = [_open(kind, evaluation, cleared, user, seen, bound) for kind in HEADINGS]
    beyond = [title_of(evaluation, item) for item in _beyond(cleared)]
    return ToDecide(
        screening=screening,
        clearance=cleared,
        kinds=[] if beyond else [one for one in kinds if one is not None],
        beyond=beyond,
        curable=all(f.remedy for f in evaluation.outcome.findings if f.item in _beyond(cleared)),
    )


def _beyond(cleared: Clearance) -> list[str]:
    return [one.item for one in cleared.missing if not one.kind]


def _open(
    kind: Decision.Kind,
    evaluation: Evaluation,
    cleared: Clearance,
    user: User,
    seen: int,
    bound: DecisionForm | None,
) -> Open | None:
    findings = offered(evaluation, kind)
    if not findings:
        return None
    form = None
    if user.has_role(*DECIDERS[kind]):
        form = DecisionForm(findings=findings, initial={"kind": kind, "seen": seen}, auto_id=f"{kind}-%s")
        form = bound if bound is not None and bound.data.get("kind") == kind else form
    waiting = [title_of(evaluation, one.item) for one in cleared.missing if one.kind == kind]
    return Open(kind, str(HEADINGS[kind]), str(WHO[kind]), waiting, form)


def offered(evaluation: Evaluation, kind: str) -> list[tuple[str, str]]:
    """(item, title) of every finding that the form of this kind of decision offers."""
    findings = decidable(evaluation, kind)
    return [(finding.item, title_of(evaluation, finding.item)) for finding in findings]
