"""Where a session is to be, and what it occupies there as rows: reservations are written, released, told of."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from clinic import events
from clinic.models import Room, User
from patients.models import Patient
from treatments.schedule import rules
from treatments.schedule.events import TimeFreed
from treatments.schedule.models import Reservation, Session
from treatments.schedule.overlapping.meetings import straighten
from treatments.schedule.querysets import Taken
from treatments.schedule.resources import resources_of
from treatments.schedule.rules import Occupation, Span
from treatments.schedule.transactions import lock_resources

MOMENTS = ("starts_at", "ends_at")


@dataclass(frozen=True, slots=True)
class DeviceTaken:
    """A device by its resource, and from which minute of the session to which it is taken."""

    resource: int
    part: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Who treats in which room, with the resources of both and of the patient; the devices once they are chosen."""

    practitioner: User
    room: Room
    resources: tuple[int, int, int]  # practitioner, room, patient
    devices: tuple[DeviceTaken, ...] = ()

    @classmethod
    def of(cls, practitioner: User, room: Room, patient: Patient) -> "Place":
        """One SQL query, more the first time."""
        one, two, three = resources_of([practitioner, room, patient])
        return cls(practitioner, room, (one, two, three))

    @classmethod
    def of_all(
        cls, pairs: Collection[tuple[User, Room]], patient: Patient
    ) -> "dict[tuple[User, Room], Place]":
        """The same for each pair of who treats and room, in as many SQL queries for many as for one."""
        things = list({patient, *(thing for pair in pairs for thing in pair)})
        known = dict(zip(things, resources_of(things), strict=True))
        return {(who, room): cls(who, room, (known[who], known[room], known[patient])) for who, room in pairs}

    def spans(self, starts_at: dt.datetime, takes: Occupation) -> list[tuple[int, Span]]:
        """(resource id, span) of all that a session takes that starts at `starts_at`."""
        practitioner, room, patient = self.resources
        whole = rules.shifted(starts_at, (0, takes.minutes))
        parts = [(practitioner, rules.shifted(starts_at, part)) for part in takes.parts]
        devices = [(taken.resource, rules.shifted(starts_at, taken.part)) for taken in self.devices]
        return [*parts, (room, rules.shifted(starts_at, takes.room)), (patient, whole), *devices]


@dataclass(frozen=True, slots=True)
class Over:
    """Which (resource id, span) of a session is booked over others on purpose, by whom and why."""

    spans: frozenset[tuple[int, Span]]
    by: User
    reason: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """One session to be: its number, start and place, and what it takes, `added_minutes` of it beyond the plan.

    `device`: the resource of the one device of its kind that is to be used; None: any.
    """

    number: int
    starts_at: dt.datetime
    place: Place
    takes: Occupation
    added_minutes: int = 0
    over: Over | None = None
    device: int | None = None

    @property
    def spans(self) -> list[tuple[int, Span]]:
        """(resource id, span) of all that it takes."""
        return self.place.spans(self.starts_at, self.takes)


def wanted(chosen: Iterable[Chosen]) -> list[tuple[int, int, Span]]:
    """(session number, resource id, span) of all that the chosen sessions take."""
    return [(one.number, *taken) for one in chosen for taken in one.spans]


def reserve(sessions: Iterable[tuple[Session, Chosen]]) -> None:
    """Write the reservations, sorted by start: in random order two bookings would deadlock on the constraint."""
    rows = [
        _reservation(session.pk, resource, span, chosen.over)
        for session, chosen in sessions
        for resource, span in chosen.spans
    ]
    Reservation.objects.reserve(sorted(rows, key=lambda row: row[:2]))


def _reservation(session: int, resource: int, span: Span, over: Over | None) -> Taken:
    by_others = over if over and (resource, span) in over.spans else None
    reason, by = (by_others.reason, by_others.by.pk) if by_others else ("", None)
    return Taken(span[0], resource, span[1], session, by_others is not None, reason, by)


def held_by(sessions: Iterable[Session]) -> set[int]:
    """The resources that these sessions reserve."""
    rows = Reservation.objects.filter(session__in=list(sessions))
    return set(rows.values_list("resource", flat=True))


def lock_sessions(sessions: Iterable[Session]) -> None:
    """Lock all that these sessions reserve, before it is released."""
    lock_resources(held_by(sessions))


@dataclass(frozen=True, slots=True)
class Freed:
    """What a session gave up: these resources, somewhere between two moments."""

    resources: tuple[int, ...]
    begin: dt.datetime
    until: dt.datetime


def release(session: Session) -> Freed | None:
    """Take away what a session reserves. Its resources are locked.

    Absences that it stood in reach over its time; what was booked over it on purpose is not over it any more.
    """
    rows = list(session.reservations.values_list("resource", *MOMENTS))
    session.reservations.all().delete()
    if not rows:
        return None
    freed = Freed(tuple(sorted({row[0] for row in rows})), min(r[1] for r in rows), max(r[2] for r in rows))
    Reservation.objects.cover(freed.resources, freed.begin, freed.until)
    straighten(freed.resources, freed.begin, freed.until)
    return freed


def told_free(freed: Iterable[Freed | None], *, at: dt.datetime) -> None:
    """Announce what was given up; called when the change is written, so that listeners see it as it stands."""
    for one in freed:
        if one is not None:
            events.announce(TimeFreed(one.resources, one.begin, one.until, at))
