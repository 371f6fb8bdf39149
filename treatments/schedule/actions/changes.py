"""Where booked sessions are to be: each change, and those of a course together with all that they will take."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from clinic.models import Room, User
from treatments.courses.models import Course
from treatments.schedule.checks import rooms_of
from treatments.schedule.equipment import Pool, pools_of, resource_in
from treatments.schedule.models import Device, Session
from treatments.schedule.occupations import occupation_of
from treatments.schedule.places import Chosen, Place
from treatments.schedule.rules import Slot


@dataclass(frozen=True, slots=True)
class Change:
    """A booked session, as it was opened (`version`), and where it is to be.

    `added_minutes`: how much longer it takes than the plan says. `device`: the one of its kind that is to be used;
    None: its own if that is free, else any.
    """

    session: Session
    version: int
    starts_at: dt.datetime
    practitioner: User
    room: Room
    added_minutes: int = 0
    device: Device | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """All that changes in one course: the chosen places and, in the same order, the keys of their sessions."""

    course: Course
    sessions: Sequence[int]
    chosen: Sequence[Chosen]
    pools: Sequence[Pool]


def parts_of(changes: Sequence[Change]) -> list[Part]:
    """The changes by course, in the order of the courses' keys, the sessions of each in theirs."""
    ordered = sorted(changes, key=lambda one: (one.session.course_id, one.session.number))
    rooms_of(Slot(one.session.number, one.starts_at, one.room.pk) for one in ordered)
    return [_part(list(own)) for _pk, own in groupby(ordered, key=lambda one: one.session.course_id)]


def _part(changes: Sequence[Change]) -> Part:
    course = changes[0].session.course
    takes, pairs = occupation_of(course), {(one.practitioner, one.room) for one in changes}
    places, pools = Place.of_all(pairs, course.patient), pools_of(course)
    chosen = [
        Chosen(
            one.session.number,
            one.starts_at,
            places[one.practitioner, one.room],
            takes.longer(one.added_minutes),
            one.added_minutes,
            device=resource_in(pools, one.device),
        )
        for one in changes
    ]
    return Part(course, [one.session.pk for one in changes], chosen, pools)
