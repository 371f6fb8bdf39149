"""The patient did not come: noted once the session has begun, and taken back within the day if they came after all."""

import datetime as dt
from dataclasses import replace

from django.utils import timezone

from clinic import events
from clinic.models import User
from clinic.versions import ChangedMeanwhile
from treatments.courses.models import Cause, Course, CourseState
from treatments.schedule import rules
from treatments.schedule.actions.common import first_come, lock_booked, lock_courses, lock_to_book
from treatments.schedule.away import presence
from treatments.schedule.away.duty import count_on_doctors
from treatments.schedule.checks import check_bookable, check_free
from treatments.schedule.equipment import check_able, pools_of, resources_in, with_devices
from treatments.schedule.events import SessionMissed
from treatments.schedule.models import Session, SessionState, Standing
from treatments.schedule.occupations import clock, hours_of, occupation_of, series_of
from treatments.schedule.places import Chosen, Freed, Place, lock_sessions, release, reserve, told_free
from treatments.schedule.refusals import WrongTimes
from treatments.schedule.rules import Fault

MISSED = ["state", "missed_at", "missed_by", "version"]


def may_be_missed(session: Session, at: dt.datetime) -> bool:
    """Has it begun without the patient?"""
    return session.state == SessionState.BOOKED and session.arrived_at is None and session.starts_at <= at


def may_come_after_all(session: Session, day: dt.date) -> bool:
    """Was it noted on this day of the clinic that the patient did not come?"""
    return session.missed_at is not None and timezone.localdate(session.missed_at) == day


def miss(session: Session, *, version: int, by: User, at: dt.datetime) -> Session:
    """Note that the patient did not come; what is left of the time is free again, and the number is missing.

    The same said twice by the same person changes nothing. Raises ChangedMeanwhile when it is not the `version` that
    was opened, has not begun or the patient is here, SlotTaken when too many book at once, and what listeners raise.
    """

    def change() -> Session:
        lock_courses([session.course_id])
        said = Session.objects.filter(
            pk=session.pk, state=SessionState.MISSED, missed_by=by, version=version + 1
        )
        if again := said.first():
            return again
        row = lock_booked({session.pk: version})[session.pk]
        if not may_be_missed(row, at):
            raise ChangedMeanwhile(row)
        lock_sessions([row])
        return _miss(row, by=by, at=at)

    return first_come(change, list)


def _miss(row: Session, *, by: User, at: dt.datetime) -> Session:
    row.state, row.missed_at, row.missed_by, row.version = SessionState.MISSED, at, by, row.version + 1
    row.save(update_fields=MISSED)
    freed = release(row)
    Standing.objects.filter(session=row).delete()
    events.announce(SessionMissed(row.pk, at))
    told_free([_to_come(freed, at)], at=at)
    return row


def _to_come(freed: Freed | None, at: dt.datetime) -> Freed | None:
    """What of it is not over."""
    return replace(freed, begin=max(freed.begin, at)) if freed and freed.until > at else None


def come_after_all(session: Session, *, version: int, by: User, at: dt.datetime) -> Session:
    """Take it back on the same day: the session is booked as it was, if it could be booked so today.

    Raises ChangedMeanwhile when it is not the `version` that was opened or its number is booked anew, SlotTaken when
    its time was given to others, NotBookable when the course is not cleared or who treats, the room or its devices are
    not what it needs, WrongTimes when somebody does not work then any more, the room is closed, or the sessions would
    not be in order.
    """
    course = session.course
    takes, pools = occupation_of(course).longer(session.added_minutes), pools_of(course)
    place = Place.of(session.practitioner, session.room, course.patient)
    chosen = Chosen(session.number, session.starts_at, place, takes, session.added_minutes)

    def change() -> Session:
        locked = lock_to_book([course])[course.pk]
        row = _missed(locked, session, version, at)
        screened = check_bookable(locked, [place.practitioner], by=by, at=at)
        check_able(locked, [chosen])
        _check_there(chosen)
        _check_order(locked, chosen)
        check_free([chosen], at=at, devices=resources_in(pools))
        [there] = with_devices([chosen], pools)
        row.state, row.missed_at, row.missed_by, row.version = (
            SessionState.BOOKED,
            None,
            None,
            row.version + 1,
        )
        row.save(update_fields=MISSED)
        reserve([(row, there)])
        events.announce(replace(screened, first=Cause.BOOKED))
        return row

    return first_come(change, lambda: [session.number])


def _missed(course: Course, session: Session, version: int, at: dt.datetime) -> Session:
    """The session, locked, if it can be booked as it was. Raises ChangedMeanwhile."""
    rows = Session.objects.select_for_update(of=("self",)).filter(pk=session.pk, version=version)
    row = rows.select_related("practitioner", "room").first()
    anew = course.sessions.standing().filter(number=session.number).exists()
    if row is None or anew or course.state != CourseState.CONFIRMED:
        raise ChangedMeanwhile
    if not may_come_after_all(row, timezone.localdate(at)):
        raise ChangedMeanwhile(row)
    return row


def _check_order(course: Course, chosen: Chosen) -> None:
    """No session before it was booked anew for later, none after it for earlier. Raises WrongTimes.

    How many days lie between is not asked: the patient is here.
    """
    found = rules.interval_faults({chosen.number: chosen.starts_at}, series_of(course), clock())
    if wrong := {(number, fault) for number, fault in found if fault == Fault.ORDER}:
        raise WrongTimes(wrong)


def _check_there(chosen: Chosen) -> None:
    """Whoever treats is at work then, with the doctor whom they need, and the room can be used. Raises WrongTimes."""
    who, zone = chosen.place.practitioner, timezone.get_default_timezone()
    count_on_doctors([who])
    hours = hours_of([who])[who.pk]
    parts = [rules.shifted(chosen.starts_at, part) for part in chosen.takes.parts]
    works = all(rules.at_work(hours, part, zone) for part in parts)
    known = set() if works else {(chosen.number, Fault.HOURS)}
    if wrong := known | presence.faults_of([chosen], known):
        raise WrongTimes(wrong)
