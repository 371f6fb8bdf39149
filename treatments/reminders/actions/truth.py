"""Whether claimed messages may be sent: asked of the database right before, for all of a batch at once."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded

from clinic.models import Clinic
from treatments.reminders import kinds, rules, words, writing
from treatments.reminders.actions.journal import in_trouble
from treatments.reminders.actions.outcomes import Outcome, ended
from treatments.reminders.actions.promising import follow_channel, quiet_of
from treatments.reminders.models import BadAddress, Message, MessageKind, MessageState
from treatments.reminders.rules_times import Quiet, out_of_quiet

# What a patient asked for goes at any hour, and so does what to leave from now on: in the morning it would be too late.
WAIT_OUT_QUIET = kinds.WITH_TOPIC - {MessageKind.AFTERCARE}


def refusals(messages: Sequence[Message], *, at: dt.datetime) -> dict[int, Outcome]:
    """Why some of the claimed messages must not be sent, asked of the database now, by key."""
    needless = kinds.needless(messages, at=at)
    _send_the_other_way(messages, needless, at)
    bad, quiet = bad_addresses(messages), quiet_of(Clinic.current())
    found = {
        one.pk: _refusal(one, needless.get(one.pk), one.pk in bad, at) or _quiet(one, quiet, at)
        for one in messages
    }
    return {pk: outcome for pk, outcome in found.items() if outcome}


def _send_the_other_way(
    messages: Sequence[Message], needless: dict[int, rules.Needless], at: dt.datetime
) -> None:
    """Promise the patient's way what was on its way, or put back, when they chose another."""
    other = [one for one in messages if needless.get(one.pk) == rules.Needless.OTHER_CHANNEL]
    for patient_id in sorted({one.patient_id for one in other if one.patient_id}):
        follow_channel(patient_id, at=at)


def _quiet(message: Message, quiet: Quiet, at: dt.datetime) -> Outcome | None:
    """Put off until the quiet hours are over what can wait; what would be useless then goes now."""
    if message.kind not in WAIT_OUT_QUIET or not quiet.holds(at):
        return None
    then = out_of_quiet(at, quiet.begin, quiet.until, quiet.zone, message.not_after)
    if then <= at:
        return None
    return Outcome(MessageState.DUE, message.maybe_twice, why=str(words.QUIET), try_at=then)


def _refusal(message: Message, needless: rules.Needless | None, bad: bool, at: dt.datetime) -> Outcome | None:
    if needless:
        return ended(message, MessageState.SUPPRESSED, words.NEEDLESS[needless])
    if at > message.not_after:
        return ended(message, MessageState.EXPIRED, words.TOO_LATE)
    if not writing.to(message):
        return ended(message, MessageState.FAILED, words.NO_ADDRESS[message.channel])
    return ended(message, MessageState.FAILED, words.CAME_BACK) if bad else None


def bad_addresses(messages: Sequence[Message]) -> set[int]:
    """The keys of those whose address does not work, unless a person had the message tried again since. One query."""
    known = BadAddress.objects.filter(address__in={writing.to(one).lower() for one in messages})
    since = {(one.channel, one.address): one.since for one in known}
    found = {one: since.get((one.channel, writing.to(one).lower())) for one in messages}
    return {
        one.pk for one, when in found.items() if when and not (one.put_back_at and one.put_back_at >= when)
    }


def each_or_alone(
    ask: Callable[..., dict[int, Any]],
    messages: Sequence[Message],
    at: dt.datetime,
    failed: Callable[[Message, Exception], Any],
) -> dict[int, Any]:
    """The answers to a question about all of them. Where one breaks it, half by half, and `failed` for that one."""
    try:
        return ask(messages, at=at) if messages else {}
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        if in_trouble(error):
            raise
        if len(messages) == 1:
            return {messages[0].pk: failed(messages[0], error)}
        middle = len(messages) // 2
        halves = (messages[:middle], messages[middle:])
        return {pk: said for half in halves for pk, said in each_or_alone(ask, half, at, failed).items()}
