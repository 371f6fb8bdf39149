"""Who and what can be in one place at a time only: practitioners, rooms, devices and patients, a row each."""

import datetime as dt
from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Q, QuerySet

from clinic.models import Room, User
from clinic.prepared import Prepared, asked
from patients.models import Patient
from treatments.schedule.models import Device, Reservation, Resource
from treatments.schedule.transactions import lock_closings

T = TypeVar("T")
ALWAYS = (dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2201, 1, 1, tzinfo=dt.UTC))
Thing = User | Room | Patient | Device
KINDS: dict[type, str] = {User: "practitioner", Room: "room", Patient: "patient", Device: "device"}


def _resources() -> QuerySet[Resource, tuple[Any, ...]]:
    any_of = reduce(or_, (Q(**{f"{kind}__among": asked(kind)}) for kind in KINDS.values()), Q())
    return Resource.objects.filter(any_of).values_list("pk", *KINDS.values())


RESOURCES = Prepared(_resources)


def resource_of(thing: Thing) -> Resource:
    """The row by which this practitioner, room, device or patient is reserved; made if missing, once even in a race."""
    return Resource.objects.get(pk=resources_of([thing])[0])


class Unknown(LookupError):
    """Something has no resource yet."""


def resources_of(things: Iterable[Thing], *, make: bool = True) -> list[int]:
    """The resource id of each thing, in their order. One SQL query, up to four more if some are new.

    Without `make` nothing is written: raises Unknown if some are new.
    """
    things = list(things)
    found = known_resources(things)
    new = [thing for thing, pk in zip(things, found, strict=True) if pk is None]
    if new and not make:
        raise Unknown
    made = _made(new) if new else {}
    return [pk or made[_kind(thing), thing.pk] for thing, pk in zip(things, found, strict=True)]


def looked(look: Callable[[bool], T]) -> T:
    """What a look finds, which is told whether to make the rows that are missing: made, they last for this look only.

    Nothing is written by looking.
    """
    try:
        return look(False)
    except Unknown:
        with transaction.atomic():
            found = look(True)
            transaction.set_rollback(True)
        return found


def known_resources(things: Iterable[Thing]) -> list[int | None]:
    """The resource id of each thing, in their order; None where it was never booked. One SQL query."""
    things = list(things)
    known = _known(things) if things else {}
    return [known.get((_kind(thing), thing.pk)) for thing in things]


def _known(things: Iterable[Thing]) -> dict[tuple[str, int], int]:
    wanted: dict[str, list[int]] = {kind: [] for kind in KINDS.values()}
    for thing in things:
        wanted[_kind(thing)].append(thing.pk)
    rows = RESOURCES.rows(**wanted)
    return {(kind, thing): pk for pk, *ids in rows for kind, thing in zip(wanted, ids, strict=True) if thing}


def _made(things: Iterable[Thing]) -> dict[tuple[str, int], int]:
    """Make the rows of new things; a room learns when the clinic is closed."""
    things = sorted(things, key=lambda thing: (_kind(thing), thing.pk))
    rooms = [("room", thing.pk) for thing in things if isinstance(thing, Room)]
    with transaction.atomic(savepoint=False):
        if rooms:
            lock_closings()
        Resource.objects.bulk_create(
            [Resource(**{_kind(thing): thing}) for thing in things], ignore_conflicts=True
        )
        made = _known(things)
        if rooms:
            Reservation.objects.cover([made[room] for room in rooms], *ALWAYS)
    return made


def _kind(thing: Thing) -> str:
    return next(kind for model, kind in KINDS.items() if isinstance(thing, model))
