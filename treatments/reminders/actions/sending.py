"""A message is claimed and sent at most once, and what became of it is written down."""

import datetime as dt
import logging
import uuid
from dataclasses import dataclass, fields

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils.functional import Promise

from clinic.models import Clinic
from patients.actions import LinkDead, mark_sent
from treatments.reminders import channels, kinds, rules, words, writing
from treatments.reminders.models import Message, MessageState, Wording
from treatments.schedule.actions import OfferGone

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claimed message: the columns that are written when its lease is given back."""

    state: MessageState
    maybe_twice: bool
    why: str = ""
    try_at: dt.datetime | None = None  # None: as it was
    sent_to: str = ""
    sent_subject: str = ""
    sent_text: str = ""
    sent_at: dt.datetime | None = None
    language: str = ""
    wording: Wording | None = None
    provider_ref: str = ""

    def columns(self) -> dict:
        named = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in named.items() if (name, value) != ("try_at", None)}


def deliver(pk: int, *, at: dt.datetime) -> MessageState | None:
    """Send the message if its time has come, nobody else is at it and it is still true.

    Returns what became of it, or None if it was not ours to send. Not inside a transaction: the claim is committed
    before anything leaves the house.
    """
    message = claim(pk, at=at)
    if message is None:
        return None
    try:
        outcome = refusal(message, at=at) or send(message, at=at)
    except DatabaseError:
        raise  # nothing is known about the message: when the lease runs out, somebody tries again
    except Exception as error:
        # Whatever is wrong with this one must not stop the others; its text may be a person's, so only the kind.
        logger.error("message %s: %s", pk, type(error).__name__)
        outcome = _ended(message, MessageState.FAILED, words.PROGRAM_ERROR % {"name": type(error).__name__})
    return settle(message, outcome)


@transaction.atomic(durable=True)
def claim(pk: int, *, at: dt.datetime) -> Message | None:
    """Take the message for the length of a lease, or None if it is not to be had."""
    claimable = Message.objects.claimable(at).select_related("patient", "staff")
    message = claimable.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk).first()
    if message is None:
        return None
    message.maybe_twice = message.maybe_twice or message.state == MessageState.SENDING
    message.state, message.attempts = MessageState.SENDING, message.attempts + 1
    message.lease_token, message.lease_until = uuid.uuid4(), at + rules.LEASE / settings.MESSAGE_PACE
    message.save(update_fields=["state", "attempts", "maybe_twice", "lease_token", "lease_until"])
    return message


def refusal(message: Message, *, at: dt.datetime) -> Outcome | None:
    """Why the claimed message must not be sent, asked of the database now; None if it may."""
    needless = kinds.needless([message], at=at).get(message.pk)
    if needless:
        return _ended(message, MessageState.SUPPRESSED, words.NEEDLESS[needless])
    if at > message.not_after:
        return _ended(message, MessageState.EXPIRED, words.TOO_LATE)
    if not writing.to(message):
        return _ended(message, MessageState.FAILED, words.NO_ADDRESS)
    return None


def send(message: Message, *, at: dt.datetime) -> Outcome:
    """Write the claimed message and hand it over."""
    try:
        values = kinds.values([message], at=at)[message.pk]
        written = writing.write(message, values, Clinic.current(), at=at)
        with channels.opened(message.channel) as line:
            ref = line.send(written.letter)
    except LinkDead:
        return _ended(message, MessageState.SUPPRESSED, words.NEEDLESS[rules.Needless.LINK_ENDED])
    except OfferGone:
        return _ended(message, MessageState.SUPPRESSED, words.NEEDLESS[rules.Needless.OFFER_OVER])
    except channels.Refused as refused:
        return _ended(message, MessageState.FAILED, refused.why)
    except channels.PutOff as put_off:
        return again(message, put_off, at=at)
    if message.link_id:
        mark_sent(message.link_id, at=at)
    return Outcome(
        MessageState.SENT,
        message.maybe_twice,
        sent_to=written.letter.to,
        sent_subject=written.letter.subject,
        sent_text=written.kept_text,
        sent_at=at,
        language=written.text.language,
        wording=written.text.version,
        provider_ref=ref,
    )


def again(message: Message, put_off: channels.PutOff, *, at: dt.datetime) -> Outcome:
    """Put the message off, or give up after the last attempt."""
    doubtful = message.maybe_twice or put_off.doubtful
    if message.attempts >= rules.MAX_ATTEMPTS:
        return Outcome(MessageState.FAILED, doubtful, why=words.TOO_OFTEN % {"why": put_off.why})
    spread = message.lease_token.int / 2**128 if message.lease_token else 0
    pause = rules.pause(message.attempts, spread) / settings.MESSAGE_PACE
    return Outcome(MessageState.DUE, doubtful, why=put_off.why, try_at=at + pause)


def settle(message: Message, outcome: Outcome) -> MessageState | None:
    """Write down what became of the message and give the lease back; None if the lease was lost meanwhile."""
    mine = Message.objects.filter(pk=message.pk, state=MessageState.SENDING, lease_token=message.lease_token)
    if not mine.update(lease_token=None, lease_until=None, **outcome.columns()):
        logger.warning("message %s: the lease ran out before the sending was done", message.pk)
        return None
    return outcome.state


def _ended(message: Message, state: MessageState, why: str | Promise) -> Outcome:
    return Outcome(state, message.maybe_twice, why=str(why))
