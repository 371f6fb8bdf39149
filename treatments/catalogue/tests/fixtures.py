"""The documented data in every test database; `conftest.py` exports these fixtures.

It is loaded once, after the migrations, and each test's transaction leaves it as it was. A transactional test (races,
live server) ends by emptying every table, so the next such test loads it anew.
"""

from importlib import import_module

import pgtrigger
import pytest
from django.apps import apps
from django.contrib.auth.models import Group

from clinic.roles import Role
from conftest import NOW
from treatments.catalogue.apps import let_catalogue_admins_in
from treatments.catalogue.loading import load

# What keeps rule sets from being removed all at once would keep transactional tests from cleaning up.
NEVER_EMPTIED = (
    "contraindications.RuleSet:rule_sets_are_never_emptied",
    "contraindications.ListItem:list_items_are_never_emptied",
)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The test database, with the documented data in it."""
    with django_db_blocker.unblock():
        pgtrigger.disable(*NEVER_EMPTIED)
        stock()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Who empties the tables comes last. pytest-django says so too, but pytest then groups tests by their browser."""
    items.sort(key=empties_tables)


def empties_tables(item) -> bool:
    """Does this test end by emptying every table?"""
    marker = item.get_closest_marker("django_db")
    used = set(getattr(item, "fixturenames", ()))
    return bool({"transactional_db", "live_server"} & used or (marker and marker.kwargs.get("transaction")))


@pytest.fixture(autouse=True)
def restocked(request):
    """Load the data again if a transactional test before this one has emptied the tables."""
    if empties_tables(request.node):
        request.getfixturevalue("transactional_db")
        if not Group.objects.exists():
            stock()


@pytest.fixture
def catalogue(db):
    """Says that a test rests on the documented data, which every test database holds."""


def stock() -> None:
    """The roles, the reasons of decisions and all documented data, rule set 1 published."""
    for role in Role.values:
        Group.objects.get_or_create(name=role)
    let_catalogue_admins_in()
    import_module("contraindications.migrations.0004_reasons_and_questions").ship(apps, None)
    load(at=NOW)
