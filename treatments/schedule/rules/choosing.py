"""Which of the best series are proposed: few enough to be read out, and different enough to be worth it.

After the best of all, each is the best of those that differ from the others at a glance: on another weekday and in
another part of the day, then on another weekday, as long as interval, weekday and hour are kept as well as in the
best; where there are too few of those, on another weekday or in another part of the day, then at another hour, then
with somebody else.
"""

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count

from treatments.schedule.rules.grid import A_DAY, GridDay
from treatments.schedule.rules.openings import Slot
from treatments.schedule.rules.picks import IN_FULL
from treatments.schedule.rules.search import Lead, Search
from treatments.schedule.rules.series import Cost
from treatments.schedule.rules.steps import Steps, union

PARTS = (0, 12 * 60, 16 * 60, A_DAY)  # of a day: before noon, noon to four, after four
HOURS = range(0, A_DAY + 60, 60)


@dataclass(frozen=True, slots=True)
class Offer:
    """Times for all missing sessions, and what they cost."""

    slots: list[Slot]
    cost: Cost


@dataclass(frozen=True, slots=True)
class Face:
    """What somebody sees of a series at a glance: that of its first session."""

    weekday: int
    minute: int
    practitioner: int | None

    def around(self, marks: Sequence[int], day: GridDay) -> Steps:
        """The steps of a day between the same marks of the clock."""
        behind = next(index for index, mark in enumerate(marks) if mark > self.minute)
        return day.shown(marks[behind - 1], marks[behind])


Alike = Callable[
    [Face, GridDay, int | None], Steps
]  # the steps of a day, with somebody, that are too much like a face


def _weekday_or_part(face: Face, day: GridDay, who: int | None) -> Steps:
    return day.all_steps if face.weekday == day.weekday else face.around(PARTS, day)


def _weekday(face: Face, day: GridDay, who: int | None) -> Steps:
    return day.all_steps if face.weekday == day.weekday else 0


def _part(face: Face, day: GridDay, who: int | None) -> Steps:
    return face.around(PARTS, day) if face.weekday == day.weekday else 0


def _hour(face: Face, day: GridDay, who: int | None) -> Steps:
    return face.around(HOURS, day) if face.weekday == day.weekday else 0


def _person(face: Face, day: GridDay, who: int | None) -> Steps:
    return _hour(face, day, who) if who is not None and who == face.practitioner else 0


# How alike two proposals must not be, and whether only what keeps interval, weekday and hour as well comes.
ROUNDS = ((_weekday_or_part, True), (_weekday, True), (_part, False), (_hour, False), (_person, False))
KEPT = 3  # of a cost: the days, the weekdays, the minutes
Entry = tuple[Cost, int, Search, Lead]  # the least it can cost, a number that settles ties


class Further(Exception):
    """Free time is not known far enough to say what is best."""


def best(searches: Iterable[Search], most: int, *, beyond: int | None = None) -> list[Offer]:
    """So many of the best series that differ at a glance, the best first.

    Raises Further where series that are not known might come before: they are `beyond` or more days off.
    """
    chosen = Chosen(most, [(*one, search) for search in searches for one in search.leads()])
    for alike, as_well in ROUNDS:
        chosen.take(alike, as_well=as_well)
        if beyond is not None and not chosen.settled(beyond, as_well=as_well):
            raise Further
    return [
        Offer(search.slots(lead), cost) for cost, _number, search, lead in sorted(chosen.found, key=_order)
    ]


def _order(entry: Entry) -> tuple[Cost, int]:
    return entry[:2]


class Chosen:
    """The best found so far, and in a queue all that might be among them, by the least that it can cost."""

    def __init__(self, most: int, priced: Iterable[tuple[Cost, Lead, Search]]) -> None:
        self.most, self.numbers = most, count()
        self.found: list[Entry] = []
        self.faces: list[Face] = []
        self.queue: list[Entry] = [(cost, next(self.numbers), search, lead) for cost, lead, search in priced]

    def take(self, alike: Alike, *, as_well: bool) -> None:
        """Add the cheapest that is not like those there are, until there are enough; what is stays for the next."""
        aside: list[Entry] = []
        heapq.heapify(self.queue)
        while self.queue and len(self.found) < self.most:
            cost, _number, search, lead = heapq.heappop(self.queue)
            like = self._like(alike, search, lead)
            if like or (as_well and self.found and cost[:KEPT] > self.found[0][0][:KEPT]):
                aside.append(self._entry(search, *search.part(cost, lead, like or lead.steps)))
                self._put_back(search, cost, lead, lead.steps & ~like if like else 0)
            elif lead.followed == IN_FULL:
                self._find((cost, _number, search, lead))
                self._put_back(search, cost, lead, lead.steps & (lead.steps - 1))
            else:
                for priced in search.follow(cost, lead):
                    heapq.heappush(self.queue, self._entry(search, *priced))
        self.queue += aside

    def settled(self, beyond: int, *, as_well: bool) -> bool:
        """Would what is found be the same if there were more that is `beyond` or more days off?"""
        enough = len(self.found) == self.most or (as_well and bool(self.found))
        return enough and all(cost.days < beyond for cost, *_rest in self.found)

    def _find(self, entry: Entry) -> None:
        _cost, _number, search, lead = entry
        day = search.ground.days[lead.day]
        self.found.append(entry)
        self.faces.append(Face(day.weekday, day.walls[lead.first], lead.practitioner))

    def _like(self, alike: Alike, search: Search, lead: Lead) -> Steps:
        """The steps of a lead that are too much like what is found."""
        day = search.ground.days[lead.day]
        return union(alike(face, day, lead.practitioner) for face in self.faces) & lead.steps

    def _put_back(self, search: Search, cost: Cost, lead: Lead, steps: Steps) -> None:
        if steps:
            heapq.heappush(self.queue, self._entry(search, *search.part(cost, lead, steps)))

    def _entry(self, search: Search, cost: Cost, lead: Lead) -> Entry:
        return cost, next(self.numbers), search, lead
