"""What a practitioner says about a patient's own report."""

import datetime as dt

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.confirming import Compared, Comparison
from patients.interview_forms import ALLERGIES, InterviewForm, Question
from patients.interviews import Allergies, standing_allergies
from patients.rules import NO

TAKE_OR_CORRECT = gettext_lazy("Take it or correct it.")
GONE_THROUGH = "gone_through"


class ConfirmForm(InterviewForm):
    """The answers of a report that differ from what stands: each is taken or corrected by itself.

    Nothing is chosen beforehand; days and substances are filled in as reported. What is new and "no" is taken together,
    once the practitioner says that they went through it.
    """

    def __init__(self, compared: Comparison, *, day: dt.date) -> None:
        rows = [*compared.changed, *compared.first_no]
        stands = standing_allergies(compared.stands, day=day)
        super().__init__(compared.report.patient, [row.stands for row in rows], stands, day=day)
        self.compared = compared
        self.gone_through, self.not_gone_through = False, ""
        for row in compared.changed:
            question = self.questions[row.fact.code]
            question.until = row.reported.until.isoformat() if row.reported.until else ""
            question.unknown = row.reported.state == "ended" and row.reported.until is None
        self._fill_allergies()

    def _fill_allergies(self) -> None:
        """All that stands and all that is reported, to be taken or corrected."""
        said = [
            one.allergies for one in (self.compared.stands, self.compared.report) if one and one.allergies
        ]
        self.allergy.picked = sorted({code for one in said for code in one["substances"]})
        self.allergy.texts = sorted({text for one in said for text in one["texts"]})

    def read(self, data: QueryDict) -> None:
        """Take what was posted; an answer that nobody decided is an error beside it."""
        super().read(data)
        allergies = [ALLERGIES] if self.compared.allergies_changed else []
        self.require([*(row.fact.code for row in self.compared.changed), *allergies], str(TAKE_OR_CORRECT))
        self.gone_through = bool(data.get(GONE_THROUGH))
        for question in self.first_no if self.gone_through else []:
            if not question.chosen:
                self.answers[question.fact.code] = {"state": NO}
        if self.compared.first_no and not self.gone_through:
            self.not_gone_through = _("Go through these with the patient, and say so.")

    def _read_allergies(self, data: QueryDict) -> None:
        """Ticks alone say nothing here: they are filled in."""
        if not self.compared.allergies_changed:
            return
        super()._read_allergies(data)
        if not data.get(ALLERGIES):
            self.allergy.chosen, self.allergies = "", None

    @property
    def reported_allergies(self) -> Allergies | None:
        """What the patient now says of allergies. At most one SQL query."""
        return standing_allergies(self.compared.report, day=self.day)

    @property
    def rows(self) -> list[tuple[Compared, Question]]:
        """What changed, each with its question."""
        return [(row, self.questions[row.fact.code]) for row in self.compared.changed]

    @property
    def first_no(self) -> list[Question]:
        return [self.questions[row.fact.code] for row in self.compared.first_no]

    @property
    def errors(self) -> dict[str, tuple[str, str]]:
        """{code: (label, what is wrong)}."""
        found = super().errors
        return found | (
            {GONE_THROUGH: (_("Answered “no”"), self.not_gone_through)} if self.not_gone_through else {}
        )


class SetAsideForm(forms.Form):
    """Why a report does not count."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500)
