"""How long the calendar of a day and of a week takes the server, beside the bare query behind it."""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from clinic.bench.pages import NURSE, open_doors
from clinic.models import User
from treatments.schedule.calendar.columns import By, columns
from treatments.schedule.calendar.sessions import FIELDS
from treatments.schedule.calendar.spans import Days
from treatments.schedule.models import Session

WARM_UP = 2


@dataclass(slots=True)
class Calendar:
    """One view and what was measured of it: seconds of each answer, and of each bare query for the same rows."""

    name: str
    rows: int = 0
    answers: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    @property
    def times(self) -> float:
        return median(self.answers) / median(self.bare)


def measure(day: dt.date, *, requests: int, into: dict[str, Calendar]) -> None:
    """Ask for the day and its week, by practitioner and by room, in turn with their queries. RuntimeError if empty.

    As the page asks, which renews itself: whom it names is logged with the first answer.
    """
    monday = day - dt.timedelta(days=day.weekday())
    with open_doors():
        for by in (By.PRACTITIONER, By.ROOM):
            for name, days in (("day", Days(day, 1)), ("week", Days(monday, 7))):
                view = into.setdefault(f"{name} by {by}", Calendar(f"{name} by {by}"))
                ask, query = _page(days, by), _query(days, by, view)
                for _ in range(WARM_UP):
                    ask()
                    query()
                for _ in range(requests):
                    view.answers.append(_seconds(ask))
                    view.bare.append(_seconds(query))


def _page(days: Days, by: By) -> Callable[[], object]:
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.get(email=NURSE))
    address = reverse("schedule:events")
    asked = {"start": days.first.isoformat(), "end": days.after.isoformat(), "by": str(by)}

    def ask() -> None:
        response = client.get(address, asked, secure=settings.TLS, headers={"X-Background": "1"})
        if response.status_code != 200 or b'"session' not in response.content:
            raise RuntimeError(f"the calendar is empty: status {response.status_code}")

    return ask


def _query(days: Days, by: By, view: Calendar) -> Callable[[], object]:
    """What fetches all that is drawn, as SQL that is ready."""
    resources = [column.resource for column in columns(by) if column.resource]
    rows = Session.objects.taking(resources, *days.span).values_list(*FIELDS)
    sql, parameters = rows.query.sql_with_params()

    def query() -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            view.rows = len(cursor.fetchall())

    return query


def _seconds(job: Callable[[], object]) -> float:
    began = time.perf_counter()
    job()
    return time.perf_counter() - began
