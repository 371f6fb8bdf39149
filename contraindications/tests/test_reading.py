"""A case that cannot be read is refused with one clear sentence; a slip never becomes a milder verdict."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.tests.thorough import examples
from contraindications.reading import UnreadableCase, read_case
from contraindications.rules import canonical_json, screen

from .documented import case, catalogue, read, ruleset


def changed(path, value):
    """The healthy case with one value set, or removed where the value is KeyError."""
    raw = copy.deepcopy(case(facts={"herpes": {"state": "ended", "until": "2026-11-01"}}))
    *steps, last = path.split(".")
    part = raw
    for step in steps:
        part = part[step]
    if value is KeyError:
        del part[last]
    else:
        part[last] = value
    return raw


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("id", KeyError, "the case has no id"),
        ("id", "", "id must be text, not ''"),
        ("as_of", KeyError, "the case has no as_of"),
        ("as_of", "21.11.2026", "as_of must be a date like 2026-11-21, not '21.11.2026'"),
        ("as_of", "20261121", "as_of must be a date like 2026-11-21, not '20261121'"),
        ("as_of", "2026-02-29", "as_of must be a date like 2026-11-21, not '2026-02-29'"),
        ("as_of", "٢٠٢٦-١١-٢١", "as_of must be a date like 2026-11-21, not '" + ascii("٢٠٢٦-١١-٢١")[1:]),
        ("as_of", 20261121, "as_of must be a date like 2026-11-21, not 20261121"),
        ("patient", KeyError, "the case has no patient"),
        ("patient", ["x"], "patient must be an object, not ['x']"),
        ("patient.birth_date", "2026-11-22", "birth_date 2026-11-22 is after as_of 2026-11-21"),
        ("patient.birth_date", "0000-01-01", "birth_date must be a date like 2026-11-21, not '0000-01-01'"),
        ("patient.sex", "woman", "unknown sex 'woman'"),
        ("patient.sex", ["female"], "unknown sex ['female']"),
        ("patient.default_state", "maybe", "unknown default_state 'maybe'"),
        ("patient.default_sate", "no", "patient has an unknown key 'default_sate'"),
        ("patient.facts", [], "facts must be an object, not []"),
        ("patient.facts.herpess", {"state": "no"}, "unknown fact 'herpess'"),
        ("patient.facts.herpes", "current", "fact herpes must be an object, not 'current'"),
        ("patient.facts.herpes", {}, "fact herpes has no state"),
        ("patient.facts.herpes", {"state": "recent"}, "unknown state of herpes 'recent'"),
        ("patient.facts.herpes", {"state": False}, "unknown state of herpes False"),
        (
            "patient.facts.herpes.until",
            "yesterday",
            "until of herpes must be a date like 2026-11-21, not 'yesterday'",
        ),
        (
            "patient.facts.herpes.until",
            "2026-11-22",
            "herpes is said to have ended on 2026-11-22, after as_of 2026-11-21",
        ),
        ("patient.facts.herpes.state", "no", "herpes has an end date and is not ended"),
        ("patient.facts.herpes.untill", "2026-11-20", "fact herpes has an unknown key 'untill'"),
        ("patient.allergies", "latex", "allergies must be a list, not 'latex'"),
        ("patient.allergies", [" "], "an allergy must be text, not ' '"),
        ("patient.allergies", [None], "an allergy must be text, not None"),
        ("patient.allergies", ["a\0b"], "an allergy has characters that are no text: 'a\\x00b'"),
        ("patient.allergies", ["\ud800"], "an allergy has characters that are no text: '\\ud800'"),
        ("plan", KeyError, "the case has no plan"),
        ("plan.technique", "laser", "unknown technique 'laser'"),
        ("plan.technique", None, "plan has no technique"),
        ("plan.area", "knee", "unknown area 'knee'"),
        ("plan.area", "eyelids", "eyelids are treated with the derma pen only, not with 'needle_syringe'"),
        ("plan.goal", "beauty", "unknown goal 'beauty'"),
        ("plan.ingredients", KeyError, "plan has no ingredients"),
        ("plan.ingredients", ["botox"], "unknown code in ingredients 'botox'"),
        ("plan.ingredients", [["zinc"]], "unknown code in ingredients ['zinc']"),
        ("plan.ingredients", "zinc", "ingredients must be a list, not 'zinc'"),
        ("plan.procedure_substances", KeyError, "plan has no procedure_substances"),
        ("plan.procedure_substance", [], "plan has an unknown key 'procedure_substance'"),
        ("plan.goal", "x" * 100, "unknown goal '" + "x" * 56 + "..."),
    ],
)
def test_an_unreadable_case_says_why(path, value, sentence):
    with pytest.raises(UnreadableCase) as refused:
        read_case(changed(path, value), catalogue())
    assert str(refused.value) == sentence


@pytest.mark.parametrize("raw", [None, [], "case", 1])
def test_what_is_no_case_is_refused(raw):
    with pytest.raises(UnreadableCase, match="the case must be an object"):
        read_case(raw, catalogue())


def test_remarks_beside_a_case_are_passed_over():
    assert read_case({**case(), "title": "x", "expect": {}}, catalogue()) == read()


def test_absent_means_not_asked():
    raw = case()
    for key in ("facts", "default_state", "allergies"):
        del raw["patient"][key]
    patient = read_case(raw, catalogue()).patient
    assert (patient.answers, patient.allergies) == ({}, None)


@pytest.mark.parametrize("state", ["no", "current", "ended", "unsure"])
def test_the_default_answers_every_fact_not_named(state):
    raw = case(facts={"herpes": "current"})
    raw["patient"]["default_state"] = state
    answers = read_case(raw, catalogue()).patient.answers
    assert set(answers) == set(catalogue().facts)
    assert {answer.state for fact, answer in answers.items() if fact != "herpes"} == {state}
    assert answers["herpes"].state == "current"


def test_the_derma_pen_may_treat_eyelids():
    assert read(technique="derma_pen", area="eyelids").plan.region == "other"


def test_the_day_itself_is_not_in_the_future():
    one = read(birth_date="2026-11-21", facts={"herpes": {"state": "ended", "until": "2026-11-21"}})
    assert one.patient.birth_date == one.as_of
    assert one.patient.answers["herpes"].until == one.as_of


def test_a_case_of_json_is_read_whole():
    raw = case(facts={"herpes": {"state": "ended", "until": None}}, goal="vitiligo", allergies=["latex"])
    one = read_case(json.loads(json.dumps(raw)), catalogue())
    assert one.plan.disease_fact == "vitiligo"
    assert one.patient.allergies == ("latex",)
    assert "latex" in one.plan.catalogue


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("2026-11-21")
)
words = st.sampled_from(["id", "state", "until", "current", "ended", "herpes", "zinc", "eyelids", "female"])
anything = st.recursive(
    scalars | words, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)
)
PLACES = [
    (),
    *((key,) for key in case()),
    *(("patient", key) for key in case()["patient"]),
    ("patient", "facts", "herpes"),
    *(("plan", key) for key in case()["plan"]),
]


@given(st.sampled_from(PLACES), anything)
@settings(max_examples=examples(1000))
def test_whatever_is_written_is_screened_or_refused(place, written):
    raw = case(facts={"herpes": "current"})
    part = raw
    for step in place[:-1]:
        part = part[step]
    if place:
        part[place[-1]] = written
    try:
        one = read_case(raw if place else written, catalogue())
    except UnreadableCase:
        return
    assert canonical_json(screen(one.patient, one.plan, ruleset(), one.as_of).to_dict())
