"""What the tick and people at the ledger do about messages, apart from sending them."""

import datetime as dt

from django.db import transaction

from clinic.models import User
from treatments.reminders import words
from treatments.reminders.models import Heartbeat, Message, MessageState


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
    """Give up on what is too late, or was broken off too often. Returns how many. May run twice at once."""
    late = Message.objects.too_late(at).update(state=MessageState.EXPIRED, why=str(words.TOO_LATE))
    died = Message.objects.given_up(at).update(
        state=MessageState.FAILED,
        why=str(words.DIED),
        maybe_twice=True,
        lease_until=None,
        lease_token=None,
    )
    return late + died


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
