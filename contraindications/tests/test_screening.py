"""From records to a verdict."""

import datetime as dt
import logging

import pytest

from contraindications import rules, screening
from contraindications.models import RuleSet
from contraindications.querysets import RuleSetQuerySet
from contraindications.screening import CannotScreen, compiled_rules, evaluate, facts_of, rules_in_force
from contraindications.tests import documented, factories
from patients.models import Interview
from patients.tests.factories import clear_interview, interview


def told(**fields):
    return Interview(answers=fields.pop("answers", {}), allergies=fields.pop("allergies", None))


def test_a_patient_without_an_interview_has_answered_nothing(rule_set, ana, day):
    evaluation = evaluate(ana, factories.plan(), day=day)

    assert evaluation.patient_facts.allergies is None
    assert evaluation.verdict == "incomplete"
    assert set(evaluation.outcome.unanswered) == {*evaluation.compiled.asked["female"], "allergies"}


def test_an_interview_without_a_yes_is_clear(evaluated):
    assert evaluated().verdict == "clear"


def test_facts_carry_state_end_and_day_of_answer(ana, day):
    facts = facts_of(
        ana,
        told(
            answers={"nsaid": {"state": "ended", "until": "2026-11-16", "on": "2026-11-20"}},
            allergies={"substances": ["vitamin_c"], "texts": ["bees"], "on": "2026-11-01"},
        ),
        day=day,
    )

    assert facts.answers["nsaid"] == rules.Answer("ended", dt.date(2026, 11, 16), dt.date(2026, 11, 20))
    assert set(facts.allergies) == {"vitamin_c", "bees"}
    assert facts.allergies_on == dt.date(2026, 11, 1)


@pytest.mark.parametrize(("days", "verdict"), [(90, "clear"), (91, "incomplete")])
def test_answers_count_for_ninety_days(rule_set, ana, doctor, at, day, days, verdict):
    clear_interview(ana, doctor, at=at - dt.timedelta(days))

    assert evaluate(ana, factories.plan(), day=day).verdict == verdict


def test_none_known_grows_old_like_any_answer(ana, day):
    allergies = {"substances": [], "texts": [], "on": (day - dt.timedelta(91)).isoformat()}
    facts = facts_of(ana, told(allergies=allergies), day=day)

    assert "allergies" in rules.unanswered_on(day, facts, documented.ruleset())


def test_an_answer_of_a_later_day_is_no_answer_but_still_speaks(ana, day):
    facts = facts_of(
        ana,
        told(answers={"herpes": {"state": "current", "on": (day + dt.timedelta(1)).isoformat()}}),
        day=day,
    )
    result = rules.screen(facts, factories.plan(), documented.ruleset(), day)

    assert "herpes" in result.unanswered
    assert "S1-C06" in {finding.item for finding in result.findings}


def test_the_newest_published_rule_set_is_in_force(rule_set):
    factories.published(settings={**rules.SHIPPED_SETTINGS, "validity_days": 30})

    row, compiled = rules_in_force()

    assert (row.version, compiled.validity_days) == (rule_set.version + 1, 30)


def test_a_rule_set_that_is_not_published_is_not_in_force(rule_set):
    content = documented.content(settings={**rules.SHIPPED_SETTINGS, "validity_days": 1})
    RuleSet.objects.create(
        version=rule_set.version + 1, content=content, digest=rules.ruleset_digest(content)
    )

    assert rules_in_force()[0] == rule_set


def test_the_rule_set_in_force_costs_one_query(rule_set, django_assert_num_queries):
    rules_in_force()
    with django_assert_num_queries(1):
        rules_in_force()


def test_an_evaluation_costs_three_queries_however_much_was_said(
    evaluated, ana, day, django_assert_num_queries
):
    evaluated(herpes="current", nsaid="ended", diabetes_type1="current", allergies=["vitamin_c", "bees"])
    with django_assert_num_queries(3):
        evaluate(ana, factories.plan(), day=day)


def test_nothing_is_screened_without_a_published_rule_set(rule_set, ana, day, monkeypatch, caplog):
    monkeypatch.setattr(RuleSetQuerySet, "in_force", lambda self: None)

    with pytest.raises(CannotScreen):
        evaluate(ana, factories.plan(), day=day)
    assert "no rule set is published" in caplog.text


def test_a_rule_set_with_an_unknown_strength_screens_nothing(rule_set, ana, day, at, caplog):
    items = [{**documented.content()["items"][0], "strength": "perhaps"}]
    content = documented.content(items=items)
    RuleSet.objects.create(
        version=rule_set.version + 1, content=content, digest=rules.ruleset_digest(content), published_at=at
    )

    with pytest.raises(CannotScreen):
        evaluate(ana, factories.plan(), day=day)
    assert "cannot be read" in caplog.text


def test_a_rule_set_whose_content_is_not_its_digest_screens_nothing(rule_set, ana, day, at):
    RuleSet.objects.create(
        version=rule_set.version + 1, content=documented.content(), digest="0" * 64, published_at=at
    )

    with pytest.raises(CannotScreen):
        evaluate(ana, factories.plan(), day=day)


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({"herpes": {"state": "sometimes", "on": "2026-11-20"}}, id="unknown state"),
        pytest.param({"herpes": {"on": "2026-11-20"}}, id="no state"),
        pytest.param({"herpes": {"state": "no"}}, id="no day"),
        pytest.param({"herpes": {"state": "ended", "until": "soon", "on": "2026-11-20"}}, id="no date"),
        pytest.param({"herpes": "no"}, id="no answer"),
        pytest.param([], id="no answers"),
    ],
)
def test_a_record_that_cannot_be_read_is_never_clear(rule_set, ana, doctor, at, day, answers, caplog):
    fields = {
        "started_at": at,
        "started_by": doctor,
        "saved_at": at,
        "submitted_at": at,
        "submitted_by": doctor,
    }
    if hasattr(Interview, "saved_by"):
        fields["saved_by"] = doctor
    Interview.objects.create(
        patient=ana,
        number=1,
        answers=answers,
        allergies={"substances": [], "texts": [], "on": "2026-11-20"},
        **fields,
    )

    with pytest.raises(CannotScreen):
        evaluate(ana, factories.plan(), day=day)
    assert "herpes" not in caplog.text


def test_an_engine_error_is_never_a_milder_verdict(evaluated, ana, day, monkeypatch, caplog):
    evaluated()
    monkeypatch.setattr(screening.rules, "screen", lambda *args: 1 / 0)

    with pytest.raises(CannotScreen), caplog.at_level(logging.ERROR):
        evaluate(ana, factories.plan(), day=day)
    assert "ZeroDivisionError" in caplog.text


def test_a_compiled_rule_set_is_kept_by_its_digest(rule_set):
    assert compiled_rules(rule_set.digest) is compiled_rules(rule_set.digest)


def test_the_newest_submitted_interview_counts(rule_set, ana, doctor, at, day):
    interview(ana, by=doctor, at=at, answers={"herpes": "current"})
    interview(ana, by=doctor, at=at + dt.timedelta(minutes=5))

    assert evaluate(ana, factories.plan(), day=day).verdict == "clear"
