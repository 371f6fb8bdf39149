"""A time that became free is held and offered to those whom it fits best; unanswered or refused it goes to the next.

Locks in the order of every change of the calendar, then the hold, then its offers. What is to be done stands in rows
(`FreedTime`, `Hold`): whoever dies in the middle leaves it to the next tick.
"""

import datetime as dt
from contextlib import suppress
from functools import partial

from clinic import events
from clinic.models import Clinic, User
from patients.events import RecordEnded
from treatments.schedule.actions.common import lock_records
from treatments.schedule.equipment import Pool, resources_in, with_devices
from treatments.schedule.events import OfferMade, TimeFreed
from treatments.schedule.models import FreedTime, Hold, Offer, OfferState, Reservation, Waiting
from treatments.schedule.places import Chosen, Place
from treatments.schedule.refusals import SlotTaken
from treatments.schedule.resources import resources_of
from treatments.schedule.rules import Fit
from treatments.schedule.transactions import ATTEMPTS, Busy, Overlap, all_or_nothing, lock_resources
from treatments.schedule.waiting import holding
from treatments.schedule.waiting.waiters import Crowd, best


class OfferGone(Exception):
    """The offer was answered, taken by somebody else, or has lapsed. Nothing was changed."""


def offer_freed(pk: int, *, at: dt.datetime) -> list[Hold]:
    """Offer a freed time, all of it, to whom it fits. Nothing if somebody else is at it, or has done it."""
    found: list[Hold] = []
    for _attempt in range(ATTEMPTS):
        try:
            while made := all_or_nothing(partial(_offer_best, pk, at=at)):
                found.append(made)
            return found
        except (Overlap, Busy, SlotTaken):
            continue  # somebody books there right now: look again
    return found  # the row stays: the next tick goes on


def _offer_best(pk: int, *, at: dt.datetime) -> Hold | None:
    """Hold what fits best and offer it; the time is done with when there is nothing (more) to offer."""
    freed = FreedTime.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
    if freed is None:
        return None
    clinic = Clinic.current()
    soonest = at + dt.timedelta(minutes=clinic.offer_minutes)
    if freed.until > soonest:
        crowd = Crowd.gather((max(freed.begin, soonest), freed.until), clinic, at=at)
        if fits := best(crowd, freed, at=at, soonest=soonest):
            return _hold(crowd, fits, at=at, lapses_at=soonest)
    freed.delete()
    return None


def _hold(crowd: Crowd, fits: list[Fit], *, at: dt.datetime, lapses_at: dt.datetime) -> Hold:
    waiting = [crowd.entries[fit.waiter.entry] for fit in fits]
    lock_records({entry.course.patient_id for entry in waiting})  # `_lock_waiting` looks whether they go on
    chosen, pools = [_chosen(crowd, fit) for fit in fits], _pools(crowd, fits)
    resources = {*chosen[0].place.resources[:2], *(r for own in pools for r in resources_in(own))}
    lock_resources(resources)
    holding.release_lapsed(resources, at=at)
    rows = [crowd.session(crowd.entries[fit.waiter.entry]) for fit in fits]
    theirs = [[row.pk] if row else [] for row in rows]
    there = [
        one
        for fit, own, has in zip(chosen, pools, theirs, strict=True)
        for one in with_devices([fit], own, but=has)
    ]
    spans = holding.beside(holding.spans_of(there), [pk for has in theirs for pk in has])
    if Reservation.objects.taken([(0, *taken) for taken in spans]):
        raise Overlap
    _lock_waiting([fit.waiter.entry for fit in fits])
    place, starts = chosen[0].place, [one.starts_at for one in chosen]
    ends = [one.starts_at + dt.timedelta(minutes=one.takes.minutes) for one in chosen]
    row = Hold.objects.create(
        practitioner=place.practitioner,
        room=place.room,
        begin=min(starts),
        until=max(ends),
        made_at=at,
        lapses_at=lapses_at,
    )
    holding.hold(row, spans)
    _offer(row, crowd, fits, at=at)
    return row


def _lock_waiting(entries: list[int]) -> None:
    """From here on nobody else asks them or takes them off the list. Raises Overlap where somebody has, or is at it."""
    rows = Waiting.objects.select_for_update(skip_locked=True).filter(pk__in=entries).order_by("pk")
    locked = [row.pk for row in rows]
    if Waiting.objects.unasked().filter(pk__in=locked).count() < len(entries):
        raise Overlap


def _chosen(crowd: Crowd, fit: Fit) -> Chosen:
    entry, slot = crowd.entries[fit.waiter.entry], fit.slot
    able = crowd.times.able[entry.course.technique_id]
    who = next(one for one in able.people if one.pk == slot.practitioner)
    room = next(one for one in able.rooms if one.pk == slot.room)
    return Chosen(slot.number, slot.starts_at, Place.of(who, room, entry.course.patient), fit.waiter.takes)


def _pools(crowd: Crowd, fits: list[Fit]) -> list[list[Pool]]:
    return [list(crowd.times.able[crowd.entries[fit.waiter.entry].course.technique_id].pools) for fit in fits]


def _offer(row: Hold, crowd: Crowd, fits: list[Fit], *, at: dt.datetime) -> None:
    for fit in fits:
        session = crowd.session(crowd.entries[fit.waiter.entry])
        starts_at, ends_at = fit.waiter.span(fit.slot)
        offer = Offer.objects.create(
            hold=row,
            waiting_id=fit.waiter.entry,
            starts_at=starts_at,
            ends_at=ends_at,
            session_version=session.version if session else None,
        )
        events.announce(OfferMade(offer.pk, at))


# It comes to nothing


def settle_open(offer: Offer, state: OfferState, *, at: dt.datetime, desk: User | None = None) -> None:
    """An offer ends without a yes; when it was the last of its hold, the time goes to the next. Raises OfferGone."""

    all_or_nothing(partial(_settle, offer, state, at=at, desk=desk))


def _settle(offer: Offer, state: OfferState, *, at: dt.datetime, desk: User | None = None) -> None:
    hold = lock_hold(offer.hold)
    mine = hold.offers.filter(pk=offer.pk, state=OfferState.OPEN)
    if not mine.update(state=state, settled_at=at, desk=desk):
        raise OfferGone
    if not hold.offers.filter(state=OfferState.OPEN).exists():
        _pass_on(hold, at=at)


def make_void(offer: Offer, *, at: dt.datetime) -> None:
    """An offer that cannot be taken any more ends, if it has not ended already."""
    with suppress(OfferGone):
        settle_open(offer, OfferState.VOID, at=at)


def record_ended(event: RecordEnded) -> None:
    """Nothing stays offered to a patient whose record has ended; what was held for them alone goes to the next."""
    offers = Offer.objects.filter(state=OfferState.OPEN, waiting__course__patient=event.patient_id)
    found = list(offers.select_related("hold").order_by("hold", "pk"))
    if found:
        holds = {offer.hold_id for offer in found}
        held = Reservation.objects.filter(hold__in=holds).values_list("resource", flat=True)
        lock_resources(set(held))  # at once: hold by hold they would not be in order
    for offer in found:
        with suppress(OfferGone):
            _settle(offer, OfferState.VOID, at=event.at)


def lapse(hold: Hold, *, at: dt.datetime) -> None:
    """Nobody answered in time: the time goes to the next. Called twice it changes nothing more."""

    def change() -> None:
        row = lock_hold(hold)
        if row.ended_at is None and row.lapses_at <= at:
            row.offers.filter(state=OfferState.OPEN).update(state=OfferState.LAPSED, settled_at=at)
            _pass_on(row, at=at)

    all_or_nothing(change)


def lock_hold(hold: Hold) -> Hold:
    """The hold as it stands now, locked after all that it holds."""
    lock_resources(holding.held_resources(hold))
    return Hold.objects.select_for_update(of=("self",)).get(pk=hold.pk)


def end(hold: Hold, *, at: dt.datetime) -> None:
    """Let go of what is held. The hold is locked."""
    holding.release(hold)
    hold.ended_at = at
    hold.save(update_fields=["ended_at"])


def _pass_on(hold: Hold, *, at: dt.datetime) -> None:
    end(hold, at=at)
    resources = resources_of([hold.practitioner, hold.room])
    events.announce(TimeFreed(tuple(resources), hold.begin, hold.until, at))
