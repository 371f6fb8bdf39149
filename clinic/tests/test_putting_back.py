"""The test database is as the documented data left it, whatever a transactional test did to it."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from clinic.roles import Role
from clinic.tests import template
from clinic.tests.putting_back import Stock
from conftest import person
from contraindications.models import RuleSet

pytestmark = pytest.mark.django_db(transaction=True)


def sql(statement):
    def change():
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(statement)
            cursor.execute("RESET session_replication_role")

    return change


def sorted_rows(stock):
    return {table: sorted(rows.splitlines()) for table, rows in stock.rows.items()}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda: person("Ola", Role.DOCTOR), id="rows of others"),
        pytest.param(lambda: Group.objects.create(name="new"), id="a row more"),
        pytest.param(sql("DELETE FROM contraindications_listitem WHERE id % 2 = 0"), id="rows fewer"),
        pytest.param(sql("UPDATE contraindications_ruleset SET version = 7"), id="a row changed"),
        pytest.param(sql("UPDATE auth_group SET name = name"), id="a row written as it was"),
        pytest.param(sql("TRUNCATE contraindications_ruleset, catalogue_area CASCADE"), id="tables emptied"),
    ],
)
def test_whatever_was_changed_is_put_back(change):
    stock, before = Stock(), Stock()
    change()
    assert Stock().states != before.states
    stock.put_back()
    assert sorted_rows(Stock()) == sorted_rows(before)
    assert Stock().states == stock.states


def test_what_nobody_changed_is_not_written():
    stock, before = Stock(), Stock()
    person("Ola", Role.DOCTOR)
    stock.put_back()
    assert Stock().states == before.states
    assert RuleSet.objects.in_force().version == 1


@pytest.mark.parametrize(
    "file", ["clinic/migrations/0002.py", "patients/data/facts.yaml", "requirements.txt"]
)
def test_the_template_is_built_anew_after_a_change_of(file, tmp_path, settings):
    settings.BASE_DIR = tmp_path
    for name in ("clinic/migrations/0001.py", "patients/data/facts.yaml", "requirements.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("as it was")
    before = template.digest()
    assert template.digest() == before
    (tmp_path / file).write_text("changed")
    assert template.digest() != before
