"""Freed time for which somebody of the waiting list is still sought: no patient takes it by their own link before."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from treatments.schedule.models import FreedTime, Resource
from treatments.schedule.rules import Occupation, Slot, Span, shifted


@dataclass(frozen=True, slots=True)
class Claim:
    """Whom and which rooms the freed time concerns, and when it is."""

    people: frozenset[int]
    rooms: frozenset[int]
    span: Span

    def meets(self, slot: Slot, takes: Occupation) -> bool:
        """Would a session in this slot take some of it?"""
        begin, until = shifted(slot.starts_at, (0, takes.minutes))
        theirs = slot.practitioner in self.people or slot.room in self.rooms
        return theirs and begin < self.span[1] and self.span[0] < until


def claims(begin: dt.datetime, until: dt.datetime) -> list[Claim]:
    """Those that reach between two moments. One SQL query, a second where there are any."""
    rows = FreedTime.objects.filter(begin__lt=until, until__gt=begin)
    freed = [(frozenset(row.resources), (row.begin, row.until)) for row in rows]
    if not freed:
        return []
    known = Resource.objects.filter(pk__in=frozenset().union(*(resources for resources, _span in freed)))
    things = list(known.values_list("pk", "practitioner", "room"))
    return [_claim(resources, span, things) for resources, span in freed]


def _claim(
    resources: frozenset[int], span: Span, things: Iterable[tuple[int, int | None, int | None]]
) -> Claim:
    own = [(person, room) for pk, person, room in things if pk in resources]
    people = frozenset(person for person, _room in own if person)
    return Claim(people, frozenset(room for _person, room in own if room), span)
