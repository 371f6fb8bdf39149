"""The documented data in every test database; `conftest.py` exports these fixtures.

It is loaded once, after the migrations, and each test's transaction leaves it as it was. What a transactional test
(races, live server) changed is put back at its end.
"""

from contextlib import ExitStack
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection
from django.test import TransactionTestCase

from clinic.roles import Role
from clinic.tests import template
from clinic.tests.putting_back import Stock
from conftest import NOW
from treatments.catalogue.apps import let_catalogue_admins_in
from treatments.catalogue.loading import load


@pytest.fixture(scope="session")
def migrated(django_test_environment, django_db_blocker, django_db_modify_db_settings):
    """The test database is made as a copy of the template, which is held until then."""
    with ExitStack() as holding:
        with django_db_blocker.unblock():
            connection.settings_dict["TEST"]["TEMPLATE"] = holding.enter_context(template.held())
            connection.close()
        yield holding


@pytest.fixture(scope="session")
def django_db_setup(migrated, django_db_setup, django_db_blocker):
    """The test database, with the documented data in it."""
    migrated.close()
    with django_db_blocker.unblock():
        stock()
        full = Stock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: full.put_back())
        yield


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
