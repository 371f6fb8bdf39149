"""How long proposing a course over everybody who treats takes, beside the bare SQL for the same free time."""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
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
from treatments.schedule.occupations import series_of
from treatments.schedule.proposing.desk import desk
from treatments.schedule.proposing.free_time import FREE, free_time_parameters
from treatments.schedule.proposing.offers import proposals
from treatments.schedule.resources import resources_of

WARM_UP = 3
A_DAY = dt.timedelta(days=1)
TAKEN = 0.6
PIECES = (20, 30, 40, 45, 60, 75, 90, 120)  # minutes
# The same free time as the page asks for, as rows of moments: what anybody would write.
AS_ROWS = """
SELECT id, lower(span), upper(span) FROM free CROSS JOIN LATERAL unnest(spans) AS span ORDER BY 1, 2
"""


@dataclass(slots=True)
class Proposals:
    """What was measured in one database, in seconds: each page, each choice behind it, each bare query.

    `bare` is for as long as the course can last, `at_first` for as long as the page asks to begin with.
    """

    people: int = 0
    rooms: int = 0
    sessions: int = 0
    spans: int = 0  # of free time that the bare query returns
    pages: list[float] = field(default_factory=list)
    chosen: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    at_first: list[float] = field(default_factory=list)
    crowded: list[float] = field(default_factory=list)  # the choice alone where most is taken, for anybody
    crowded_same: list[float] = field(default_factory=list)  # the same, for somebody who treats each time

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
    with open_doors(), transaction.atomic():
        at = timezone.now()
        # Page and query beside each other: what ran before one of them is in the processor's caches, or is not.
        asking = {
            "bare": _query(course, into, at, off=None),
            "pages": _page(course),
            "at_first": _query(course, into, at, off=rules.OFF_AT_FIRST),
            "chosen": _choose(course, at),
        }
        choosing = {
            "crowded": _crowded(course, at, same=False),
            "crowded_same": _crowded(course, at, same=True),
        }
        for jobs in (asking, choosing):
            _in_turn(jobs, requests, into)
        transaction.set_rollback(True)


def _in_turn(jobs: dict[str, Callable[[], object]], requests: int, into: Proposals) -> None:
    for name, job in [*jobs.items()] * WARM_UP + [*jobs.items()] * requests:
        getattr(into, name).append(_seconds(job))
    for name in jobs:
        del getattr(into, name)[-(WARM_UP + requests) : -requests]


def _page(course: Course) -> Callable[[], object]:
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.get(email=NURSE))
    address = reverse("schedule:book", args=[course.pk])

    def ask() -> None:
        response = client.get(address, {"practitioner": "any"}, secure=settings.TLS)
        if response.status_code != 200 or b'name="slot-1"' not in response.content:
            raise RuntimeError(f"nothing is proposed: status {response.status_code}")

    return ask


def _query(course: Course, into: Proposals, at: dt.datetime, *, off: int | None) -> Callable[[], object]:
    """What fetches the free time of all who treat, all rooms and the patient for as long as a series can last."""
    people, rooms = list(User.objects.who_may_treat()), list(Room.objects.filter(active=True))
    into.people, into.rooms = len(people), len(rooms)
    zone = timezone.get_default_timezone()
    last = rules.horizon(series_of(course), timezone.localdate(at), zone, off=off)
    until = rules.wall(last + 2 * A_DAY, dt.time.min, zone)
    asked = free_time_parameters(resources_of([course.patient, *people, *rooms]), at, until)

    def query() -> None:
        with connection.cursor() as cursor:
            cursor.execute(FREE + AS_ROWS, asked)
            found = len(cursor.fetchall())
        into.spans = max(into.spans, found)

    return query


def _choose(course: Course, at: dt.datetime) -> Callable[[], object]:
    """All that is asked and decided for the proposals, without the page around them."""
    people = list(User.objects.who_may_treat())

    def choose() -> None:
        at_desk = desk(course, people, at=at, earliest=timezone.localdate(at), at_first=True)
        proposals(at_desk, rules.Wishes(earliest=at, now=at))

    return choose


def _crowded(course: Course, at: dt.datetime, *, same: bool) -> Callable[[], object]:
    """The choice where TAKEN of what is free in the whole time of the course were taken, in small pieces."""
    at_desk = desk(course, list(User.objects.who_may_treat()), at=at, earliest=timezone.localdate(at))
    chance, question = Random(1), at_desk.question()  # noqa: S311  the same every time
    people = {who: _cut(chance, rules.Times.of(free)) for who, free in question.free.practitioners.items()}
    question = replace(question, free=replace(question.free, practitioners=people))
    return lambda: rules.propose(question, rules.Wishes(earliest=at, now=at, same=same))


def _cut(chance: Random, free: rules.Times) -> rules.Times:
    pieces = []
    for low, high in zip(free.lows, free.highs, strict=True):
        while low < high:
            until = min(low + chance.choice(PIECES), high)
            if chance.random() > TAKEN:
                pieces.append((low, until))
            low = until + 1
    return rules.Times([low for low, _until in pieces], [until for _low, until in pieces])


def _seconds(job: Callable[[], object]) -> float:
    began = time.perf_counter()
    job()
    return time.perf_counter() - began
