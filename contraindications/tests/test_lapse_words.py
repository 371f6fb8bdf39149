"""What people read where a decision does not count any more."""

import pytest

from contraindications import actions, display
from contraindications.clearance import clearance
from contraindications.models import Decision
from contraindications.screening import evaluate
from contraindications.tests import documented, factories
from patients.tests.factories import interview

HERPES = {"herpes": {"state": "ended", "until": "2026-11-20"}}  # S1-C06: a hold


@pytest.fixture
def decided(screened, doctor, at):
    """A doctor decided that herpes of three days ago does not matter."""
    screening = screened(**HERPES)
    return actions.decide(
        screening,
        kind="decide",
        goes_ahead=True,
        items=["S1-C06"],
        reason="examined",
        text="Healed.",
        by=doctor,
        at=at,
    )


def shown(evaluation, item="S1-C06"):
    found = display.show(evaluation)
    return next(finding for finding in found.findings if finding.item == item)


@pytest.fixture
def now(ana, doctor, at, day):
    """What stands after other answers, on another plan."""

    def run(plan=None, **answers):
        interview(ana, by=doctor, at=at, answers={**HERPES, **answers})
        return evaluate(ana, factories.plan(**(plan or {})), day=day)

    return run


@pytest.mark.parametrize(
    ("answers", "plan", "why"),
    [
        pytest.param(
            {"herpes": "ended"},
            {},
            "Herpes: “ended recently” (20 Nov 2026) then, is “ended, day not known” here",
            id="fact",
        ),
        pytest.param(
            {},
            {"ingredients": ["hyaluronic_acid", "vitamin_c"]},
            "Vitamin C was added to the plan",
            id="added",
        ),
        pytest.param({}, {"ingredients": []}, "Hyaluronic acid was left out of the plan", id="left out"),
        pytest.param(
            {}, {"procedure_substances": ["latex"]}, "Latex (gloves) is used as well now", id="used as well"
        ),
        pytest.param({}, {"area": "neck"}, "the area was Face then, is Neck here", id="area"),
    ],
)
def test_what_changed_is_said(decided, now, answers, plan, why):
    finding = shown(now(plan, **answers))
    assert finding.decision is None
    assert finding.lapsed.decision == decided
    assert why in finding.lapsed.why


def test_a_changed_item_is_said_with_its_rule_sets(decided, now, rule_set):
    items = [
        {**item, "item": "herpes, reworded"} if item["id"] == "S1-C06" else item
        for item in documented.content()["items"]
    ]
    published = factories.published(items=items)
    said = f"the words of the list item changed (rule set {rule_set.version} → {published.version})"
    assert shown(now()).lapsed.why == (said,)


def test_what_the_clinic_made_absolute_is_said(screened, doctor, at, now):
    settings = documented.content()["settings"]
    screening = screened(nsaid="current")
    actions.decide(
        screening,
        kind="release",
        goes_ahead=True,
        items=["S1-C02"],
        reason="mild",
        text="Low dose.",
        by=doctor,
        at=at,
    )
    factories.published(settings={**settings, "absolute": [*settings["absolute"], "S1-C02"]})
    finding = shown(now(herpes="no", nsaid="current"), "S1-C02")
    assert (finding.decision, finding.lapsed.why) == (None, ("the clinic lets nobody decide this any more",))


def test_a_new_edition_with_the_same_item_lapses_nothing(decided, now):
    factories.published(items=documented.content()["items"][:20])
    finding = shown(now())
    assert (finding.decision, finding.lapsed) == (decided, None)


def test_of_the_decisions_the_one_about_the_same_treatment_is_told(decided, now, ana, doctor, at, day):
    elsewhere = actions.store_screening(now({"area": "neck"}), patient=ana, by=doctor, at=at)
    actions.decide(
        elsewhere,
        kind="decide",
        goes_ahead=False,
        items=["S1-C06"],
        reason="mild",
        text="Not there.",
        by=doctor,
        at=at,
    )
    assert shown(now({"ingredients": []})).lapsed.decision == decided


def test_what_was_decided_against_is_not_headed_as_if_it_waited(screened, doctor, nurse, at):
    screening = screened(**HERPES, stroke="current")
    choice = {"goes_ahead": False, "reason": "mild", "text": "Later.", "at": at}
    kinds = [("decide", "S1-C06", doctor), ("acknowledge", "S4-C03", nurse)]
    no = [actions.decide(screening, kind=kind, items=[item], by=by, **choice) for kind, item, by in kinds]
    words = [display.heading("hold", clearance(screening, one)) for one in ([], no[:1], no[1:], no)]
    assert words == [
        "A doctor must decide",
        "A doctor decided not to go ahead",
        "It was decided not to go ahead",
        "A doctor decided not to go ahead",
    ]
    assert Decision.objects.count() == 2


def test_a_lapse_costs_few_queries(decided, now, django_assert_max_num_queries):
    evaluation = now({"area": "neck", "ingredients": ["zinc"]})
    shown(evaluation)
    with django_assert_max_num_queries(7):
        shown(evaluation)
