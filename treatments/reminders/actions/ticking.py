"""What the tick and people at the ledger do about messages, apart from sending them."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, QuerySet, Subquery
from django.utils import timezone

from clinic.models import Clinic, User
from clinic.prepared import Prepared, asked
from treatments.reminders import rules, rules_times, words
from treatments.reminders.actions.journal import quickly
from treatments.reminders.actions.promising import drafted, promise
from treatments.reminders.models import Channel, Message, MessageKind, MessageState
from treatments.reminders.querysets import MessageQuerySet


class NotFailed(Exception):
    """The message neither failed nor came back (any more), or it is too late for it; nothing was changed."""


A_DAY = dt.timedelta(days=1)
# Does not wait for the disk, as `quickly`: all of a tick is done again in a minute.
BEAT = """
INSERT INTO reminders_heartbeat (id, ticked_at) VALUES (1, %s)
ON CONFLICT (id) DO UPDATE SET ticked_at = excluded.ticked_at
RETURNING set_config('synchronous_commit', 'off', true)
"""


def beat(*, at: dt.datetime) -> None:
    """Leave word that the tick ran. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(BEAT, [at])


def _all_at_once() -> QuerySet[Clinic, Any]:
    due = (Message.objects.claimable(asked("at")).filter(channel=one) for one in Channel.values)
    # The first of each, not whether there is one: PostgreSQL takes "due" and "in the past" for independent, where much
    # was sent it expects to meet one anywhere, and would read the whole table for it.
    firsts = (Subquery(rows.order_by("try_at").values("pk")[:1]) for rows in due)
    return Clinic.objects.filter(pk=1).values_list(
        "messages_at",
        Exists(_untold(asked("day"), asked("yesterday"))),
        Exists(Message.objects.too_late(asked("at"))),
        Exists(Message.objects.broken_off(asked("at"))),
        *firsts,
    )


def _untold(day: Any, yesterday: Any) -> QuerySet[User]:
    """Who wants to be told what needs them, and was not for the day with this number.

    All that was told of it came after `yesterday`, which is asked for since there is an index by time.
    """
    had = Message.objects.filter(kind=MessageKind.TODAY, subject_version=day, due_at__gt=yesterday)
    return User.objects.filter(is_active=True, wants_today=True).exclude(pk__in=had.values("staff"))


SEEN = Prepared(_all_at_once)


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to do at a moment. Most often nothing: so all of it is asked in one query."""

    somebody_is_to_be_told: bool  # of the staff, this morning
    something_is_over: bool  # too late, or broken off
    channels: list[str]  # by which something is to be sent

    @classmethod
    def at(cls, at: dt.datetime) -> "Seen":
        """One query."""
        asks = {"at": at, "day": timezone.localdate(at).toordinal(), "yesterday": at - A_DAY}
        if not (rows := SEEN.rows(**asks)):
            Clinic.installed()  # nobody saved the settings yet: from now on there is a row
            rows = SEEN.rows(**asks)
        [(goes_at, untold, late, broken, *due)] = rows
        morning = rules_times.morning(at, goes_at, timezone.get_default_timezone())
        channels = [one for one, something in zip(Channel.values, due, strict=True) if something]
        return cls(untold and morning is not None, late or broken, channels)


def look(*, at: dt.datetime) -> list[str]:
    """What a tick does: leave word, promise, clear away. Returns the channels by which something is to be sent."""
    beat(at=at)
    seen = Seen.at(at)
    if seen.somebody_is_to_be_told:
        promise_today(at=at)
    if seen.something_is_over:
        with quickly():
            clear_away(at=at)
    if seen.somebody_is_to_be_told or seen.something_is_over:
        return Seen.at(at).channels
    return seen.channels


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
    number = timezone.localdate(at).toordinal()
    until = rules_times.morning(at, Clinic.current().messages_at, timezone.get_default_timezone())
    if until is not None:
        about: dict[str, Any] = {"subject_version": number, "due_at": at, "not_after": until, "at": at}
        promise([drafted(MessageKind.TODAY, staff=person, **about) for person in _untold(number, at - A_DAY)])


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
