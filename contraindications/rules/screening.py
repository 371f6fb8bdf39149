"""Screening: a patient, a plan, a published rule set and a day give a verdict. Same input, same bytes.

The sections named below are those of docs/rules.md.
"""

from collections.abc import Iterable
from datetime import date

from . import words
from .rows import Evidence, Known
from .ruleset import Item, RuleSet
from .values import Answer, Composition, Finding, Ingredient, Patient, Plan, Result

SCOPE_NONE, ALLERGY_UNMATCHED = "scope-none", "allergy-unmatched"

_NOTHING_SAID = (words.NO, words.UNSURE)  # no list row is met by these


def screen(patient: Patient, plan: Plan, ruleset: RuleSet, as_of: date) -> Result:
    """Hold the plan against every list item of every source.

    Raises ValueError for what is outside the vocabulary: a state, sex, technique family or region
    unknown to the rule set, or a birth date after `as_of`.
    """
    known = known_on(as_of, patient, plan, ruleset)
    listed = [finding_of(ruleset.items[item], known, ruleset) for item in _touched(known, ruleset)]
    findings = [finding for finding in listed if finding is not None]
    findings += _remarks(patient, plan, ruleset)
    findings.sort(key=lambda finding: (words.EFFECTS.index(finding.effect), finding.item))
    unanswered = unanswered_on(as_of, patient, ruleset)
    return Result(
        verdict=_verdict(unanswered, findings),
        unanswered=unanswered,
        findings=tuple(findings),
        composition=composition(plan.ingredients),
    )


def age_on(day: date, birth_date: date) -> int:
    """Whole years. Born on 29 February, the birthday of other years is 1 March."""
    if birth_date > day:
        raise ValueError(f"born {birth_date}, after {day}")
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def state_on(day: date, answer: Answer, look_back_days: int) -> str:
    """What an answer means on a day: current, recent, past, no or unsure (section 1).

    An end that is still to come has not ended: current. ValueError for an unknown state.
    """
    if answer.state not in words.ANSWER_STATES:
        raise ValueError(f"unknown state {answer.state!r}")
    if answer.state != words.ENDED:
        return answer.state
    if answer.until is None:
        return words.RECENT
    days_ago = (day - answer.until).days
    if days_ago < 0:
        return words.CURRENT
    return words.RECENT if days_ago <= look_back_days else words.PAST


def known_on(day: date, patient: Patient, plan: Plan, ruleset: RuleSet) -> Known:
    """What the rows may look at. An old answer still speaks here: it can hold somebody up, never let pass."""
    reported = [(code, said) for code, said in patient.answers.items() if said.state not in _NOTHING_SAID]
    return Known(
        states={code: state_on(day, answer, ruleset.look_back_days) for code, answer in reported},
        age=age_on(day, patient.birth_date),
        allergies=frozenset(patient.allergies or ()),
        plan=plan,
    )


def unanswered_on(day: date, patient: Patient, ruleset: RuleSet) -> tuple[str, ...]:
    """The facts asked of this patient that have no usable answer, and `allergies` (section 4)."""
    if patient.sex not in ruleset.asked:
        raise ValueError(f"unknown sex {patient.sex!r}")
    answers, validity = patient.answers, ruleset.validity_days
    missing = [fact for fact in ruleset.asked[patient.sex] if not _usable(answers.get(fact), day, validity)]
    if patient.allergies is None or not _fresh(patient.allergies_on, day, validity):
        missing.append(words.ALLERGIES)
    return tuple(sorted(missing))


def _usable(answer: Answer | None, day: date, validity_days: int) -> bool:
    if answer is None or answer.state == words.UNSURE:
        return False
    return _fresh(answer.answered_on, day, validity_days)


def _fresh(answered_on: date | None, day: date, validity_days: int) -> bool:
    return answered_on is None or (day - answered_on).days <= validity_days


def _touched(known: Known, ruleset: RuleSet) -> set[str]:
    """The items that have a row looking at something reported: no others can be met."""
    touched = set(ruleset.by_age)
    if known.allergies:
        touched |= ruleset.by_allergy
    for reported in known.states.items():
        touched |= ruleset.by_state.get(reported, frozenset())
    return touched


def evidence_for(item: Item, known: Known) -> list[Evidence]:
    """What every met row of the item has seen."""
    return [evidence for row in item.rows if (evidence := row.met_by(known))]


def finding_of(item: Item, known: Known, ruleset: RuleSet) -> Finding | None:
    """The finding of a list item, None where no row is met (sections 1 to 3)."""
    evidence = evidence_for(item, known)
    if not evidence:
        return None
    reach = ruleset.reach(item.source, known.plan.family, known.plan.region)
    effect, conflict, remedy = _effect(item, evidence, reach), False, None
    if effect == words.STOP and _only_the_goal_stops(item, known, reach):
        effect, conflict = words.HOLD, True
    elif effect == words.STOP and _only_substances_stop(item, evidence, reach):
        remedy = words.CHANGE_PLAN
    return Finding(
        item=item.id,
        source=item.source,
        locator=item.locator,
        strength=item.strength,
        match=_strongest(evidence),
        reach=reach,
        effect=effect,
        conflict=conflict,
        remedy=remedy,
        substances=tuple(sorted({substance for met in evidence for _, substance in met.contacts})),
        facts=tuple(sorted({fact for met in evidence for fact in met.facts})),
    )


def _strongest(evidence: Iterable[Evidence]) -> str:
    return min((met.match for met in evidence), key=words.MATCHES.index)


def _effect(item: Item, evidence: Iterable[Evidence], reach: str) -> str:
    """The effect of the strongest match."""
    return words.effect_of(item.strength, _strongest(evidence), reach)


def _only_the_goal_stops(item: Item, known: Known, reach: str) -> bool:
    """First exception: had the patient not reported the goal's own disease, the item would be no stop."""
    disease = known.plan.disease_fact
    if disease is None:
        return False
    other = evidence_for(item, known.without(disease))
    return not other or _effect(item, other, reach) != words.STOP


def _only_substances_stop(item: Item, evidence: Iterable[Evidence], reach: str) -> bool:
    """Second exception: every row that is a stop on its own is about a substance of the plan."""
    return all(
        met.contacts for met in evidence if words.effect_of(item.strength, met.match, reach) == words.STOP
    )


def _remarks(patient: Patient, plan: Plan, ruleset: RuleSet) -> list[Finding]:
    """What no list item says: no list covers the technique; an allergy is no substance known (section 3)."""
    remarks = []
    reaches = ruleset.reaches_of(plan.family, plan.region)
    if not any(reaches[source] in ("direct", "extended") for source in ruleset.listing):
        remarks.append(_remark(SCOPE_NONE))
    unmatched = set(patient.allergies or ()) - plan.catalogue
    if unmatched:
        remarks.append(_remark(ALLERGY_UNMATCHED, tuple(sorted(unmatched))))
    return remarks


def _remark(item: str, substances: tuple[str, ...] = ()) -> Finding:
    return Finding(item, None, None, None, None, None, words.CAUTION, substances=substances)


def _verdict(unanswered: Iterable[str], findings: Iterable[Finding]) -> str:
    """The gravest: stop, then anything unanswered, then hold, then caution. Notes leave it clear (section 5)."""
    met = {finding.effect for finding in findings}
    if unanswered:
        met.add(words.INCOMPLETE)
    return next((verdict for verdict in words.VERDICTS if verdict in met), words.CLEAR)


def composition(ingredients: Iterable[Ingredient]) -> Composition:
    """How many distinct actives, by S1's Italian (one) and French (two or three) concept (section 6)."""
    actives = {ingredient.code for ingredient in ingredients if ingredient.role in ("active", "class")}
    unknown = {ingredient.code for ingredient in ingredients if ingredient.role == "class"}
    count = len(actives)
    concept = {0: None, 1: "italian", 2: "french", 3: "french"}.get(count, "above_french")
    return Composition(count, concept, count > 3, tuple(sorted(unknown)))
