"""What is typed at check-in and when a session is performed."""

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from patients.interview_forms import ALLERGIES, InterviewForm
from treatments.visits.asking import Asking

SAME = "same"
NOT_ASKED = gettext_lazy("Ask this, too.")


class CheckInForm(InterviewForm):
    """The questions of a check-in: each is answered by itself, with one tap where nothing changed.

    Nothing is chosen beforehand. What ended once is filled in, so that "ended" need not be dated again.
    """

    def __init__(self, asking: Asking) -> None:
        super().__init__(asking.patient, asking.last, asking.allergies, day=asking.day)
        self.asking = asking
        for question in self.questions.values():
            if question.last.state == "ended":
                question.until = question.last.until.isoformat() if question.last.until else ""
                question.unknown = question.last.until is None

    def read(self, data: QueryDict) -> None:
        """Take what was posted; a question without an answer is an error beside it."""
        super().read(data)
        allergies = [ALLERGIES] if self.asking.asks_allergies else []
        self.require([*self.questions, *allergies], str(NOT_ASKED))

    def _read_allergies(self, data: QueryDict) -> None:
        """No new one: those that are known. New ones come to those that are known; none is taken out here."""
        known = self.known_allergies
        if not self.asking.asks_allergies:
            return
        if (
            known is not None
            and data.get(ALLERGIES) == SAME
            and not (data.get("substance") or any(data.getlist("text")))
        ):
            self.allergy.chosen, self.allergies = SAME, known
            return
        super()._read_allergies(data)
        if known is not None and self.allergies is not None:
            self.allergies = {kind: [*known[kind], *self.allergies[kind]] for kind in known}

    @property
    def known_allergies(self) -> dict[str, list[str]] | None:
        """What is known already, as codes and texts; None where nobody asked before."""
        told = self.asking.stands and self.asking.stands.allergies
        return {kind: list(told[kind]) for kind in ("substances", "texts")} if told else None

    @property
    def total(self) -> int:
        return len(self.questions) + self.asking.asks_allergies


class PerformForm(forms.Form):
    """A note, if there is anything to say."""

    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=2000, widget=forms.Textarea({"rows": 4})
    )
