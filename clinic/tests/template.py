"""The migrated database that the test databases are copies of: the migrations run once, however many workers test."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from psycopg2 import sql

from clinic.bench.databases import migrate, on_the_server

SOURCES = ["**/migrations/*.py", "**/data/*.yaml"]
APPS = ["clinic", "patients", "contraindications", "treatments"]


@contextmanager
def held() -> Iterator[str]:
    """The name of the template, built anew if it is not what the migrations say; nobody else works on it meanwhile.

    PostgreSQL copies a database only while nobody is connected to it, so the copying is done under this, too.
    """
    settings.VAR_DIR.mkdir(exist_ok=True)
    lock = os.open(settings.VAR_DIR, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        name = f"{connection.settings_dict['NAME']}_template"
        if said(name) != digest():
            migrate(name)
            # Said last: what was interrupted says nothing, and is built again.
            on_the_server("COMMENT ON DATABASE {} IS {}", name, sql.Literal(digest()))
        yield name
    finally:
        os.close(lock)


def said(name: str) -> str | None:
    """What a database says that it was built from."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        )
        return next(iter(cursor.fetchone() or ()), None)


def digest() -> str:
    """Of the migrations, ours and (by their versions) those of others, and of the data that ours load."""
    paths = [path for app in APPS for kind in SOURCES for path in (settings.BASE_DIR / app).glob(kind)]
    found = hashlib.sha256()
    for path in [settings.BASE_DIR / "requirements.txt", *sorted(paths)]:
        found.update(f"{path.relative_to(settings.BASE_DIR)}\n".encode() + path.read_bytes())
    return found.hexdigest()
