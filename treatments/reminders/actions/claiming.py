"""Messages are claimed for the length of a lease, as many as their channel may send; a channel in trouble rests."""

import datetime as dt
import random
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Greatest

from treatments.reminders import channels, rules, rules_channels
from treatments.reminders.models import ChannelState, Message, MessageState


@dataclass(frozen=True, slots=True)
class Claimed:
    """Messages that are ours until `until`. If there are none: when there may be, None for with the next tick."""

    messages: Sequence[Message]
    until: dt.datetime
    again_at: dt.datetime | None
    was_paused: bool  # the channel had trouble before


@dataclass(frozen=True, slots=True)
class _Share:
    count: int
    again_at: dt.datetime | None
    was_paused: bool


@transaction.atomic(durable=True)
def claim(channel: str, *, at: dt.datetime, most: int | None = None, only: int | None = None) -> Claimed:
    """Take messages of the channel whose time has come; `only` this one. Nobody else gets them until the lease ends."""
    share = _share(channel, at, most or rules_channels.BATCH)
    claimable = Message.objects.claimable(at).filter(channel=channel).select_related("patient", "staff")
    if only is not None:
        claimable = claimable.filter(pk=only)
    rows = claimable.in_turn().select_for_update(skip_locked=True, of=("self",))[: share.count]
    messages = list(rows) if share.count else []
    until = at + rules.LEASE / settings.MESSAGE_PACE
    _lease(messages, until)
    _take(channel, at, len(messages))
    return Claimed(messages, until, share.again_at, share.was_paused)


def _lease(messages: Sequence[Message], until: dt.datetime) -> None:
    """One token for all of them. Whose former lease ran out unreleased is doubted if the server was started since."""
    token = uuid.uuid4()
    abandoned = [one for one in messages if one.lease_until]
    doubted = {one.pk for one in abandoned if _server_started_after(one.lease_until)}
    for one in messages:
        one.lease_token, one.lease_until = token, until
        one.maybe_twice = one.maybe_twice or one.pk in doubted
    leased = Message.objects.filter(pk__in=[one.pk for one in messages])
    leased.update(lease_token=token, lease_until=until)
    if doubted:
        leased.filter(pk__in=doubted).update(maybe_twice=True)


def _server_started_after(lease_until: dt.datetime | None) -> bool:
    """What is written while letters go out reaches the disk a moment later: a server that broke down may lose it."""
    if lease_until is None:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_postmaster_start_time()")
        return cursor.fetchone()[0] > lease_until - rules.LEASE / settings.MESSAGE_PACE


# How much a channel may send


def rate(channel: str) -> rules_channels.Rate | None:
    """The rate of the channel; None if it has none."""
    per_minute = settings.MESSAGES_PER_MINUTE.get(channel)
    return rules_channels.Rate(per_minute) if per_minute else None


def _share(channel: str, at: dt.datetime, most: int) -> _Share:
    """What the channel may send now. With a rate, the claims of a channel follow one another."""
    limit = rate(channel)
    state = _state(channel, lock=limit is not None)
    was_paused = state.pauses > 0
    if state.paused_until and state.paused_until > at:
        return _Share(0, state.paused_until, was_paused)
    if limit is None:
        return _Share(most, None, was_paused)
    allowed = min(most, limit.allowed(state.free_at, at))
    again_at = limit.next_at(state.free_at) if state.free_at and not allowed else None
    return _Share(allowed, again_at, was_paused)


def _state(channel: str, *, lock: bool) -> ChannelState:
    states = ChannelState.objects.select_for_update() if lock else ChannelState.objects
    found = states.filter(channel=channel).first()
    if found is None:
        ChannelState.objects.bulk_create([ChannelState(channel=channel)], ignore_conflicts=True)
        found = states.get(channel=channel)
    return found


def _take(channel: str, at: dt.datetime, count: int) -> None:
    limit = rate(channel)
    if limit is not None and count:
        state = ChannelState.objects.get(channel=channel)
        ChannelState.objects.filter(channel=channel).update(free_at=limit.taken(state.free_at, at, count))


# Giving back


def release(messages: Iterable[Message], *, why: str = "", try_at: dt.datetime | None = None) -> None:
    """Give claimed messages back that nobody tried to send; they are due as before, or not before `try_at`."""
    said = {name: value for name, value in (("why", why), ("try_at", try_at)) if value}
    for token, some in groupby(messages, key=lambda one: one.lease_token):
        mine = Message.objects.filter(
            pk__in=[one.pk for one in some], lease_token=token, state=MessageState.DUE
        )
        with transaction.atomic():
            mine.held().update(lease_token=None, lease_until=None, **said)


def not_begun(message: Message) -> None:
    """Give back one that may have been begun, and that nobody handed over: as if it had not been."""
    mine = Message.objects.filter(pk=message.pk, lease_token=message.lease_token, state=MessageState.SENDING)
    mine.update(
        state=MessageState.DUE, attempts=Greatest(F("attempts") - 1, 0), lease_token=None, lease_until=None
    )
    release([message])


def pause(channel: str, put_off: channels.PutOff, *, at: dt.datetime) -> dt.datetime:
    """Let the channel rest, for all workers. Returns until when. Those who meet the same trouble count it once."""
    state = _state(channel, lock=False)
    spread = random.random()  # noqa: S311 (jitter)
    rest = max(
        rules_channels.channel_pause(state.pauses, spread) / settings.MESSAGE_PACE,
        put_off.wait or dt.timedelta(),
    )
    resting = ChannelState.objects.filter(channel=channel)
    resting.filter(Q(paused_until=None) | Q(paused_until__lte=at)).update(pauses=F("pauses") + 1)
    resting.update(
        paused_until=Greatest(Coalesce(F("paused_until"), Value(at)), Value(at + rest)), why=put_off.why
    )
    return at + rest


def works_again(channel: str) -> None:
    """The channel took a letter: the next trouble starts with a short rest."""
    ChannelState.objects.filter(channel=channel, pauses__gt=0).update(paused_until=None, pauses=0, why="")
