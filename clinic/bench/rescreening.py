"""How fast sessions to come are held against new lists, and how long one change of an allergy takes.

Everything is undone at the end: the databases of the bench stay as they were built.
"""

import datetime as dt
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.models import User
from contraindications import rules
from contraindications.actions import publish_rule_set
from contraindications.models import RuleSet
from contraindications.screening import facts_of, rules_in_force
from patients.actions import submit_interview
from patients.models import Patient
from treatments.courses import dossiers
from treatments.courses.catching_up import catch_up
from treatments.courses.models import Course
from treatments.reminders.models import Message
from treatments.schedule import standing
from treatments.schedule.models import Session, Standing

SESSIONS = 10_000
FIRST = 1_000  # memory is read after so many, and at the end
PAGE = 4096  # bytes, in which Linux counts memory
IN_A_COURSE = 5


@dataclass(frozen=True, slots=True)
class Run:
    """One run after new lists were published."""

    kind: str
    sessions: int
    seconds: float
    bare_seconds: float  # `screen()` alone over the same facts, plans and days
    turned: int  # sessions that are held now and were not, or the other way round
    memory_first: int  # bytes
    memory_last: int

    @property
    def share(self) -> float:
        """Of the speed of the bare loop."""
        return self.bare_seconds / self.seconds


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an allergy with so many sessions to come."""

    sessions: int
    seconds: float
    queries: int


def measure_runs(at: dt.datetime) -> list[Run]:
    """Lists that change nothing for anybody, and lists that hold everybody: the usual case and the worst."""
    milder = {"validity_days": 91}
    return [_run("nobody's outcome changes", milder, at), _run("everybody is held", {"minimum_age": 100}, at)]


def _run(kind: str, changed: dict[str, Any], at: dt.datetime) -> Run:
    with _undone():
        before = RuleSet.objects.published().order_by("-version")[0]
        content = {**before.content, "settings": {**before.content["settings"], **changed}}
        rule_set = publish_rule_set(content=content, by=None, at=at)
        rules_in_force()  # compiled, as in a worker that has begun
        reached, seconds, memory = _caught_up(rule_set, at)
        sessions = standing.to_come(reached, timezone.localdate(at))
        turned = Standing.objects.filter(session__course__in=reached, since=at).count()
        bare = _bare(reached, sessions)
        return Run(kind, len(sessions), seconds, bare, turned, *memory)


def _caught_up(rule_set: RuleSet, at: dt.datetime) -> tuple[list[int], float, tuple[int, int]]:
    """The run over enough courses: which, how long it took, and the memory early and late."""
    to_come = Session.objects.to_come(timezone.localdate(at))
    checked = Course.objects.open().filter(checked__rule_set=rule_set)
    seconds, first, begun = 0.0, 0, time.perf_counter()
    for _courses in catch_up(at=at):
        seconds += time.perf_counter() - begun
        done = to_come.filter(course__in=checked).count()
        first = first or (memory() if done >= FIRST else 0)
        if done >= SESSIONS:
            break
        begun = time.perf_counter()
    return list(checked.values_list("pk", flat=True)), seconds, (first or memory(), memory())


def _bare(reached: list[int], sessions: list[Any]) -> float:
    """Seconds of `screen()` alone, the facts and plans read already."""
    _row, compiled = rules_in_force()
    known = {one.course: one for one in dossiers.load(Course.objects.filter(pk__in=reached))}
    facts = {pk: facts_of(one.patient, one.interview, day=dt.date.max) for pk, one in known.items()}
    cases = [(facts[row.course], known[row.course].plan, row.day) for row in sessions]
    taken = []
    for _turn in range(3):
        began = time.perf_counter()
        for patient, plan, day in cases:
            if plan:
                rules.screen(patient, plan, compiled, day)
        taken.append(time.perf_counter() - began)
    return median(taken)


def memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def measure_changes(at: dt.datetime) -> list[Change]:
    """The same change with few and with many sessions."""
    return [_change(how_many, at) for how_many in (5, 50)]


def _change(how_many: int, at: dt.datetime) -> Change:
    """The slowest of three."""
    with _undone():
        patient = _patient_with(how_many, at)
        taken = [_seconds(patient, allergy, at) for allergy in ("zinc", "vitamin_c", "hyaluronic_acid")]
        with CaptureQueriesContext(connection) as asked:
            _tell(patient, "vitamin_e", at)
        return Change(how_many, max(taken), len(asked))


def _seconds(patient: Patient, allergy: str, at: dt.datetime) -> float:
    began = time.perf_counter()
    _tell(patient, allergy, at)
    return time.perf_counter() - began


def _tell(patient: Patient, allergy: str, at: dt.datetime) -> None:
    told = {"substances": [allergy], "texts": []}
    submit_interview(patient, answers={}, allergies=told, by=User.objects.order_by("pk")[0], at=at)


def _patient_with(how_many: int, at: dt.datetime) -> Patient:
    """Somebody with a course under way, and copies of it until they have so many sessions to come."""
    session = (
        Session.objects.to_come(timezone.localdate(at)).select_related("course__patient").order_by("pk")[0]
    )
    course, substances = session.course, list(session.course.ingredients.all())
    booked = Session.objects.filter(course__patient=course.patient, state="booked")
    Message.objects.filter(session__in=booked).delete()
    booked.delete()
    for number in range(how_many):
        if number % IN_A_COURSE == 0:
            _copy(course, key=uuid.uuid4())
            course.ingredients.set(substances)
        starts_at = at + dt.timedelta(days=number + 1)
        times = {"starts_at": starts_at, "ends_at": starts_at + dt.timedelta(minutes=20)}
        _copy(session, course=course, number=number % IN_A_COURSE + 1, **times)
    return course.patient


def _copy(row: Model, **changed: Any) -> None:
    """Save the row anew, with `changed` fields."""
    row.pk, row._state.adding = None, True
    for name, value in changed.items():
        setattr(row, name, value)
    row.save()


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        yield
        transaction.set_rollback(True)
