"""Other times for one session, to choose from on the pages of booking and moving."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from clinic.models import Room
from treatments.schedule import rules
from treatments.schedule.forms import slot_value
from treatments.schedule.proposing.desk import Desk
from treatments.schedule.rules import Slot

DAYS_AROUND = 1  # other times are offered on the day and its neighbours


@dataclass(frozen=True, slots=True)
class Choice:
    """One time to choose."""

    slot: Slot
    room: Room
    chosen: bool

    @property
    def value(self) -> str:
        return slot_value(self.slot)


@dataclass(frozen=True, slots=True)
class DayOfChoices:
    """A day with its free times; `outside`: not in the interval, for a doctor with a reason.

    `followed`: later sessions would have to follow.
    """

    day: dt.date
    choices: list[Choice]
    outside: bool
    followed: bool = False


def choices(
    at_desk: Desk, now: Slot, around: dt.date, *, others: Iterable[Slot], doctor: bool
) -> list[DayOfChoices]:
    """Free times instead of `now`, with the same practitioner, on the day and its neighbours.

    Outside the interval for doctors only.
    """
    number = now.number
    rest = at_desk.with_slots(slot for slot in others if slot.number != number)
    found_openings = at_desk.openings(now.practitioner or 0)
    days = rules.by_day(found_openings, earliest=at_desk.at, zone=at_desk.clock.zone)
    found = []
    for offset in range(-DAYS_AROUND, DAYS_AROUND + 1):
        day = around + dt.timedelta(days=offset)
        if day < rules.day_of(at_desk.at, at_desk.clock.zone):
            continue
        slots = rules.slots_of(number, days.get(day, ()), at_desk.clock.grid, at_desk.clock.zone)
        outside = any(
            rules.interval_faults({number: slot.starts_at}, rest, at_desk.clock) for slot in slots[:1]
        )
        if doctor or not outside:
            found.append(
                DayOfChoices(day, [Choice(s, at_desk.rooms[s.room], s == now) for s in slots], outside)
            )
    return found
