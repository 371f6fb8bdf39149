"""How much waits on the pages of the rail. Upper apps register what waits; one SQL query counts all of it."""

import datetime as dt
from collections.abc import Callable, Collection

from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.db.models import QuerySet

MOST = 9  # how many more does not matter
Waiting = Callable[[dt.datetime], QuerySet]
_pages: dict[str, Waiting] = {}


def register(page: str, waiting: Waiting) -> None:
    """Count the rows of `waiting(at)` beside the page with this URL name, for everybody who may open it."""
    _pages[page] = waiting


def counted(pages: Collection[str], at: dt.datetime, *, anew: bool) -> dict[str, int]:
    """{page: how many wait, MOST + 1 for more than MOST}, of those of these pages that count anything.

    One query, none where this process asked within NOTICE_KEPT_SECONDS: it is the same for everybody. `anew` for who
    changed something since, see `middleware.OwnActs`.
    """
    asked = _pages.keys() & pages
    found = _lately_counted(at, anew) if asked else {}
    return {page: found[page] for page in asked}


def _lately_counted(at: dt.datetime, anew: bool) -> dict[str, int]:
    found: dict[str, int] | None = None if anew else caches["process"].get("counters")
    if found is None:
        found = _count(at)
        caches["process"].set("counters", found, settings.NOTICE_KEPT_SECONDS)
    return found


def _count(at: dt.datetime) -> dict[str, int]:
    parts = [waiting(at).order_by()[: MOST + 1].query.sql_with_params() for waiting in _pages.values()]
    counts = ", ".join(f"(SELECT count(*) FROM ({sql}) AS found)" for sql, _params in parts)  # noqa: S608 (of Django)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}", [one for _sql, params in parts for one in params])
        return dict(zip(_pages, cursor.fetchone(), strict=True))
