"""Devices, and what can be done where and by whom: what a session needs, what no longer fits, and changes to it."""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from clinic.actions import by_clinic_admin
from clinic.models import Room, User
from clinic.prepared import Asked, Prepared, asked
from clinic.versions import save_version
from treatments.catalogue.models import Technique
from treatments.courses.models import Course
from treatments.schedule.models import Ability, Device, DeviceKind, Requirement, Reservation, Session
from treatments.schedule.overlapping.meetings import meetings
from treatments.schedule.places import Chosen, DeviceTaken, resources_of
from treatments.schedule.refusals import NotBookable, SlotTaken
from treatments.schedule.rules import Need, Occupation, Span, shifted

ABILITIES = Prepared(
    lambda: Ability.objects.filter(
        Q(practitioner__among=asked("people")) | Q(room__among=asked("rooms"))
    ).values_list("practitioner", "room", "technique")
)
NEEDED = Prepared(
    lambda: DeviceKind.objects.filter(requirements__technique=asked("technique")).order_by("pk")
)

WHO_COULD = Prepared(lambda: able(User.objects.who_may_treat(), asked("technique")).order_by("name", "pk"))
ROOMS_FOR = Prepared(lambda: able(Room.objects.filter(active=True), asked("technique")))

# What a session needs


def able(things: QuerySet, technique: int | Asked) -> QuerySet:
    """Those of the rooms or practitioners with whom the technique can be done: who has no abilities does all."""
    return things.filter(Q(abilities=None) | Q(abilities__technique=technique))


def who_could_treat(course: Course) -> "QuerySet[User]":
    """Those who may treat at present and do the course's treatment, by name."""
    return able(User.objects.who_may_treat(), course.technique_id).order_by("name", "pk")


def rooms_for(course: Course) -> "QuerySet[Room]":
    """The rooms in use in which the course's treatment is done."""
    return able(Room.objects.filter(active=True), course.technique_id)


def people_and_rooms(course: Course) -> tuple[list[User], dict[int, Room]]:
    """All of `who_could_treat` and of `rooms_for`, these by key. Two SQL queries."""
    rooms = ROOMS_FOR.objects(technique=course.technique_id)
    return WHO_COULD.objects(technique=course.technique_id), {room.pk: room for room in rooms}


def check_able(course: Course, chosen: Iterable[Chosen]) -> None:
    """The treatment is done in these rooms and by these practitioners. One SQL query. Raises NotBookable."""
    places = [one.place for one in chosen]
    people, rooms = {place.practitioner.pk for place in places}, {place.room.pk for place in places}
    known: dict[tuple[int | None, int | None], set[int]] = {}
    for person, room, technique in ABILITIES.rows(people=list(people), rooms=list(rooms)):
        known.setdefault((person, room), set()).add(technique)
    for place in places:
        if course.technique_id not in known.get((place.practitioner.pk, None), [course.technique_id]):
            raise NotBookable(_("%(name)s does not do this treatment.") % {"name": place.practitioner})
        if course.technique_id not in known.get((None, place.room.pk), [course.technique_id]):
            raise NotBookable(_("This treatment is not done in %(room)s.") % {"room": place.room})


@dataclass(frozen=True, slots=True)
class Pool:
    """The devices of a kind that a session needs one of, each with its resource."""

    kind: DeviceKind
    devices: Sequence[tuple[Device, int]]

    def part(self, takes: Occupation) -> tuple[int, int]:
        """From which minute of a session to which a device is taken, cleaning included."""
        return 0, takes.minutes + self.kind.cleanup_minutes

    def need(self, takes: Occupation, free: Mapping[int, Sequence[Span]]) -> Need:
        """What the rules are told; `free` by resource."""
        return Need((self.part(takes),), {device.pk: free[resource] for device, resource in self.devices})


def pools_of(course: Course, *, make: bool = True) -> list[Pool]:
    """The kinds that the course's technique needs, with the devices in use. Up to three SQL queries, more if new.

    Without `make` as `places.resources_of`.
    """
    kinds = NEEDED.objects(technique=course.technique_id)
    devices = list(Device.objects.filter(kind__in=kinds, active=True).order_by("name", "pk")) if kinds else []
    pairs = list(zip(devices, resources_of(devices, make=make), strict=True))
    return [Pool(kind, [pair for pair in pairs if pair[0].kind_id == kind.pk]) for kind in kinds]


def resources_in(pools: Iterable[Pool]) -> set[int]:
    return {resource for pool in pools for _device, resource in pool.devices}


def resource_in(pools: Iterable[Pool], device: Device | None) -> int | None:
    """The resource of the one device that is asked for. Raises NotBookable where it is none of these."""
    known = {one.pk: resource for pool in pools for one, resource in pool.devices}
    if device is not None and device.pk not in known:
        raise NotBookable(_("This treatment is not done with %(device)s.") % {"device": device})
    return known[device.pk] if device else None


def with_devices(
    chosen: Sequence[Chosen],
    pools: Sequence[Pool],
    *,
    over: bool = False,
    own: Collection[int] = (),
    but: Collection[int] = (),
) -> list[Chosen]:
    """The chosen sessions, each with a free device of every kind. The devices are locked. One SQL query.

    `own`: those that they had, and keep if these are free. `but`: sessions that would give theirs up. `over`: where
    none is free, with one that only other sessions have then. Raises NotBookable where no device of a kind is in use,
    SlotTaken for the sessions that find none, or not the one that is asked for.
    """
    if not all(pool.devices for pool in pools):
        raise NotBookable(_("No device of a kind that this treatment needs is in use."))
    wanted = [(one, pool, resource) for one in chosen for pool in pools for _device, resource in pool.devices]
    spans = [
        (index, resource, shifted(one.starts_at, pool.part(one.takes)))
        for index, (one, pool, resource) in enumerate(wanted)
    ]
    taken = set(Reservation.objects.taken(spans, but=but)) if spans else set()
    can_do = [i for i in range(len(wanted)) if i not in taken]
    if over and taken:
        blocked = {one.asked for one in meetings(spans) if not one.may_be_squeezed}
        can_do += sorted(taken - blocked)
    free = [(one.number, pool, resource) for one, pool, resource in map(wanted.__getitem__, can_do)]
    free.sort(key=lambda one: one[2] not in own)
    return _assigned(chosen, pools, free)


def _assigned(
    chosen: Iterable[Chosen],
    pools: Sequence[Pool],
    free: Collection[tuple[int, Pool, int]],
) -> list[Chosen]:
    """Each session with the first free device of every pool, or the one that is asked for. Raises SlotTaken."""
    found, without = [], []
    for one in chosen:
        firsts = [
            next((r for n, p, r in free if n == one.number and p is pool and _will_do(one, pool, r)), None)
            for pool in pools
        ]
        devices = tuple(
            DeviceTaken(resource, pool.part(one.takes))
            for pool, resource in zip(pools, firsts, strict=True)
            if resource is not None
        )
        if len(devices) < len(pools):
            without.append(one.number)
        found.append(replace(one, place=replace(one.place, devices=devices)))
    if without:
        raise SlotTaken(without)
    return found


def _will_do(one: Chosen, pool: Pool, resource: int) -> bool:
    return one.device == resource or one.device not in resources_in([pool])


def devices_of(sessions: Iterable[Session]) -> dict[int, list[str]]:
    """The names of the devices that each of these sessions has, by its key; those without any are left out."""
    rows = Reservation.objects.filter(session__in=list(sessions), resource__device__isnull=False)
    named: dict[int, list[str]] = {}
    for session, name in rows.order_by("resource__device__name").values_list(
        "session", "resource__device__name"
    ):
        named.setdefault(session, []).append(name)
    return named


# What no longer fits


def misfits(at: dt.datetime) -> "QuerySet[Session]":
    """Booked sessions to come whose room, practitioner or devices are not what their treatment needs by now."""
    technique = OuterRef("course__technique")
    wrong = Q()
    for kind in ("practitioner", "room"):
        own = Ability.objects.filter(**{kind: OuterRef(kind)})
        wrong |= Q(Exists(own)) & ~Q(Exists(own.filter(technique=technique)))
    holds = Reservation.objects.filter(
        session=OuterRef(OuterRef("pk")),
        resource__device__kind=OuterRef("kind"),
        resource__device__active=True,
    )
    wrong |= Q(Exists(Requirement.objects.filter(~Exists(holds), technique=technique)))
    rows = Session.objects.booked().filter(wrong, starts_at__gte=at)
    return rows.select_related("course__patient", "practitioner", "room").order_by("starts_at", "pk")


def would_break(change: Callable[[], Any], *, at: dt.datetime) -> list[Session]:
    """The sessions to come that fit now and would not after `change`, which is tried and taken back."""
    already = set(misfits(at).values_list("pk", flat=True))
    with transaction.atomic():
        change()
        found = [session for session in misfits(at) if session.pk not in already]
        transaction.set_rollback(True)
    return found


# Changes


@by_clinic_admin
def save_kind(
    kind: DeviceKind, techniques: Iterable[Technique], *, version: int, by: User, at: dt.datetime
) -> DeviceKind:
    """Save a kind of device and which techniques need it. Raises ChangedMeanwhile, ValidationError."""
    _save(kind, ["name", "cleanup_minutes"], version)
    techniques = list(techniques)
    kind.requirements.exclude(technique__in=techniques).delete()
    rows = [Requirement(kind=kind, technique=technique) for technique in techniques]
    Requirement.objects.bulk_create(rows, ignore_conflicts=True)
    return kind


@by_clinic_admin
def save_device(device: Device, *, version: int, by: User, at: dt.datetime) -> Device:
    """Save a device: its name, its kind, whether it is in use. Raises ChangedMeanwhile, ValidationError."""
    _save(device, ["name", "kind", "active"], version)
    return device


@by_clinic_admin
def set_abilities(
    thing: Room | User, techniques: Iterable[Technique], *, version: int, by: User, at: dt.datetime
) -> None:
    """Say which techniques are done in a room or by a practitioner; none means all. Raises ChangedMeanwhile."""
    save_version(thing, version=version, fields=[])
    thing.abilities.all().delete()
    kind = "room" if isinstance(thing, Room) else "practitioner"
    Ability.objects.bulk_create(Ability(technique=one, **{kind: thing}) for one in techniques)


def _save(row: models.Model, fields: list[str], version: int) -> None:
    row.full_clean()
    if row.pk:
        save_version(row, version=version, fields=fields)
    else:
        row.save()
