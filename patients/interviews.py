"""Reading interviews: what is asked of a patient, and what their answers say on a day."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients import rules
from patients.models import HealthFact, Interview, Patient, Report, Substance

WORDS = {
    rules.CURRENT: gettext_lazy("Yes, now"),
    rules.ENDED: gettext_lazy("Ended"),
    rules.NO: gettext_lazy("No"),
    rules.UNSURE: gettext_lazy("Not sure"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One fact as it stands. `state` None: unanswered. `days` is how long ago it was asked."""

    fact: HealthFact
    state: str | None = None
    until: dt.date | None = None
    on: dt.date | None = None
    days: int | None = None
    reported: bool = False  # by the patient, and nobody has confirmed it

    @property
    def in_words(self) -> str:
        return in_words(
            {"state": self.state, "until": self.until.isoformat() if self.until else ""}
            if self.state
            else None
        )


@dataclass(frozen=True, slots=True)
class Allergies:
    """What the patient is allergic to; nothing in either list: none known."""

    substances: list[str]
    texts: list[str]
    on: dt.date
    days: int
    reported: frozenset[str] = frozenset()  # those that nobody has confirmed

    @property
    def none_known(self) -> bool:
        return not self.substances and not self.texts

    @property
    def in_words(self) -> str:
        return ", ".join([*self.substances, *self.texts]) or _("none known")


def in_words(answer: Mapping[str, Any] | None) -> str:
    """An answer as people say it.

    >>> in_words({"state": "ended", "until": "2026-11-01"})
    'ended 1 Nov 2026'
    """
    if not answer:
        return _("not answered")
    said = str(WORDS[answer["state"]]).lower()
    if answer["state"] != rules.ENDED:
        return said
    if not answer.get("until"):
        return _("%(ended)s, date not known") % {"ended": said}
    return f"{said} {date_format(dt.date.fromisoformat(answer['until']))}"


def questions(patient: Patient) -> list[HealthFact]:
    """The facts that are asked of this patient, in the order of the form. One SQL query."""
    return [fact for fact in HealthFact.objects.all() if rules.is_asked(fact.asked_of, patient.sex)]


def relevant(patient: Patient, interview: Interview | None) -> list[HealthFact]:
    """What is asked of this patient, and what was told when it still was asked. One SQL query."""
    answers = interview.answers if interview else {}
    told = {code for code, answer in answers.items() if answer["state"] in (rules.CURRENT, rules.ENDED)}
    return [f for f in HealthFact.objects.all() if f.code in told or rules.is_asked(f.asked_of, patient.sex)]


def in_groups(facts: list[HealthFact]) -> list[tuple[str, list[list[HealthFact]]]]:
    """(group, blocks): facts that one question covers (`ask`) are one block, every other is its own."""
    position = {group: i for i, group in reversed(list(enumerate(fact.group for fact in facts)))}
    ordered = sorted(facts, key=lambda fact: position[fact.group])
    return [
        (group, [list(block) for _, block in groupby(members, key=lambda fact: fact.ask or fact.code)])
        for group, members in groupby(ordered, key=lambda fact: fact.group)
    ]


def standing(fact: HealthFact, interview: Interview | Report | None, *, day: dt.date) -> Standing:
    """What `interview` says of `fact`, seen from `day`."""
    return _standing(fact, interview.answers.get(fact.code) if interview else None, day)


def _standing(
    fact: HealthFact, answer: Mapping[str, Any] | None, day: dt.date, *, reported: bool = False
) -> Standing:
    if not answer:
        return Standing(fact)
    on = dt.date.fromisoformat(answer["on"])
    until = dt.date.fromisoformat(answer["until"]) if answer.get("until") else None
    return Standing(fact, answer["state"], until, on, (day - on).days, reported)


def standing_answers(
    facts: list[HealthFact], interview: Interview | Report | None, *, day: dt.date
) -> list[Standing]:
    """What `interview` says of each of `facts`, seen from `day`; unanswered ones included. No SQL."""
    return [standing(fact, interview, day=day) for fact in facts]


def standing_allergies(interview: Interview | Report | None, *, day: dt.date) -> Allergies | None:
    """The allergies that stand, by label, or None when they were not asked. At most one SQL query."""
    if interview is None or interview.allergies is None:
        return None
    said = interview.allergies
    labels = dict(Substance.objects.filter(code__in=said["substances"]).values_list("code", "label"))
    on = dt.date.fromisoformat(said["on"])
    return Allergies(
        sorted(labels.get(code, code) for code in said["substances"]), said["texts"], on, (day - on).days
    )


@dataclass(frozen=True, slots=True)
class Counting:
    """What counts of what a patient told us: the interview that stands, and of an open report what is graver."""

    interview: Interview | None
    report: Report | None

    def answers(self, facts: list[HealthFact], *, day: dt.date) -> list[Standing]:
        """Of each of `facts` what counts, seen from `day`. No SQL."""
        stands = self.interview.answers if self.interview else {}
        reported = self.report.answers if self.report else {}
        counts = rules.graver_of(stands, reported)
        graver = set(rules.changed(stands, counts))
        shown = {**counts, **{code: reported[code] for code in graver}}
        return [_standing(fact, shown.get(fact.code), day, reported=fact.code in graver) for fact in facts]

    def allergies(self, *, day: dt.date) -> Allergies | None:
        """All allergies that stand or are reported; None when nobody has asked and none is. At most one SQL query."""
        stands = self.interview.allergies if self.interview else None
        reported = self.report.allergies if self.report else None
        both = rules.graver_allergies(stands, reported)
        if both is None:
            return None
        labels = dict(Substance.objects.filter(code__in=both["substances"]).values_list("code", "label"))
        known = {*stands["substances"], *stands["texts"]} if stands else set()
        new = ({*both["substances"], *both["texts"]}) - known
        on = dt.date.fromisoformat((stands or reported or both)["on"])
        return Allergies(
            sorted(labels.get(code, code) for code in both["substances"]),
            both["texts"],
            on,
            (day - on).days,
            frozenset(labels.get(code, code) for code in new),
        )


def counting(patient: Patient) -> Counting:
    """What counts now of what `patient` told us. Two SQL queries."""
    return Counting(Interview.objects.standing(patient), Report.objects.pending(patient))


def substance_names() -> dict[str, str]:
    """{folded label or code: code} of every substance. One SQL query."""
    rows = list(Substance.objects.values_list("code", "label"))
    return {rules.folded(name): code for code, label in rows for name in (label, code)}


@dataclass(frozen=True, slots=True)
class Compared:
    """One fact in a version and in the one beside it. `asked`: when, if that was not on the day of this version."""

    fact: HealthFact
    now: dict | None
    before: dict | None
    changed: bool
    asked: dt.date | None


def compared(this: Interview, other: Interview | None, *, day: dt.date) -> list[Compared]:
    """Every fact that either version answers; nothing changed where there is no other. One SQL query."""
    before = other.answers if other else {}
    changed = set(rules.changed(before, this.answers)) if other else set()
    return [
        Compared(
            fact,
            now := this.answers.get(fact.code),
            before.get(fact.code),
            fact.code in changed,
            _asked(now, day),
        )
        for fact in HealthFact.objects.all()
        if fact.code in this.answers or fact.code in before
    ]


def _asked(answer: dict | None, day: dt.date) -> dt.date | None:
    """When the answer was given, if that was another day than `day`."""
    on = dt.date.fromisoformat(answer["on"]) if answer else day
    return None if on == day else on
