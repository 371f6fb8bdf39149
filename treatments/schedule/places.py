"""Who and what a session occupies, as rows: resources and reservations."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from clinic.models import Room, User
from patients.models import Patient
from treatments.schedule import rules
from treatments.schedule.models import Reservation, ReservationWhy, Resource, Session
from treatments.schedule.rules import Occupation, Span

KINDS: dict[type, str] = {User: "practitioner", Room: "room", Patient: "patient"}


def resource_of(thing: User | Room | Patient) -> Resource:
    """The row by which this practitioner, room or patient is reserved; made if missing, once even in a race."""
    which: dict[str, Any] = {_kind(thing): thing}
    return Resource.objects.get_or_create(**which)[0]


def resources_of(things: Iterable[User | Room | Patient]) -> list[int]:
    """The resource id of each thing, in their order. One SQL query, and two for each that is new."""
    things = list(things)
    wanted = Q()
    for model, kind in KINDS.items():
        wanted |= Q(**{f"{kind}__in": [thing.pk for thing in things if isinstance(thing, model)]})
    known = {
        (kind, getattr(row, f"{kind}_id")): row.pk
        for row in Resource.objects.filter(wanted)
        for kind in KINDS.values()
    }
    return [known.get((_kind(thing), thing.pk)) or resource_of(thing).pk for thing in things]


def _kind(thing: User | Room | Patient) -> str:
    return next(kind for model, kind in KINDS.items() if isinstance(thing, model))


@dataclass(frozen=True, slots=True)
class Place:
    """Who treats in which room, with the resources of both and of the patient."""

    practitioner: User
    room: Room
    resources: tuple[int, int, int]  # practitioner, room, patient

    @classmethod
    def of(cls, practitioner: User, room: Room, patient: Patient) -> "Place":
        """One SQL query, more the first time."""
        one, two, three = resources_of([practitioner, room, patient])
        return cls(practitioner, room, (one, two, three))

    def spans(self, starts_at: dt.datetime, takes: Occupation) -> list[tuple[int, Span]]:
        """(resource id, span) of all that a session takes that starts at `starts_at`."""
        practitioner, room, patient = self.resources
        whole = rules.shifted(starts_at, (0, takes.minutes))
        parts = [(practitioner, rules.shifted(starts_at, part)) for part in takes.parts]
        return [*parts, (room, whole), (patient, whole)]


@dataclass(frozen=True, slots=True)
class Chosen:
    """One session to be: its number, start and place."""

    number: int
    starts_at: dt.datetime
    place: Place


def wanted(chosen: Iterable[Chosen], takes: Occupation) -> list[tuple[int, int, Span]]:
    """(session number, resource id, span) of all that the chosen sessions take."""
    return [(one.number, *taken) for one in chosen for taken in one.place.spans(one.starts_at, takes)]


def reserve(sessions: Iterable[tuple[Session, Place]], takes: Occupation) -> None:
    """Write the reservations, sorted by start: in random order two bookings would deadlock on the constraint."""
    rows = [
        Reservation(
            session=session,
            resource_id=resource,
            why=ReservationWhy.SESSION,
            period=DateTimeTZRange(*span, "[)"),
        )
        for session, place in sessions
        for resource, span in place.spans(session.starts_at, takes)
    ]
    Reservation.objects.bulk_create(sorted(rows, key=lambda row: (row.period.lower, row.resource_id)))
