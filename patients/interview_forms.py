"""The interview as a form: generated from the health facts, read from what was posted."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from patients import rules
from patients.forms import DAY_FORMATS, tidy
from patients.interviews import WORDS, Allergies, Standing, in_groups, in_words
from patients.models import HealthFact, Interview, Patient, Report, Substance

PROBLEMS = {
    "not_offered": gettext_lazy("Choose one of the answers."),
    "future": gettext_lazy("The day it ended lies in the future."),
    "before_birth": gettext_lazy("The day it ended lies before the patient was born."),
}
MOST_TEXTS, LONGEST_TEXT, FREE_LINES = 20, 120, 2
ALLERGIES = "allergies"
_day = forms.DateField(required=False, input_formats=DAY_FORMATS)


class Refused(Exception):
    """An answer that cannot be taken as it is; the message says why."""


@dataclass(slots=True)
class Question:
    """One fact on the page: what can be answered, what is chosen, what was said last time."""

    fact: HealthFact
    last: Standing
    chosen: str = ""
    until: str = ""
    unknown: bool = False
    error: str = ""
    theirs: str = ""

    @property
    def states_offered(self) -> tuple[str, ...]:
        return rules.choices(self.fact.states)

    @property
    def choices(self) -> list[tuple[str, Any]]:
        return [(state, WORDS[state]) for state in self.states_offered]

    @property
    def answered(self) -> bool:
        return bool(self.chosen) and not self.error


@dataclass(slots=True)
class AllergyQuestion:
    """The question of allergies: not answered, none known, or these."""

    substances: list[tuple[str, str]]  # (code, label) of everything that can be picked
    last: Allergies | None
    chosen: str = ""
    picked: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    error: str = ""
    theirs: str = ""

    @property
    def lines(self) -> list[str]:
        """The lines of free text, some of them empty to write on."""
        return self.texts + [""] * FREE_LINES

    @property
    def answered(self) -> bool:
        return bool(self.chosen) and not self.error


class InterviewForm:
    """One page of questions. `answers` and `allergies` are what can be taken; `errors` say what cannot, and why."""

    def __init__(
        self, patient: Patient, last: list[Standing], allergies: Allergies | None, *, day: dt.date
    ) -> None:
        self.patient = patient
        self.day = day
        self.questions = {standing.fact.code: Question(standing.fact, standing) for standing in last}
        self.allergy = AllergyQuestion(list(Substance.objects.values_list("code", "label")), allergies)
        self.answers: dict[str, dict] = {}
        self.allergies: dict | None = None

    # Filling in

    def show(self, draft: Interview | Report | None) -> None:
        """Choose what the draft says, where nothing is chosen yet."""
        if draft is None:
            return
        for question in self.questions.values():
            answer = draft.answers.get(question.fact.code)
            if answer and not question.chosen and not question.error:
                question.chosen, question.until = answer["state"], answer.get("until", "")
                question.unknown = answer["state"] == rules.ENDED and "until" not in answer
        if draft.allergies is not None and not self.allergy.chosen and not self.allergy.error:
            self.allergy.picked = list(draft.allergies["substances"])
            self.allergy.texts = list(draft.allergies["texts"])
            self.allergy.chosen = "some" if self.allergy.picked or self.allergy.texts else "none"

    def read(self, data: QueryDict) -> None:
        """Take what was posted: every answer that can be, and an error beside every other."""
        for code, question in self.questions.items():
            question.chosen = data.get(f"answer.{code}", "")
            question.until = data.get(f"until.{code}", "")[:20]
            question.unknown = bool(data.get(f"unknown.{code}"))
            try:
                if question.chosen:
                    self.answers[code] = self._answer(question)
            except Refused as refused:
                question.error = str(refused)
        self._read_allergies(data)

    def require(self, codes: Collection[str], said: str) -> None:
        """Put `said` beside each of these questions that has no answer; ALLERGIES is one of them."""
        for code in codes:
            question = self.allergy if code == ALLERGIES else self.questions[code]
            if not question.chosen and not question.error:
                question.error = said

    def _answer(self, question: Question) -> dict[str, str]:
        answer = {"state": question.chosen}
        if question.chosen == rules.ENDED:
            answer |= _ended(question)
        born, states = self.patient.birth_date, question.fact.states
        if problem := rules.problem(answer, states=states, born=born, day=self.day):
            question.chosen = question.chosen if problem != "not_offered" else ""
            raise Refused(PROBLEMS[problem])
        return answer

    def _read_allergies(self, data: QueryDict) -> None:
        question = self.allergy
        question.chosen = data.get(ALLERGIES, "")
        question.picked = list(dict.fromkeys(data.getlist("substance")))
        question.texts = [text for text in map(tidy, data.getlist("text")) if text]
        try:
            self.allergies = _allergies(question)
        except Refused as refused:
            question.error = str(refused)
            known = {code for code, _label in question.substances}
            question.picked = [code for code in question.picked if code in known]

    # Showing

    @property
    def groups(self) -> list[tuple[str, list[list[Question]]]]:
        """(group, blocks of questions), those that belong together in one block."""
        grouped = in_groups([question.fact for question in self.questions.values()])
        return [
            (group, [[self.questions[fact.code] for fact in block] for block in blocks])
            for group, blocks in grouped
        ]

    @property
    def errors(self) -> dict[str, tuple[str, str]]:
        """{code: (label, what is wrong)}."""
        found = {c: (q.fact.label, q.error) for c, q in self.questions.items() if q.error}
        return found | ({ALLERGIES: (_("Allergies"), self.allergy.error)} if self.allergy.error else {})

    @property
    def missing(self) -> list[Question]:
        """Without an answer now and before, or "not sure": screening counts them as unanswered."""
        return [q for q in self.questions.values() if (q.chosen or q.last.state) in (None, rules.UNSURE)]

    @property
    def kept(self) -> list[Question]:
        """Not asked this time, so that the former answer stands, as old as it is."""
        return [
            q for q in self.questions.values() if not q.chosen and q.last.state not in (None, rules.UNSURE)
        ]

    @property
    def allergies_missing(self) -> bool:
        return not self.allergy.chosen and self.allergy.last is None

    @property
    def allergies_kept(self) -> bool:
        return not self.allergy.chosen and self.allergy.last is not None

    @property
    def missing_count(self) -> int:
        return len(self.missing) + self.allergies_missing

    @property
    def kept_count(self) -> int:
        return len(self.kept) + self.allergies_kept

    @property
    def total(self) -> int:
        return len(self.questions) + 1

    @property
    def answered(self) -> int:
        return sum(q.answered for q in self.questions.values()) + self.allergy.answered

    @property
    def next_open(self) -> str:
        """The code of the first question without an answer, "" if there is none."""
        left = (code for code, question in self.questions.items() if not question.answered)
        return next(left, "" if self.allergy.answered else ALLERGIES)

    def compare(self, theirs: Interview) -> None:
        """Beside each question, what `theirs` says where it says something else; fill what is not answered here."""
        for code, question in self.questions.items():
            answer = theirs.answers.get(code)
            if question.chosen and answer and rules.said(answer) != rules.said(self.answers.get(code)):
                question.theirs = in_words(answer)
        if self.allergy.chosen and theirs.allergies is not None:
            self.allergy.theirs = ", ".join(
                [*theirs.allergies["substances"], *theirs.allergies["texts"]]
            ) or _("none known")
        self.show(theirs)


def _ended(question: Question) -> dict[str, str]:
    """{"until"} or nothing when the date is not known; saying neither, or both, is refused."""
    try:
        until = _day.clean(question.until)
    except forms.ValidationError:
        raise Refused(_("Write the day as 2026-11-30, or say that it is not known.")) from None
    if until and question.unknown:
        raise Refused(_("Give the day it ended or say that it is not known, not both."))
    if not until and not question.unknown:
        raise Refused(_("Say when it ended, or that the date is not known."))
    return {"until": until.isoformat()} if until else {}


def _allergies(question: AllergyQuestion) -> dict | None:
    """What was said of allergies, None when nothing was."""
    named = bool(question.picked or question.texts)
    if question.chosen not in ("", "none", "some"):
        question.chosen = ""
        raise Refused(PROBLEMS["not_offered"])
    if question.chosen == "none" and named:
        raise Refused(_("“None known” does not go with entries: take the entries out, or choose “These”."))
    if question.chosen == "some" and not named:
        raise Refused(_("Name at least one allergy, or choose “None known”."))
    _refuse_unreadable(question)
    if named:
        question.chosen = "some"
    return {"substances": question.picked, "texts": question.texts} if question.chosen else None


def _refuse_unreadable(question: AllergyQuestion) -> None:
    if not set(question.picked) <= {code for code, _label in question.substances}:
        raise Refused(_("One of the substances is not in the catalogue: choose again."))
    if any(len(text) > LONGEST_TEXT for text in question.texts):
        raise Refused(_("At most %(n)s characters for each allergy.") % {"n": LONGEST_TEXT})
    if len(question.texts) > MOST_TEXTS:
        raise Refused(ngettext("At most %(n)s line.", "At most %(n)s lines.", MOST_TEXTS) % {"n": MOST_TEXTS})
