"""Why a decision does not count any more, in words: what it rested on then, beside what stands here now."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contraindications import rules, wording
from contraindications.clearance import Clearance
from contraindications.labels import words_of
from contraindications.models import Decision, Screening
from contraindications.planwords import words_of as words_of_plan
from contraindications.screening import CannotScreen, Evaluation, evaluation_of
from patients.models import Substance

CHOICES = {
    "goal": gettext_lazy("goal"),
    "area": gettext_lazy("area"),
    "technique": gettext_lazy("technique"),
}
SUBSTANCES = ("ingredients", "procedure_substances")


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A decision that was made about this list item and does not cover the finding, with each reason in words."""

    decision: Decision
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Case:
    """One item: the decision, what it judged, what stands now, and what differs."""

    decision: Decision
    then: Evaluation
    changes: tuple[rules.Change, ...]


def lapsed(evaluation: Evaluation, cleared: Clearance) -> dict[str, Lapsed]:
    """Item -> what was decided about it once and does not count here, for all that waits.

    No SQL query where nothing lapsed, else two, and one for each plan with another goal, area or technique.
    """
    cases = _cases(evaluation, cleared.lapsed)
    speaker = _Speaker(evaluation, cases.values())
    return {item: Lapsed(case.decision, speaker.why(item, case)) for item, case in cases.items()}


def _cases(evaluation: Evaluation, once: Mapping[str, Sequence[Decision]]) -> dict[str, _Case]:
    if not once:
        return {}
    now = _bases(evaluation)
    judged = _judged({made.screening_id for decisions in once.values() for made in decisions})
    found = {}
    for item, decisions in once.items():
        made = _nearest(evaluation, [one for one in decisions if one.screening_id in judged], judged)
        if made is not None:
            then = judged[made.screening_id]
            found[item] = _Case(made, then, rules.changes(_bases(then)[item], now[item]))
    return found


def _judged(pks: Iterable[int]) -> dict[int, Evaluation]:
    """What was decided on; without what cannot be read any more."""
    rows = Screening.objects.filter(pk__in=pks).select_related("rule_set").defer("rule_set__content")
    found = {}
    for row in rows:
        try:
            found[row.pk] = evaluation_of(row)
        except CannotScreen:
            continue
    return found


def _bases(of: Evaluation) -> dict[str, dict[str, Any]]:
    return rules.bases(of.outcome, of.patient_facts, of.plan, of.compiled, of.as_of)


def _nearest(
    now: Evaluation, decisions: Sequence[Decision], judged: Mapping[int, Evaluation]
) -> Decision | None:
    """The newest about a plan for the same goal and area, else the newest: others speak of another treatment."""
    here = (now.plan.goal, now.plan.area)
    plans = {made.pk: judged[made.screening_id].plan for made in decisions}
    same = (made for made in decisions if (plans[made.pk].goal, plans[made.pk].area) == here)
    return next(same, next(iter(decisions), None))


class _Speaker:
    """Puts changes into words; knows the labels that they need."""

    def __init__(self, now: Evaluation, cases: Iterable[_Case]):
        self.now, cases = now, list(cases)
        changes = [change for case in cases for change in case.changes]
        chosen = [case.then for case in cases if any(change.about in CHOICES for change in case.changes)]
        plans = {id(one): one.plan for one in (now, *chosen)} if chosen else {}
        self.called = {key: words_of_plan(plan) for key, plan in plans.items()}
        self.facts = words_of(now.rule_set, now.compiled).facts if cases else {}
        self.labels = _substance_labels(changes)

    def why(self, item: str, case: _Case) -> tuple[str, ...]:
        said = [line for change in case.changes if (line := self._line(item, case, change))]
        if not said and case.changes:
            said = [_("the lists are read differently now") + self._editions(case)]
        return tuple(said or [_("the clinic lets nobody decide this any more")])

    def _line(self, item: str, case: _Case, change: rules.Change) -> str:
        if change.about in CHOICES:
            return self._choice(case, change.about)
        if change.about in SUBSTANCES:
            return self._substance(change)
        if change.about == "fact":
            return self._fact(change)
        if change.about == "contact":
            return self._contact(change)
        if change.about == "item":
            return self._item(item, case)
        return self._effect(change)

    def _choice(self, case: _Case, part: str) -> str:
        return _("the %(part)s was %(then)s then, is %(now)s here") % {
            "part": CHOICES[part],
            "then": self.called[id(case.then)][part],
            "now": self.called[id(self.now)][part],
        }

    def _substance(self, change: rules.Change) -> str:
        if change.then and change.now:
            said = _("what is known of %(what)s changed")
        elif change.about == "ingredients":
            said = (
                _("%(what)s was added to the plan") if change.now else _("%(what)s was left out of the plan")
            )
        else:
            said = _("%(what)s is used as well now") if change.now else _("%(what)s is not used any more")
        return said % {"what": self.labels.get(change.what, change.what)}

    def _fact(self, change: rules.Change) -> str:
        names = {"fact": self.facts.get(change.what, change.what)}
        if change.then is None:
            return _("%(fact)s: not reported then, is %(now)s here") % {**names, "now": _state(change.now)}
        if change.now is None:
            return _("%(fact)s: %(then)s then, not reported here") % {**names, "then": _state(change.then)}
        return _("%(fact)s: %(then)s then, is %(now)s here") % {
            **names,
            "then": _state(change.then),
            "now": _state(change.now),
        }

    def _contact(self, change: rules.Change) -> str:
        allergen, substance = (self.labels.get(code, code) for code in change.what)
        names = {"allergen": allergen, "substance": substance}
        if change.now:
            return _("allergy to %(allergen)s is met in %(substance)s now") % names
        return _("allergy to %(allergen)s is not met in %(substance)s any more") % names

    def _item(self, item: str, case: _Case) -> str:
        texts = [
            of.compiled.items[item].text if item in of.compiled.items else "" for of in (case.then, self.now)
        ]
        said = _("the words of the list item changed") if texts[0] != texts[1] else _("the list item changed")
        return said + self._editions(case)

    def _editions(self, case: _Case) -> str:
        then, now = case.then.rule_set.version, self.now.rule_set.version
        return "" if then == now else " " + _("(rule set %(then)s → %(now)s)") % {"then": then, "now": now}

    def _effect(self, change: rules.Change) -> str:
        """Of what the rules make of it, the effect alone is told: the rest follows from what was said."""
        if (change.about, change.what) != ("finding", "effect"):
            return ""
        return _("the lists said “%(then)s” then, say “%(now)s” here") % {
            "then": wording.EFFECT_TAGS[change.then],
            "now": wording.EFFECT_TAGS[change.now],
        }


def _substance_labels(changes: Iterable[rules.Change]) -> dict[str, str]:
    codes = {change.what for change in changes if change.about in SUBSTANCES}
    codes |= {code for change in changes if change.about == "contact" for code in change.what}
    if not codes:
        return {}
    return dict(Substance.objects.filter(code__in=codes).values_list("code", "label"))


def _state(reported: Sequence[str]) -> str:
    """A state of a fact with the day of its end: (state, day or "None")."""
    state, until = reported
    if state == "current":
        return _("“now”")
    if until == "None":
        return _("“ended, day not known”")
    day = date_format(dt.date.fromisoformat(until), "DATE_FORMAT")
    if state == "recent":
        return _("“ended recently” (%(day)s)") % {"day": day}
    return _("“ended long ago” (%(day)s)") % {"day": day}
