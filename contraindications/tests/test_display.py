"""A verdict as people read it."""

import pytest
from django.template.loader import render_to_string

from contraindications import actions, wording
from contraindications.clearance import clearance
from contraindications.display import show
from contraindications.models import Verdict
from contraindications.rules import words
from contraindications.screening import CannotScreen, evaluate
from contraindications.tests import factories
from patients.models import Substance
from treatments.catalogue.models import Ingredient

ENDED = {"state": "ended", "until": "2026-11-18"}


def one(shown, item):
    return next(finding for finding in shown.findings if finding.item == item)


def text(evaluation, **context):
    return render_to_string("contraindications/_verdict.html", {"evaluation": evaluation, **context})


@pytest.mark.parametrize(
    ("said", "vocabulary"),
    [
        (wording.FORCES, words.STRENGTHS),
        (wording.REACHES, words.REACHES),
        (wording.EFFECT_TAGS, words.EFFECTS),
        (wording.COMPOSITIONS, [None, "italian", "french", "above_french"]),
    ],
)
def test_every_word_of_the_rules_has_words_for_people(said, vocabulary):
    assert set(said) == set(vocabulary)


def test_the_verdicts_are_worded_as_in_the_rules():
    assert {verdict.value: str(verdict.label) for verdict in Verdict} == words.VERDICT_WORDS


def test_a_verdict_that_cannot_be_worded_is_no_verdict(evaluated, monkeypatch):
    monkeypatch.setattr(wording, "FORCES", {})

    assert "Cannot screen" in text(evaluated(nsaid="current"))


def test_a_finding_says_what_where_how_strong_and_how_far(evaluated):
    finding = one(show(evaluated(nsaid=ENDED)), "S1-C02")

    assert finding.title == "Use of non-steroidal anti-inflammatory drugs"
    assert finding.evidence == ("NSAID: ended 18 Nov 2026, 5 days ago",)
    assert "nor after how many days" in finding.match
    assert finding.source == "Needle mesotherapy: the course of the treatment, contraindications, effects"
    assert (finding.place, finding.force) == ("item 2, line 88", "contraindicated")
    assert finding.reach == "Reaches this technique and area: its list is about needle mesotherapy."
    assert finding.reach_cite == "S1 85"
    assert finding.tag == "a doctor decides"
    assert len(finding.silent) == 4


@pytest.mark.parametrize(
    ("answers", "item", "evidence"),
    [
        pytest.param({"herpes": "current"}, "S1-C06", "Herpes: now", id="now"),
        pytest.param({"herpes": "ended"}, "S1-C06", "Herpes: ended, day not known", id="day not known"),
        pytest.param(
            {"herpes": {"state": "ended", "until": "2026-11-23"}},
            "S1-C06",
            "Herpes: ended 23 Nov 2026",
            id="today",
        ),
        pytest.param(
            {"stroke": {"state": "ended", "until": "2019-03-01"}},
            "S4-C03",
            "Stroke: ended 1 Mar 2019, 7\xa0years ago",
            id="years ago",
        ),
    ],
)
def test_evidence_in_words(evaluated, answers, item, evidence):
    assert one(show(evaluated(**answers)), item).evidence == (evidence,)


@pytest.mark.parametrize(
    ("answers", "item", "match"),
    [
        pytest.param({"nsaid": "current"}, "S1-C02", "", id="direct"),
        pytest.param({"aspirin": "current"}, "S1-C02", wording.CLASS_MATCH, id="class"),
        pytest.param({"heart_disease": "current"}, "S4-C09", wording.PARTIAL_MATCH, id="partial"),
        pytest.param({"malignancy": ENDED}, "S4-C05", wording.ENDED_MATCH, id="ended"),
        pytest.param({"benign_tumour": "current"}, "S1-C04", wording.AMBIGUOUS_MATCH, id="wording"),
        pytest.param({"deep_vein_thrombosis": ENDED}, "S1-C13", wording.AMBIGUOUS_MATCH, id="something else"),
    ],
)
def test_a_match_that_is_not_plain_is_explained(evaluated, answers, item, match):
    assert one(show(evaluated(**answers)), item).match == match


def test_age_is_evidence(rule_set, ana, day):
    ana.birth_date = day.replace(year=day.year - 17)
    shown = show(evaluate(ana, factories.plan(), day=day))

    assert one(shown, "CP-01").evidence == ("17 years old",)
    assert one(shown, "CP-01").force == "the clinic's own rule"
    assert one(shown, "CP-01").reach == wording.POLICY_REACH
    assert one(shown, "S1-C15").match == wording.AGE_MATCH


def test_a_stop_that_another_plan_cures_names_what_to_leave_out(evaluated):
    shown = show(evaluated(factories.plan(ingredients=["zinc", "vitamin_c"]), allergies=["vitamin_c"]))

    assert shown.leave_out == ("Vitamin C",)
    assert "screened again" in shown.next
    assert one(shown, "S0-C03").evidence == ("Allergy to Vitamin C, which is in the plan",)


@pytest.mark.parametrize(
    ("ingredient", "evidence"),
    [
        ("antioxidants", "Allergy to Vitamin C: “Antioxidants (unspecified)” may contain it"),
        ("enzymes", "Allergy to Vitamin C: what “Enzymes (unspecified)” contains is not known"),
    ],
)
def test_an_ingredient_of_unknown_composition_is_explained(evaluated, ingredient, evidence):
    shown = show(evaluated(factories.plan(ingredients=[ingredient]), allergies=["vitamin_c"]))

    assert one(shown, "S0-C03").evidence == (evidence,)
    assert one(shown, "S0-C03").tag == "a doctor decides"
    assert len(shown.composition.unknown) == 1


def test_a_conflict_of_documents_is_explained(evaluated):
    shown = show(evaluated(factories.plan(goal="vitiligo"), vitiligo="current"))

    assert one(shown, "S1-C10").conflict == wording.CONFLICT


def test_the_remarks_that_no_list_makes(evaluated):
    shown = show(evaluated(factories.plan(technique="electroporation"), allergies=["bee stings"]))

    assert one(shown, "scope-none").title == "No documented list covers this technique"
    assert one(shown, "allergy-unmatched").evidence == ("bee stings",)


def test_clear_says_what_was_looked_at(evaluated):
    shown = show(evaluated())

    assert (shown.word, shown.findings) == ("No listed contraindication reported", ())
    assert shown.looked_at == "Looked at 45 items of 4 documents and 2 items of clinic policy"
    assert f"rule set {shown.version}" in text(evaluated())


@pytest.mark.parametrize("answers", [{}, {"nsaid": "current"}, {"herpes": ENDED}, {"anaemia": None}])
def test_nothing_is_called_safe_or_suitable(evaluated, answers):
    said = text(evaluated(**answers)).lower()

    assert "safe" not in said
    assert "suitable" not in said


def test_missing_answers_are_named_and_lead_to_the_interview(evaluated, ana):
    evaluation = evaluated(anaemia=None, allergies=None)

    assert show(evaluation).unanswered == ("Allergies: substances, or “none known”", "Anaemia")
    assert f"/patients/{ana.pk}/interview/" in text(evaluation)


def test_a_decision_stands_beside_its_finding(screened, doctor, at):
    screening = screened(herpes=ENDED)
    actions.decide(
        screening,
        kind="decide",
        goes_ahead=True,
        items=["S1-C06"],
        reason="mild",
        text="Healed & <b>dry</b>.",
        by=doctor,
        at=at,
    )

    said = text(None, screening=screening)
    assert "Healed &amp; &lt;b&gt;dry&lt;/b&gt;." in said
    assert "Decided: it can be confirmed, booked and performed." in said


def test_without_anything_to_show_it_says_so(db):
    assert "Cannot screen: do not treat this as clear" in text(None)


def test_lists_that_are_gone_are_never_clear(screened, monkeypatch):
    screening = screened()
    monkeypatch.setattr("contraindications.screening.compiled_rules", broken)

    assert "Cannot screen: do not treat this as clear" in text(None, screening=screening)


def broken(digest):
    raise CannotScreen(digest)


def test_labels_are_the_clinics_of_today(evaluated):
    Substance.objects.filter(code="zinc").update(label="Zinc (clinic's)")
    Ingredient.objects.filter(code="zinc").update(label="Zinc (clinic's)")
    shown = show(evaluated(factories.plan(ingredients=["zinc"]), allergies=["zinc"]))

    assert shown.leave_out == ("Zinc (clinic's)",)


def test_showing_costs_one_query_at_most(evaluated, django_assert_num_queries):
    plain = evaluated(nsaid="current")
    show(plain)
    with django_assert_num_queries(0):
        show(plain, clearance(plain, []))
    named = evaluated(
        factories.plan(ingredients=["zinc", "iron", "enzymes"]), allergies=["zinc", "iron", "bees"]
    )
    with django_assert_num_queries(1):
        show(named, clearance(named, []))
