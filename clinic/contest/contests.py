"""What the crowd wants at once, and how many may get it: one contest of each kind after the other."""

import itertools
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from clinic.contest.attempts import Answer, Attempt
from clinic.contest.scene import CROWD, FOR_MOVES, LEEWAY, PENS, SESSIONS, Scene
from treatments.courses.models import Course
from treatments.schedule.forms import slot_value
from treatments.schedule.models import Session
from treatments.schedule.rules import Slot

EVERYBODY = range(CROWD)


@dataclass(frozen=True, slots=True)
class Contest:
    """What all send at once. `wins`: {verbs: (fewest, most) that may succeed}."""

    kind: str
    attempts: Sequence[Attempt]
    wins: Mapping[Collection[str], tuple[int, int]]

    @property
    def offers(self) -> bool:
        """Who loses is shown other times: not where the course itself was booked by somebody else."""
        return self.kind != "one course"

    def decided(self, answers: Sequence[Answer]) -> bool:
        """As many won as can."""
        won = {verbs: sum(one.won for one in answers if one.verb in verbs) for verbs in self.wins}
        return all(least <= won[verbs] <= most for verbs, (least, most) in self.wins.items())


def book(course: Course, slots: Sequence[Slot], key: uuid.UUID | None = None) -> Attempt:
    said = {f"slot-{slot.number}": slot_value(slot) for slot in slots}
    said |= {"key": str(key or uuid.uuid4()), "practitioner": "any"}
    return Attempt("book", reverse("schedule:book", args=[course.pk]), said)


def move(session: Session, slot: Slot) -> Attempt:
    said = {"version": str(session.version), "to": slot_value(slot)}
    return Attempt("move", reverse("schedule:move", args=[session.pk]), said)


def cancel(session: Session) -> Attempt:
    said = {"version": str(session.version), "reason": "Called off"}
    return Attempt("cancel", reverse("schedule:cancel", args=[session.pk]), said)


def contests(scene: Scene, how_many: int) -> Iterator[Contest]:
    """So many contests; each is made when the one before has been fought, for it builds on what came of it."""
    kinds = itertools.cycle(KINDS.items())
    for number in range(how_many):
        kind, make = next(kinds)
        while (attempts := make(scene, number)) is None:  # too little is booked yet to move
            kind, make = next(kinds)
        yield Contest(kind, attempts, WINS.get(kind, {("book", "move", "cancel"): (1, 1)}))


def _free(pool: Sequence[Sequence[Course]], each: int = 1) -> list[list[Course]]:
    """By patient so many courses of which nothing was ever booked."""
    patients = [courses[0].patient_id for courses in pool]
    used = set(Session.objects.filter(course__patient__in=patients).values_list("course", flat=True))
    return [list(itertools.islice((c for c in courses if c.pk not in used), each)) for courses in pool]


def _one_each(scene: Scene) -> list[Course]:
    return [courses[0] for courses in _free(scene.courses)]


# Booking


def for_a_practitioner(scene: Scene, number: int) -> list[Attempt]:
    """Eight patients want the same practitioner, each in another room."""
    courses = _one_each(scene)
    return [book(courses[n], scene.slots(number, [0] * SESSIONS, [n] * SESSIONS)) for n in EVERYBODY]


def for_a_room(scene: Scene, number: int) -> list[Attempt]:
    courses = _one_each(scene)
    return [book(courses[n], scene.slots(number, [n] * SESSIONS, [0] * SESSIONS)) for n in EVERYBODY]


def for_a_patient(scene: Scene, number: int) -> list[Attempt]:
    """Eight courses of one patient at the same times, in different rooms with different practitioners."""
    courses = _free(scene.courses, CROWD)[number % CROWD]
    return [book(courses[n], scene.slots(number, [n] * SESSIONS, [n] * SESSIONS)) for n in EVERYBODY]


def for_the_pens(scene: Scene, number: int) -> list[Attempt]:
    """Everybody has a room and a practitioner of their own, but there are PENS pens."""
    courses = [courses[0] for courses in _free(scene.with_pen)]
    return [book(courses[n], scene.slots(number, [n] * SESSIONS, [n] * SESSIONS)) for n in EVERYBODY]


def crossed(scene: Scene, number: int) -> list[Attempt]:
    """Any two meet in some session: in the first or the third by practitioner, or in the second by room."""
    courses, attempts = _one_each(scene), []
    for n in EVERYBODY:
        a, b = n // 4, n // 2 % 2
        attempts.append(book(courses[n], scene.slots(number, [a, n, a ^ b], [n, b, n])))
    return attempts


def one_course(scene: Scene, number: int) -> list[Attempt]:
    """Eight people book one course, each somewhere else."""
    [course] = _free(scene.courses)[number % CROWD]
    return [book(course, scene.slots(number, [n] * SESSIONS, [n] * SESSIONS)) for n in EVERYBODY]


def one_form(scene: Scene, number: int) -> list[Attempt]:
    """One form is sent eight times: everybody is told that it is booked."""
    [course] = _free(scene.courses)[number % CROWD]
    slots = scene.slots(number, [0] * SESSIONS, [0] * SESSIONS)
    return [book(course, slots, uuid.UUID(int=number, version=4))] * CROWD


# Moving and cancelling


def _last_sessions() -> list[Session] | None:
    """Booked last sessions of CROWD courses, the newest; near enough to each other to take each other's place."""
    rows = Session.objects.booked().filter(number=SESSIONS).order_by("-starts_at")[: 3 * CROWD]
    found = [row for row in rows if (rows[0].starts_at - row.starts_at).days < LEEWAY]
    return found[:CROWD] if len(found) >= CROWD else None


def _kept(scene: Scene, session: Session, time: int) -> Slot:
    """One of the times kept for moving, on the session's day."""
    day = timezone.localdate(session.starts_at)
    return Slot(session.number, scene.at(day, time), scene.rooms[0].pk, scene.doctors[0].pk)


def to_one_time(scene: Scene, number: int) -> list[Attempt] | None:
    """Eight sessions are moved to one time."""
    if (sessions := _last_sessions()) is None:
        return None
    slot = _kept(scene, sessions[0], 0)
    if _taken(slot):
        return None
    return [move(session, slot) for session in sessions]


def one_session(scene: Scene, number: int) -> list[Attempt] | None:
    """One session is moved to eight places."""
    if (sessions := _last_sessions()) is None:
        return None
    slot = _kept(scene, sessions[0], FOR_MOVES - 1)
    if _taken(slot):
        return None
    places = zip(scene.rooms, scene.doctors, strict=True)
    return [move(sessions[0], Slot(slot.number, slot.starts_at, r.pk, d.pk)) for r, d in places]


def _taken(slot: Slot) -> bool:
    return Session.objects.booked().filter(starts_at=slot.starts_at).exists()


def one_leaves(scene: Scene, number: int) -> list[Attempt] | None:
    """A session is cancelled twice while three book and three move to where it is."""
    if (sessions := _last_sessions()) is None:
        return None
    leaving, *others = sessions
    if abs((leaving.starts_at - scene.starts(number, SESSIONS)).days) >= LEEWAY:
        return None
    there = Slot(SESSIONS, leaving.starts_at, leaving.room_id, leaving.practitioner_id)
    free = [courses for courses in _free(scene.courses) if courses[0].patient_id != leaving.course.patient_id]
    first = scene.slots(number, [0, 0, 0], [0, 0, 0])[:-1]
    return [
        cancel(leaving),
        *(book(courses[0], [*first, there]) for courses in free[:3]),
        *(move(session, there) for session in others[:3]),
        cancel(leaving),
    ]


Make = Callable[[Scene, int], list[Attempt] | None]
KINDS: dict[str, Make] = {
    "one practitioner": for_a_practitioner,
    "one room": for_a_room,
    "one patient": for_a_patient,
    "two devices": for_the_pens,
    "crossed: practitioner, room": crossed,
    "one course": one_course,
    "one form": one_form,
    "eight sessions to one time": to_one_time,
    "one session to eight places": one_session,
    "cancelled, booked and moved to": one_leaves,
}
WINS: dict[str, Mapping[Collection[str], tuple[int, int]]] = {
    "two devices": {("book",): (PENS, PENS)},
    "one form": {("book",): (CROWD, CROWD)},
    "cancelled, booked and moved to": {("cancel",): (1, 1), ("book", "move"): (0, 1)},
}
