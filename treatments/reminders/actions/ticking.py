"""What the tick and people at the ledger do about messages, apart from sending them."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone

from clinic.models import Clinic, User
from clinic.prepared import Prepared, asked
from treatments.reminders import rules, rules_times, words
from treatments.reminders.actions.journal import quickly
from treatments.reminders.actions.promising import drafted, promise
from treatments.reminders.models import Channel, ChannelState, Message, MessageKind, MessageState
from treatments.reminders.querysets import MessageQuerySet


class NotFailed(Exception):
    """The message neither failed nor came back (any more), or it is too late for it; nothing was changed."""


A_DAY = dt.timedelta(days=1)
# Leaves word that the tick ran. Does not wait for the disk, as `quickly`: all of a tick is done again in a minute.
BEAT = """
INSERT INTO reminders_heartbeat (id, ticked_at) VALUES (1, %(at)s)
ON CONFLICT (id) DO UPDATE SET ticked_at = excluded.ticked_at
RETURNING set_config('synchronous_commit', 'off', true)
"""


def _all_at_once() -> QuerySet[ChannelState, Any]:
    theirs = Message.objects.filter(channel=OuterRef("channel"))
    found = ChannelState.objects.order_by("channel").values_list(
        "channel",
        _first(theirs.claimable(asked("at"))),
        _first(theirs.too_late(asked("at"))),
        Exists(Message.objects.broken_off(asked("at"))),
        ArraySubquery(_wanting()),
        ArraySubquery(_told_today()),
        Subquery(Clinic.objects.filter(pk=1).values("messages_at")),
    )
    # There are no more. PostgreSQL never counts so small a table, would think of a dozen, and compile the question.
    return found[: len(Channel)]


def _first(rows: MessageQuerySet) -> Subquery:
    """The first of what waits on a channel; not whether there is one.

    PostgreSQL takes "due" and "in the past" for independent: where much was sent it expects to meet one anywhere, and
    would read the whole table for it. What comes first is in the index of what waits.
    """
    return Subquery(rows.order_by("try_at").values("pk")[:1])


def _wanting() -> QuerySet[User, Any]:
    """The keys of staff who want to be told every morning what needs them."""
    return User.objects.filter(is_active=True, wants_today=True).values("pk")


def _told_today() -> QuerySet[Message, Any]:
    """The keys of staff who were told for the `day` with this number.

    All that was told of it came after `yesterday`, which is asked for since there is an index by time.
    """
    had = Message.objects.filter(kind=MessageKind.TODAY, subject_version=asked("day"))
    return had.filter(due_at__gt=asked("yesterday")).order_by().values_list("staff")


SEEN = Prepared(_all_at_once, beside=BEAT)
TOLD = Prepared(_told_today)
MORNING = Clinic._meta.get_field("messages_at").default


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to do at a moment. Most often nothing: so all of it is asked in one query."""

    channels: list[str]  # by which something is to be sent
    something_is_over: bool  # too late, or broken off
    untold: set[int]  # staff who want to be told in the morning and were not yet, if that is now


def _seen(at: dt.datetime) -> Seen:
    """Leave word that the tick ran, and see what there is to do. One statement."""
    asks = {"at": at, **_today(at)}
    if len(rows := SEEN.rows(**asks)) < len(Channel):
        made = [ChannelState(channel=one) for one in Channel.values]
        ChannelState.objects.bulk_create(made, ignore_conflicts=True)
        rows = SEEN.rows(**asks)
    broken, wanting, told, goes_at = rows[0][3:]
    channels = [channel for channel, due, *_rest in rows if due]
    over = broken or any(late for _channel, _due, late, *_rest in rows)
    untold = set(wanting) - set(told)
    is_morning = untold and _morning(at, goes_at or MORNING) is not None
    return Seen(channels, over, untold if is_morning else set())


def _told(at: dt.datetime) -> set[int]:
    """Staff who were told on this day what needs them. One query."""
    return set(TOLD.column(**_today(at)))


def _today(at: dt.datetime) -> dict[str, Any]:
    """What is asked to know who was told on that day."""
    return {"day": timezone.localdate(at).toordinal(), "yesterday": at - A_DAY}


def _morning(at: dt.datetime, goes_at: dt.time) -> dt.datetime | None:
    return rules_times.morning(at, goes_at, timezone.get_default_timezone())


def look(*, at: dt.datetime) -> list[str]:
    """What a tick does: leave word, promise, clear away. Returns the channels by which something is to be sent."""
    seen = _seen(at)
    if seen.untold:
        promise_today(at=at)
    if seen.something_is_over:
        with quickly():
            clear_away(at=at)
    return _seen(at).channels if seen.untold or seen.something_is_over else seen.channels


@transaction.atomic
def clear_away(*, at: dt.datetime) -> int:
    """Give up on what is too late; what was broken off is due again, unless that was too often or it is a text message.

    Returns how many were given up. May run twice at once.
    """
    free: dict[str, Any] = {"lease_until": None, "lease_token": None}
    late = _nobodys(Message.objects.too_late(at)).update(
        state=MessageState.EXPIRED, why=str(words.TOO_LATE), **free
    )
    broken = Message.objects.broken_off(at)
    why = words.MAY_HAVE_ARRIVED % {"why": words.DIED}
    texts = _nobodys(broken.filter(channel=Channel.SMS)).update(
        state=MessageState.FAILED, why=why, maybe_twice=True, **free
    )
    worn = _nobodys(broken.filter(attempts__gte=rules.MAX_ATTEMPTS)).update(
        state=MessageState.FAILED, why=str(words.DIED), maybe_twice=True, **free
    )
    _nobodys(broken).update(state=MessageState.DUE, maybe_twice=True, **free)
    return late + texts + worn


def _nobodys(messages: MessageQuerySet) -> MessageQuerySet:
    """Those that nobody is at just now; the others come up again in a minute."""
    return messages.held(skip_locked=True)


@transaction.atomic
def promise_today(*, at: dt.datetime) -> None:
    """In the morning, to staff who want it: what needs them. Once a day, however often this is called."""
    until = _morning(at, Clinic.current().messages_at)
    if until is not None:
        untold = {row["pk"] for row in _wanting()} - _told(at)
        about: dict[str, Any] = {"subject_version": timezone.localdate(at).toordinal(), "due_at": at}
        about |= {"not_after": until, "at": at}
        promise([drafted(MessageKind.TODAY, staff_id=person, **about) for person in sorted(untold)])


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
