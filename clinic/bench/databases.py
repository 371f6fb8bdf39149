"""Databases of the bench on the clinic's server, never the clinic's own: the demo, with some or much beside it."""

import datetime as dt
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict

import psycopg2
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from psycopg2 import sql

from clinic.demo import bulk
from clinic.demo.seeding import seed

SMALL, FEW, LARGE = "clinic_bench_small", "clinic_bench_few", "clinic_bench_large"
USED_UP = "clinic_bench_used_up"  # a copy of one of them, to write into
# The fewest by which a week is as full as in the large one: pages then show as much, and only what lies behind differs.
FEW_PATIENTS, FEW_SESSIONS = 1_000, 5 * bulk.SESSIONS_A_COURSE * bulk.PRACTITIONERS * bulk.SLOTS_A_DAY
STALE_AFTER = dt.timedelta(days=30)  # a demo that old shows empty weeks
SOURCES = ["*/migrations/*.py", "*/*/migrations/*.py", "clinic/demo/*.py", "*/data/*.yaml", "*/*/data/*.yaml"]

Tell = Callable[[str], None]


@contextmanager
def inside(name: str) -> Iterator[None]:
    """Everything that asks the database asks this one."""
    own = connection.settings_dict["NAME"]
    _point_to(name)
    try:
        yield
    finally:
        _point_to(own)


def _point_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    ContentType.objects.clear_cache()


def prepare(size: bulk.Size, *, keep: bool, tell: Tell) -> dt.date:
    """Have all databases ready; returns the day that they are seeded for.

    With `keep` what is there is used if it was built from the same migrations, data and size, not too long ago.
    """
    if not keep:
        drop()
    today = timezone.localdate()
    day = _built_for(SMALL, None)
    if day is None or today - day > STALE_AFTER:
        day = today
        drop()
        _build_small(day, tell=tell)
    for name, wanted in ((FEW, few_of(size)), (LARGE, size)):
        if _built_for(name, wanted) != day:
            _build_large(name, wanted, day, tell=tell)
    return day


def few_of(size: bulk.Size) -> bulk.Size:
    """As many practitioners with a hundredth of the sessions."""
    return bulk.Size(min(size.patients, FEW_PATIENTS), min(size.sessions, FEW_SESSIONS))


def _build_small(day: dt.date, *, tell: Tell) -> None:
    tell(f"Building {SMALL}: migrations, catalogue, demo")
    create(SMALL)
    with inside(SMALL):
        seed(day)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    on_the_server("COMMENT ON DATABASE {} IS {}", SMALL, sql.Literal(_stamp(day, None)))


def create(name: str) -> None:
    """A database with all tables and the catalogue; one of that name is thrown away."""
    migrate(name)
    with inside(name):
        call_command("load_catalogue", stdout=_Silent())


def create_once(name: str, day: dt.date) -> None:
    """The same, but one that was built from the same sources on an earlier day is used again."""
    if _built_for(name, None) is None:
        create(name)
        on_the_server("COMMENT ON DATABASE {} IS {}", name, sql.Literal(_stamp(day, None)))


def migrate(name: str) -> None:
    """A database with all tables; one of that name is thrown away."""
    on_the_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    on_the_server("CREATE DATABASE {}", name)
    with inside(name):
        call_command("migrate", verbosity=0, interactive=False)


def copy(source: str, name: str) -> None:
    """A database that is as `source` is; one of that name is thrown away."""
    on_the_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    on_the_server("CREATE DATABASE {} TEMPLATE {}", name, sql.Identifier(source))


def _build_large(name: str, size: bulk.Size, day: dt.date, *, tell: Tell) -> None:
    tell(f"Building {name}: {size.patients:,} patients, {size.sessions:,} sessions")
    copy(SMALL, name)
    with inside(name):
        bulk.load(size, day, tell=tell)
    on_the_server("COMMENT ON DATABASE {} IS {}", name, sql.Literal(_stamp(day, size)))


@contextmanager
def inside_a_copy(name: str) -> Iterator[None]:
    """Everything asks a copy of this database, of which nothing stays."""
    copy(name, USED_UP)
    try:
        with inside(USED_UP):
            yield
    finally:
        on_the_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", USED_UP)


def drop() -> None:
    """Throw all of them away."""
    for name in (LARGE, FEW, SMALL):
        on_the_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _built_for(name: str, size: bulk.Size | None) -> dt.date | None:
    """The day for which this database was built, None if it is not there or not what is wanted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        )
        found = cursor.fetchone()
    said = found[0] if found and found[0] else "{}"
    day = dt.date.fromisoformat(json.loads(said).get("day", dt.date.min.isoformat()))
    return day if said == _stamp(day, size) else None


def _stamp(day: dt.date, size: bulk.Size | None) -> str:
    """What a database was built from; kept as the comment on it."""
    digest = hashlib.sha256()
    for pattern in SOURCES:
        for path in sorted(settings.BASE_DIR.glob(pattern)):
            digest.update(path.read_bytes())
    built: dict[str, object] = {"day": day.isoformat(), "sources": digest.hexdigest()}
    return json.dumps({**built, **(asdict(size) if size else {})}, sort_keys=True)


def on_the_server(statement: str, name: str, *others: sql.Composable) -> None:
    """Run one statement about the database `name`, outside any transaction, on a connection of its own."""
    parameters = connection.get_connection_params()
    parameters["options"] = ""  # building takes longer than any page may
    with closing(psycopg2.connect(**parameters)) as server:
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(sql.Identifier(name), *others))


class _Silent(io.TextIOBase):
    """Takes what a command says, and keeps it to itself."""

    def write(self, text: str) -> int:
        return len(text)
