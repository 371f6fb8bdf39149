"""What a patient reported and nobody has confirmed: it counts for stopping, and never for clearing."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.tests.thorough import examples
from contraindications import rules
from contraindications.rules import VERDICTS
from contraindications.rules.rows import AgeRow, AllergenRow
from contraindications.screening import evaluate, facts_of
from contraindications.tests import documented, factories
from contraindications.tests.test_properties import KNOWN, plans
from patients.models import Interview, Patient, Report
from patients.tests.factories import clear_interview, interview, patient, reported

DAY = dt.date(2026, 11, 21)
FACTS, CODES = sorted(KNOWN.facts), sorted(KNOWN.ingredients)
ALL_NO = {code: {"state": "no", "on": DAY.isoformat()} for code in FACTS}
NONE_KNOWN = {"substances": [], "texts": [], "on": DAY.isoformat()}
CLEAR = {"answers": ALL_NO, "allergies": NONE_KNOWN}

days = st.integers(0, 130).map(lambda ago: (DAY - dt.timedelta(ago)).isoformat())
ends = st.integers(0, 60).map(lambda ago: (DAY - dt.timedelta(ago)).isoformat())
answers = st.one_of(
    st.builds(
        lambda state, on: {"state": state, "on": on}, st.sampled_from(["current", "unsure", "no"]), days
    ),
    st.builds(lambda on: {"state": "ended", "on": on}, days),
    st.builds(lambda until, on: {"state": "ended", "until": until, "on": on}, ends, days),
)
allergies = st.builds(
    lambda codes, texts, on: {"substances": codes, "texts": texts, "on": on},
    st.lists(st.sampled_from(CODES), max_size=2, unique=True),
    st.lists(st.sampled_from(["pollen", "peanut"]), max_size=1),
    days,
)


@st.composite
def told(draw):
    """What somebody answered: mostly "no", some otherwise, some not at all."""
    said = dict(ALL_NO)
    said |= draw(st.dictionaries(st.sampled_from(FACTS), answers, max_size=5))
    for code in draw(st.sets(st.sampled_from(FACTS), max_size=2)):
        del said[code]
    return {"answers": said, "allergies": draw(st.none() | allergies)}


people = st.builds(
    Patient,
    birth_date=st.dates(dt.date(1950, 1, 1), dt.date(2010, 1, 1)),
    sex=st.sampled_from(["female", "male", "unspecified"]),
)


def screened(person, stands, report, plan):
    facts = facts_of(
        person, Interview(**stands) if stands else None, Report(**report) if report else None, day=DAY
    )
    return rules.screen(facts, plan, documented.ruleset(), DAY)


def gravity(result):
    """Place of the verdict among the verdicts, 0 the gravest."""
    return VERDICTS.index(result.verdict)


@given(people, st.none() | told(), told(), plans())
@settings(max_examples=examples(200))
def test_an_open_report_never_makes_a_verdict_milder(person, stands, report, plan):
    before, after = screened(person, stands, None, plan), screened(person, stands, report, plan)
    assert gravity(after) <= gravity(before)


@given(people, st.none() | told(), told(), plans())
@settings(max_examples=examples(150))
def test_an_open_report_answers_no_question(person, stands, report, plan):
    """What is missing, not known or too old is as missing as before."""
    before, after = screened(person, stands, None, plan), screened(person, stands, report, plan)
    assert set(before.unanswered) <= set(after.unanswered)


@given(people, told(), plans())
@settings(max_examples=examples(100))
def test_a_report_that_clears_everything_clears_nothing(person, stands, plan):
    assert screened(person, stands, CLEAR, plan) == screened(person, stands, None, plan)


def report_that_meets(item):
    """What meets the first row of this item; None for one about age alone, of which nobody reports anything."""
    rows = [row for row in item.rows if not isinstance(row, AgeRow)]
    if not rows:
        return None
    if isinstance(rows[0], AllergenRow):
        return {"answers": ALL_NO, "allergies": {**NONE_KNOWN, "substances": [CREAM, "hyaluronic_acid"]}}
    said = {fact: _answer(getattr(rows[0], "states", ("current",))) for fact in rows[0].facts}
    return {"answers": ALL_NO | said, "allergies": NONE_KNOWN}


def _answer(states):
    if "current" in states:
        return {"state": "current", "on": DAY.isoformat()}
    ago = 5 if "recent" in states else 400
    return {"state": "ended", "until": (DAY - dt.timedelta(ago)).isoformat(), "on": DAY.isoformat()}


CREAM = "anaesthetic_cream"
ITEMS = {code: report_that_meets(item) for code, item in documented.ruleset().items.items()}


@pytest.mark.parametrize("code", [code for code, report in ITEMS.items() if report])
def test_every_shipped_item_is_met_by_a_report_alone(code):
    """Somebody cleared reports just what this item is about: the same findings as if it had been confirmed."""
    person = Patient(birth_date=dt.date(1990, 5, 2), sex="unspecified")
    plan = factories.plan(procedure_substances=[CREAM])
    found = screened(person, CLEAR, ITEMS[code], plan)
    assert found == screened(person, ITEMS[code], None, plan)
    assert code in {finding.item for finding in found.findings}


def test_only_age_is_beyond_a_report():
    assert {code for code, report in ITEMS.items() if not report} == {"CP-01", "S1-C15"}


def test_reported_allergies_stop_and_none_known_takes_none_away():
    person = Patient(birth_date=dt.date(1990, 5, 2), sex="female")
    allergic = CLEAR | {"allergies": {**NONE_KNOWN, "substances": ["hyaluronic_acid"]}}
    never_asked = CLEAR | {"allergies": None}
    plan = factories.plan()
    assert screened(person, CLEAR, allergic, plan).verdict == "stop"
    assert screened(person, allergic, CLEAR, plan).verdict == "stop"
    assert screened(person, never_asked, CLEAR, plan).unanswered == ("allergies",)
    assert screened(person, never_asked, allergic, plan).unanswered == ("allergies",)


@pytest.mark.django_db
def test_a_stored_verdict_says_which_report_it_counted(doctor, at, day):
    person = patient(by=doctor)
    clear_interview(person, doctor)
    row = reported(person, by=doctor, at=at, answers={"pregnancy": "current"})
    found = evaluate(person, factories.plan(), day=day)
    assert (found.verdict, found.report_id) == ("stop", row.pk)


@pytest.mark.django_db
def test_a_first_report_leaves_everything_to_be_asked(doctor, at, day):
    """Nobody has interviewed her: her own "no" clears nothing, her own "yes" is screened."""
    person = patient(by=doctor)
    reported(person, by=doctor, at=at, answers={"corticosteroid": "current"})
    found = evaluate(person, factories.plan(), day=day)
    assert found.verdict == "incomplete"
    assert set(found.outcome.unanswered) == {*found.compiled.asked[person.sex], "allergies"}
    interview(person, by=doctor, at=at, answers={"corticosteroid": None})
    found = evaluate(person, factories.plan(), day=day)
    assert (found.verdict, found.outcome.unanswered) == ("incomplete", ("corticosteroid",))
