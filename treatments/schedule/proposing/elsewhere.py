"""Other times for one session of a patient who moves it by themself: within the interval, nobody else disturbed."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from clinic.models import User
from treatments.courses.models import Course
from treatments.courses.rescreening import bookable
from treatments.schedule import rules
from treatments.schedule.equipment import who_could_treat
from treatments.schedule.forms import slot_value
from treatments.schedule.models import Session
from treatments.schedule.occupations import clock, series_of
from treatments.schedule.proposing.desk import Desk, desk
from treatments.schedule.rules import FIRST_WITHIN_DAYS, Days, Slot
from treatments.schedule.waiting.claims import claims


@dataclass(frozen=True, slots=True)
class Time:
    """One time to choose; `who` treats, said where it is somebody else than now."""

    slot: Slot
    who: User | None

    @property
    def value(self) -> str:
        return slot_value(self.slot)


def may_be_moved(course: Course, *, day: dt.date) -> bool:
    """May the course be booked as things stand? Nothing is written, and nobody is told why not."""
    return course.pk in bookable(Course.objects.filter(pk=course.pk), day=day)


def days_for(session: Session, *, today: dt.date) -> Days | None:
    """The days that keep the interval to the sessions before and after; None: there are none."""
    series, zone = series_of(session.course, without=[session]), clock().zone
    return rules.days_left(session.number, series, today=today, zone=zone)


def times_for(
    session: Session, days: Days, *, around: dt.date, soonest: dt.datetime, at: dt.datetime
) -> list[Time]:
    """A few times on these days, nearest to `around` first chosen; what the session takes now counts as free.

    Not where somebody of the waiting list may still be asked: they have the first claim.
    """
    last = min(filter(None, [days.last, around + dt.timedelta(days=FIRST_WITHIN_DAYS)]))
    people = sorted(who_could_treat(session.course), key=lambda one: one.pk != session.practitioner_id)
    longer = session.added_minutes
    at_desk = desk(session.course, people, at=at, last=last, moving=[session], added_minutes=longer)
    now = Slot(session.number, session.starts_at, session.room_id, session.practitioner_id)
    free = [slot for slot in _free(at_desk, now, soonest) if _within(slot, days, last, at_desk)]
    claimed = claims(at, rules.wall(last + dt.timedelta(days=2), dt.time.min, at_desk.clock.zone))
    free = [slot for slot in free if not any(one.meets(slot, at_desk.takes) for one in claimed)]
    found = rules.a_few(free, now, around=around, zone=at_desk.clock.zone)
    return [Time(slot, _other(slot, now, at_desk)) for slot in found]


def is_possible(day: dt.date, days: Days, soonest: dt.datetime) -> bool:
    """May the patient have the session on this day at all, free time or not?"""
    return max(days.first, timezone.localdate(soonest)) <= day and (days.last is None or day <= days.last)


def _free(at_desk: Desk, now: Slot, soonest: dt.datetime) -> list[Slot]:
    """Every start, with each practitioner in the first room that is free then."""
    grid, zone = at_desk.clock.grid, at_desk.clock.zone
    return [
        slot
        for who in at_desk.people
        for day in rules.by_day(at_desk.openings(who), earliest=soonest, zone=zone).values()
        for slot in rules.slots_of(now.number, day, grid, zone)
    ]


def _within(slot: Slot, days: Days, last: dt.date, at_desk: Desk) -> bool:
    return days.first <= rules.day_of(slot.starts_at, at_desk.clock.zone) <= last


def _other(slot: Slot, now: Slot, at_desk: Desk) -> User | None:
    return None if slot.practitioner == now.practitioner else at_desk.people[slot.practitioner or 0]
