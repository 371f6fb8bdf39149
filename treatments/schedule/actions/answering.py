"""An offer is answered: the first yes wins, the others are told."""

import datetime as dt
from uuid import uuid4

from django.db import transaction

from clinic import events
from clinic.models import User
from clinic.versions import ChangedMeanwhile
from patients import tokens
from treatments.schedule.actions.booking import book_course
from treatments.schedule.actions.common import first_come, keep_verdict, lock_courses, lock_records
from treatments.schedule.actions.offering import OfferGone, end, lock_hold, make_void, settle_open
from treatments.schedule.actions.rearranging import move_session
from treatments.schedule.away.duty import count_on_doctors
from treatments.schedule.equipment import pools_of, resources_in
from treatments.schedule.events import OfferLost, OfferTaken
from treatments.schedule.models import Hold, Offer, OfferState, Session, Waiting
from treatments.schedule.places import held_by
from treatments.schedule.refusals import NotBookable, SlotTaken, WrongTimes
from treatments.schedule.resources import resources_of
from treatments.schedule.rules import Slot
from treatments.schedule.transactions import lock_resources
from treatments.schedule.waiting import holding


def say_yes(offer: Offer, *, desk: User | None, at: dt.datetime) -> Session:
    """Take the offered time: the session is moved there or booked, by the same actions and checks as by everybody.

    `desk`: who answers for the patient; None: the patient by their own link, and the change is signed by who put them
    on the list. Raises OfferGone; what booking raises, and then the offer is void and the time goes to the next, unless
    others were only busy booking.
    """
    by = desk or offer.waiting.added_by
    try:
        return first_come(lambda: _take(offer, desk=desk, by=by, at=at), list)
    except (NotBookable, WrongTimes, ChangedMeanwhile, SlotTaken) as refused:
        keep_verdict(refused, offer.waiting.course, by=by, at=at)
        if not (isinstance(refused, SlotTaken) and refused.only_busy):
            make_void(offer, at=at)
        raise


def say_no(offer: Offer, *, desk: User | None, at: dt.datetime) -> None:
    """Refuse the offered time; whoever waits goes on waiting. Raises OfferGone."""
    settle_open(offer, OfferState.NO, at=at, desk=desk)


@transaction.atomic
def mint_token(offer_id: int, *, at: dt.datetime) -> str:
    """A token for the mail that is being written; those of mails that may have been lost stay good.

    Raises OfferGone.
    """
    offer = Offer.objects.open(at).select_for_update(of=("self",)).filter(pk=offer_id).first()
    if offer is None:
        raise OfferGone
    token = tokens.new()
    offer.token_hashes = [*offer.token_hashes, tokens.hashed(token)]
    offer.save(update_fields=["token_hashes"])
    return token


def _take(offer: Offer, *, desk: User | None, by: User, at: dt.datetime) -> Session:
    entry = offer.waiting
    lock_records([entry.course.patient_id])
    lock_courses([entry.course_id])
    Waiting.objects.select_for_update(of=("self",)).get(pk=entry.pk)  # nobody takes it off the list meanwhile
    session = _session(entry)
    _lock(offer, session)
    hold = lock_hold(offer.hold)
    _check_open(offer, at)
    end(hold, at=at)
    taken = _put(offer, hold, session, by=by, at=at)
    _won(offer, hold, desk=desk, at=at)
    if desk is None:
        events.announce(OfferTaken(taken.pk, at))
    return taken


def _check_open(offer: Offer, at: dt.datetime) -> None:
    """Called when all that the hold has is locked: nobody else answers now. Raises OfferGone."""
    if not Offer.objects.open(at).filter(pk=offer.pk).exists():
        raise OfferGone


def _session(entry: Waiting) -> Session | None:
    """The booked session that is to be elsewhere, locked; None where it is missing."""
    rows = Session.objects.booked().select_for_update(of=("self",))
    return rows.filter(course=entry.course_id, number=entry.number).first()


def _lock(offer: Offer, session: Session | None) -> None:
    """All that the change can touch, at once and sorted: what it locks further on it has already."""
    course, hold = offer.waiting.course, offer.hold
    count_on_doctors([hold.practitioner])
    theirs = {*resources_of([hold.practitioner, hold.room, course.patient]), *resources_in(pools_of(course))}
    lock_resources(theirs | holding.held_resources(hold) | (held_by([session]) if session else set()))


def _put(offer: Offer, hold: Hold, session: Session | None, *, by: User, at: dt.datetime) -> Session:
    """Move the session or book it. Raises ChangedMeanwhile where it is not as it was when it was offered."""
    if (session.version if session else None) != offer.session_version:
        raise ChangedMeanwhile
    if session:
        return move_session(
            session,
            starts_at=offer.starts_at,
            practitioner=hold.practitioner,
            room=hold.room,
            version=session.version,
            by=by,
            at=at,
        )
    slot = Slot(offer.waiting.number, offer.starts_at, hold.room_id, hold.practitioner_id)
    standing = book_course(offer.waiting.course, [slot], by=by, at=at, key=uuid4(), some=True)
    return next(row for row in standing if row.number == slot.number)


def _won(offer: Offer, hold: Hold, *, desk: User | None, at: dt.datetime) -> None:
    """This one has it; the others are told."""
    hold.offers.filter(pk=offer.pk).update(state=OfferState.YES, settled_at=at, desk=desk)
    Waiting.objects.filter(pk=offer.waiting_id).update(served_at=at)
    others = list(hold.offers.filter(state=OfferState.OPEN).order_by("pk"))
    hold.offers.filter(pk__in=[one.pk for one in others]).update(state=OfferState.LOST, settled_at=at)
    for one in others:
        events.announce(OfferLost(one.pk, at))
