"""All that is known when times for a course are looked for, asked once for a page."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone

from clinic.models import Clinic, Room, User
from treatments.catalogue import questions
from treatments.courses.models import Course
from treatments.schedule import rules
from treatments.schedule.equipment import pools_of, resources_in, rooms_for
from treatments.schedule.models import Resource, Session
from treatments.schedule.occupations import clock, occupation_in, series_with, standing_of
from treatments.schedule.resources import known_resources, looked, resources_of
from treatments.schedule.rules import Clock, Free, Occupation, Opening, Question, Series, Slot, Times


@dataclass(frozen=True, slots=True)
class Desk:
    """Who could treat a course and where, and the free time of them all from `at` on."""

    course: Course
    clinic: Clinic
    standing: Sequence[Session]  # in order
    people: Mapping[int, User]
    rooms: Mapping[int, Room]
    series: Series
    takes: Occupation
    free: Free
    clock: Clock
    at: dt.datetime
    asked_at: dt.datetime
    last: dt.date  # on which a session can be
    until: dt.date  # so far free time is known
    shortest: int

    def further(self) -> "Desk":
        """The same with free time for as long as the course can last. Up to four SQL queries more."""
        people, rooms = list(self.people.values()), list(self.rooms.values())
        span = span_until(self.at, self.last, self.clock)
        free = _free(self.course, people, rooms, self.takes, span=span, moving=(), at=self.asked_at)
        return replace(self, free=free, until=self.last)

    def question(self, kept: Iterable[Slot] = ()) -> Question:
        """What the rules are asked, as if these slots stood."""
        series = self.with_slots(kept)
        until = self.until if self.until < self.last else None
        return Question(self.free, self.takes, series, self.clock, self.shortest, until)

    def with_slots(self, slots: Iterable[Slot]) -> Series:
        """The series as if these slots stood."""
        slots = sorted(slots, key=lambda slot: slot.number)
        standing = {**self.series.standing, **{slot.number: slot.starts_at for slot in slots}}
        first = slots[0].practitioner if slots else None
        return replace(self.series, standing=standing, practitioner=self.series.practitioner or first)

    def openings(self, practitioner: int) -> list[Opening]:
        """When and where a session can be with them."""
        theirs = {practitioner: self.free.practitioners.get(practitioner, ())}
        return rules.openings(replace(self.free, practitioners=theirs), self.takes)

    def is_free(self, slot: Slot) -> bool:
        """Could a session start then, in that room, with them?"""
        return rules.could_start(self.free, self.takes, slot)


def desk(
    course: Course,
    people: Sequence[User],
    *,
    at: dt.datetime,
    asked_at: dt.datetime | None = None,
    last: dt.date | None = None,
    earliest: dt.date | None = None,
    at_first: bool = False,
    rooms: Mapping[int, Room] | None = None,
    moving: Collection[Session] = (),
    added_minutes: int = 0,
) -> Desk:
    """Everything for the times from `at` to the day `last`. A fixed number of SQL queries; free time is one.

    Where no last day is said it is the last on which a session can be if the first is looked for from `earliest` on.
    `at_first` free time is asked for only as far as good series reach: what is proposed of it may need it `further`.
    What the sessions `moving` take counts as free. It is asked at `at` unless that is said. A session takes
    `added_minutes` more than the plan says.
    """
    rooms = rooms_for(course).in_bulk() if rooms is None else rooms
    clinic, steps, standing = Clinic.current(), questions.steps_in_use(), standing_of(course)
    time, takes = clock(clinic), occupation_in(course, steps, clinic).longer(added_minutes)
    series = series_with(course, [session for session in standing if session not in moving])
    if last is None:
        last = rules.horizon(series, earliest or timezone.localdate(at), time.zone)
    near = rules.horizon(series, earliest or timezone.localdate(at), time.zone, off=rules.OFF_AT_FIRST)
    until = min(near, last) if at_first else last
    span, asked_at = span_until(at, until, time), asked_at or at
    return Desk(
        course=course,
        clinic=clinic,
        standing=standing,
        people={person.pk: person for person in people},
        rooms=rooms,
        series=series,
        takes=takes,
        free=_free(course, people, list(rooms.values()), takes, span=span, moving=moving, at=asked_at),
        clock=time,
        at=at,
        asked_at=asked_at,
        last=last,
        until=until,
        shortest=questions.shortest_session(steps),
    )


def span_until(at: dt.datetime, until: dt.date, time: Clock) -> rules.Span:
    """To the end of the day after the last: a gap that is left on the last day ends where it ends."""
    return at, rules.wall(until + dt.timedelta(days=2), dt.time.min, time.zone)


def _free(
    course: Course, people: Sequence[User], rooms: Sequence[Room], takes: Occupation, **asked: Any
) -> Free:
    """The free time of all. Looking writes nothing."""
    return looked(lambda make: _look(course, people, rooms, takes, **asked, make=make))


def _look(
    course: Course,
    people: Sequence[User],
    rooms: Sequence[Room],
    takes: Occupation,
    *,
    span: rules.Span,
    moving: Collection[Session],
    at: dt.datetime,
    make: bool,
) -> Free:
    """The free time of all of them, of the patient and of the devices that the treatment needs. Raises Unknown.

    A patient who was never booked is always free.
    """
    patient, *others = known_resources([course.patient, *people, *rooms])
    if None in others:
        others = [*resources_of([*people, *rooms], make=make)]
    pools = pools_of(course, make=make)
    known = [one for one in (patient, *others) if one is not None]
    asked = {*known, *resources_in(pools)}
    free = Resource.objects.free_time(asked, *span, at=at, but=[session.pk for session in moving])
    of_others = [free[one] for one in others if one is not None]
    return Free(
        dict(zip((person.pk for person in people), of_others, strict=False)),
        Times.of([span]) if patient is None else free[patient],
        dict(zip((room.pk for room in rooms), of_others[len(people) :], strict=True)),
        tuple(pool.need(takes, free) for pool in pools),
    )
