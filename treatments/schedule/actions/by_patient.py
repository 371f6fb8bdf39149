"""What patients do to their own sessions by the link in a message: say that they come, give it up, have it moved.

Nobody of the clinic signs it (`by=None`), and the rules are those of everybody else, with the clinic's limit besides.
"""

import datetime as dt

from django.db import transaction

from clinic import events
from clinic.models import Clinic, Room, User
from clinic.versions import ChangedMeanwhile
from treatments.schedule import rules
from treatments.schedule.actions.cancelling import cancel_session, is_late
from treatments.schedule.actions.common import keep_verdict
from treatments.schedule.actions.rearranging import move_session
from treatments.schedule.events import SessionConfirmed
from treatments.schedule.models import Session
from treatments.schedule.occupations import occupation_of
from treatments.schedule.refusals import NotBookable, SlotTaken, TooLate
from treatments.schedule.rules import Slot
from treatments.schedule.waiting.claims import claims


def confirm_by_patient(session: Session, *, version: int, at: dt.datetime) -> None:
    """The patient comes at the time that was shown. Said twice it is said once. Raises ChangedMeanwhile."""
    shown = Session.objects.booked().filter(pk=session.pk, version=version, starts_at__gt=at)
    with transaction.atomic():
        if shown.filter(confirmed_at=None).update(confirmed_at=at):
            events.announce(SessionConfirmed(session.pk, at))
        elif not shown.exists():
            raise ChangedMeanwhile


def cancel_by_patient(session: Session, *, version: int, at: dt.datetime) -> Session:
    """Give the session up until the clinic's limit. Raises TooLate, ChangedMeanwhile, SlotTaken."""
    _check_in_time(session, version, at)
    return cancel_session(session, reason="", version=version, by=None, at=at)


def move_by_patient(session: Session, there: Slot, *, version: int, at: dt.datetime) -> Session:
    """Have the session at another time until the clinic's limit, and not within it.

    Raises TooLate, SlotTaken, ChangedMeanwhile, NotBookable, WrongTimes; then nothing is written but the verdict on
    which a refusal rests.
    """
    _check_in_time(session, version, at)
    people, rooms = User.objects.filter(pk=there.practitioner), Room.objects.filter(pk=there.room)
    if there.starts_at < soonest(at) or not (people and rooms) or _is_claimed(session, there):
        raise SlotTaken([session.number])
    where = {"starts_at": there.starts_at, "practitioner": people[0], "room": rooms[0]}
    try:
        return move_session(session, **where, version=version, by=None, at=at)
    except NotBookable as refused:
        keep_verdict(refused, session.course, by=None, at=at)
        raise


def _is_claimed(session: Session, there: Slot) -> bool:
    """Who waits for a time has the first claim to what became free."""
    takes = occupation_of(session.course).longer(session.added_minutes)
    span = rules.shifted(there.starts_at, (0, takes.minutes))
    return any(one.meets(there, takes) for one in claims(*span))


def may_change(session: Session, at: dt.datetime) -> bool:
    """Is it early enough for the patient to give the session up or to have it moved by themself?"""
    return not is_late(session, Clinic.current().late_cancel_hours, at)


def soonest(at: dt.datetime) -> dt.datetime:
    """The first moment to which patients may move a session themselves: nothing that they could not give up again."""
    return at + dt.timedelta(hours=Clinic.current().late_cancel_hours)


def _check_in_time(session: Session, version: int, at: dt.datetime) -> None:
    if session.version != version:
        raise ChangedMeanwhile
    if not may_change(session, at):
        raise TooLate
