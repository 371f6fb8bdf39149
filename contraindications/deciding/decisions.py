"""What waits for a decision on a screening, and which of it the person who looks may decide."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from clinic.models import User
from clinic.roles import Role
from contraindications.clearance import Clearance, clearance, decidable
from contraindications.deciding.deciders import may_decide
from contraindications.display import title_of
from contraindications.forms import DecisionForm, QuestionForm
from contraindications.models import Decision, DecisionKind, DecisionReason, Question, Screening
from contraindications.screening import Evaluation, evaluation_of

HEADINGS = {
    DecisionKind.RELEASE: _("Release a stop"),
    DecisionKind.DECIDE: _("Decide what the documents leave to a doctor"),
    DecisionKind.ACKNOWLEDGE: _("Acknowledge"),
}
WHO = {
    DecisionKind.RELEASE: _("Only a doctor can release this."),
    DecisionKind.DECIDE: _("A doctor must decide this."),
    DecisionKind.ACKNOWLEDGE: _("The practitioner who treats acknowledges this."),
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
    questions: list[Question]  # unanswered, oldest first
    ask: QuestionForm | None  # for a nurse, while something waits for a doctor that nobody has asked about


def to_decide(
    screening: Screening, user: User, bound: DecisionForm | None = None, *, performing: bool = False
) -> ToDecide:
    """What waits on `screening` for this person; `bound` takes the place of the form of its kind.

    `performing`: they are about to treat, so the cautions that they did not acknowledge themselves wait too.
    Up to four SQL queries beside those of reading the screening. Raises CannotScreen.
    """
    evaluation = evaluation_of(screening)
    made = list(Decision.objects.of(screening.patient_id))
    cleared = clearance(evaluation, made)
    desk = _Desk(
        screening, evaluation, cleared, user, seen=_newest_about(screening, made), performing=performing
    )
    kinds = [] if cleared.beyond_anybody else [one for kind in HEADINGS if (one := desk.open(kind, bound))]
    questions = list(Question.objects.about(screening))
    return ToDecide(
        screening=screening,
        clearance=cleared,
        kinds=kinds,
        beyond=[title_of(evaluation, item) for item in cleared.beyond_anybody],
        curable=all(f.remedy for f in evaluation.outcome.findings if f.item in cleared.beyond_anybody),
        questions=questions,
        ask=QuestionForm(auto_id=f"ask-{screening.pk}-%s") if desk.may_ask(questions) else None,
    )


def _newest_about(screening: Screening, made: Iterable[Decision]) -> int:
    """The newest decision that the page shows as one about these findings; 0 for none."""
    found = screening.finding_digests.items()
    return max(
        (one.pk for one in made if one.screening_id == screening.pk or one.items.items() & found), default=0
    )


class _Desk:
    """What lies before this person."""

    def __init__(
        self,
        screening: Screening,
        evaluation: Evaluation,
        cleared: Clearance,
        user: User,
        *,
        seen: int,
        performing: bool,
    ):
        self.screening, self.evaluation, self.cleared, self.user = screening, evaluation, cleared, user
        self.seen, self.performing = seen, performing
        self.reasons = list(DecisionReason.objects.in_use())

    def open(self, kind: DecisionKind, bound: DecisionForm | None) -> Open | None:
        """The findings that this kind of decision settles, with a form for who may; None if there are none."""
        findings = offered(self.evaluation, kind)
        if not findings:
            return None
        form = None
        if may_decide(self.user, kind):
            ours = bound is not None and bound.data.get("kind") == kind
            form = bound if ours else self._form(kind, findings)
        waiting = [title_of(self.evaluation, item) for item in self._waiting(kind)]
        return Open(kind, str(HEADINGS[kind]), str(WHO[kind]), waiting, form)

    def _form(self, kind: DecisionKind, findings: list[tuple[str, str]]) -> DecisionForm:
        reasons = [reason for reason in self.reasons if kind in reason.kinds]
        initial = {"kind": kind, "seen": self.seen}
        auto_id = f"{kind}-{self.screening.pk}-%s"  # a page may show the forms of several screenings
        return DecisionForm(findings=findings, reasons=reasons, initial=initial, auto_id=auto_id)

    def _waiting(self, kind: DecisionKind) -> Iterable[str]:
        if self.performing and kind == DecisionKind.ACKNOWLEDGE:
            return self.cleared.unacknowledged_by(self.user.pk)
        return [one.item for one in self.cleared.missing if one.kind == kind]

    def may_ask(self, questions: Iterable[Question]) -> bool:
        """A nurse may, about what a doctor could decide and nobody has asked yet."""
        if self.user.is_doctor or not self.user.has_role(Role.NURSE):
            return False
        asked = {item for question in questions for item in question.items}
        return not self.cleared.for_a_doctor.keys() <= asked


def offered(evaluation: Evaluation, kind: str) -> list[tuple[str, str]]:
    """(item, title) of every finding that the form of this kind of decision offers."""
    findings = decidable(evaluation, kind)
    return [(finding.item, title_of(evaluation, finding.item)) for finding in findings]
