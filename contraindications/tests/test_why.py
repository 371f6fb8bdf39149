"""The words of a why sheet: everything that the verdict rests on, and nothing that calls it harmless."""

import datetime as dt
import re
from dataclasses import asdict

import pytest

from contraindications import actions
from contraindications.models import Screening
from contraindications.screening import evaluate
from contraindications.tests import factories
from contraindications.why.sheet import sheet_of
from patients.actions.links import hand_over_tablet
from patients.models import Report

HERPES = {"herpes": {"state": "ended", "until": "2026-11-20"}}  # S1-C06: a hold
STROKE = {"stroke": "current"}  # S4-C03: a caution


def texts(value):
    """Every word of a sheet, without the picture of the code."""
    if isinstance(value, str):
        return [] if value.startswith(("<svg", "data:")) else [value]
    inner = value.values() if isinstance(value, dict) else value
    return [text for one in inner or () if not isinstance(one, int) for text in texts(one)]


def words(sheet):
    return "\n".join(texts(asdict(sheet)))


def part(sheet, heading):
    return next(one for one in sheet.parts if one.heading == heading)


def rows(sheet, heading):
    return {row[0]: row[1:] for row in part(sheet, heading).table.rows}


@pytest.fixture
def sheet(screened):
    """`sheet(herpes="current")`: the sheet of a stored screening, as a page fetches it."""

    def make(*args, **answers):
        return sheet_of(fetched(screened(*args, **answers)))

    return make


def fetched(screening):
    return Screening.objects.for_page().get(pk=screening.pk)


def test_it_says_who_was_screened_when_by_whom_and_where(sheet, ana, doctor):
    about = dict(sheet().about)

    assert about["Patient"] == ana.name
    assert about["Born"].endswith("years old on the day")
    assert (about["Screened for"], about["Stored"]) == ("23 November 2026", "23 November 2026, 09:30")
    assert about["By"] == str(doctor)


def test_a_finding_says_what_its_page_says_with_citation_reach_and_silence(sheet):
    finding = next(f for f in part(sheet(**HERPES), "Findings").parts if f.tag == "a doctor decides")
    said = dict(finding.pairs)

    assert finding.heading == "Herpes, active or past not stated"
    assert said["Reported"].startswith("Herpes: ended 20 Nov")
    assert said["Place"] == "S1, item 6, line 92 (S1-C06)"
    assert said["In its own force"] == "contraindicated"
    assert "does not say whether this still counts" in said["Match"]
    assert said["Reach"].endswith("its list is about needle mesotherapy. S1 85")
    assert "Mesotherapy" in said["Silent about it"].split("; ")


def test_every_answer_says_what_it_counted_as_and_when_it_was_given(sheet):
    told = rows(
        sheet(**HERPES, anaemia="unsure", allergies=["vitamin_c", "bees"]), "What the patient had told us"
    )

    assert len(told) >= 44
    assert told["Herpes"][1:] == ("recent", "23 Nov 2026", "yes")
    assert told["Anaemia"][:2] == ("not sure", "unanswered")
    assert told["Pregnancy"][:2] == ("no", "no")
    assert told["Allergies"][:2] == ("Vitamin C, bees", "answered")


def test_an_answer_that_has_become_too_old_says_so(screened, ana, doctor, at):
    screened(**STROKE)
    later = at + dt.timedelta(days=91)
    old = evaluate(ana, factories.plan(), day=later.date())
    kept = actions.store_screening(old, patient=ana, by=doctor, at=later)
    told = rows(sheet_of(fetched(kept)), "What the patient had told us")

    assert told["Stroke"][1] == "now, and too old"
    assert told["Pregnancy"][1] == "unanswered: too old"
    assert told["Allergies"][1] == "unanswered again"


def test_what_the_patient_reported_and_nobody_confirmed_is_marked(screened, ana, doctor, day, at):
    screened()
    allergies = {"substances": ["zinc"], "texts": [], "on": "2026-11-23"}
    Report.objects.create(
        patient=ana,
        link=hand_over_tablet(ana, by=doctor, at=at),
        answers={"stroke": {"state": "current", "on": "2026-11-23"}},
        allergies=allergies,
        **dict.fromkeys(["started_at", "saved_at", "submitted_at"], at),
        signature=ana.name,
    )
    kept = actions.store_screening(evaluate(ana, factories.plan(), day=day), patient=ana, by=doctor, at=at)
    sheet = sheet_of(fetched(kept))
    told = rows(sheet, "What the patient had told us")

    assert told["Stroke"][-1] == told["Allergies"][-1] == "no: the patient's own report"
    assert told["Herpes"][-1] == "yes"
    assert "counts for stopping, never for clearing" in words(sheet)


def test_the_plan_and_its_composition_are_named(sheet):
    plan = factories.plan(
        ingredients=["hyaluronic_acid", "vitamin_c"], procedure_substances=["anaesthetic_cream"]
    )
    said = dict(part(sheet(plan), "The plan that was screened").pairs)

    assert (said["Area"], said["Technique"]) == ("Face", "Syringe and needle")
    assert said["Cocktail"] == "Hyaluronic acid, Vitamin C"
    assert said["Also used"]
    assert said["Composition"].startswith("2 actives.")


def test_every_document_is_named_and_one_without_a_list_says_so(sheet):
    documents = rows(sheet(), "Documents looked at")

    assert list(documents) == ["S0", "S1", "S2", "S3", "S4", "CP"]
    assert "no list of contraindications" in documents["S2"][1]
    assert "another area is planned" in documents["S3"][1]


def test_decisions_say_who_when_why_on_what_and_whether_they_count(screened, doctor, at):
    screening = screened(**HERPES)
    for minute, goes_ahead in enumerate((True, False)):
        actions.decide(
            screening,
            kind="decide",
            goes_ahead=goes_ahead,
            items=["S1-C06"],
            reason="mild",
            text=f"Try {minute}.",
            by=doctor,
            at=at + dt.timedelta(minutes=minute),
        )
    first, second = part(sheet_of(fetched(screening)), "Decisions").table.rows

    assert first[0] == f"23 Nov 2026, 09:30, {doctor}"
    assert first[1:3] == ("Decided", "Mild or stable, benefit outweighs: “Try 0.”")
    assert first[3:] == ("Herpes, active or past not stated (S1)", "no: a later one does")
    assert (second[1], second[4]) == ("Not to go ahead", "yes")


def test_a_decision_that_has_lapsed_says_why(screened, doctor, at):
    before = screened(**HERPES)
    actions.decide(
        before,
        kind="decide",
        goes_ahead=True,
        items=["S1-C06"],
        reason="mild",
        text="Healed.",
        by=doctor,
        at=at,
    )
    changed = screened(factories.plan(area="neck"), **HERPES)
    ((*_, counts),) = part(sheet_of(fetched(changed)), "Decisions").table.rows

    assert counts == "no: the area was Face then, is Neck here"
    assert part(sheet_of(fetched(before)), "Decisions").table.rows[0][-1] == "yes"


def test_everybody_who_acknowledged_counts_for_themselves(screened, doctor, nurse, at):
    screening = screened(**STROKE)
    said = {
        "kind": "acknowledge",
        "goes_ahead": True,
        "items": ["S4-C03"],
        "reason": "informed",
        "text": "Told.",
    }
    for who in (nurse, doctor):
        actions.decide(screening, **said, by=who, at=at)

    assert [row[-1] for row in part(sheet_of(fetched(screening)), "Decisions").table.rows] == ["yes", "yes"]


def test_missing_answers_are_listed(sheet):
    assert part(sheet(anaemia="unsure"), "Missing answers").lines == ("Anaemia",)


def test_the_record_names_rule_set_and_digests_and_comes_out_identical(screened, rule_set):
    screening = screened()
    sheet = sheet_of(fetched(screening))

    assert {rule_set.digest, screening.digest} <= set(dict(part(sheet, "Record").pairs).values())
    assert part(sheet, "Record").text[0].endswith("identical.")
    assert sheet.alarm == ""


@pytest.mark.parametrize("changes", [{"verdict": "clear"}, {"digest": "0" * 64}, {"finding_digests": {}}])
def test_a_record_that_was_tampered_with_says_so_first(screened, changes):
    original = screened(**HERPES)
    fields = {f.name: getattr(original, f.name) for f in Screening._meta.concrete_fields if f.name != "id"}
    sheet = sheet_of(fetched(Screening.objects.create(**{**fields, **changes})))

    assert "NOT identical" in sheet.alarm
    assert "NOT identical" in part(sheet, "Record").text[0]


@pytest.mark.parametrize("answers", [{}, HERPES, STROKE, {"nsaid": "current"}, {"anaemia": "unsure"}])
def test_it_never_calls_anything_harmless_and_stops_no_medicine(sheet, answers):
    said = words(sheet(**answers)).lower()

    assert not re.search(r"\b(safe|suitable|harmless)\b", said)
    assert "nothing here asks anybody to stop a prescribed medicine" in said


def test_the_same_record_gives_the_same_sheet(screened):
    screening = screened(**HERPES)

    assert sheet_of(fetched(screening)) == sheet_of(fetched(screening))


def test_more_findings_ask_no_more_questions(screened, django_assert_num_queries):
    short = fetched(screened(**HERPES, allergies=["zinc"]))
    long = fetched(
        screened(**HERPES, **STROKE, nsaid="current", malignancy="current", allergies=["bees", "zinc"])
    )
    sheet_of(short)

    with django_assert_num_queries(4):
        sheet_of(short)
    with django_assert_num_queries(7):  # the labels of substances that a finding names
        sheet_of(long)
