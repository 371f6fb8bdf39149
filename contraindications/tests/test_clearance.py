"""What may happen to a plan, given its verdict and what people decided."""

import datetime as dt

import pytest

from clinic.models import Clinic
from contraindications import actions
from contraindications.clearance import clearance
from contraindications.models import Decision, Screening
from contraindications.screening import evaluate
from contraindications.tests import factories
from patients.tests.factories import interview

STROKE = {"stroke": "current"}  # S4-C03: a caution
HERPES = {"herpes": {"state": "ended", "until": "2026-11-20"}}  # S1-C06: a hold; S3-C03 a note
NSAID = {"nsaid": "current"}  # S1-C02: a stop that a doctor can release


def may(cleared):
    return {name for name in ("performable", "bookable", "confirmable") if getattr(cleared, name)}


@pytest.fixture
def decide(doctor, at):
    def run(screening, kind, item, goes_ahead=True, later=0):
        return actions.decide(
            screening,
            kind=kind,
            goes_ahead=goes_ahead,
            items=[item],
            reason="examined",
            text="Looked at it.",
            by=doctor,
            at=at + dt.timedelta(minutes=later),
        )

    return run


EVERYTHING = {"performable", "bookable", "confirmable"}


@pytest.mark.parametrize(
    ("answers", "stage", "allowed", "booking"),
    [
        pytest.param({}, "clear", EVERYTHING, "bookable", id="clear"),
        pytest.param(STROKE, "caution", {"bookable"}, "bookable", id="caution"),
        pytest.param(HERPES, "hold", set(), "held", id="hold"),
        pytest.param(NSAID, "stop", set(), "not_bookable", id="stop"),
        pytest.param({"anaemia": None}, "incomplete", set(), "held", id="incomplete"),
        pytest.param({**NSAID, "anaemia": None}, "stop", set(), "not_bookable", id="stop and incomplete"),
    ],
)
def test_without_decisions(evaluated, answers, stage, allowed, booking):
    cleared = clearance(evaluated(**answers), [])

    assert (cleared.stage, may(cleared), cleared.booking) == (stage, allowed, booking)
    assert cleared.said


@pytest.mark.parametrize(
    ("answers", "kind", "item"),
    [(STROKE, "acknowledge", "S4-C03"), (HERPES, "decide", "S1-C06"), (NSAID, "release", "S1-C02")],
    ids=["caution", "hold", "stop"],
)
def test_a_decision_lets_it_go_on_and_a_no_blocks_it(screened, decide, answers, kind, item):
    screening = screened(**answers)
    yes = decide(screening, kind, item)
    assert may(clearance(screening, [yes])) == EVERYTHING

    no = decide(screening, kind, item, goes_ahead=False, later=1)
    cleared = clearance(screening, [yes, no])
    assert (cleared.stage, may(cleared), cleared.booking) == ("refused", set(), "not_bookable")

    after_all = decide(screening, kind, item, later=2)
    assert may(clearance(screening, [after_all, no, yes])) == EVERYTHING


def test_every_finding_needs_its_decision(screened, decide):
    screening = screened(**HERPES, **STROKE, **NSAID)
    release, hold = decide(screening, "release", "S1-C02"), decide(screening, "decide", "S1-C06")

    assert clearance(screening, [release]).stage == "hold"
    assert clearance(screening, [hold]).stage == "stop"
    assert clearance(screening, [release, hold]).stage == "caution"


def test_a_released_stop_does_not_answer_what_was_not_asked(screened, decide):
    screening = screened(**NSAID, anaemia=None)

    assert clearance(screening, [decide(screening, "release", "S1-C02")]).stage == "incomplete"


def test_a_clinic_may_book_before_all_answers_are_there_but_never_treat(evaluated):
    evaluation = evaluated(anaemia=None)
    Clinic.objects.update_or_create(pk=1, defaults={"tentative_bookings": True})

    assert may(clearance(evaluation, [])) == {"bookable"}


def test_a_tentative_booking_still_waits_for_the_doctor(evaluated):
    assert may(clearance(evaluated(anaemia=None, **HERPES), [], tentative=True)) == set()


def test_a_decision_stands_while_nothing_relevant_changes(screened, decide, ana, doctor, at, day):
    decision = decide(screened(**HERPES), "decide", "S1-C06")
    later, tomorrow = at + dt.timedelta(1), day + dt.timedelta(1)
    interview(ana, by=doctor, at=later, answers={**HERPES, "urticaria": "current"})

    assert clearance(evaluate(ana, factories.plan(), day=tomorrow), [decision]).stage == "caution"


@pytest.mark.parametrize(
    ("answers", "plan"),
    [
        pytest.param({"herpes": {"state": "ended", "until": "2026-11-21"}}, {}, id="another day of ending"),
        pytest.param({"herpes": "ended"}, {}, id="day of ending not known"),
        pytest.param(HERPES, {"ingredients": ["hyaluronic_acid", "zinc"]}, id="another cocktail"),
        pytest.param(HERPES, {"area": "neck"}, id="another area"),
    ],
)
def test_a_decision_lapses_when_what_it_rests_on_changes(
    screened, decide, ana, doctor, at, day, answers, plan
):
    decision = decide(screened(**HERPES), "decide", "S1-C06")
    interview(ana, by=doctor, at=at + dt.timedelta(minutes=5), answers=answers)

    assert clearance(evaluate(ana, factories.plan(**plan), day=day), [decision]).stage == "hold"


def test_a_decision_about_somebody_else_is_not_this_patients(screened, decide, ana):
    decide(screened(**HERPES), "decide", "S1-C06")

    assert list(Decision.objects.of(ana.pk + 1)) == []


def test_what_nobody_can_release_is_named_so(evaluated):
    cleared = clearance(evaluated(pregnancy="current"), [])

    assert {one.kind for one in cleared.missing if one.effect == "stop"} == {""}
    assert "unless" not in cleared.said


def test_a_decision_forged_for_an_absolute_stop_changes_nothing(screened, doctor, at):
    screening = screened(pregnancy="current")
    forged = Decision(
        pk=1, at=at, by=doctor, kind="release", goes_ahead=True, items=dict(screening.finding_digests)
    )

    assert clearance(screening, [forged]).stage == "stop"


def test_a_clearance_asks_little(screened, decide, django_assert_num_queries):
    screening = screened(**HERPES, **STROKE)
    decision = decide(screening, "decide", "S1-C06")
    with django_assert_num_queries(1):
        clearance(Screening.objects.select_related("rule_set").get(), [decision])
