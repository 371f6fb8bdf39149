"""Whom a draft is previewed against: plans under way and the worked cases."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contraindications.cases import worked
from contraindications.rules import screen
from contraindications.screening import evaluate, rules_in_force
from contraindications.tests.draft_factories import previewed, retire
from treatments.catalogue.models import Ingredient, Product
from treatments.courses import actions, caseload
from treatments.courses.plans import plan_of
from treatments.courses.tests.factories import course

pytestmark = pytest.mark.django_db


def everything(load, day, size=200):
    return load.after(day, -1, size)


def test_every_plan_under_way_as_of_today_and_no_other(nurse, doctor, day, at):
    plan, confirmed, over = course(by=nurse, confirmed=False), course(by=nurse), course(by=nurse)
    actions.cancel(over, version=over.version, by=doctor, at=at)
    found = everything(caseload.PLANS, day)
    assert [case.key for case in found] == [plan.pk, confirmed.pk]
    assert caseload.PLANS.count(day) == 2
    for case, row in zip(found, (plan, confirmed), strict=True):
        assert (case.day, case.patient_id, case.url) == (day, row.patient_id, row.get_absolute_url())
        result = screen(case.facts, case.plan, rules_in_force()[1], case.day)
        assert result == evaluate(row.patient, plan_of(row), day=day).outcome
    assert [case.key for case in caseload.PLANS.after(day, plan.pk, 1)] == [confirmed.pk]


def test_a_plan_that_cannot_be_read_is_a_case_all_the_same(nurse, day):
    row = course(by=nurse, confirmed=False)
    row.products.add(Product.objects.create(label="Unknown", code="unknown"))
    assert [case.plan for case in everything(caseload.PLANS, day)] == [None]


def test_a_longer_list_asks_no_more_questions(nurse, day):
    def queries():
        course(by=nurse)
        with CaptureQueriesContext(connection) as asked:
            everything(caseload.PLANS, day)
        return len(asked)

    queries()
    assert queries() == queries()


def test_the_worked_cases_come_out_as_they_say(catalogue, day):
    found = everything(caseload.WORKED_CASES, day)
    assert caseload.WORKED_CASES.count(day) == len(found) == len(worked())
    compiled = rules_in_force()[1]
    for case, raw in zip(found, worked(), strict=True):
        assert screen(case.facts, case.plan, compiled, case.day).verdict == raw["expect"]["verdict"]
        assert case.patient_id is None


def test_a_worked_case_of_something_that_the_clinic_does_not_know_is_unreadable(catalogue, day):
    Ingredient.objects.filter(code="hyaluronic_acid").delete()
    found = everything(caseload.WORKED_CASES, day)
    assert found[0].plan is None


def test_a_preview_runs_against_plans_and_worked_cases(nurse, doctor, catalogue_admin):
    course(by=nurse)
    preview = previewed(retire("S1-C02", by=catalogue_admin).draft, by=doctor)
    assert preview.done == preview.total == 1 + len(worked())
    assert {flip.caseload for flip in preview.flips.all()} == {"worked"}
