"""What holds for every patient and every plan, tried on thousands of drawn ones.

That a further "yes" never softens a verdict is not obvious: for a `care` item a direct match is a
caution where an ambiguous one is a hold. It holds because wherever one item can be met both ways by
different facts (S4-C04, S4-C07), a `bar` item of another list names the same fact or allergen.
"""

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.tests.thorough import examples
from contraindications.rules import (
    VERDICTS,
    Answer,
    Patient,
    Plan,
    RuleSet,
    canonical_json,
    finding_digests,
    screen,
)

from .documented import catalogue, content, ruleset

TODAY = date(2026, 11, 21)
KNOWN = catalogue()
FACTS, CODES = sorted(KNOWN.facts), sorted(KNOWN.ingredients)

days = st.dates(date(1920, 1, 1), TODAY)
ended = st.builds(Answer, st.just("ended"), st.none() | st.dates(TODAY - timedelta(60), TODAY))
reported = (
    st.sampled_from([Answer("current"), Answer("unsure"), Answer("current", None, date(2026, 1, 1))]) | ended
)
allergens = st.sampled_from(CODES) | st.sampled_from(["pollen", "Zinc", "peanut"])


@st.composite
def patients(draw, given=reported):
    """Somebody who answered everything: mostly "no", a few reports."""
    said = draw(st.dictionaries(st.sampled_from(FACTS), given, max_size=6))
    return Patient(
        birth_date=draw(days | st.just(date(1990, 5, 2))),
        sex=draw(st.sampled_from(["female", "male", "unspecified"])),
        answers={**dict.fromkeys(FACTS, Answer("no")), **said},
        allergies=tuple(draw(st.lists(allergens, max_size=3))),
    )


@st.composite
def plans(draw):
    technique = draw(st.sampled_from(sorted(KNOWN.techniques)))
    area = draw(st.sampled_from(sorted(KNOWN.areas)))
    goal = draw(
        st.sampled_from(sorted(KNOWN.goals)) | st.sampled_from(["vitiligo", "hair_loss", "allergy_relief"])
    )
    substances = st.lists(st.sampled_from(CODES).map(KNOWN.ingredients.__getitem__), max_size=5).map(tuple)
    return Plan(
        technique=technique,
        family=KNOWN.techniques[technique],
        area=area,
        region=KNOWN.areas[area],
        goal=goal,
        disease_fact=KNOWN.goals[goal],
        ingredients=draw(substances),
        procedure_substances=draw(substances),
        catalogue=frozenset(CODES),
    )


def gravity(patient, plan):
    """Place of the verdict among the verdicts, 0 the gravest."""
    return VERDICTS.index(screen(patient, plan, ruleset(), TODAY).verdict)


@given(patients(), plans(), st.sampled_from([*FACTS, "allergies"]), st.booleans())
@settings(max_examples=examples(200))
def test_with_anything_unanswered_nothing_passes(patient, plan, missing, is_old):
    answers = {fact: answer for fact, answer in patient.answers.items() if fact != missing}
    if is_old and missing in patient.answers:
        answers[missing] = patient.answers[missing]._replace(answered_on=date(2026, 1, 1))
    allergies = None if missing == "allergies" else patient.allergies
    result = screen(replace(patient, answers=answers, allergies=allergies), plan, ruleset(), TODAY)
    asked = missing == "allergies" or missing in ruleset().asked[patient.sex]
    assert (missing in result.unanswered) == asked
    assert result.verdict in ("stop", "incomplete") or not result.unanswered


@given(patients(), plans(), st.data())
@settings(max_examples=examples(500))
def test_a_no_turned_into_anything_else_is_never_milder(patient, plan, data):
    fact = data.draw(
        st.sampled_from([fact for fact, answer in patient.answers.items() if answer.state == "no"])
    )
    changed = replace(patient, answers={**patient.answers, fact: data.draw(reported)})
    assert gravity(changed, plan) <= gravity(patient, plan)


@given(patients(), plans(), allergens)
@settings(max_examples=examples(400))
def test_a_further_allergy_is_never_milder(patient, plan, allergy):
    changed = replace(patient, allergies=(*patient.allergies, allergy))
    assert gravity(changed, plan) <= gravity(patient, plan)


@given(patients(), plans(), st.sampled_from(["vitiligo", "hair_loss", "allergy_relief"]), reported)
@settings(max_examples=examples(250))
def test_the_goal_s_own_disease_is_never_milder_than_without_it(patient, plan, goal, answer):
    disease = KNOWN.goals[goal]
    plan = replace(plan, goal=goal, disease_fact=disease)
    without = replace(patient, answers={**patient.answers, disease: Answer("no")})
    having = replace(patient, answers={**patient.answers, disease: answer})
    assert gravity(having, plan) <= gravity(without, plan)


@pytest.mark.parametrize("technique", ["needle_syringe", "derma_pen", "ultrasound"])
@pytest.mark.parametrize("area", ["scalp", "face"])
def test_no_pair_of_facts_is_milder_than_either_alone(technique, area):
    """Every pair of facts, in every state, for every family and region: 44 x 43 / 2 x 9 x 6 screenings."""
    plan = Plan(
        technique,
        KNOWN.techniques[technique],
        area,
        KNOWN.areas[area],
        "hydration",
        None,
        (),
        (),
        frozenset(CODES),
    )
    nobody = Patient(date(1990, 5, 2), "female", dict.fromkeys(FACTS, Answer("no")), ())
    states = [Answer("current"), Answer("ended"), Answer("ended", date(2020, 1, 1))]
    said = [{fact: state} for fact in FACTS for state in states]
    alone = [gravity(replace(nobody, answers={**nobody.answers, **one}), plan) for one in said]
    for i, one in enumerate(said):
        for j, other in enumerate(said[:i]):
            if one.keys() != other.keys():
                both = replace(nobody, answers={**nobody.answers, **one, **other})
                assert gravity(both, plan) <= min(alone[i], alone[j]), (one, other)


@given(patients(), plans())
def test_the_same_input_gives_the_same_bytes(patient, plan):
    first, again = (
        canonical_json(screen(patient, plan, rules, TODAY).to_dict()) for rules in (ruleset(), fresh())
    )
    assert first == again


def fresh():
    """The documented rule set, compiled once more."""
    return RuleSet.from_content(content())


@given(patients(), plans(), st.randoms(use_true_random=False))
@settings(max_examples=examples(150))
def test_order_and_repetition_do_not_matter(patient, plan, rng):
    shuffled = replace(
        patient,
        answers=dict(shuffle(patient.answers.items(), rng)),
        allergies=tuple(shuffle(patient.allergies * 2, rng)),
    )
    turned = replace(
        plan,
        ingredients=tuple(shuffle(plan.ingredients * 2, rng)),
        procedure_substances=tuple(shuffle(plan.procedure_substances * 2, rng)),
    )
    mixed = content(**{part: shuffle(content()[part], rng) for part in ("sources", "facts", "items")})
    rules = RuleSet.from_content(mixed)
    one, other = screen(patient, plan, ruleset(), TODAY), screen(shuffled, turned, rules, TODAY)
    assert canonical_json(one.to_dict()) == canonical_json(other.to_dict())
    digests = finding_digests(one, patient, plan, ruleset(), TODAY)
    assert digests == finding_digests(other, shuffled, turned, rules, TODAY)
    assert set(digests) == {finding.item for finding in one.findings}


def shuffle(things, rng: random.Random):
    shuffled = list(things)
    rng.shuffle(shuffled)
    return shuffled


@given(patients(), plans())
def test_unspecified_sex_is_never_milder_than_male(patient, plan):
    male, unspecified = (replace(patient, sex=sex) for sex in ("male", "unspecified"))
    assert gravity(unspecified, plan) <= gravity(male, plan)
