"""`with nothing_changes(): client.get(...)`: no table holds anything else afterwards than before."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.db import connection

# What looking at a page may write: who looked, and the clock of the session.
MAY_CHANGE = {"clinic_accesslog", "django_session"}


def digests() -> dict[str, str | None]:
    """A digest of the rows of every table."""
    tables = sorted(
        {model._meta.db_table for model in apps.get_models(include_auto_created=True)} - MAY_CHANGE
    )
    rows = "SELECT '{0}', md5(string_agg(t::text, '' ORDER BY t::text)) FROM \"{0}\" t"
    present = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(rows.format(table) for table in tables if table in present))
        return dict(cursor.fetchall())


@contextmanager
def nothing_changes() -> Iterator[None]:
    """Fail when a row of any table was added, changed or removed inside."""
    before = digests()
    yield
    assert digests() == before
