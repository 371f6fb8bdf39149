"""Changes to devices, and to what is done where and by whom."""

import datetime as dt
from collections.abc import Iterable

from django.db import models

from clinic.actions import by_clinic_admin
from clinic.models import Room, User
from clinic.versions import save_version
from treatments.catalogue.models import Technique
from treatments.schedule.models import Ability, Device, DeviceKind, Requirement


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
