"""The patient comes later than booked, on the day itself: what that means, and when else today there is time."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import Room, User
from treatments.schedule import rules
from treatments.schedule.equipment import who_could_treat
from treatments.schedule.forms import slot_value
from treatments.schedule.models import Session, SessionState
from treatments.schedule.overlapping.encounters import encounters
from treatments.schedule.places import Place
from treatments.schedule.proposing.desk import Desk, desk
from treatments.schedule.rules import Slot

LATE_BY = (5, 10, 15, 30)  # minutes
OTHERS = 6  # other times that are offered


@dataclass(frozen=True, slots=True)
class Later:
    """A later start today: `minutes` late, or another free time; `said` is what follows, whether it `fits` or not."""

    slot: Slot
    ends_at: dt.datetime
    practitioner: User
    room: Room
    fits: bool
    said: list[str]
    minutes: int = 0

    @property
    def value(self) -> str:
        return slot_value(self.slot)


@dataclass(frozen=True, slots=True)
class Lateness:
    """What there is for somebody who is late."""

    by_minutes: list[Later]
    others: list[Later]  # where some of these do not fit


def may_be_late(session: Session, at: dt.datetime) -> bool:
    """Is it booked for today and not over, for a patient whose record goes on?"""
    today = timezone.localdate(session.starts_at) == timezone.localdate(at)
    booked = session.state == SessionState.BOOKED and not session.course.patient.has_ended
    return booked and today and at < session.ends_at


def lateness(session: Session, *, at: dt.datetime) -> Lateness:
    """What it means to come so many minutes late. As many SQL queries on a full day as on an empty one."""
    today = timezone.localdate(at)
    midnight = rules.wall(today, dt.time.min, timezone.get_default_timezone())
    at_desk = desk(  # from midnight on: before the session begins its room is being made ready
        session.course,
        list(dict.fromkeys([session.practitioner, *who_could_treat(session.course)])),
        at=midnight,
        asked_at=at,
        last=today,
        moving=[session],
        added_minutes=session.added_minutes,
    )
    place = Place.of(session.practitioner, session.room, session.course.patient)
    by_minutes = [_late(session, minutes, at_desk, place, at=at) for minutes in LATE_BY]
    others = [] if all(one.fits for one in by_minutes) else _others(session, at_desk, by_minutes, at=at)
    return Lateness(by_minutes, others)


def _late(session: Session, minutes: int, at_desk: Desk, place: Place, *, at: dt.datetime) -> Later:
    soonest = max(session.starts_at + minutes * rules.MINUTE, at)
    starts_at = rules.grid_up(soonest, at_desk.clock.grid, at_desk.clock.zone)
    slot = Slot(session.number, starts_at, session.room_id, session.practitioner_id)
    fits = at_desk.is_free(slot)
    said = [_("still fits")] if fits else _in_the_way(session, slot, at_desk, place)
    return Later(slot, _end(slot, at_desk), session.practitioner, session.room, fits, said, minutes)


def _end(slot: Slot, at_desk: Desk) -> dt.datetime:
    return slot.starts_at + at_desk.takes.minutes * rules.MINUTE


def _in_the_way(session: Session, slot: Slot, at_desk: Desk, place: Place) -> list[str]:
    """Whom it meets; if nobody, it is the hours or a device."""
    met = encounters(place.spans(slot.starts_at, at_desk.takes), at=at_desk.asked_at, but=[session.pk])
    said = [_("meets %(whom)s") % {"whom": one.said} if one.session else one.said for one in met]
    return said or [_("not within the working hours, or no device is free")]


def _others(session: Session, at_desk: Desk, known: Sequence[Later], *, at: dt.datetime) -> list[Later]:
    """The next free times today, with whoever treats the session first, then with others."""
    starts = {one.slot.starts_at for one in known if one.fits}
    found: dict[dt.datetime, Slot] = {}
    for pk in at_desk.people:
        days = rules.by_day(
            at_desk.openings(pk), earliest=max(at, session.starts_at), zone=at_desk.clock.zone
        )
        for slot in rules.slots_of(
            session.number, days.get(timezone.localdate(at), ()), at_desk.clock.grid, at_desk.clock.zone
        ):
            if slot.starts_at > session.starts_at and slot.starts_at not in starts:
                found.setdefault(slot.starts_at, slot)
    return [_other(found[start], at_desk) for start in sorted(found)[:OTHERS]]


def _other(slot: Slot, at_desk: Desk) -> Later:
    who, room = at_desk.people[slot.practitioner or 0], at_desk.rooms[slot.room]
    return Later(slot, _end(slot, at_desk), who, room, True, [])
