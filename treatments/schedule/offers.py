"""What the pages of booking and moving show: proposals, other times to choose, and the words for them."""

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.models import Room, User
from contraindications.clearance import Clearance, clearance
from contraindications.models import Decision
from contraindications.screening import CannotScreen, evaluate
from treatments.courses.models import Course
from treatments.courses.plans import plan_of
from treatments.schedule import rules
from treatments.schedule.forms import slot_value
from treatments.schedule.models import Resource, Session
from treatments.schedule.occupations import clock, occupation_of, series_of
from treatments.schedule.places import resources_of
from treatments.schedule.rules import Clock, Daytime, Fault, Lack, Lacking, Occupation, Opening, Series, Slot

DAYS_AROUND = 1  # other times are offered on the day and its neighbours


@dataclass(frozen=True, slots=True)
class Desk:
    """All that is known when times for a course are looked for: asked once for a page."""

    course: Course
    practitioner: User
    series: Series
    takes: Occupation
    free: rules.Free
    openings: Sequence[Opening]
    rooms: Mapping[int, Room]
    clock: Clock
    at: dt.datetime

    def is_free(self, slot: Slot) -> bool:
        """Could a session start then, in that room?"""
        return any(o.room == slot.room and o.first <= slot.starts_at <= o.last for o in self.openings)


def desk(
    course: Course, practitioner: User, *, at: dt.datetime, last: dt.date, moving: Session | None = None
) -> Desk:
    """Everything for the times from `at` to the day `last`. A fixed number of SQL queries; free time is one."""
    rooms = Room.objects.filter(active=True).in_bulk()
    time = clock()
    until = rules.wall(last + dt.timedelta(days=1), dt.time.min, time.zone)
    with (
        transaction.atomic()
    ):  # looking writes nothing: the rows of what was never booked last for this look only
        resources = resources_of([practitioner, course.patient, *rooms.values()])
        free = Resource.objects.free_time(resources, at, until, but=moving.pk if moving else None)
        transaction.set_rollback(True)
    practitioner_spans, patient_spans, *room_spans = (free[resource] for resource in resources)
    having = rules.Free(practitioner_spans, patient_spans, dict(zip(rooms, room_spans, strict=True)))
    takes = occupation_of(course)
    return Desk(
        course=course,
        practitioner=practitioner,
        series=series_of(course, without=moving),
        takes=takes,
        free=having,
        openings=rules.openings(having, takes),
        rooms=rooms,
        clock=time,
        at=at,
    )


def horizon(course: Course, earliest: dt.date) -> dt.date:
    """The last day on which a session can be if the first is looked for from `earliest` on. One SQL query."""
    standing = course.sessions.standing().aggregate(last=Max("starts_at"))["last"]
    start = max(earliest, timezone.localdate(standing)) if standing else earliest
    return start + dt.timedelta(days=rules.FIRST_WITHIN_DAYS + course.sessions_planned * course.interval_max)


# A course


@dataclass(frozen=True, slots=True)
class Row:
    """One session of the course as the page lists it: it stands, or it is proposed."""

    number: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    practitioner: User
    room: Room
    days: int | None = None  # since the session before
    session: Session | None = None
    slot: Slot | None = None
    fault: str = ""

    @property
    def value(self) -> str:
        return slot_value(self.slot) if self.slot else ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Times for all missing sessions, or in words what is lacking."""

    rows: list[Row]
    lacking: str = ""

    @property
    def slots(self) -> list[Slot]:
        return [row.slot for row in self.rows if row.slot]

    @property
    def complete(self) -> bool:
        return bool(self.slots) and not self.lacking

    @property
    def needs_reason(self) -> bool:
        return any(row.fault for row in self.rows)


def proposal(at_desk: Desk, *, earliest: dt.datetime, daytime: Daytime, pinned: Iterable[Slot]) -> Proposal:
    """Times for the missing sessions: those that were chosen and are still free, and proposals for the others."""
    missing = set(at_desk.series.missing)
    kept = [slot for slot in pinned if slot.number in missing and at_desk.is_free(slot)]
    series = _with(at_desk.series, kept)
    found: list[Slot] | Lacking = []
    if series.missing:
        found = rules.propose(
            at_desk.free, at_desk.takes, series, earliest=earliest, clock=at_desk.clock, daytime=daytime
        )
    if isinstance(found, Lacking):
        return Proposal(_rows(at_desk, kept), lacking_said(found, at_desk.practitioner))
    return Proposal(_rows(at_desk, [*kept, *found]))


def _with(series: Series, slots: Iterable[Slot]) -> Series:
    """The series as if these slots stood."""
    return replace(series, standing={**series.standing, **{slot.number: slot.starts_at for slot in slots}})


def _rows(at_desk: Desk, slots: Iterable[Slot]) -> list[Row]:
    faults = dict(interval_faults(at_desk, list(slots)))
    rows = [_standing(session) for session in _sessions(at_desk.course)]
    rows += [_proposed(at_desk, slot, faults.get(slot.number, "")) for slot in slots]
    rows.sort(key=lambda row: row.number)
    for index, (before, row) in enumerate(itertools.pairwise(rows), 1):
        if before.number + 1 == row.number:
            zone = at_desk.clock.zone
            gap = rules.day_of(row.starts_at, zone) - rules.day_of(before.starts_at, zone)
            rows[index] = replace(row, days=gap.days)
    return rows


def _sessions(course: Course) -> "QuerySet[Session]":
    return course.sessions.standing().select_related("practitioner", "room")


def _standing(session: Session) -> Row:
    return Row(
        session.number,
        session.starts_at,
        session.ends_at,
        session.practitioner,
        session.room,
        session=session,
    )


def _proposed(at_desk: Desk, slot: Slot, fault: str) -> Row:
    _begin, ends_at = rules.shifted(slot.starts_at, (0, at_desk.takes.minutes))
    room = at_desk.rooms[slot.room]
    return Row(slot.number, slot.starts_at, ends_at, at_desk.practitioner, room, slot=slot, fault=fault)


def interval_faults(at_desk: Desk, slots: Iterable[Slot]) -> list[tuple[int, str]]:
    """(session number, words) where the days between sessions are not what the protocol says."""
    chosen = {slot.number: slot.starts_at for slot in slots}
    faults = rules.interval_faults(chosen, at_desk.series, at_desk.clock)
    return [(number, fault_said(fault, at_desk.course)) for number, fault in sorted(faults)]


# Another time for one session


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
    """A day with its free times; `outside`: not in the interval, for a doctor with a reason."""

    day: dt.date
    choices: list[Choice]
    outside: bool


def choices(
    at_desk: Desk, number: int, around: dt.date, *, others: Iterable[Slot], now: Slot | None, doctor: bool
) -> list[DayOfChoices]:
    """Free times for session `number` on the day and its neighbours; outside the interval for doctors only."""
    rest = _with(at_desk.series, (slot for slot in others if slot.number != number))
    days = rules.by_day(at_desk.openings, earliest=at_desk.at, zone=at_desk.clock.zone)
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


# Words


def lacking_said(lacking: Lacking, practitioner: User) -> str:
    """Which session finds no time, and what it is that lacks."""
    reasons = {
        Lack.PAST: _("its interval is over."),
        Lack.PRACTITIONER: _("%(name)s has no free time then.") % {"name": practitioner},
        Lack.PATIENT: _("the patient has other sessions then."),
        Lack.ROOM: _("no room is free then."),
        Lack.TOGETHER: _("practitioner, room and patient are never free at once then."),
    }
    return _("No time for session %(number)s between %(first)s and %(last)s: %(reason)s") % {
        "number": lacking.number,
        "first": date_format(lacking.first, "DATE_FORMAT"),
        "last": date_format(lacking.last, "DATE_FORMAT"),
        "reason": reasons[lacking.lack],
    }


def fault_said(fault: Fault, course: Course) -> str:
    """What is wrong with a chosen time."""
    return {
        Fault.NUMBERS: _("not the session that is missing"),
        Fault.ORDER: _("the sessions are not in order"),
        Fault.PAST: _("this time is past"),
        Fault.FAR: _("this time is too far ahead"),
        Fault.GRID: _("not a time of the calendar"),
        Fault.INTERVAL: _("not %(min)s to %(max)s days from its neighbours: for a doctor, with a reason")
        % {"min": course.interval_min, "max": course.interval_max},
        Fault.HOURS: _("outside the working hours"),
    }[fault]


def faults_said(faults: Iterable[tuple[int, Fault]], course: Course) -> list[str]:
    """Every fault as a sentence."""
    return [
        _("Session %(number)s: %(fault)s.") % {"number": number, "fault": fault_said(fault, course)}
        for number, fault in faults
    ]


def clearance_today(course: Course, *, day: dt.date) -> Clearance | None:
    """What may happen with the course on `day`; None where it cannot be screened. Nothing is written."""
    try:
        evaluation = evaluate(course.patient, plan_of(course), day=day)
        return clearance(evaluation, Decision.objects.of(course.patient))
    except CannotScreen:
        return None
