"""What the clinic does meanwhile: it asks, books, moves and cancels, through the same actions as its pages.

Whoever meets a database that is away tries again, as people do. When each change stood is written down.
"""

import heapq
import itertools
import random
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from django.db import DatabaseError, IntegrityError, InterfaceError, ProgrammingError, connection
from django.utils import timezone

from clinic.chaos.scene import Stage
from clinic.versions import ChangedMeanwhile
from patients import actions as patients
from patients.models import Channel, InterviewLink
from treatments.courses import actions as courses
from treatments.courses.models import Course
from treatments.reminders.actions import promising, stop_all
from treatments.reminders.models import Message, WishHow
from treatments.schedule import actions as schedule
from treatments.schedule.models import Session

T = TypeVar("T")
PAUSE = 0.3  # seconds until somebody tries again
RACE = 1.0  # seconds: changes come so closely before or after the letter they make untrue
SERVED, DRAWN_INTO = (
    0.75,
    0.23,
)  # parts of the run: until all are served, and in which what they are told is due
# Days are drawn in: what is due on a day to come is due at some moment of the run. What it says stays as it is.
DRAW_IN = """
UPDATE reminders_message SET due_at = moment, try_at = moment,
    not_after = greatest(not_after, moment + interval '1 day')
FROM (
    SELECT id, clock_timestamp() + random() * %(seconds)s * interval '1 second' AS moment FROM reminders_message
    WHERE state = 'due' AND due_at > clock_timestamp() AND patient_id = %(patient)s
) AS drawn
WHERE drawn.id = reminders_message.id
"""
NEXT = """
SELECT extract(epoch FROM min(try_at) - clock_timestamp())::float FROM reminders_message
WHERE state = 'due' AND (session_id = %(session)s OR patient_id = %(patient)s)
"""


@dataclass(frozen=True, slots=True)
class Done:
    """A change, of which row, and the moments before and after which it stood."""

    what: str
    pk: int
    began: float
    stood: float


class BrokenOff(Exception):
    """The run ended before the desk had done everything."""


class Desk:
    """Somebody at the front desk, with a list of things to do by a moment."""

    def __init__(self, stage: Stage, *, until: float, chance: random.Random) -> None:
        self.stage, self.until, self.chance = stage, until, chance
        self.begin, self.over = time.time(), threading.Event()
        self.done: list[Done] = []
        self.failed: list[str] = []
        self.order = itertools.count()
        self.todo: list[tuple[float, int, Callable[[], None]]] = []
        self.thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        every = SERVED * (self.until - self.begin) / len(self.stage.courses)
        for number in range(len(self.stage.courses)):
            self._later(self.begin + number * every, partial(self._serve, number))
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self.thread.join()

    def join(self) -> None:
        """Wait until everything is done. Raises RuntimeError if something could not be."""
        self.thread.join()
        if self.failed:
            raise RuntimeError(f"the desk could not go on: {self.failed}")

    def _later(self, moment: float, deed: Callable[[], None]) -> None:
        heapq.heappush(self.todo, (moment, next(self.order), deed))

    def _work(self) -> None:
        try:
            with promised_twice():
                while self.todo and self.todo[0][0] < self.until:
                    moment, _order, deed = heapq.heappop(self.todo)
                    self._wait(max(moment - time.time(), 0))
                    deed()
        except BrokenOff:
            return
        except Exception as error:
            self.failed.append(repr(error))
            raise
        finally:
            connection.close()

    def _wait(self, seconds: float) -> None:
        if self.over.wait(seconds):
            raise BrokenOff

    # One patient after the other

    def _serve(self, number: int) -> None:
        """A link to the interview, then the course is booked, or has come to its end; and some of it changes."""
        course = self.stage.courses[number]
        link = self._do("ask", course.pk, partial(self._ask, course))
        if number % 4 == 3:
            self._do("finish", course.pk, partial(self._finish, course))
        else:
            sessions = self._do("book", course.pk, partial(self._book, course, number, uuid.uuid4()))
            self._change_some(sessions, number)
        if number % 8 == 4:
            self._later(time.time() + self.chance.uniform(0, 3 * RACE), partial(self._revoke, link))
        self._draw_in(course)

    def _ask(self, course: Course) -> InterviewLink:
        return patients.send_link(course.patient, by=self.stage.desk, at=timezone.now())

    def _finish(self, course: Course) -> bool:
        return courses.finish(course, at=timezone.now())

    def _book(self, course: Course, number: int, key: uuid.UUID) -> list[Session]:
        slots = self.stage.slots(number)
        return schedule.book_course(course, slots, by=self.stage.desk, at=timezone.now(), key=key)

    def _revoke(self, link: InterviewLink) -> None:
        self._do("revoke", link.pk, lambda: patients.revoke_link(link, by=self.stage.desk, at=timezone.now()))

    def _change_some(self, sessions: list[Session], number: int) -> None:
        """Of each eight courses two lose a session and two have one moved: about when something is to be said of it.

        In the same way one patient wants no messages any more, and one wants texts from now on.
        """
        session = sessions[number // 4 % len(sessions)]
        changes = {
            0: self._stop,
            1: self._cancel,
            2: self._move,
            4: self._to_texts,
            5: self._cancel,
            6: self._move,
        }
        change = partial(changes[number % 8], session, number)
        self._later(time.time(), lambda: self._later(self._near(session), change))

    def _near(self, session: Session) -> float:
        """A moment about when the next letter about the session goes, or any where none is promised."""
        about = {"session": session.pk, "patient": session.course.patient_id}
        seconds = self._do("look", session.pk, partial(self._asked, NEXT, **about))
        if seconds is None:
            return self.chance.uniform(time.time(), self.until)
        return time.time() + seconds + self.chance.uniform(-RACE, RACE)

    def _cancel(self, session: Session, number: int) -> None:
        def cancel() -> Session:
            said, by = "Called off", self.stage.desk
            return schedule.cancel_session(
                session, reason=said, version=session.version, by=by, at=timezone.now()
            )

        self._do("cancel", session.pk, cancel)

    def _move(self, session: Session, number: int) -> None:
        slot = self.stage.slots(number, later=True)[session.number - 1]

        def move() -> Session:
            return schedule.move_session(
                session,
                starts_at=slot.starts_at,
                practitioner=session.practitioner,
                room=session.room,
                version=session.version,
                by=self.stage.desk,
                at=timezone.now(),
            )

        self._do("move", session.pk, move)
        self._draw_in(session.course)

    def _stop(self, session: Session, number: int) -> None:
        patient, how = session.course.patient, WishHow.LINK
        self._do("opt out", patient.pk, lambda: stop_all(patient, how=how, by=None, at=timezone.now()))

    def _to_texts(self, session: Session, number: int) -> None:
        patient, texts = session.course.patient, Channel.SMS
        self._do(
            "to texts",
            patient.pk,
            lambda: patients.write_to(patient, channel=texts, language=patient.language, at=timezone.now()),
        )

    def _draw_in(self, course: Course) -> None:
        """What is due is due while things break, as much of it at the beginning as at the end."""
        left = self.until - time.time()
        seconds = max(min(DRAWN_INTO * (self.until - self.begin), left), 1)
        self._do(
            "draw in", course.pk, partial(self._asked, DRAW_IN, seconds=seconds, patient=course.patient_id)
        )

    # How it is done

    def _do(self, what: str, pk: int, deed: Callable[[], T]) -> T:
        """Try until it is done, and write down when."""
        began = time.time()
        while True:
            try:
                found = deed()
                break
            except (IntegrityError, ProgrammingError):
                raise
            except (DatabaseError, InterfaceError):
                connection.close()
                self._wait(PAUSE)
            except (ChangedMeanwhile, patients.LinkDead):
                found = None  # it was done, only nobody heard so
                break
        self.done.append(Done(what, pk, began, time.time()))
        return found  # type: ignore[return-value]

    def _asked(self, sql: str, **values: float) -> float | None:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchone()[0] if cursor.description else None


@contextmanager
def promised_twice() -> Iterator[None]:
    """Every promise is written twice, as by two processes of which none knows of the other."""
    once = promising.promise

    def twice(messages: Iterable[Message], **said: bool) -> None:
        rows = list(messages)
        likes = [copy(row) for row in rows]
        once(rows, **said)
        once(likes)

    _replace(once, twice)
    try:
        yield
    finally:
        _replace(twice, once)


def _replace(one: object, other: object) -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("treatments.reminders") and getattr(module, "promise", None) is one:
            module.promise = other  # type: ignore[attr-defined]
