"""A course is booked: all its missing sessions or none."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from clinic import events
from clinic.models import Clinic, User
from treatments.catalogue import questions
from treatments.courses.models import Cause, Course
from treatments.schedule import rules
from treatments.schedule.actions.common import first_come, lock_to_book, told
from treatments.schedule.actions.squeezing import placed, squeeze
from treatments.schedule.checks import (
    check_bookable,
    check_free,
    check_missing,
    check_times,
    practitioners_of,
    rooms_of,
)
from treatments.schedule.equipment import check_able, pools_of, resources_in
from treatments.schedule.events import CourseBooked
from treatments.schedule.models import Booking, Reservation, Session
from treatments.schedule.occupations import clock, occupation_in, series_with, standing_of
from treatments.schedule.places import Chosen, Place, reserve, wanted
from treatments.schedule.rules import Slot


def book_course(
    course: Course,
    slots: Sequence[Slot],
    *,
    by: User,
    at: dt.datetime,
    key: UUID,
    practitioner: User | None = None,
    interval_reason: str = "",
    squeeze_reason: str = "",
    shown: Collection[int] | None = None,
    some: bool = False,
) -> list[Session]:
    """Book all missing sessions of a confirmed course (or `some` of them), or none. Returns the sessions that stand.

    `practitioner`: who treats in slots that name nobody. The same `key` again changes nothing and returns what stands.
    `interval_reason`: why a doctor leaves the protocol's interval. `squeeze_reason`: why somebody who may books over
    others, over the sessions `shown` (None: any). Raises NotBookable, WrongTimes, ChangedMeanwhile or SlotTaken, or
    PermissionDenied; then nothing is written.
    """
    wish = squeeze(squeeze_reason, by=by, shown=shown)
    rooms, who = rooms_of(slots), practitioners_of(slots, practitioner)
    places = Place.of_all({(who[slot.number], rooms[slot.room]) for slot in slots}, course.patient)
    clinic, pools = Clinic.current(), pools_of(course)
    takes, time = occupation_in(course, questions.steps_in_use(), clinic), clock(clinic)
    chosen = [Chosen(s.number, s.starts_at, places[who[s.number], rooms[s.room]], takes) for s in slots]

    def change() -> list[Session]:
        locked = lock_to_book([course])[course.pk]
        standing = standing_of(locked)
        if Booking.objects.once(locked, key, by=by, at=at):
            series = series_with(locked, standing)
            check_missing(series, chosen, some=some)
            screened = check_bookable(locked, who.values(), by=by, at=at)
            outside = check_times(chosen, series, time, by=by, at=at, interval_reason=interval_reason)
            check_able(locked, chosen)
            check_free(chosen, at=at, devices=resources_in(pools), over=wish is not None)
            reasons = dict.fromkeys(outside, interval_reason.strip())
            standing += _written(locked, placed(chosen, pools, wish), reasons, by=by, at=at)
            events.announce(replace(screened, first=Cause.BOOKED))
        return sorted(standing, key=lambda session: session.number)

    return first_come(change, lambda: Reservation.objects.taken(wanted(chosen), at=at))


def _written(
    course: Course, chosen: Sequence[Chosen], reasons: Mapping[int, str], *, by: User, at: dt.datetime
) -> list[Session]:
    if not chosen:
        return []
    chosen = sorted(chosen, key=lambda one: one.number)
    rows = [_session(course, one, reasons.get(one.number, ""), by=by, at=at) for one in chosen]
    sessions = Session.objects.book(rows)
    reserve(list(zip(sessions, chosen, strict=True)))
    events.announce(CourseBooked(course.pk, course.patient_id, at, tuple(map(told, sessions))))
    return sessions


def _session(course: Course, chosen: Chosen, reason: str, *, by: User, at: dt.datetime) -> Session:
    starts_at, ends_at = rules.shifted(chosen.starts_at, (0, chosen.takes.minutes))
    return Session(
        course=course,
        number=chosen.number,
        practitioner=chosen.place.practitioner,
        room=chosen.place.room,
        starts_at=starts_at,
        ends_at=ends_at,
        booked_at=at,
        booked_by=by,
        interval_reason=reason,
    )
