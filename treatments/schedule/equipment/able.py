"""Who does a treatment, where, and with which devices: asked for many treatments as for one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from clinic.models import Room, User
from treatments.schedule.equipment.abilities import ABILITIES
from treatments.schedule.equipment.pools import Pool, pools_by_technique

Done = Mapping[User | Room, set[int]]


@dataclass(frozen=True, slots=True)
class Able:
    """Those with whom a treatment can be done, by name, the rooms, and the devices that it needs."""

    people: Sequence[User]
    rooms: Sequence[Room]
    pools: Sequence[Pool]

    @property
    def things(self) -> list[User | Room]:
        return [*self.people, *self.rooms]


def able_by_technique(techniques: Collection[int], *, make: bool = True) -> dict[int, Able]:
    """For each technique who is able to do it. Up to six SQL queries, more if devices are new.

    Without `make` as `resources.resources_of`.
    """
    people = list(User.objects.who_may_treat().order_by("name", "pk"))
    rooms = list(Room.objects.filter(active=True))
    done, pools = _done(people, rooms), pools_by_technique(techniques, make=make)
    return {
        one: Able(
            [person for person in people if one in done.get(person, [one])],
            [room for room in rooms if one in done.get(room, [one])],
            pools[one],
        )
        for one in techniques
    }


def _done(people: Sequence[User], rooms: Sequence[Room]) -> Done:
    """The techniques of those who do not do all of them. One SQL query."""
    who, where = {one.pk: one for one in people}, {one.pk: one for one in rooms}
    done: dict[User | Room, set[int]] = {}
    for person, room, technique in ABILITIES.rows(people=list(who), rooms=list(where)):
        done.setdefault(who[person] if person else where[room], set()).add(technique)
    return done
