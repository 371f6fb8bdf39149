"""How long the server takes for a page and how many queries it asks, through every middleware, as a nurse."""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from statistics import median
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic.demo.people import PEOPLE
from clinic.demo.staff import DOMAIN
from clinic.models import User
from patients.models import Patient
from treatments.schedule.models import Session
from treatments.schedule.rules import wall

NURSE = f"nurse@{DOMAIN}"
KNOWN = PEOPLE[1][0]  # the same person in both databases, with a course under way
PLAN = {
    "goal": "rejuvenation",
    "area": "face",
    "technique": "needle_syringe",
    "injection_depth": "intradermal",
    "ingredients": ["hyaluronic_acid", "vitamin_c", "vitamin_e"],
    "procedure_substances": ["anaesthetic_cream", "skin_disinfectant"],
}
WARM_UP = 3

Ask = Callable[[], Any]  # a response of the test client


@dataclass(slots=True)
class Page:
    """One page and what was measured of it: seconds of each request, and how many queries one asks."""

    name: str
    taken: list[float] = field(default_factory=list)
    queries: int = 0

    @property
    def seconds(self) -> float:
        return median(self.taken)


def measure(day: dt.date, *, requests: int, into: dict[str, Page]) -> None:
    """Ask for every page so often in the database that is connected; what was measured goes `into` the pages."""
    with open_doors():
        for name, ask in pages(day).items():
            page = into.setdefault(name, Page(name))
            page.queries = _queries(name, ask)
            page.taken += [_seconds(ask) for _ in range(requests)]


def pages(day: dt.date) -> dict[str, Ask]:
    """How each page is asked for. The same person and the same day, whatever else the database holds."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.get(email=NURSE))
    known = Patient.objects.get(name=KNOWN).pk
    preview = reverse("courses:preview", args=[known])

    def get(address: str, **asked: str) -> Ask:
        def ask() -> Any:
            client.cookies.pop(settings.ACTED_COOKIE_NAME, None)  # a browser drops it after some seconds
            return client.get(address, asked, secure=settings.TLS)

        return ask

    def post(changed: str) -> Ask:
        return lambda: client.post(preview, {**PLAN, "changed": changed}, secure=settings.TLS)

    def found(typed: str) -> Ask:
        """Typed once; what is asked for is the address at which the browser then stands."""
        sent = cache(partial(client.post, reverse("patients:list"), {"q": typed}, secure=settings.TLS))
        return lambda: get(sent()["Location"])() if "Location" in sent() else sent()

    return {
        "plan update, an ingredient": post("ingredients"),
        "plan update, the goal": post("goal"),
        "patient page": get(reverse("patients:patient", args=[known])),
        "day view by practitioner": get(reverse("schedule:day"), day=day.isoformat()),
        "day view by room": get(reverse("schedule:day"), day=day.isoformat(), by="room"),
        "search, a rare name": found("now ann"),
        "search, a common start": found("ma"),
    }


def measure_full_day(day: dt.date, *, requests: int) -> Page:
    """The day view when all practitioners of the bulk are at work: many sessions on one page."""
    begin = wall(day, dt.time.min, timezone.get_default_timezone())
    sessions = Session.objects.of_day(begin, begin + dt.timedelta(days=1)).count()
    page = Page(f"day view, {sessions} sessions on the day")
    with open_doors():
        ask = pages(day)["day view by practitioner"]
        page.queries = _queries(page.name, ask)
        page.taken = [_seconds(ask) for _ in range(requests)]
    return page


@contextmanager
def open_doors() -> Iterator[None]:
    """As on the screen of somebody who has passed the second factor; a bench has no telephone."""
    with override_settings(REQUIRE_SECOND_FACTOR=False):
        yield


def _queries(name: str, ask: Ask) -> int:
    """How many queries a request asks once everything is warm. RuntimeError where it is no page."""
    for _ in range(WARM_UP):
        response = ask()
    if response.status_code != 200:
        raise RuntimeError(f"{name}: status {response.status_code}")
    with CaptureQueriesContext(connection) as asked:
        ask()
    return len(asked)


def _seconds(ask: Ask) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began
