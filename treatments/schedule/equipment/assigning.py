"""Which device each session gets, and which it has."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from treatments.schedule.equipment.pools import Pool, resources_in
from treatments.schedule.models import Reservation, Session
from treatments.schedule.overlapping.meetings import meetings
from treatments.schedule.places import Chosen, DeviceTaken
from treatments.schedule.refusals import NotBookable, SlotTaken
from treatments.schedule.rules import shifted


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
