"""Two sessions of different courses change places: with which it could be, and what that means."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from clinic.models import User
from treatments.courses.models import Course
from treatments.schedule import actions, rules, words
from treatments.schedule.actions import Change
from treatments.schedule.away.absences import days_span
from treatments.schedule.changing.moving import Word
from treatments.schedule.changing.shifts import Shift, objection
from treatments.schedule.models import Ability, Session
from treatments.schedule.occupations import clock
from treatments.schedule.rules import Clock, Series


@dataclass(frozen=True, slots=True)
class Partner:
    """A session to change places with, and in words why it does not suit; a doctor may leave an interval."""

    session: Session
    said: list[str]
    for_doctor: bool = False

    @property
    def suits(self) -> bool:
        return not self.said


def partners(session: Session, day: dt.date, *, at: dt.datetime) -> list[Partner]:
    """The booked sessions of a day with which this one could change places, those that suit first. Six SQL queries."""
    rows = list(_others(session, day, at=at))
    series = _series([session.course, *(row.course for row in rows)])
    able, time = Able.of([session, *rows]), clock()
    found = [_partner(session, row, series, able, time) for row in rows]
    return sorted(found, key=lambda one: not one.suits)


def _others(session: Session, day: dt.date, *, at: dt.datetime) -> "QuerySet[Session]":
    begin, until = days_span(day, day)
    rows = Session.objects.booked().filter(starts_at__gte=max(begin, at), starts_at__lt=until)
    rows = rows.exclude(course=session.course_id).select_related("course__patient", "practitioner", "room")
    return rows.order_by("starts_at", "pk")


def _partner(
    one: Session, other: Session, series: Mapping[int, Series], able: "Able", time: Clock
) -> Partner:
    """Does each suit the other's course: who treats, where, and the days between its sessions?"""
    wrong = [*_cannot(one, other, able), *_cannot(other, one, able)]
    outside = [*_outside(one, other, series, time), *_outside(other, one, series, time)]
    return Partner(other, [*wrong, *outside], for_doctor=bool(outside) and not wrong)


def _cannot(row: Session, there: Session, able: "Able") -> list[str]:
    """Who or what at the other's place does not do the treatment of this one."""
    said = []
    if not able.does(there.practitioner_id, row.course.technique_id):
        said.append(_("%(name)s does not do this treatment.") % {"name": there.practitioner})
    if not able.is_done_in(there.room_id, row.course.technique_id):
        said.append(_("This treatment is not done in %(room)s.") % {"room": there.room})
    return said


def _outside(row: Session, there: Session, series: Mapping[int, Series], time: Clock) -> list[str]:
    own = series[row.course_id]
    others = {number: start for number, start in own.standing.items() if number != row.number}
    faults = rules.interval_faults({row.number: there.starts_at}, replace(own, standing=others), time)
    return [
        _("%(patient)s: %(fault)s.")
        % {"patient": row.course.patient.name, "fault": words.fault_said(fault, row.course)}
        for _number, fault in sorted(faults)
    ]


def _series(courses: Iterable[Course]) -> dict[int, Series]:
    """The sessions of each course that stand. One SQL query."""
    by_key = {course.pk: course for course in courses}
    standing: dict[int, dict[int, dt.datetime]] = {pk: {} for pk in by_key}
    rows = Session.objects.standing().filter(course__in=by_key).values_list("course", "number", "starts_at")
    for course, number, starts_at in rows:
        standing[course][number] = starts_at
    return {
        pk: Series(
            one.sessions_planned, one.interval_min, one.interval_target, one.interval_max, standing[pk]
        )
        for pk, one in by_key.items()
    }


@dataclass(frozen=True, slots=True)
class Able:
    """Which techniques are done by practitioners and in rooms; where nothing is said, all."""

    people: Mapping[int, set[int]]
    rooms: Mapping[int, set[int]]

    @classmethod
    def of(cls, sessions: Sequence[Session]) -> "Able":
        """Two SQL queries."""
        people: dict[int, set[int]] = {}
        rooms: dict[int, set[int]] = {}
        own = Ability.objects.filter(practitioner__in={one.practitioner_id for one in sessions})
        for practitioner, technique in own.values_list("practitioner", "technique"):
            people.setdefault(practitioner, set()).add(technique)
        there = Ability.objects.filter(room__in={one.room_id for one in sessions})
        for room, technique in there.values_list("room", "technique"):
            rooms.setdefault(room, set()).add(technique)
        return cls(people, rooms)

    def does(self, practitioner: int, technique: int) -> bool:
        return technique in self.people.get(practitioner, {technique})

    def is_done_in(self, room: int, technique: int) -> bool:
        return technique in self.rooms.get(room, {technique})


# The word on one pair


def swapped(one: Session, other: Session, *, versions: tuple[int, int]) -> list[Change]:
    """Each where the other stands, as long as it takes itself."""
    return [
        Change(row, version, there.starts_at, there.practitioner, there.room, row.added_minutes)
        for row, there, version in ((one, other, versions[0]), (other, one, versions[1]))
    ]


def word(one: Session, other: Session, *, by: User, at: dt.datetime) -> Word:
    """What changing places means, and what is wrong with it."""
    changes = swapped(one, other, versions=(one.version, other.version))
    wrong = objection(lambda: actions.rearrange(changes, by=by, at=at), changes, by=by, at=at)
    shifts = [Shift(change) for change in changes]
    return Word(shifts, said=wrong.said, needs_reason=wrong.lawful) if wrong else Word(shifts)
