"""The stage: the open clinic, its day and its moment."""

import datetime as dt
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone

from clinic.demo.staff import ROOMS
from clinic.models import Room, User
from treatments.catalogue.shelf import Shelf
from treatments.schedule.rules import wall


@dataclass(frozen=True, slots=True)
class Scene:
    """What every life takes place in. `at` is the moment of seeding: nothing happens after it."""

    day: dt.date
    at: dt.datetime
    staff: Mapping[str, User]
    rooms: list[Room]
    shelf: Shelf
    rng: random.Random

    def key(self) -> uuid.UUID:
        """The key of a form; the same in every seeding."""
        return uuid.UUID(int=self.rng.getrandbits(128), version=4)

    def moment(self, day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
        return wall(day, dt.time(hour, minute), timezone.get_default_timezone())


def set_scene(day: dt.date, at: dt.datetime, staff: Mapping[str, User], rng: random.Random) -> Scene:
    """The clinic as it is open now."""
    rooms = {room.name: room for room in Room.objects.filter(name__in=ROOMS)}
    return Scene(day, at, staff, [rooms[name] for name in ROOMS], Shelf.load(), rng)
