"""Courses booked in a second by several processes at once, through the page: apart from each other, and contested."""

import time
from dataclasses import dataclass, field

from django.utils import timezone

from clinic.contest import scene
from clinic.contest.attempts import Attempt
from clinic.contest.contests import book
from clinic.contest.crowd import gathered
from clinic.contest.scene import SESSIONS, Scene
from treatments.schedule.models import Absence, AbsenceKind, Reservation, ReservationWhy

CLIENTS = (1, 2, 4, 8)
EACH = 6  # courses that each books
RUNS = 3  # to warm up, apart, contested
# Contests, of which a third may be one patient's: more than each client books.
BUILT = 3 * RUNS * len(CLIENTS) * EACH


@dataclass(slots=True)
class Clients:
    """Courses a second by the number of clients: each with people and rooms of their own, and all with the same."""

    apart: dict[int, float] = field(default_factory=dict)
    contested: dict[int, float] = field(default_factory=dict)


def measure() -> Clients:
    """Book in the database that is connected, which is not to be used for anything else afterwards."""
    _open_every_day()
    stage, found, first = scene.build(BUILT, timezone.localdate()), Clients(), 0
    warm_up: dict[int, float] = {}
    for clients in CLIENTS:
        with gathered([person.pk for person in stage.crowd[:clients]]) as crowd:
            for contested, into in ((False, warm_up), (False, found.apart), (True, found.contested)):
                forms = [_forms(stage, client, first, contested=contested) for client in range(clients)]
                first += clients * EACH
                began = time.perf_counter()
                answers = [one for theirs in crowd.in_turn(forms) for one in theirs]
                into[clients] = len(answers) / (time.perf_counter() - began)
                if not all(one.won for one in answers):
                    raise RuntimeError(f"not booked: {[one for one in answers if not one.won][:1]}")
    return found


def _open_every_day() -> None:
    """Without the closing days of the demo: whose form falls on one would lose."""
    Reservation.objects.filter(why=ReservationWhy.CLOSED).delete()
    Absence.objects.filter(kind=AbsenceKind.CLOSED).delete()


def _forms(stage: Scene, client: int, first: int, *, contested: bool) -> list[Attempt]:
    """Forms for courses of one patient at times that nobody else wants, in the client's own room or in everybody's."""
    who = 0 if contested else client
    contests = range(first + client * EACH, first + (client + 1) * EACH)
    courses = stage.courses[client]
    slots = [stage.slots(contest, [who] * SESSIONS, [who] * SESSIONS) for contest in contests]
    return [book(courses.pop(), these) for these in slots]
