"""Bringing the database up to date."""

import pytest
from django.core.management import CommandError, call_command
from django.core.management.commands.migrate import Command as Migrate
from django.db import connection

LIMITS = "SELECT current_setting('statement_timeout'), current_setting('lock_timeout')"


def limits() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(LIMITS)
        return cursor.fetchone()


@pytest.mark.parametrize("fails", [False, True])
def test_a_migration_may_take_long_but_not_wait_long_for_a_lock(db, monkeypatch, fails):
    found = []

    def migrate(self, **options):
        found.append(limits())
        if fails:
            raise CommandError

    before = limits()
    monkeypatch.setattr(Migrate, "handle", migrate)
    try:
        call_command("migrate")
    except CommandError:
        assert fails
    assert before[0] != "0"
    assert (found, limits()) == ([("0", before[1])], before)
