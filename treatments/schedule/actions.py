"""Changes to the calendar: book a course, move a session, cancel one. All of it or nothing."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from clinic import events
from clinic.models import Room, User
from clinic.versions import ChangedMeanwhile
from contraindications.screening import CannotScreen
from treatments.courses import actions as courses
from treatments.courses.events import CourseCancelled
from treatments.courses.models import Cause, Course
from treatments.schedule import rules
from treatments.schedule.checks import (
    check_bookable,
    check_free,
    check_missing,
    check_times,
    practitioners_of,
    rooms_of,
)
from treatments.schedule.equipment import check_able, pools_of, resources_in, with_devices
from treatments.schedule.events import CourseBooked, SessionCancelled, SessionMoved
from treatments.schedule.models import Booking, Reservation, Session, SessionState, Standing
from treatments.schedule.occupations import occupation_of
from treatments.schedule.places import Chosen, Place, lock_sessions, release, reserve, wanted
from treatments.schedule.refusals import SlotTaken
from treatments.schedule.rules import Occupation, Slot
from treatments.schedule.standing import stand
from treatments.schedule.transactions import Busy, Overlap, all_or_nothing

T = TypeVar("T")
MOVED = [
    "starts_at",
    "ends_at",
    "practitioner",
    "room",
    "interval_reason",
    "arrived_at",
    "arrived_by",
    "version",
]


def book_course(
    course: Course,
    slots: Sequence[Slot],
    *,
    by: User,
    at: dt.datetime,
    key: UUID,
    practitioner: User | None = None,
    interval_reason: str = "",
) -> list[Session]:
    """Book all missing sessions of a confirmed course, or none. Returns the sessions that stand.

    `practitioner`: who treats in slots that name nobody. The same `key` again changes nothing and returns what stands.
    `interval_reason`: why a doctor leaves the protocol's interval. Raises NotBookable, WrongTimes, ChangedMeanwhile or
    SlotTaken; then nothing is written.
    """
    rooms, who = rooms_of(slots), practitioners_of(slots, practitioner)
    pairs = {(who[slot.number], rooms[slot.room]) for slot in slots}
    places = {(one.pk, room.pk): Place.of(one, room, course.patient) for one, room in pairs}
    chosen = [Chosen(s.number, s.starts_at, places[who[s.number].pk, s.room]) for s in slots]
    takes, pools = occupation_of(course), pools_of(course)

    def change() -> list[Session]:
        locked = Course.objects.select_for_update(of=("self",)).for_page().get(pk=course.pk)
        if not Booking.objects.filter(key=key, course=course).exists():
            check_missing(locked, chosen)
            screened = check_bookable(locked, who.values(), by=by, at=at)
            outside = check_times(locked, chosen, takes, by=by, at=at, interval_reason=interval_reason)
            check_able(locked, chosen)
            check_free(chosen, takes, devices=resources_in(pools))
            reasons = dict.fromkeys(outside, interval_reason.strip())
            _write(locked, with_devices(chosen, pools, takes), takes, reasons, key=key, by=by, at=at)
            stand(screened, cause=Cause.BOOKED)
        return list(locked.sessions.standing().order_by("number"))

    return _first_come(change, lambda: Reservation.objects.taken(wanted(chosen, takes)))


def _write(
    course: Course,
    chosen: Sequence[Chosen],
    takes: Occupation,
    reasons: Mapping[int, str],
    *,
    key: UUID,
    by: User,
    at: dt.datetime,
) -> None:
    Booking.objects.create(key=key, course=course, booked_at=at, booked_by=by)
    sessions = [
        Session.objects.create(
            course=course,
            number=one.number,
            practitioner=one.place.practitioner,
            room=one.place.room,
            starts_at=one.starts_at,
            ends_at=one.starts_at + takes.minutes * rules.MINUTE,
            booked_at=at,
            booked_by=by,
            interval_reason=reasons.get(one.number, ""),
        )
        for one in sorted(chosen, key=lambda one: one.number)
    ]
    places = {one.number: one.place for one in chosen}
    reserve([(session, places[session.number]) for session in sessions], takes)
    events.announce(CourseBooked(course.pk, at))


def _first_come(change: Callable[[], T], taken: Callable[[], list[int]]) -> T:
    """Run `change`; where others were faster say which sessions are gone, as SlotTaken."""
    try:
        return all_or_nothing(change)
    except (Overlap, Busy) as error:
        raise SlotTaken(taken()) from error


# Move and cancel


def move_session(
    session: Session,
    *,
    starts_at: dt.datetime,
    practitioner: User,
    room: Room,
    version: int,
    by: User,
    at: dt.datetime,
    interval_reason: str = "",
) -> Session:
    """Have a booked session at another time, in another room or with somebody else.

    Raises what `book_course` raises; ChangedMeanwhile also when it is not the `version` that was opened.
    """
    course = session.course
    place = Place.of(
        practitioner, rooms_of([Slot(session.number, starts_at, room.pk)])[room.pk], course.patient
    )
    chosen, takes, pools = [Chosen(session.number, starts_at, place)], occupation_of(course), pools_of(course)

    def change() -> Session:
        locked = Course.objects.select_for_update(of=("self",)).for_page().get(pk=course.pk)
        row = _booked(session, version)
        screened = check_bookable(locked, [practitioner], by=by, at=at)
        outside = check_times(locked, chosen, takes, by=by, at=at, interval_reason=interval_reason, moved=row)
        check_able(locked, chosen)
        check_free(chosen, takes, devices=resources_in(pools), but=row.pk)
        [there] = with_devices(chosen, pools, takes, but=row.pk)
        moved = _replace(row, there, takes, interval_reason.strip() if outside else "", at=at)
        stand(screened, cause=Cause.BOOKED)
        return moved

    return _first_come(change, lambda: Reservation.objects.taken(wanted(chosen, takes), but=session.pk))


def _replace(row: Session, chosen: Chosen, takes: Occupation, reason: str, *, at: dt.datetime) -> Session:
    if timezone.localdate(row.starts_at) != timezone.localdate(chosen.starts_at):
        row.arrived_at = row.arrived_by = None  # whoever came, came on another day
    row.starts_at, row.ends_at = rules.shifted(chosen.starts_at, (0, takes.minutes))
    row.practitioner, row.room = chosen.place.practitioner, chosen.place.room
    row.interval_reason, row.version = reason, row.version + 1
    row.save(update_fields=MOVED)
    release(row)
    reserve([(row, chosen.place)], takes)
    events.announce(SessionMoved(row.pk, at))
    return row


def keep_verdict(course: Course, *, by: User, at: dt.datetime) -> None:
    """After a refusal, whose transaction is gone: keep the verdict it rested on, so that it reaches who decides."""
    with suppress(ChangedMeanwhile, CannotScreen):
        courses.screen_again(course, by=by, at=at)


def cancel_session(session: Session, *, reason: str, version: int, by: User, at: dt.datetime) -> Session:
    """Give a booked session up; its time is free again. Raises ChangedMeanwhile, or ValueError without a reason."""
    if not reason.strip():
        raise ValueError("a session is cancelled for a reason")

    def change() -> Session:
        Course.objects.select_for_update(of=("self",)).get(pk=session.course_id)
        lock_sessions([row := _booked(session, version)])
        return _cancel(row, reason=reason.strip(), by=by, at=at)

    return _first_come(change, list)


def cancel_sessions_of(event: CourseCancelled) -> None:
    """The course was given up: so are the sessions that were still to come."""
    course = Course.objects.select_related("cancelled_by").get(pk=event.course_id)
    sessions = list(course.sessions.booked().select_for_update().order_by("pk"))
    lock_sessions(sessions)
    for session in sessions:
        _cancel(session, reason=_("The course was cancelled."), by=course.cancelled_by, at=event.at)


def _cancel(row: Session, *, reason: str, by: User | None, at: dt.datetime) -> Session:
    row.state, row.cancelled_at, row.cancelled_by, row.cancel_reason = SessionState.CANCELLED, at, by, reason
    row.version += 1
    row.save(update_fields=["state", "cancelled_at", "cancelled_by", "cancel_reason", "version"])
    release(row)
    Standing.objects.filter(session=row).delete()
    events.announce(SessionCancelled(row.pk, at))
    return row


def _booked(session: Session, version: int) -> Session:
    """The session, locked, if it is still booked and the one that was opened. Raises ChangedMeanwhile."""
    row = Session.objects.booked().select_for_update().filter(pk=session.pk, version=version).first()
    if row is None:
        raise ChangedMeanwhile
    return row
