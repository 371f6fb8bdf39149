"""What tests of screening need: the vocabulary, the lists in force, somebody to screen."""

import pytest

from contraindications.actions import store_screening
from contraindications.models import RuleSet
from contraindications.screening import evaluate
from contraindications.tests import factories
from patients.tests.factories import interview, patient


@pytest.fixture
def rule_set(catalogue):
    """The documented lists, published."""
    return RuleSet.objects.in_force()


@pytest.fixture
def ana(doctor):
    return patient(by=doctor)


@pytest.fixture
def evaluated(rule_set, ana, doctor, day):
    """`evaluated(herpes="current")` interviews Ana and screens a plan for her; `plan` and `allergies` may be given."""

    def run(plan=None, allergies=(), **answers):
        interview(ana, by=doctor, answers=answers, allergies=allergies)
        return evaluate(ana, plan or factories.plan(), day=day)

    return run


@pytest.fixture
def screened(evaluated, ana, doctor, at):
    """The same, stored."""

    def run(plan=None, allergies=(), **answers):
        return store_screening(evaluated(plan, allergies, **answers), patient=ana, by=doctor, at=at)

    return run
