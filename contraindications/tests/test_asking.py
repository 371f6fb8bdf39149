"""A nurse asks, a doctor's decision answers; the clinic's own reasons."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction

from contraindications import actions
from contraindications.clearance import clearance
from contraindications.deciding.asking import ask
from contraindications.models import Decision, DecisionReason, Question
from contraindications.screening import evaluate
from contraindications.tests import factories
from patients.tests.factories import interview

HERPES = {"herpes": {"state": "ended", "until": "2026-11-20"}}  # S1-C06: a hold
NSAID = {"nsaid": "current"}  # S1-C02: a stop that a doctor can release
STROKE = {"stroke": "current"}  # S4-C03: a caution


def decide(screening, kind="decide", items=("S1-C06",), reason="examined", **who):
    return actions.decide(
        screening, kind=kind, goes_ahead=True, items=items, reason=reason, text="Healed.", **who
    )


def test_a_decision_on_all_that_was_asked_is_the_answer(screened, nurse, doctor, at):
    screening = screened(**HERPES, **NSAID)
    question = ask(screening, text=" May we? ", by=nurse, at=at)
    assert (question.items.keys(), question.text) == ({"S1-C02", "S1-C06"}, "May we?")

    decide(screening, by=doctor, at=at)
    question.refresh_from_db()
    assert question.answer is None  # the stop still stands

    release = decide(screening, kind="release", items=["S1-C02"], by=doctor, at=at)
    question.refresh_from_db()
    assert question.answer == release


def test_a_question_stands_on_a_later_screening_while_its_findings_are_the_same(
    screened, ana, nurse, doctor, at, day
):
    ask(screened(**HERPES), by=nurse, at=at)
    interview(ana, by=doctor, at=at, answers={**HERPES, **STROKE})
    later = actions.store_screening(evaluate(ana, factories.plan(), day=day), patient=ana, by=nurse, at=at)
    assert Question.objects.about(later).count() == 1

    elsewhere = evaluate(ana, factories.plan(area="neck"), day=day)
    other = actions.store_screening(elsewhere, patient=ana, by=nurse, at=at)
    assert not Question.objects.about(other).exists()


def test_the_same_question_twice_is_asked_once(screened, nurse, at):
    screening = screened(**HERPES)
    assert ask(screening, by=nurse, at=at) == ask(screening, by=nurse, at=at)


@pytest.mark.parametrize(
    ("answers", "allergies"),
    [
        pytest.param({}, (), id="clear"),
        pytest.param(STROKE, (), id="a caution"),
        pytest.param({"pregnancy": "current"}, (), id="a stop that nobody releases"),
        pytest.param({}, ["hyaluronic_acid"], id="a stop that another plan cures"),
        pytest.param({**HERPES, "anaemia": "unsure"}, (), id="answers missing"),
    ],
)
def test_there_is_nothing_to_ask_where_a_doctor_changes_nothing(screened, nurse, at, answers, allergies):
    with pytest.raises(ValidationError):
        ask(screened(allergies=allergies, **answers), by=nurse, at=at)
    assert not Question.objects.exists()


@pytest.mark.parametrize("who", ["front_desk", "clinic_admin", "stranger"])
def test_who_treats_nobody_asks_nothing(request, screened, at, who):
    with pytest.raises(PermissionDenied):
        ask(screened(**HERPES), by=request.getfixturevalue(who), at=at)
    assert not Question.objects.exists()


def test_a_question_is_kept_as_asked(screened, nurse, doctor, at):
    screening = screened(**HERPES)
    question = ask(screening, by=nurse, at=at)
    decision = decide(screening, by=doctor, at=at)
    for change in (
        question.delete,
        lambda: Question.objects.update(text="else"),
        lambda: Question.objects.update(answer=None),
    ):
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            change()
    assert Question.objects.get().answer == decision


# ---- Who performs


def test_a_caution_is_performed_by_who_acknowledged_it(screened, nurse, doctor, at):
    screening = screened(**STROKE)
    cleared = clearance(screening, [])
    assert not any(cleared.performable_by(who.pk) for who in (nurse, doctor))

    hers = decide(screening, kind="acknowledge", items=["S4-C03"], by=nurse, at=at)
    cleared = clearance(screening, [hers])
    assert (cleared.performable, cleared.performable_by(nurse.pk)) == (True, True)
    assert (cleared.performable_by(doctor.pk), cleared.unacknowledged_by(doctor.pk)) == (False, ("S4-C03",))

    his = decide(screening, kind="acknowledge", items=["S4-C03"], by=doctor, at=at)
    assert clearance(screening, [hers, his]).performable_by(nurse.pk)


def test_an_acknowledgement_before_somebody_said_no_counts_for_nobody(screened, nurse, doctor, at):
    screening = screened(**STROKE)
    choice = {"kind": "acknowledge", "items": ["S4-C03"], "reason": "mild", "text": "Well.", "at": at}
    made = [
        actions.decide(screening, by=who, goes_ahead=yes, **choice)
        for who, yes in ((nurse, True), (doctor, False), (doctor, True))
    ]
    cleared = clearance(screening, made)
    assert (cleared.performable_by(doctor.pk), cleared.performable_by(nurse.pk)) == (True, False)


def test_what_needs_no_acknowledgement_is_performed_by_anybody(screened, nurse, doctor, at):
    screening = screened(**HERPES)
    assert clearance(screening, [decide(screening, by=doctor, at=at)]).performable_by(nurse.pk)


def test_a_nurse_who_may_not_treat_acknowledges_nothing(screened, nurse, doctor, at):
    doctor.is_active = False
    doctor.save()
    with pytest.raises(PermissionDenied):
        decide(screened(**STROKE), kind="acknowledge", items=["S4-C03"], by=nurse, at=at)
    assert not Decision.objects.exists()


# ---- Reasons


def test_a_decision_keeps_the_words_of_its_reason(screened, doctor, at):
    decision = decide(screened(**HERPES), by=doctor, at=at)
    DecisionReason.objects.filter(code="examined").update(label="Seen and gone")
    decision.refresh_from_db()
    assert (decision.reason_id, decision.reason_label) == ("examined", "Examined: not present today")


@pytest.mark.parametrize(
    "change", [{"retired": True}, {"kinds": ["acknowledge"]}], ids=["retired", "other kind"]
)
def test_a_reason_that_is_not_offered_is_not_taken(screened, doctor, at, change):
    DecisionReason.objects.filter(code="examined").update(**change)
    with pytest.raises(ValidationError):
        decide(screened(**HERPES), by=doctor, at=at)
    assert not Decision.objects.exists()


def test_a_reason_is_never_deleted_nor_given_another_code(db):
    reason = DecisionReason.objects.first()
    for change in (reason.delete, lambda: DecisionReason.objects.update(code="x")):
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            change()
    assert DecisionReason.objects.count() == 6
