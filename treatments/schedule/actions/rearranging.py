"""Booked sessions are put elsewhere: one, several of a course, or of several courses, in one transaction."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.utils import timezone

from clinic import events
from clinic.models import Room, User
from treatments.courses.models import Cause, Course
from treatments.schedule import rules
from treatments.schedule.actions.changes import Change, Part, parts_of
from treatments.schedule.actions.common import first_come, lock_booked, lock_to_book, told
from treatments.schedule.actions.squeezing import Squeeze, placed, squeeze
from treatments.schedule.checks import (
    check_bookable,
    check_free,
    check_times,
    stay_on_their_day,
)
from treatments.schedule.equipment import check_able, resources_in
from treatments.schedule.events import SessionMoved
from treatments.schedule.models import Reservation, Session
from treatments.schedule.occupations import clock, series_of
from treatments.schedule.places import Chosen, held_by, release, reserve, told_free, wanted
from treatments.schedule.standing import stand
from treatments.schedule.transactions import lock_resources

MOVED = [
    "starts_at",
    "ends_at",
    "added_minutes",
    "practitioner",
    "room",
    "interval_reason",
    "arrived_at",
    "arrived_by",
    "moved_by_patient_at",
    "confirmed_at",
    "version",
]


def move_session(
    session: Session,
    *,
    starts_at: dt.datetime,
    practitioner: User,
    room: Room,
    version: int,
    by: User | None,
    at: dt.datetime,
    interval_reason: str = "",
) -> Session:
    """Have a booked session at another time, in another room or with somebody else. Raises what `rearrange` raises."""
    change = Change(session, version, starts_at, practitioner, room, session.added_minutes)
    [moved] = rearrange([change], by=by, at=at, interval_reason=interval_reason)
    return moved


def rearrange(
    changes: Sequence[Change],
    *,
    by: User | None,
    at: dt.datetime,
    interval_reason: str = "",
    squeeze_reason: str = "",
    shown: Collection[int] | None = None,
) -> list[Session]:
    """Put all these sessions where they are to be, or none. Returns them in the order of their keys.

    What they give up is free for each other. `by`: who signs it, None for the patient by their own link.
    `interval_reason`: why a doctor leaves the protocol's interval. `squeeze_reason`: why somebody who may books over
    others, over the sessions `shown` (None: any). Raises NotBookable, WrongTimes, ChangedMeanwhile where one is not the
    version that was opened, SlotTaken, or PermissionDenied; then nothing is written.
    """
    wish = squeeze(squeeze_reason, by=by, shown=shown)
    parts = parts_of(changes)
    versions = {one.session.pk: one.version for one in changes}

    def change() -> list[Session]:
        courses = lock_to_book([part.course for part in parts])
        rows = lock_booked(versions)
        screened = [_screened(courses[part.course.pk], part, by=by, at=at) for part in parts]
        reasons = _reasons(courses, parts, rows, interval_reason.strip(), by=by, at=at)
        _lock(parts, rows.values())
        freed = [release(row) for row in rows.values()]
        own = {resource for one in freed if one for resource in one.resources}
        for part in parts:
            _put(part, rows, reasons, wish, own, by=by, at=at)
        for one in screened:
            stand(one, cause=Cause.BOOKED)
        told_free(freed, at=at)
        return list(rows.values())

    return first_come(change, lambda: _gone(parts, versions, at=at))


def _screened(course: Course, part: Part, *, by: User | None, at: dt.datetime):
    screened = check_bookable(course, [one.place.practitioner for one in part.chosen], by=by, at=at)
    events.announce(screened)
    return screened


def _reasons(
    courses: Mapping[int, Course],
    parts: Iterable[Part],
    rows: Mapping[int, Session],
    reason: str,
    *,
    by: User | None,
    at: dt.datetime,
) -> dict[int, str]:
    """By session why it may lie outside the interval; none where it does not. Raises WrongTimes, NotBookable."""
    found: dict[int, str] = {}
    time = clock()
    for part in parts:
        course = courses[part.course.pk]
        moved = [rows[pk] for pk in part.sessions]
        others = series_of(course, without=moved)
        outside = check_times(part.chosen, others, time, by=by, at=at, interval_reason=reason, moved=moved)
        check_able(course, part.chosen)
        if stay_on_their_day(part.chosen, moved):
            found |= {row.pk: row.interval_reason for row in moved}
        found |= {
            pk: reason for pk, one in zip(part.sessions, part.chosen, strict=True) if one.number in outside
        }
    return found


def _lock(parts: Iterable[Part], rows: Iterable[Session]) -> None:
    """Lock all that the sessions have and are to have, at once: two that swap the same places would deadlock."""
    theirs = {resource for part in parts for one in part.chosen for resource in one.place.resources}
    lock_resources(theirs | {r for part in parts for r in resources_in(part.pools)} | held_by(rows))


def _put(
    part: Part,
    rows: Mapping[int, Session],
    reasons: Mapping[int, str],
    wish: Squeeze | None,
    own: Collection[int],
    *,
    by: User | None,
    at: dt.datetime,
) -> None:
    check_free(part.chosen, at=at, devices=resources_in(part.pools), over=wish is not None)
    there = placed(part.chosen, part.pools, wish, own=own)
    moved = [rows[pk] for pk in part.sessions]
    for row, chosen in zip(moved, there, strict=True):
        _mark(row, chosen.starts_at, by=by, at=at)
        _write(row, chosen, reasons.get(row.pk, ""))
    reserve(list(zip(moved, there, strict=True)))
    for row in moved:
        course = part.course
        event = SessionMoved(row.pk, at, course.pk, course.patient_id, told(row), by_patient=by is None)
        events.announce(event)


def _mark(row: Session, starts_at: dt.datetime, *, by: User | None, at: dt.datetime) -> None:
    """Another time is none that the patient has confirmed; on another day nobody has come yet."""
    if row.starts_at != starts_at:
        row.confirmed_at, row.moved_by_patient_at = None, None if by else at
    if timezone.localdate(row.starts_at) != timezone.localdate(starts_at):
        row.arrived_at = row.arrived_by = None  # whoever came, came on another day


def _write(row: Session, chosen: Chosen, reason: str) -> None:
    row.starts_at, row.ends_at = rules.shifted(chosen.starts_at, (0, chosen.takes.minutes))
    row.practitioner, row.room = chosen.place.practitioner, chosen.place.room
    row.added_minutes = chosen.added_minutes
    row.interval_reason, row.version = reason, row.version + 1
    row.save(update_fields=MOVED)


def _gone(parts: Iterable[Part], but: Iterable[int], *, at: dt.datetime) -> list[int]:
    """The numbers of the sessions whose places are taken by others."""
    but = list(but)
    found = {n for part in parts for n in Reservation.objects.taken(wanted(part.chosen), but=but, at=at)}
    return sorted(found)
