"""Sessions of a course that are missing while later ones stand: booked anew with the least change of the others.

The later sessions keep their numbers: a course whose third session was cancelled still lacks its third.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from clinic.models import User
from treatments.courses.models import Course
from treatments.schedule import actions, rules, words
from treatments.schedule.actions import Change
from treatments.schedule.changing.moving import chain_desk, changes_of, seats
from treatments.schedule.changing.shifts import Shift, objection
from treatments.schedule.models import Session
from treatments.schedule.occupations import clock, series_of
from treatments.schedule.rules import Before, Stuck


@dataclass(frozen=True, slots=True)
class Closing:
    """The sessions that are booked anew, those that move for it, and in words what is wrong or that there is no time.

    `needs_reason`: a doctor may have it so all the same, with a reason.
    """

    again: list[Shift] = field(default_factory=list)
    following: list[Shift] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    needs_reason: bool = False

    @property
    def may_go(self) -> bool:
        return bool(self.again) and (not self.said or self.needs_reason)


def leaves_gap(session: Session) -> bool:
    """Does a session that was given up or missed leave later ones of its course behind it?"""
    missing = session.number in series_of(session.course).missing
    return missing and session.course.sessions.booked().filter(number__gt=session.number).exists()


def closing(course: Course, *, by: User, at: dt.datetime) -> Closing | None:
    """The least change by which no session is missing any more; None where none is, or none of them was ever booked."""
    gone = _gone(course)
    if not gone or [one.number for one in gone] != series_of(course).missing:
        return None
    rows = course.sessions.standing().select_related("practitioner", "room").order_by("number")
    earlier = [one for one in rows if one.number < gone[0].number]
    rest = sorted([*gone, *(one for one in rows if one not in earlier)], key=lambda one: one.number)
    found = _chain(rest, gone, earlier, at=at)
    if isinstance(found, Stuck):
        return Closing(said=[words.lost_said(found)])
    return _judged(course, found, gone, by=by, at=at)


def _gone(course: Course) -> list[Session]:
    """Of each number that is missing the session that was booked last."""
    rows = course.sessions.filter(number__in=series_of(course).missing)
    last = rows.order_by("number", "-pk").distinct("number")
    return list(last.select_related("practitioner", "room"))


def _chain(
    rest: Sequence[Session], gone: Sequence[Session], earlier: Sequence[Session], *, at: dt.datetime
) -> list[Change] | Stuck:
    before = Before(earlier[-1].number, earlier[-1].starts_at, stood=True) if earlier else None
    at_desk = chain_desk(rest, rest, start=at, at=at)
    placed = seats(at_desk, rest, leaving=gone, zone=clock().zone)
    found = rules.chain(at_desk.question(), placed, before=before, earliest=at)
    return found if isinstance(found, Stuck) else changes_of(found, rest, at_desk)


def _judged(
    course: Course, changes: Sequence[Change], gone: Sequence[Session], *, by: User, at: dt.datetime
) -> Closing:
    again = [Shift(one) for one in changes if one.session in gone]
    following = [Shift(one) for one in changes if one.session not in gone]
    slots, moves = [one.slot for one in again], [one.change for one in following]
    wrong = objection(
        lambda: actions.close_gap(course, slots, moves, by=by, at=at, key=uuid4()), changes, by=by, at=at
    )
    return Closing(again, following, wrong.said, wrong.lawful) if wrong else Closing(again, following)
