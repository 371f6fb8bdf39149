"""What became of a claimed message, and writing it down."""

import datetime as dt
from dataclasses import dataclass, fields
from typing import Any

from django.conf import settings
from django.utils.functional import Promise

from treatments.reminders import channels, rules, words
from treatments.reminders.models import Channel, Message, MessageState, Wording
from treatments.reminders.writing import Written

AS_IT_WAS = {"try_at", "attempts"}  # None: unchanged


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claimed message: what is written when its lease is given back (`journal.SETTLE`)."""

    state: MessageState
    maybe_twice: bool
    why: str = ""
    try_at: dt.datetime | None = None  # None: as it was
    attempts: int | None = None  # None: as it was
    sent_to: str = ""
    sent_subject: str = ""
    sent_text: str = ""
    sent_at: dt.datetime | None = None
    language: str = ""
    wording: Wording | None = None
    provider_ref: str = ""

    def columns(self) -> dict[str, Any]:
        """What changes."""
        named = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in named.items() if name not in AS_IT_WAS or value is not None}


def ended(message: Message, state: MessageState, why: str | Promise) -> Outcome:
    """It was not sent, and will not be by itself."""
    return Outcome(state, message.maybe_twice, why=str(why))


def sent(message: Message, written: Written, ref: str, *, at: dt.datetime) -> Outcome:
    """It was handed over at `at`; `ref` is what the other side calls it."""
    return Outcome(
        MessageState.SENT,
        message.maybe_twice,
        sent_to=written.letter.to,
        sent_subject=written.letter.subject,
        sent_text=written.kept_text,
        sent_at=at,
        language=written.text.language,
        wording=written.text.version,
        provider_ref=ref[:120],
    )


def again(message: Message, put_off: channels.PutOff, *, at: dt.datetime) -> Outcome:
    """Put the message off, or give up: after the last attempt, or on a text message that may have arrived.

    An e-mail goes again with the same Message-ID, and most mailboxes collapse the two; of a text nobody takes one back.
    """
    doubtful = message.maybe_twice or put_off.doubtful
    if put_off.doubtful and message.channel == Channel.SMS:
        return Outcome(MessageState.FAILED, True, why=words.MAY_HAVE_ARRIVED % {"why": put_off.why})
    if message.attempts >= rules.MAX_ATTEMPTS:
        return Outcome(MessageState.FAILED, doubtful, why=words.TOO_OFTEN % {"why": put_off.why})
    spread = message.lease_token.int / 2**128 if message.lease_token else 0
    pause = rules.pause(message.attempts, spread) / settings.MESSAGE_PACE
    return Outcome(
        MessageState.DUE, doubtful, why=put_off.why, try_at=at + max(pause, put_off.wait or dt.timedelta())
    )


def untried(message: Message, unreachable: channels.Unreachable) -> Outcome:
    """As if it had not been begun."""
    return Outcome(
        MessageState.DUE, message.maybe_twice, why=unreachable.why, attempts=max(0, message.attempts - 1)
    )
