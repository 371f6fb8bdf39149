"""Devices of a kind, of which a session needs one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from clinic.prepared import Prepared, asked
from treatments.courses.models import Course
from treatments.schedule.models import Device, DeviceKind, Requirement
from treatments.schedule.refusals import NotBookable
from treatments.schedule.resources import resources_of
from treatments.schedule.rules import Need, Occupation, Span

NEEDED = Prepared(
    lambda: DeviceKind.objects.filter(requirements__technique=asked("technique")).order_by("pk")
)


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

    Without `make` as `resources.resources_of`.
    """
    return _pools(NEEDED.objects(technique=course.technique_id), make=make)


def pools_by_technique(techniques: Collection[int], *, make: bool = True) -> dict[int, list[Pool]]:
    """The same for each of these techniques, in as many SQL queries for many as for one."""
    rows = Requirement.objects.filter(technique__in=techniques).select_related("kind").order_by("kind")
    needs = [(row.technique_id, row.kind) for row in rows]
    known = {pool.kind: pool for pool in _pools(list({kind: None for _one, kind in needs}), make=make)}
    return {one: [known[kind] for technique, kind in needs if technique == one] for one in techniques}


def _pools(kinds: Sequence[DeviceKind], *, make: bool) -> list[Pool]:
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
