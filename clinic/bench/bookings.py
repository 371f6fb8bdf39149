"""How long booking a course takes, beside the same rows written in raw SQL under the same constraint.

A booking stores the screening that it rests on, points the course to it and writes what it was held against, as the
clinic's rules ask: all that is written is part of both sides. So are the triggers that keep the history and the foreign
keys that are looked at when a transaction ends. Neither side waits for the disk at the end: it is taken back.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic.bench.pages import NURSE, open_doors
from clinic.models import Room, User
from treatments.courses.models import Course
from treatments.schedule import actions, rules
from treatments.schedule.equipment import pools_of
from treatments.schedule.forms import slot_value
from treatments.schedule.proposing import offers
from treatments.schedule.proposing.desk import desk
from treatments.schedule.querysets import course_to_book
from treatments.schedule.resources import resources_of
from treatments.schedule.rules import Lacking, Slot

WARM_UP = 3
WRITTEN = {  # table: its key, in the order of the foreign keys
    "contraindications_screening": "id",
    "schedule_booking": "id",
    "schedule_session": "id",
    "schedule_reservation": "id",
    "schedule_standing": "session_id",
    "reminders_message": "id",
}
COLUMNS = """
SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""
POINT = "UPDATE courses_course SET screening_id = %s WHERE id = %s"
CHECK = """
INSERT INTO courses_check (course_id, rule_set_id, day, at, outcome) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (course_id) DO UPDATE
SET rule_set_id = excluded.rule_set_id, day = excluded.day, at = excluded.at, outcome = excluded.outcome
"""


@dataclass(slots=True)
class Bookings:
    """What was measured in one database: seconds of the bare inserts, of the action, and of the whole request."""

    sessions: int = 0
    rows: int = 0
    queries: int = 0
    bare: list[float] = field(default_factory=list)
    acted: list[float] = field(default_factory=list)
    requests: list[float] = field(default_factory=list)

    @property
    def times(self) -> float:
        """The action beside the bare inserts."""
        return median(self.acted) / median(self.bare)

    @property
    def times_request(self) -> float:
        return median(self.requests) / median(self.bare)


def measure(*, requests: int, into: Bookings) -> None:
    """Book a course, taken back each time, in turn with the bare inserts. RuntimeError where there is none to book."""
    course = Course.objects.filter(state="confirmed", sessions=None).order_by("pk").first()
    if course is None:
        raise RuntimeError("no course is left to be booked")
    with open_doors(), transaction.atomic():
        resources_of([course.patient, *User.objects.who_may_treat(), *Room.objects.filter(active=True)])
        pools_of(course)  # makes the devices' rows, too
        slots = proposed(course)
        act, ask = _action(course.pk, slots), _request(course.pk, slots)
        insert = _bare(course.pk, act, into)
        into.sessions, into.queries = len(slots), _queries(act)
        for job, taken in ((insert, into.bare), (act, into.acted), (ask, into.requests)):
            for _ in range(WARM_UP):
                taken_back(job)
            taken += [taken_back(job) for _ in range(requests)]
        transaction.set_rollback(True)


def proposed(course: Course) -> list[Slot]:
    """The best times for all sessions of the course, over everybody who may treat."""
    people, at = list(User.objects.who_may_treat()), timezone.now()
    at_desk = desk(course, people, at=at, earliest=timezone.localdate(at))
    found = offers.proposals(at_desk, rules.Wishes(earliest=at, now=at))
    if isinstance(found, Lacking):
        raise RuntimeError("nothing is proposed")
    return found[0].slots


def taken_back(job: Callable[[], Any]) -> float:
    """The seconds of a job of which nothing stays, with what is looked at when a transaction ends."""
    with transaction.atomic(), connection.cursor() as cursor:
        began = time.perf_counter()
        job()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        taken = time.perf_counter() - began
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        transaction.set_rollback(True)
    return taken


def _action(course: int, slots: Sequence[Slot]) -> Callable[[], None]:
    by, at = User.objects.get(email=NURSE), timezone.now()

    def act() -> None:
        row = course_to_book(by, course)
        if row is None:
            raise RuntimeError("the course is gone")
        actions.book_course(row, slots, by=by, at=at, key=uuid.uuid4())

    return act


def _request(course: int, slots: Sequence[Slot]) -> Callable[[], None]:
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.get(email=NURSE))
    address = reverse("schedule:book", args=[course])
    said = {f"slot-{slot.number}": slot_value(slot) for slot in slots}
    client.get(
        address, secure=settings.TLS
    )  # who books has just looked: that they are there is known already

    def ask() -> None:
        response = client.post(address, {**said, "key": str(uuid.uuid4())}, secure=settings.TLS)
        if response.status_code != 302:
            raise RuntimeError(f"nothing is booked: status {response.status_code}")

    return ask


def _queries(act: Callable[[], None]) -> int:
    with CaptureQueriesContext(connection) as asked:
        taken_back(act)
    return len([one for one in asked if not one["sql"].startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))])


# The same rows, bare


def _bare(course: int, act: Callable[[], None], into: Bookings) -> Callable[[], None]:
    """The rows that the action writes, written again one by one with their values as parameters, the keys ready."""
    with connection.cursor() as cursor:
        newest = {table: _newest(cursor, table) for table in WRITTEN}
        with transaction.atomic():
            act()
            written = [one for table in WRITTEN for one in _written(cursor, table, newest[table])]
            written += _held_against(cursor, course)
            transaction.set_rollback(True)
    into.rows = len(written)

    def insert() -> None:
        with connection.cursor() as cursor:
            for statement, row in written:
                cursor.execute(statement, row)

    return insert


def _newest(cursor, table: str) -> int:
    cursor.execute(f"SELECT coalesce(max({WRITTEN[table]}), 0) FROM {table}")  # noqa: S608 (names of ours)
    return cursor.fetchone()[0]


def _held_against(cursor, course: int) -> list[tuple[str, Any]]:
    """What a booking writes over what was there: the screening of the course, and what it was held against."""
    cursor.execute("SELECT screening_id, id FROM courses_course WHERE id = %s", [course])
    pointed = cursor.fetchone()
    cursor.execute(
        "SELECT course_id, rule_set_id, day, at, outcome FROM courses_check WHERE course_id = %s", [course]
    )
    return [(POINT, pointed), (CHECK, cursor.fetchone())]


def _written(cursor, table: str, after: int) -> list[tuple[str, Any]]:
    """The INSERT and its values for each of the newest rows of a table."""
    cursor.execute(COLUMNS, [table])
    [columns] = cursor.fetchone()
    key = WRITTEN[table]
    cursor.execute(f"SELECT {columns} FROM {table} WHERE {key} > %s ORDER BY {key}", [after])  # noqa: S608
    rows = cursor.fetchall()
    places = ", ".join(["%s"] * len(cursor.description))
    statement = f"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE VALUES ({places})"  # noqa: S608
    return [(statement, row) for row in rows]
