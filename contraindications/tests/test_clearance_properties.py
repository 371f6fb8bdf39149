"""Decisions on drawn patients and plans: the latest counts, each for what it was made on and nothing else."""

import datetime as dt
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.models import User
from clinic.tests.thorough import examples
from conftest import NOW
from contraindications.clearance import KINDS, REFUSED, clearance, covering
from contraindications.models import Decision, RuleSet
from contraindications.rules import finding_digests, screen
from contraindications.screening import Evaluation

from .documented import ruleset
from .test_properties import TODAY, patients, plans

PEOPLE = [User(pk=pk, name=f"Person {pk}") for pk in (1, 2, 3)]


def evaluated(patient, plan) -> Evaluation:
    result = screen(patient, plan, ruleset(), TODAY)
    return Evaluation(
        patient_id=1,
        interview_id=1,
        report_id=None,
        rule_set=RuleSet(pk=1, version=1, digest="0" * 64),
        compiled=ruleset(),
        as_of=TODAY,
        patient_facts=patient,
        plan=plan,
        outcome=result,
        digests=finding_digests(result, patient, plan, ruleset(), TODAY),
    )


def cleared(evaluation, decisions):
    """All that a clearance says, comparable."""
    found = clearance(evaluation, decisions, tentative=False)
    return replace(found, lapsed={}, decided={item: made.pk for item, made in found.decided.items()})


@st.composite
def decisions(draw, *evaluations):
    """Some decisions on findings of these screenings, some of them forged: of a kind that settles nothing there."""
    made = []
    for number in range(draw(st.integers(0, 6))):
        of = draw(st.sampled_from(evaluations))
        items = [finding.item for finding in of.outcome.findings]
        chosen = draw(st.lists(st.sampled_from(items), unique=True)) if items else []
        made.append(
            Decision(
                pk=number + 1,
                kind=draw(st.sampled_from([str(kind) for kind in KINDS.values()])),
                goes_ahead=draw(st.booleans()),
                items={item: of.digests[item] for item in chosen},
                by=draw(st.sampled_from(PEOPLE)),
                at=NOW + dt.timedelta(minutes=draw(st.integers(0, 3))),
            )
        )
    return made


@given(patients(), plans(), patients(), plans(), st.data())
@settings(max_examples=examples(150))
def test_what_does_not_cover_is_never_used(patient, plan, other, other_plan, data):
    """A decision made elsewhere, on other facts, or lapsed: with it and without it, the same may happen."""
    now, elsewhere = evaluated(patient, plan), evaluated(other, other_plan)
    made = data.draw(decisions(now, elsewhere, evaluated(other, plan), evaluated(patient, other_plan)))
    counts = [
        replace_items(
            one, {item: digest for item, digest in one.items.items() if now.digests.get(item) == digest}
        )
        for one in made
    ]
    assert cleared(now, made) == cleared(now, counts)


def replace_items(decision, items):
    return Decision(
        pk=decision.pk,
        kind=decision.kind,
        goes_ahead=decision.goes_ahead,
        items=items,
        by=decision.by,
        at=decision.at,
    )


@given(patients(), plans(), patients(), plans(), st.data())
@settings(max_examples=examples(150))
def test_a_decision_covers_only_what_it_was_made_for(patient, plan, other, other_plan, data):
    now = evaluated(patient, plan)
    made = data.draw(decisions(now, evaluated(other, plan), evaluated(patient, other_plan)))
    for item, decision in covering(now, made).items():
        assert decision.items[item] == now.digests[item]


@given(patients(), plans(), st.data())
@settings(max_examples=examples(150))
def test_of_several_the_latest_counts_in_whatever_order_they_come(patient, plan, data):
    now = evaluated(patient, plan)
    made = data.draw(decisions(now))
    kinds = {f.item: KINDS.get(f.effect) for f in now.outcome.findings}
    counts = covering(now, made)
    for item, decision in counts.items():
        rivals = [one for one in made if item in one.items and one.kind == kinds[item]]
        assert decision == max(rivals, key=lambda one: (one.at, one.pk))
    assert cleared(now, data.draw(st.permutations(made))) == cleared(now, made)


@given(patients(), plans(), st.data())
@settings(max_examples=examples(150))
def test_nothing_is_performed_that_is_undecided_refused_or_unanswered(patient, plan, data):
    now = evaluated(patient, plan)
    made = data.draw(decisions(now))
    found = clearance(now, made, tentative=False)
    if found.performable:
        assert not found.missing
        assert not now.outcome.unanswered
        assert all(one.goes_ahead for one in found.decided.values())
    assert found.stage != REFUSED or not found.bookable
    for person in PEOPLE:
        if found.performable_by(person.pk):
            cautions = [f.item for f in now.outcome.findings if f.effect == "caution"]
            own = [one for one in made if one.by == person and one.goes_ahead]
            assert all(any(item in one.items for one in own) for item in cautions)
