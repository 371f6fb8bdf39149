"""Changes to the calendar: book a course, move a session, cancel one. All of it or nothing."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic import events
from clinic.models import Room, User
from contraindications.screening import CannotScreen
from patients.models import Patient
from treatments.courses.actions import rescreen
from treatments.courses.events import CourseCancelled
from treatments.courses.models import Course, CourseState
from treatments.schedule import rules
from treatments.schedule.events import CourseBooked, SessionCancelled, SessionMoved
from treatments.schedule.models import Booking, Reservation, ReservationWhy, Resource, Session, SessionState
from treatments.schedule.occupations import clock, hours_of, occupation_of, series_of
from treatments.schedule.rules import Fault, Occupation, Slot, Span
from treatments.schedule.transactions import Busy, Overlap, all_or_nothing, lock_resources

T = TypeVar("T")


class NotBookable(Exception):
    """This cannot be booked as things stand. Its text says why, without anything clinical."""


class WrongTimes(Exception):
    """The chosen times break a rule. `faults`: (session number, Fault)."""

    def __init__(self, faults: Iterable[tuple[int, Fault]]):
        self.faults = sorted(faults)
        super().__init__(", ".join(f"{number}: {fault}" for number, fault in self.faults))


class SlotTaken(Exception):
    """Somebody was faster. `numbers`: the sessions whose time is gone; none: others are booking right now."""

    def __init__(self, numbers: Sequence[int]):
        self.numbers = list(numbers)
        super().__init__(_taken_said(self.numbers))


class ChangedMeanwhile(Exception):
    """The course or the session is not any more what the page showed; nothing was written."""


def _taken_said(numbers: Sequence[int]) -> str:
    if not numbers:
        return _("Others are booking right now. Nothing was booked; please try again.")
    return ngettext(
        "The time of session %(numbers)s has just been taken. Nothing was booked.",
        "The times of sessions %(numbers)s have just been taken. Nothing was booked.",
        len(numbers),
    ) % {"numbers": ", ".join(map(str, numbers))}


# What is occupied


KINDS: dict[type, str] = {User: "practitioner", Room: "room", Patient: "patient"}


def resource_of(thing: User | Room | Patient) -> Resource:
    """The row by which this practitioner, room or patient is reserved; made if missing, once even in a race."""
    which: dict[str, Any] = {_kind(thing): thing}
    return Resource.objects.get_or_create(**which)[0]


def resources_of(things: Iterable[User | Room | Patient]) -> list[int]:
    """The resource id of each thing, in their order. One SQL query, and two for each that is new."""
    things = list(things)
    wanted = Q()
    for model, kind in KINDS.items():
        wanted |= Q(**{f"{kind}__in": [thing.pk for thing in things if isinstance(thing, model)]})
    known = {
        (kind, getattr(row, f"{kind}_id")): row.pk
        for row in Resource.objects.filter(wanted)
        for kind in KINDS.values()
    }
    return [known.get((_kind(thing), thing.pk)) or resource_of(thing).pk for thing in things]


def _kind(thing: User | Room | Patient) -> str:
    return next(kind for model, kind in KINDS.items() if isinstance(thing, model))


@dataclass(frozen=True, slots=True)
class Place:
    """Who treats in which room, with the resources of both and of the patient."""

    practitioner: User
    room: Room
    resources: tuple[int, int, int]  # practitioner, room, patient

    @classmethod
    def of(cls, practitioner: User, room: Room, patient: Patient) -> "Place":
        """One SQL query, more the first time."""
        one, two, three = resources_of([practitioner, room, patient])
        return cls(practitioner, room, (one, two, three))

    def spans(self, starts_at: dt.datetime, takes: Occupation) -> list[tuple[int, Span]]:
        """(resource id, span) of all that a session takes that starts at `starts_at`."""
        practitioner, room, patient = self.resources
        whole = rules.shifted(starts_at, (0, takes.minutes))
        parts = [(practitioner, rules.shifted(starts_at, part)) for part in takes.parts]
        return [*parts, (room, whole), (patient, whole)]


@dataclass(frozen=True, slots=True)
class Chosen:
    """One session to be: its number, start and place."""

    number: int
    starts_at: dt.datetime
    place: Place


def _wanted(chosen: Iterable[Chosen], takes: Occupation) -> list[tuple[int, int, Span]]:
    """(session number, resource id, span) of all that the chosen sessions take."""
    return [(one.number, *taken) for one in chosen for taken in one.place.spans(one.starts_at, takes)]


def _reserve(sessions: Iterable[tuple[Session, Place]], takes: Occupation) -> None:
    """Write the reservations, sorted by start: in random order two bookings would deadlock on the constraint."""
    rows = [
        Reservation(
            session=session,
            resource_id=resource,
            why=ReservationWhy.SESSION,
            period=DateTimeTZRange(*span, "[)"),
        )
        for session, place in sessions
        for resource, span in place.spans(session.starts_at, takes)
    ]
    Reservation.objects.bulk_create(sorted(rows, key=lambda row: (row.period.lower, row.resource_id)))


# Book


def book_course(
    course: Course,
    slots: Sequence[Slot],
    *,
    practitioner: User,
    by: User,
    at: dt.datetime,
    key: UUID,
    interval_reason: str = "",
) -> list[Session]:
    """Book all missing sessions of a confirmed course, or none. Returns the sessions that stand.

    The same `key` again changes nothing and returns what stands. `interval_reason`: why a doctor leaves the
    protocol's interval. Raises NotBookable, WrongTimes, ChangedMeanwhile or SlotTaken; then nothing is written.
    """
    rooms = _rooms(slots)
    places = {room: Place.of(practitioner, row, course.patient) for room, row in rooms.items()}
    chosen = [Chosen(slot.number, slot.starts_at, places[slot.room]) for slot in slots]
    takes = occupation_of(course)

    def change() -> list[Session]:
        locked = Course.objects.select_for_update(of=("self",)).for_page().get(pk=course.pk)
        if not Booking.objects.filter(key=key, course=course).exists():
            _check_missing(locked, chosen)
            _check_bookable(locked, practitioner, by=by, at=at)
            outside = _check_times(locked, chosen, takes, by=by, at=at, interval_reason=interval_reason)
            _check_free(chosen, takes)
            reasons = dict.fromkeys(outside, interval_reason.strip())
            _write(locked, chosen, takes, reasons, key=key, by=by, at=at)
        return list(locked.sessions.standing().order_by("number"))

    return _first_come(change, lambda: Reservation.objects.taken(_wanted(chosen, takes)))


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
    _reserve([(session, places[session.number]) for session in sessions], takes)
    events.announce(CourseBooked(course.pk, at))


def _first_come(change: Callable[[], T], taken: Callable[[], list[int]]) -> T:
    """Run `change`; where others were faster say which sessions are gone, as SlotTaken."""
    try:
        return all_or_nothing(change)
    except (Overlap, Busy) as error:
        raise SlotTaken(taken()) from error


# What must hold


def _rooms(slots: Iterable[Slot]) -> dict[int, Room]:
    """The rooms of the slots, in use all of them. Raises NotBookable."""
    wanted = {slot.room for slot in slots}
    rooms = Room.objects.filter(active=True).in_bulk(wanted)
    if rooms.keys() != wanted:
        raise NotBookable(_("This room is not in use any more."))
    return rooms


def _check_missing(course: Course, chosen: Sequence[Chosen]) -> None:
    """Exactly the missing sessions are chosen, each once. Raises ChangedMeanwhile or WrongTimes."""
    series, numbers = series_of(course), [one.number for one in chosen]
    if not series.standing.keys().isdisjoint(numbers):
        raise ChangedMeanwhile
    if sorted(numbers) != series.missing:
        raise WrongTimes((number, Fault.NUMBERS) for number in {*numbers, *series.missing})


def _check_bookable(course: Course, practitioner: User, *, by: User, at: dt.datetime) -> None:
    """The course is confirmed, cleared for booking today, and the practitioner may treat. Raises NotBookable."""
    if course.state != CourseState.CONFIRMED:
        raise NotBookable(_("Only a confirmed course can be booked."))
    if not User.objects.who_may_treat().filter(pk=practitioner.pk).exists():
        raise NotBookable(_("%(name)s may not treat at present.") % {"name": practitioner})
    try:
        _screening, cleared = rescreen(course, by=by, at=at)
    except CannotScreen as error:
        raise NotBookable(_("Not bookable: it cannot be screened.")) from error
    if not cleared.bookable:
        raise NotBookable(
            _("%(word)s: a doctor or nurse must look at it first.") % {"word": cleared.booking_said}
        )


def _check_times(
    course: Course,
    chosen: Sequence[Chosen],
    takes: Occupation,
    *,
    by: User,
    at: dt.datetime,
    interval_reason: str,
    moved: Session | None = None,
) -> set[int]:
    """Which sessions a doctor puts outside the interval for a reason; every other fault raises WrongTimes."""
    hours = hours_of({one.place.practitioner for one in chosen})
    faults = rules.faults(
        {one.number: one.starts_at for one in chosen},
        series_of(course, without=moved),
        takes,
        {one.number: hours[one.place.practitioner.pk] for one in chosen},
        at=at,
        clock=clock(),
    )
    allowed = by.is_doctor and bool(interval_reason.strip())
    wrong = [(number, fault) for number, fault in faults if fault != Fault.INTERVAL or not allowed]
    if wrong:
        raise WrongTimes(wrong)
    return {number for number, _fault in faults}


def _check_free(chosen: Sequence[Chosen], takes: Occupation, *, but: int | None = None) -> None:
    """Lock all resources and look; the constraint has the last word. Raises SlotTaken."""
    lock_resources({resource for one in chosen for resource in one.place.resources})
    numbers = Reservation.objects.taken(_wanted(chosen, takes), but=but)
    if numbers:
        raise SlotTaken(numbers)


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
        practitioner, _rooms([Slot(session.number, starts_at, room.pk)])[room.pk], course.patient
    )
    chosen, takes = [Chosen(session.number, starts_at, place)], occupation_of(course)

    def change() -> Session:
        locked = Course.objects.select_for_update(of=("self",)).for_page().get(pk=course.pk)
        row = _booked(session, version)
        _check_bookable(locked, practitioner, by=by, at=at)
        outside = _check_times(
            locked, chosen, takes, by=by, at=at, interval_reason=interval_reason, moved=row
        )
        _check_free(chosen, takes, but=row.pk)
        return _replace(row, chosen[0], takes, interval_reason.strip() if outside else "", at=at)

    return _first_come(change, lambda: Reservation.objects.taken(_wanted(chosen, takes), but=session.pk))


def _replace(row: Session, chosen: Chosen, takes: Occupation, reason: str, *, at: dt.datetime) -> Session:
    row.starts_at, row.ends_at = rules.shifted(chosen.starts_at, (0, takes.minutes))
    row.practitioner, row.room = chosen.place.practitioner, chosen.place.room
    row.interval_reason, row.version = reason, row.version + 1
    row.save(update_fields=["starts_at", "ends_at", "practitioner", "room", "interval_reason", "version"])
    row.reservations.all().delete()
    _reserve([(row, chosen.place)], takes)
    events.announce(SessionMoved(row.pk, at))
    return row


def cancel_session(session: Session, *, reason: str, version: int, by: User, at: dt.datetime) -> Session:
    """Give a booked session up; its time is free again. Raises ChangedMeanwhile, or ValueError without a reason."""
    if not reason.strip():
        raise ValueError("a session is cancelled for a reason")

    def change() -> Session:
        Course.objects.select_for_update(of=("self",)).get(pk=session.course_id)
        return _cancel(_booked(session, version), reason=reason.strip(), by=by, at=at)

    return _first_come(change, list)


def cancel_sessions_of(event: CourseCancelled) -> None:
    """The course was given up: so are the sessions that were still to come."""
    course = Course.objects.select_related("cancelled_by").get(pk=event.course_id)
    for session in course.sessions.booked().select_for_update().order_by("pk"):
        _cancel(session, reason=_("The course was cancelled."), by=course.cancelled_by, at=event.at)


def _cancel(row: Session, *, reason: str, by: User | None, at: dt.datetime) -> Session:
    row.state, row.cancelled_at, row.cancelled_by, row.cancel_reason = SessionState.CANCELLED, at, by, reason
    row.version += 1
    row.save(update_fields=["state", "cancelled_at", "cancelled_by", "cancel_reason", "version"])
    row.reservations.all().delete()
    events.announce(SessionCancelled(row.pk, at))
    return row


def _booked(session: Session, version: int) -> Session:
    """The session, locked, if it is still booked and the one that was opened. Raises ChangedMeanwhile."""
    row = Session.objects.booked().select_for_update().filter(pk=session.pk, version=version).first()
    if row is None:
        raise ChangedMeanwhile
    return row
