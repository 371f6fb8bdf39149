"""How long proposing a course over everybody who treats takes, beside the bare SQL for the same free time."""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.bench.pages import NURSE, open_doors
from clinic.models import Room, User
from treatments.courses.models import Course
from treatments.schedule import rules
from treatments.schedule.desk import desk, horizon
from treatments.schedule.free_time import FREE, free_time_parameters
from treatments.schedule.places import resources_of

WARM_UP = 3
# The same free time as the page asks for, as rows of moments: what anybody would write.
AS_ROWS = """
SELECT id, lower(span), upper(span) FROM free CROSS JOIN LATERAL unnest(spans) AS span ORDER BY 1, 2
"""


@dataclass(slots=True)
class Proposals:
    """What was measured in one database: seconds of each page, of each choice behind it and of each bare query."""

    people: int = 0
    rooms: int = 0
    sessions: int = 0
    spans: int = 0  # of free time that the query returns
    pages: list[float] = field(default_factory=list)
    chosen: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    @property
    def times(self) -> float:
        """The page beside the query."""
        return median(self.pages) / median(self.bare)


def measure(*, requests: int, into: Proposals) -> None:
    """Ask for page and query in turn. RuntimeError where nothing is proposed or no course is left to be booked."""
    course = Course.objects.filter(state="confirmed", sessions=None).order_by("pk").first()
    if course is None:
        raise RuntimeError("no course is left to be booked")
    into.sessions = course.sessions_planned
    ask = _page(course)
    with open_doors(), transaction.atomic():
        query, choose = _query(course, into), _choose(course)
        for _ in range(WARM_UP):
            ask()
            query()
        for _ in range(requests):
            into.pages.append(_seconds(ask))
            into.chosen.append(_seconds(choose))
            into.bare.append(_seconds(query))
        transaction.set_rollback(True)


def _page(course: Course) -> Callable[[], object]:
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.get(email=NURSE))
    address = reverse("schedule:book", args=[course.pk])

    def ask() -> None:
        response = client.get(address, {"practitioner": "any"}, secure=settings.TLS)
        if response.status_code != 200 or b'name="slot-1"' not in response.content:
            raise RuntimeError(f"nothing is proposed: status {response.status_code}")

    return ask


def _query(course: Course, into: Proposals) -> Callable[[], object]:
    """What fetches the free time of all who treat, all rooms and the patient for as long as the course can last."""
    people, rooms = list(User.objects.who_may_treat()), list(Room.objects.filter(active=True))
    into.people, into.rooms = len(people), len(rooms)
    at = timezone.now()
    zone = timezone.get_default_timezone()
    last = horizon(course, timezone.localdate(at)) + dt.timedelta(days=1)
    until = rules.wall(last, dt.time.min, zone)
    asked = free_time_parameters(resources_of([course.patient, *people, *rooms]), at, until)

    def query() -> None:
        with connection.cursor() as cursor:
            cursor.execute(FREE + AS_ROWS, asked)
            into.spans = len(cursor.fetchall())

    return query


def _choose(course: Course) -> Callable[[], object]:
    """All that is asked and decided for the proposals, without the page around them."""
    people, at = list(User.objects.who_may_treat()), timezone.now()
    last = horizon(course, timezone.localdate(at))

    def choose() -> None:
        question = desk(course, people, at=at, last=last).question()
        rules.propose(question, rules.Wishes(earliest=at, now=at))

    return choose


def _seconds(job: Callable[[], object]) -> float:
    began = time.perf_counter()
    job()
    return time.perf_counter() - began
