"""A verdict as people read it: every line of the page, worked out before the template sees it."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contraindications import rules, wording
from contraindications.citations import parse
from contraindications.clearance import REFUSED, Clearance, clearance
from contraindications.deciding.lapses import Lapsed, lapsed
from contraindications.labels import words_of
from contraindications.models import Decision, DecisionKind, Verdict
from contraindications.planwords import words_of as words_of_plan
from contraindications.rulebook import sources
from contraindications.rulebook.rowwords import place, sentence
from contraindications.rules.rows import AgeRow, AllergenRow, Evidence, Known
from contraindications.rules.screening import ALLERGY_UNMATCHED, SCOPE_NONE, evidence_for, known_on
from contraindications.screening import CannotScreen, Evaluation, failing_closed
from patients.models import Substance

# The findings that no list makes: what they are called, and what to do.
REMARKS = {
    SCOPE_NONE: (wording.SCOPE_NONE, wording.SCOPE_NONE_WHY),
    ALLERGY_UNMATCHED: (wording.ALLERGY_UNMATCHED, wording.ALLERGY_UNMATCHED_WHY),
}


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """One finding, ready to read. Empty strings are left out on the page."""

    item: str
    title: str
    effect: str
    tag: str
    evidence: tuple[str, ...]
    source: str
    place: str
    force: str
    reach: str
    reach_cite: str
    match: str
    conflict: str
    silent: tuple[str, ...]
    decision: Decision | None
    lapsed: Lapsed | None  # decided once, and it does not count here
    sources: str  # the address of its line among the sources side by side


@dataclass(frozen=True, slots=True)
class Point:
    """A finding in a list of what waits: its title, and what met it."""

    item: str
    title: str
    effect: str
    tag: str
    evidence: tuple[str, ...]
    sources: str  # as of a finding


@dataclass(frozen=True, slots=True)
class ShownComposition:
    """How many actives, by which concept, and where that is written."""

    count: str
    concept: str
    says: str
    cites: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """What a screening was given, for its page: (label, what was said) of all but the plain "no"s."""

    reported: list[tuple[str, str]]
    denied: list[str]
    allergies: list[str] | None
    plan: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Shown:
    """A whole verdict, ready to read."""

    verdict: str
    word: str  # of the verdict, or that somebody decided not to go ahead
    next: str
    leave_out: tuple[str, ...]  # the substances whose removal lifts a stop
    findings: tuple[ShownFinding, ...]
    unanswered: tuple[str, ...]
    composition: ShownComposition
    looked_at: str
    version: int
    as_of: dt.date
    patient_id: int
    clearance: Clearance

    @property
    def look(self) -> str:
        """The shape and colour of the verdict; one that somebody decided against stops."""
        return "stop" if self.clearance.stage == REFUSED else self.verdict


def show(evaluation: Evaluation, cleared: Clearance | None = None) -> Shown:
    """Put an evaluation into words, with the decisions that count.

    At most one SQL query (labels of the substances it names) and four more where a decision has lapsed; without
    `cleared` the patient's decisions are read too.
    Raises CannotScreen.
    """
    cleared = cleared or clearance(evaluation, Decision.objects.of(evaluation.patient_id))
    with failing_closed(evaluation.patient_id):
        return _shown(evaluation, cleared)


def _shown(evaluation: Evaluation, cleared: Clearance) -> Shown:
    reader = Reader(evaluation, cleared.decided, lapsed(evaluation, cleared))
    leave_out = {code for f in evaluation.outcome.findings if f.remedy for code in f.substances}
    outcome = evaluation.outcome
    return Shown(
        verdict=outcome.verdict,
        word=heading(outcome.verdict, cleared),
        next=_next(outcome, cleared),
        leave_out=tuple(sorted(reader.substance(code) for code in leave_out)),
        findings=tuple(reader.finding(finding) for finding in outcome.findings),
        unanswered=tuple(reader.fact(code) for code in outcome.unanswered),
        composition=reader.composition(outcome.composition),
        looked_at=_looked_at(evaluation.compiled),
        version=evaluation.rule_set.version,
        as_of=evaluation.as_of,
        patient_id=evaluation.patient_id,
        clearance=cleared,
    )


def given(evaluation: Evaluation) -> Given:
    """The facts and the plan that went into a screening. Two SQL queries, one of them the catalogue's."""
    plan, patient = evaluation.plan, evaluation.patient_facts
    called = words_of_plan(plan)
    reader = Reader(evaluation, {}, {})
    codes = [i.code for i in (*plan.ingredients, *plan.procedure_substances)] + list(patient.allergies or ())
    labels = dict(Substance.objects.filter(code__in=codes).values_list("code", "label"))
    answers = sorted(patient.answers.items(), key=lambda answer: reader.fact(answer[0]))
    return Given(
        reported=[(reader.fact(code), reader.said(code)) for code, answer in answers if answer.state != "no"],
        denied=[reader.fact(code) for code, answer in answers if answer.state == "no"],
        allergies=None if patient.allergies is None else sorted(labels.get(a, a) for a in patient.allergies),
        plan=[
            (_("Goal"), called["goal"]),
            (_("Area"), called["area"]),
            (_("Technique"), called["technique"]),
            (_("Cocktail"), ", ".join(labels.get(i.code, i.code) for i in plan.ingredients)),
            (_("Also used"), ", ".join(labels.get(i.code, i.code) for i in plan.procedure_substances)),
        ],
    )


def points(cases: Sequence[tuple[Evaluation, Collection[str]]]) -> list[tuple[Point, ...]]:
    """Of each evaluation the findings with these items, in words; two SQL queries however many there are."""
    labels = _labels({code for evaluation, _items in cases for code in _named(evaluation)})
    return [_points(evaluation, items, labels) for evaluation, items in cases]


def _points(evaluation: Evaluation, items: Collection[str], labels: Mapping[str, str]) -> tuple[Point, ...]:
    """Nothing where the record cannot be put into words: what waits is listed nevertheless."""
    try:
        with failing_closed(evaluation.patient_id):
            reader = Reader(evaluation, {}, {}, labels)
            said = [reader.finding(one) for one in evaluation.outcome.findings if one.item in items]
    except CannotScreen:
        return ()
    return tuple(Point(one.item, one.title, one.effect, one.tag, one.evidence, one.sources) for one in said)


def heading(verdict: str, cleared: Clearance) -> str:
    """The verdict in words; what was decided against is not headed as if it still waited."""
    if cleared.stage != REFUSED:
        return str(Verdict(verdict).label)
    against = {one.kind for one in cleared.decided.values() if not one.goes_ahead}
    return str(wording.NOT_AHEAD if against == {DecisionKind.ACKNOWLEDGE} else wording.DOCTOR_NOT_AHEAD)


def _next(outcome: rules.Result, cleared: Clearance) -> str:
    """What may happen next, in one or two sentences."""
    stops = [finding for finding in outcome.findings if finding.effect == "stop"]
    if cleared.stage == "stop" and stops and all(finding.remedy for finding in stops):
        return _("Then this plan can be screened again. Until then nothing can be booked or performed.")
    if cleared.stage == "incomplete" and cleared.bookable:
        return _("Nothing can be performed until the answers are there. Sessions can be booked tentatively.")
    if outcome.verdict == "clear":
        return _("This says what the lists say, and no more: what they leave out was not judged.")
    if cleared.stage == "clear":
        return _("Decided: it can be confirmed, booked and performed.")
    return cleared.said


def _looked_at(compiled: rules.RuleSet) -> str:
    documented = sum(item.source in compiled.documents for item in compiled.items.values())
    items = ngettext("%(n)d item", "%(n)d items", documented) % {"n": documented}
    lists = len(compiled.listing)
    documents = ngettext("%(n)d document", "%(n)d documents", lists) % {"n": lists}
    own = len(compiled.items) - documented
    policy = ngettext("%(n)d item", "%(n)d items", own) % {"n": own}
    return _("Looked at %(items)s of %(documents)s and %(policy)s of clinic policy") % {
        "items": items,
        "documents": documents,
        "policy": policy,
    }


class Reader:
    """Reads one evaluation; knows the labels that it needs."""

    def __init__(
        self,
        evaluation: Evaluation,
        decided: Mapping[str, Decision],
        lapsed: Mapping[str, Lapsed],
        substances: Mapping[str, str] | None = None,
    ):
        self.compiled = evaluation.compiled
        self.version = evaluation.rule_set.version
        self.plan = evaluation.plan
        self.patient = evaluation.patient_facts
        self.day = evaluation.as_of
        self.decided, self.lapsed = decided, lapsed
        self.words = words_of(evaluation.rule_set, evaluation.compiled)
        self.known: Known = known_on(self.day, self.patient, self.plan, self.compiled)
        self.substances = _labels(_named(evaluation)) if substances is None else substances

    def fact(self, code: str) -> str:
        return str(wording.ALLERGIES) if code == "allergies" else self.words.facts.get(code, code)

    def substance(self, code: str) -> str:
        return self.substances.get(code, code)

    def finding(self, finding: rules.Finding) -> ShownFinding:
        if finding.item not in self.compiled.items:
            return self._remark(finding)
        item = self.compiled.items[finding.item]
        met = evidence_for(item, self.known)
        policy = item.source not in self.compiled.documents
        reach, cite = self.reach(str(finding.source), str(finding.reach))
        return ShownFinding(
            item=finding.item,
            title=sentence(item.text),
            effect=finding.effect,
            tag=str(wording.EFFECT_TAGS[finding.effect]),
            evidence=tuple(dict.fromkeys(line for evidence in met for line in self._evidence(evidence))),
            source=self.words.sources.get(item.source, item.source),
            place="" if policy else place(item.locator),
            force=str(wording.FORCES[item.strength]),
            reach=str(wording.POLICY_REACH) if policy else reach,
            reach_cite="" if policy else cite,
            match=self._match(finding, met),
            conflict=str(wording.CONFLICT) if finding.conflict else "",
            silent=tuple(
                self.words.sources.get(code, code)
                for code in rules.silent_sources(finding, self.compiled, self.plan)
            ),
            decision=self.decided.get(finding.item),
            lapsed=self.lapsed.get(finding.item),
            sources=self._sources(finding),
        )

    def _remark(self, finding: rules.Finding) -> ShownFinding:
        """One of the two findings that no list makes."""
        title, why = REMARKS[finding.item]
        return ShownFinding(
            item=finding.item,
            title=str(title),
            effect=finding.effect,
            tag=str(wording.EFFECT_TAGS[finding.effect]),
            evidence=finding.substances,
            source="",
            place="",
            force="",
            reach="",
            reach_cite="",
            match=str(why),
            conflict="",
            silent=(),
            decision=self.decided.get(finding.item),
            lapsed=self.lapsed.get(finding.item),
            sources=self._sources(finding),
        )

    def _sources(self, finding: rules.Finding) -> str:
        condition = sources.condition_met(finding.item, self.known, self.compiled)
        return sources.address(self.version, self.plan.family, self.plan.region, condition)

    def reach(self, source: str, reach: str) -> tuple[str, str]:
        """How far the source's list reaches and why, and where that is written."""
        said = str(wording.REACHES[reach])
        why = self.words.why.get(source, {}).get(reach)
        if why is None:
            return f"{said}.", ""
        return f"{said}: {why['says']}.", str(parse(why["cite"]))

    def _match(self, finding: rules.Finding, met: Iterable[Evidence]) -> str:
        """Why a finding is not a plain hit; nothing to say for one that is."""
        if finding.match == "class":
            return str(wording.CLASS_MATCH)
        if finding.match == "partial":
            return str(wording.PARTIAL_MATCH)
        if finding.match != "ambiguous" or finding.substances:
            return ""
        if not finding.facts:
            return str(wording.AGE_MATCH)
        return str(wording.ENDED_MATCH if self._only_the_end(finding) else wording.AMBIGUOUS_MATCH)

    def _only_the_end(self, finding: rules.Finding) -> bool:
        """Would each fact, were it current, be met more plainly by this item? Then it is its end that is unclear."""
        plain = {
            fact
            for row in self.compiled.items[finding.item].rows
            if not isinstance(row, AgeRow | AllergenRow)
            for fact in row.facts
            if row.match != "ambiguous" and "current" in row.states
        }
        ended = all(self.known.states[fact] != "current" for fact in finding.facts)
        return ended and set(finding.facts) <= plain

    def _evidence(self, met: Evidence) -> list[str]:
        if met.ages is not None:
            return [ngettext("%(n)d year old", "%(n)d years old", self.known.age) % {"n": self.known.age}]
        if met.contacts:
            return [self._contact(allergen, substance) for allergen, substance in met.contacts]
        return [f"{self.fact(fact)}: {self._state(fact)}" for fact in met.facts]

    def _contact(self, allergen: str, substance: str) -> str:
        names = {"allergen": self.substance(allergen), "substance": self.substance(substance)}
        if allergen == substance:
            return _("Allergy to %(allergen)s, which is in the plan") % names
        if any(s.code == substance and s.may_contain for s in self._planned()):
            return _("Allergy to %(allergen)s: “%(substance)s” may contain it") % names
        return _("Allergy to %(allergen)s: what “%(substance)s” contains is not known") % names

    def _planned(self) -> tuple[rules.Ingredient, ...]:
        return self.plan.ingredients + self.plan.procedure_substances

    def said(self, fact: str) -> str:
        """What the patient answered."""
        return _("not sure") if self.patient.answers[fact].state == "unsure" else self._state(fact)

    def _state(self, fact: str) -> str:
        answer = self.patient.answers[fact]
        if answer.state != "ended":
            return _("now")
        if answer.until is None:
            return _("ended, day not known")
        days = (self.day - answer.until).days
        ended = _("ended %(day)s") % {"day": date_format(answer.until, "DATE_FORMAT")}
        if days <= 0:
            return ended
        return f"{ended}, {_ago(days, answer.until, self.day)}"

    def composition(self, composition: rules.Composition) -> ShownComposition:
        concept, says, cites = wording.COMPOSITIONS[composition.concept]
        count = ngettext("%(n)d active", "%(n)d actives", composition.actives) % {"n": composition.actives}
        return ShownComposition(
            count=count,
            concept=str(concept),
            says=str(says),
            cites=tuple(cites),
            unknown=tuple(self.substance(code) for code in composition.unknown),
        )


def title_of(evaluation: Evaluation, item: str) -> str:
    """A finding in words, with the source that makes it."""
    listed = evaluation.compiled.items.get(item)
    if listed is None:
        return str(REMARKS[item][0])
    return f"{sentence(listed.text)} ({listed.source})"


def _ago(days: int, then: dt.date, day: dt.date) -> str:
    """In days for two months, roughly after that."""
    if days <= 60:
        return ngettext("%(n)d day ago", "%(n)d days ago", days) % {"n": days}
    return _("%(time)s ago") % {"time": timesince(then, day, depth=1)}


def _named(evaluation: Evaluation) -> set[str]:
    """The codes of the substances that the result names, allergens included."""
    outcome, allergies = evaluation.outcome, evaluation.patient_facts.allergies or ()
    named = {code for finding in outcome.findings for code in finding.substances}
    return {*named, *outcome.composition.unknown, *(allergies if named else ())}


def _labels(codes: set[str]) -> dict[str, str]:
    """What these substances are called; no query for none."""
    return dict(Substance.objects.filter(code__in=codes).values_list("code", "label")) if codes else {}
