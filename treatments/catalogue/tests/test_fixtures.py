"""The documented data is there in every kind of test."""

import pytest

from clinic.models import User
from clinic.roles import Role
from conftest import person
from contraindications.models import RuleSet
from treatments.catalogue.models import Area


def stocked() -> bool:
    return Area.objects.filter(code="scalp").exists() and RuleSet.objects.in_force().version == 1


@pytest.mark.django_db
def test_an_ordinary_test_finds_it():
    assert stocked()


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.django_db(transaction=True)
def test_a_transactional_test_finds_it_each_time(turn):
    assert stocked()
    assert person("Ola", Role.DOCTOR).is_doctor
    assert User.objects.count() == 1


@pytest.mark.parametrize("turn", [1, 2])
def test_a_test_that_asks_for_the_fixture_alone_finds_it_each_time(turn, transactional_db):
    assert stocked()
