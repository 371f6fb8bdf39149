"""What the tick and people at the ledger do about messages, apart from sending them."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

from clinic.models import Clinic, User
from treatments.reminders import rules, rules_times, words
from treatments.reminders.actions.promising import drafted, promise
from treatments.reminders.models import Channel, Heartbeat, Message, MessageKind, MessageState


class NotFailed(Exception):
    """The message neither failed nor came back (any more), or it is too late for it; nothing was changed."""


def beat(*, at: dt.datetime) -> None:
    """Leave word that the tick ran."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(pk=1, ticked_at=at)],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["ticked_at"],
    )


def clear_away(*, at: dt.datetime) -> int:
    """Give up on what is too late; what was broken off is due again, unless that was too often or it is a text message.

    Returns how many were given up. May run twice at once.
    """
    free: dict[str, Any] = {"lease_until": None, "lease_token": None}
    late = Message.objects.too_late(at).update(state=MessageState.EXPIRED, why=str(words.TOO_LATE), **free)
    broken = Message.objects.broken_off(at)
    why = words.MAY_HAVE_ARRIVED % {"why": words.DIED}
    texts = broken.filter(channel=Channel.SMS).update(
        state=MessageState.FAILED, why=why, maybe_twice=True, **free
    )
    worn = broken.filter(attempts__gte=rules.MAX_ATTEMPTS).update(
        state=MessageState.FAILED, why=str(words.DIED), maybe_twice=True, **free
    )
    broken.update(state=MessageState.DUE, maybe_twice=True, **free)
    return late + texts + worn


@transaction.atomic
def promise_today(*, at: dt.datetime) -> None:
    """In the morning, to staff who want it: what needs them. Once a day, however often this is called."""
    clinic, day = Clinic.current(), timezone.localdate(at)
    goes = rules_times.on_the_wall(day, clinic.messages_at, timezone.get_default_timezone())
    until, number = goes + rules_times.TODAY_USEFUL_FOR, day.toordinal()
    if goes <= at < until:
        had = Message.objects.filter(kind=MessageKind.TODAY, subject_version=number).values("staff")
        people = User.objects.filter(is_active=True, wants_today=True).exclude(pk__in=had)
        about: dict[str, Any] = {"subject_version": number, "due_at": at, "not_after": until, "at": at}
        promise([drafted(MessageKind.TODAY, staff=person, **about) for person in people])


def want_today(person: User, wanted: bool, *, at: dt.datetime) -> None:
    """A member of staff wants to be told every morning, or not any more; what waits for them goes with it."""
    with transaction.atomic():
        User.objects.filter(pk=person.pk).update(wants_today=wanted)
        if not wanted:
            waits = Message.objects.filter(staff=person, state=MessageState.DUE)
            waits.update(state=MessageState.SUPPRESSED, why=str(words.NEEDLESS[rules.Needless.NOT_WANTED]))


@transaction.atomic
def put_back(message: Message, *, by: User, at: dt.datetime) -> None:
    """Try a message again that failed or came back, from the first attempt. Raises NotFailed.

    What was sent stays readable until it is sent anew, and `bounced_at` says for good that it came back once.
    """
    failed = Message.objects.retriable(at).filter(pk=message.pk)
    if not failed.update(
        state=MessageState.DUE,
        why="",
        attempts=0,
        try_at=at,
        sent_at=None,
        provider_ref="",
        put_back_at=at,
        put_back_by=by,
    ):
        raise NotFailed
