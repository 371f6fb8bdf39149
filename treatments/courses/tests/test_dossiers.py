"""Dossiers say of many courses what `plan_of` and `evaluate` say of each, in as many queries for two as for ten."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contraindications.models import Decision
from contraindications.screening import CannotScreen, evaluate, rules_in_force
from patients.tests.factories import interview
from treatments.catalogue.models import Product
from treatments.courses import dossiers
from treatments.courses.models import Course
from treatments.courses.plans import plan_of
from treatments.courses.tests.factories import course


def test_a_dossier_holds_the_plan_the_answers_and_the_decisions(nurse, day):
    row = course(by=nurse, procedure_substances=["anaesthetic_cream"])
    told = interview(row.patient, by=nurse, answers={"urticaria": "current"})
    row.refresh_from_db()
    (found,) = dossiers.load(Course.objects.all())
    assert (found.course, found.patient.pk, found.screening) == (row.pk, row.patient.pk, row.screening_id)
    assert found.interview == (told.pk, told.answers, told.allergies)
    assert found.report is None
    assert found.plan == plan_of(row)
    assert found.decisions == list(Decision.objects.of(row.patient))
    rule_set, compiled = rules_in_force()
    with CaptureQueriesContext(connection) as asked:
        evaluation = found.evaluate(rule_set, compiled, day=day)
    assert evaluation.record == evaluate(row.patient, plan_of(row), day=day).record
    assert not asked


def test_every_day_of_a_year_looks_as_if_screened_alone(nurse, day):
    row = course(by=nurse)
    ended = {"state": "ended", "until": (day - dt.timedelta(days=3)).isoformat()}
    interview(row.patient, by=nurse, answers={"fungal_skin_infection": ended, "herpes": "current"})
    (found,) = dossiers.load(Course.objects.all())
    rule_set, compiled = rules_in_force()
    for days in range(366):
        on = day + dt.timedelta(days=days)
        alone = evaluate(row.patient, plan_of(row), day=on)
        assert found.evaluate(rule_set, compiled, day=on).record == alone.record


def test_a_product_without_content_leaves_its_plan_unread(nurse, day):
    row = course(by=nurse)
    row.products.add(Product.objects.create(code="mystery", label="Mystery", citations=["own"]))
    (found,) = dossiers.load(Course.objects.all())
    assert found.plan is None
    with pytest.raises(CannotScreen):
        found.evaluate(*rules_in_force(), day=day)


def test_read_alone_a_dossier_is_what_it_is_among_others(nurse):
    rows = [course(by=nurse, procedure_substances=["anaesthetic_cream"]), course(by=nurse), course(by=nurse)]
    interview(rows[0].patient, by=nurse, answers={"urticaria": "current"})
    rows[1].products.add(Product.objects.create(code="mystery", label="Mystery", citations=["own"]))
    known = Product.objects.create(code="known", label="Known", citations=["own"])
    known.ingredients.set(rows[0].ingredients.all())
    rows[2].products.add(known)
    among = dossiers.load(Course.objects.order_by("pk"))
    assert [dossiers.load_one(row.pk) for row in rows] == among
    assert [dossier.plan is None for dossier in among] == [False, True, False]
    assert among[0].plan.procedure_substances


def test_more_courses_ask_no_more_queries(nurse):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            dossiers.load(Course.objects.all())
        return len(asked)

    course(by=nurse)
    course(by=nurse, procedure_substances=["anaesthetic_cream"])
    few = queries()
    for _ in range(4):
        course(by=nurse)
    assert queries() == few
