"""How many e-mails one worker sends in a second, beside a bare loop on one connection; the tick; and memory.

The mail server is a process of its own on loopback that takes everything. All send to it in turn, each on one
connection, the same letters. The bare loop does what anybody would write who had texts and addresses: it makes an
`EmailMessage` of each and gives it to `smtplib`. A second one has the letters as bytes before its clock starts; it
shows how little the wire costs, but is no loop that sends the same, since somebody has made those bytes.
"""

import datetime as dt
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from statistics import median
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.test import override_settings

from clinic.bench.rescreening import memory
from clinic.models import Clinic
from treatments.courses.models import Course
from treatments.reminders import actions, channels, kinds, tasks, writing
from treatments.reminders.channels import Letter, email
from treatments.reminders.models import Message

LETTERS, ROUNDS = 500, 3
FLAT, FLAT_FIRST = 100_000, 10_000  # messages; memory is read after so many, and at the end
TO_COME, DUE = 1_000_000, 100
LONG_AGO = dt.timedelta(minutes=10)
SMTP = "django.core.mail.backends.smtp.EmailBackend"
# Copies of a message about a course, told apart by a version that no real one has.
FILL = """
INSERT INTO reminders_message (kind, channel, patient_id, course_id, about, step, subject_version, due_at, try_at,
    not_after, state, attempts, message_id, language, sent_to, sent_subject, sent_text, provider_ref, maybe_twice, why,
    created_at)
SELECT 'maintenance', 'email', patient_id, id, '{}', 1, %(version)s + n, %(due)s, %(due)s, %(due)s + interval '7 days',
    'due', 0, '<' || md5(%(version)s + n || '/' || id) || '@bench.example>', '', '', '', '', '', false, '', %(due)s
FROM courses_course CROSS JOIN generate_series(1, %(each)s) AS n WHERE id = ANY(%(courses)s) LIMIT %(count)s
"""
# As easy to answer as can be: all that is due is e-mail, and the channel leads the index of what waits. Without it
# PostgreSQL takes "due" and "in the past" for independent, where much was sent expects as much to be due, and takes
# fifty times as long, which would make the tick look good.
DUE_NOW = """
SELECT id FROM reminders_message WHERE state = 'due' AND channel = 'email' AND try_at <= %(at)s
ORDER BY try_at, id LIMIT 200
"""
# The least by which a tick could do its work: leave word without waiting for the disk, and find what is due. That
# nothing is too late, broken off or to be told to staff is asked by the tick beside it.
LEAVE_WORD = """
UPDATE reminders_heartbeat SET ticked_at = %(at)s WHERE id = 1 RETURNING set_config('synchronous_commit', 'off', true)
"""
TICKS = 200  # measured


@dataclass(slots=True)
class Messages:
    """What was measured: seconds for the letters of each round, of ticks and queries; bytes of memory."""

    letters: int = LETTERS
    bare: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    worker: list[float] = field(default_factory=list)
    bare_cpu: list[float] = field(default_factory=list)
    ready_cpu: list[float] = field(default_factory=list)
    worker_cpu: list[float] = field(default_factory=list)
    to_come: int = TO_COME
    ticks: list[float] = field(default_factory=list)
    statements: list[float] = field(default_factory=list)
    queries: list[float] = field(default_factory=list)
    flat: int = FLAT
    memory_first: int = 0
    memory_last: int = 0
    flat_seconds: float = 0

    @property
    def share(self) -> float:
        """Letters a second of the worker, beside those of the bare loop that makes each."""
        return median(self.bare) / median(self.worker)

    @property
    def share_of_ready(self) -> float:
        """Beside those of the loop whose letters lie ready."""
        return median(self.ready) / median(self.worker)

    @property
    def times_statements(self) -> float:
        """The tick beside the least that it has to write and ask."""
        return median(self.ticks) / median(self.statements)

    @property
    def times_query(self) -> float:
        """The tick beside the bare query for what is due."""
        return median(self.ticks) / median(self.queries)


def measure(
    *, letters: int = LETTERS, flat: int = FLAT, to_come: int = TO_COME, rounds: int = ROUNDS
) -> Messages:
    """Needs a database that may be used up, with a finished course. RuntimeError where no message is wanted."""
    measured = Messages(letters=letters, to_come=to_come, flat=flat)
    courses = _wanted_courses()
    with _no_quiet_hours(), mail_server() as port, override_settings(EMAIL_BACKEND=SMTP, **_server(port)):
        for number in range(rounds):
            _fill(courses, letters, version=number)
            written = _written(letters)
            with clocked(measured.bare, measured.bare_cpu):
                _bare(port, written)
            ready = [(letter.to, email.content(letter)) for letter in written]
            with clocked(measured.ready, measured.ready_cpu):
                _bare_ready(port, ready)
            with clocked(measured.worker, measured.worker_cpu):
                _sent_by_worker(letters)
    _measure_memory(courses, measured)
    _measure_ticks(courses, measured)
    return measured


def _server(port: int) -> dict[str, Any]:
    plain = {"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": False, "EMAIL_HOST_USER": "", "EMAIL_HOST_PASSWORD": ""}
    return {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": port, **plain}


@contextmanager
def mail_server() -> Iterator[int]:
    """The port of a mail server that takes everything and keeps nothing."""
    command = [sys.executable, "-m", "clinic.bench.mailserver"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=settings.BASE_DIR) as process:
        try:
            yield int(process.stdout.readline())  # type: ignore[union-attr]  # it is a pipe
        finally:
            process.kill()


@contextmanager
def _no_quiet_hours() -> Iterator[None]:
    clinic = Clinic.current()
    clinic.quiet_from = clinic.quiet_until = dt.time(0)
    clinic.save()
    yield


def _wanted_courses() -> list[int]:
    """Finished courses whose patients want to hear of maintenance and can be written to."""
    Message.objects.filter(state="due").update(state="expired", why="the bench")
    finished = Course.objects.filter(state="finished").exclude(patient__email="").order_by("pk")
    courses = list(finished.values_list("pk", flat=True)[:1000])
    _fill(courses, len(courses), version=-1)
    asked = list(Message.objects.filter(state="due"))
    needless = kinds.needless(asked, at=tasks.database_clock())
    Message.objects.filter(pk__in=[one.pk for one in asked]).delete()
    wanted = [one.course_id for one in asked if one.pk not in needless and one.course_id]
    if not wanted:
        raise RuntimeError("nobody wants a message")
    return wanted


def _fill(courses: Sequence[int], count: int, *, version: int, due: dt.timedelta = -LONG_AGO) -> None:
    values: dict[str, Any] = {
        "courses": list(courses),
        "each": -(-count // max(1, len(courses))),
        "count": count,
        "version": 10**6 * (version + 2),
        "due": tasks.database_clock() + due,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")  # a million rows take longer than any page may
        cursor.execute(FILL, values)


# Letters a second


def _written(count: int) -> list[Letter]:
    """The letters that are due: who gets which texts. Nothing of it stays."""
    found, at = [], tasks.database_clock()
    for message in Message.objects.claimable(at).select_related("patient", "staff")[:count]:
        values = kinds.values([message], at=at)[message.pk]
        found.append(writing.write(message, values, Clinic.current(), at=at).letter)
    return found


@contextmanager
def clocked(seconds: list[float], cpu: list[float]) -> Iterator[None]:
    """Notes how long it took, and how much of that this process was busy."""
    began, busy = time.perf_counter(), time.process_time()
    yield
    seconds.append(time.perf_counter() - began)
    cpu.append(time.process_time() - busy)


def _bare(port: int, letters: Sequence[Letter]) -> None:
    with smtplib.SMTP("127.0.0.1", port) as server:
        for letter in letters:
            server.send_message(_composed(letter))


def _composed(letter: Letter) -> EmailMessage:
    """As anybody would write it."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = email.sender(letter), letter.to, letter.subject
    mail["Date"], mail["Message-ID"] = formatdate(), letter.message_id
    mail.set_content(letter.text)
    mail.add_alternative(letter.html, subtype="html")
    return mail


def _bare_ready(port: int, letters: Sequence[tuple[str, bytes]]) -> None:
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    with smtplib.SMTP("127.0.0.1", port) as server:
        for to, content in letters:
            server.sendmail(sender, [to], content)


def _sent_by_worker(count: int) -> None:
    """What the task does that sends what is due."""
    done = sum(len(states) for states in _turn().batches())
    if done != count or Message.objects.filter(state="due", try_at__lte=tasks.database_clock()).exists():
        raise RuntimeError(f"{done} of {count} were sent")


def _turn() -> actions.Turn:
    clock = tasks.running_clock()
    return actions.Turn("email", clock=clock, ends_at=clock() + dt.timedelta(hours=1))


# Memory


class _Nowhere:
    """A line that takes everything at once."""

    def open(self) -> None:
        """Nothing to open."""

    def send(self, letter: Letter) -> str:
        email.content(letter)
        return ""

    def close(self) -> None:
        """Nothing to close."""


def _measure_memory(courses: Sequence[int], measured: Messages) -> None:
    _fill(courses, measured.flat, version=100)
    own, first, done = channels.LINES["email"], min(FLAT_FIRST, measured.flat // 2), 0
    channels.LINES["email"] = _Nowhere
    began = time.perf_counter()
    try:
        for states in _turn().batches():
            done += len(states)
            if done >= first and not measured.memory_first:
                measured.memory_first = memory()
    finally:
        channels.LINES["email"] = own
    measured.flat_seconds, measured.memory_last = time.perf_counter() - began, memory()


# The tick


def _measure_ticks(courses: Sequence[int], measured: Messages) -> None:
    _fill(courses, measured.to_come, version=200, due=dt.timedelta(days=30))
    _fill(courses, DUE, version=300)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        # Where few pages hold dead rows their entries in the indexes are left to another time.
        cursor.execute("VACUUM (ANALYZE, INDEX_CLEANUP ON) reminders_message")
    _tick()  # the first leaves the row of the heartbeat, and spells its question
    for taken, job in TICKS * [
        (measured.queries, _bare_query),
        (measured.statements, _bare_tick),
        (measured.ticks, _tick),
    ]:
        taken.append(_timed(job))


def _timed(job: Callable[[], Any]) -> float:
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def _bare_query() -> None:
    with connection.cursor() as cursor:
        _ask_due(cursor, tasks.database_clock())


def _bare_tick() -> None:
    at = tasks.database_clock()
    with connection.cursor() as cursor:
        cursor.execute(LEAVE_WORD, {"at": at})
        _ask_due(cursor, at)


def _ask_due(cursor: Any, at: dt.datetime) -> None:
    cursor.execute(DUE_NOW, {"at": at})
    if len(cursor.fetchall()) != DUE:
        raise RuntimeError("not what was meant is due")


def _tick() -> None:
    """All that the tick asks and writes; whom it asks to send is not listening."""
    if actions.look(at=tasks.database_clock()) != ["email"]:
        raise RuntimeError("not what was meant is due")
