"""What became of the letters of a batch, written down one letter behind, and once more if the database broke down."""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from treatments.reminders.actions.outcomes import Outcome
from treatments.reminders.models import Message, MessageState

logger = logging.getLogger(__name__)
REPAIRS = 20  # tries to write it all down again, a second apart


@contextmanager
def quickly() -> Iterator[None]:
    """A transaction that others see at once and that reaches the disk a moment later, before the next usual one does.

    Waiting for the disk twice a letter would take longer than sending it. If the server breaks down in that moment,
    `Journal.repair` writes again what was lost; if the worker is gone too, `claim` doubts all that it had claimed.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit TO off")
        yield


def in_trouble(error: Exception) -> bool:
    """Is the database away, or too slow? Then nothing is known about the message.

    Where the server breaks down in the middle of an answer, the driver raises DatabaseError itself, of no kind.
    """
    return isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError


def reconnect() -> None:
    """Leave a connection that broke; the next question opens another."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


# What became of a message, if it is still ours.
SETTLE = """
UPDATE reminders_message SET lease_token = NULL, lease_until = NULL, state = %(state)s, maybe_twice = %(maybe_twice)s,
    why = %(why)s, try_at = coalesce(%(try_at)s, try_at), attempts = coalesce(%(attempts)s, attempts),
    sent_to = %(sent_to)s, sent_subject = %(sent_subject)s, sent_text = %(sent_text)s, sent_at = %(sent_at)s,
    language = %(language)s, wording_id = %(wording)s, provider_ref = %(provider_ref)s
WHERE id = {done} AND lease_token = %(done_token)s AND state IN ('due', 'sending')
RETURNING id
"""
# From here on it may have arrived. Not if it is ours no more, or not what it was when it was claimed.
BEGIN = """
UPDATE reminders_message SET state = 'sending', attempts = attempts + 1
WHERE id = {next} AND lease_token = %(next_token)s AND state = 'due'
    AND try_at = %(next_try_at)s AND about = %(about)s::bigint[]
RETURNING id
"""
SETTLE_ONE = SETTLE.format(done="%(done)s")
# Both at once, locked in the order of their keys as everywhere: see `MessageQuerySet.held`.
HELD = "(SELECT id FROM held WHERE id = %({})s)"
STEP = f"""
WITH held AS (SELECT id FROM reminders_message WHERE id IN (%(done)s, %(next)s) ORDER BY id FOR UPDATE),
    settled AS ({SETTLE.format(done=HELD.format("done"))}), begun AS ({BEGIN.format(next=HELD.format("next"))})
SELECT set_config('synchronous_commit', 'off', true), EXISTS (SELECT FROM settled), EXISTS (SELECT FROM begun)
"""  # noqa: S608 (of the two above)


def settle(message: Message, outcome: Outcome) -> MessageState | None:
    """Write down what became of the message and give the lease back; None if the lease was lost meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLE_ONE, _settled(message, outcome))
        return outcome.state if cursor.fetchone() else None


def begin(message: Message, done: tuple[Message, Outcome] | None = None) -> tuple[bool, bool]:
    """Begin a message, and settle the one that is `done`, as `quickly` does. Whether each was still ours."""
    nothing = dict.fromkeys(_settled(message, Outcome(MessageState.DUE, False)))
    values = _settled(*done) if done else nothing | {"maybe_twice": False}
    message.attempts += 1
    begun = {"next": message.pk, "next_token": message.lease_token, "next_try_at": message.try_at}
    with connection.cursor() as cursor:
        cursor.execute(STEP, {**values, **begun, "about": list(message.about)})
        _set, was_ours, is_ours = cursor.fetchone()
    return was_ours, is_ours


def _settled(message: Message, outcome: Outcome) -> dict[str, Any]:
    values = {one.name: getattr(outcome, one.name) for one in fields(outcome)}
    wording = outcome.wording.pk if outcome.wording else None
    return {**values, "wording": wording, "done": message.pk, "done_token": message.lease_token}


def _by_key(noted: Sequence[tuple[Message, Outcome]]) -> list[tuple[Message, Outcome]]:
    """In the order in which messages are locked."""
    return sorted(noted, key=lambda one: one[0].pk)


class Journal:
    """The outcomes of a batch, in the order in which they came about."""

    def __init__(self) -> None:
        self.states: dict[int, MessageState | None] = {}  # what was written, by key; None: the lease was lost
        self._noted: list[tuple[Message, Outcome]] = []
        self._written = 0

    def note(self, message: Message, outcome: Outcome) -> None:
        """Keep an outcome until it is written."""
        self._noted.append((message, outcome))

    def begin(self, message: Message) -> bool:
        """Begin this message and write what is noted, the last of it in the same statement. False if it is not ours."""
        if len(self._noted) - self._written > 1:
            self._write(self._noted[self._written : -1])
        done = self._noted[-1] if self._written < len(self._noted) else None
        was_ours, is_ours = begin(message, done)
        if done:
            self._wrote(*done, was_ours)
        return is_ours

    def close(self) -> None:
        """Write the rest, down to the disk, and with it all that was written before."""
        self._write(self._noted[self._written :])

    def _write(self, noted: Sequence[tuple[Message, Outcome]]) -> None:
        in_order = _by_key(noted)
        with transaction.atomic():
            ours = [settle(message, outcome) is not None for message, outcome in in_order]
        for (message, outcome), one in zip(in_order, ours, strict=True):
            self._wrote(message, outcome, one)

    def _wrote(self, message: Message, outcome: Outcome, was_ours: bool) -> None:
        self._written += 1
        self.states[message.pk] = outcome.state if was_ours else None
        if not was_ours:
            logger.warning("message %s: the lease was lost before its outcome was written", message.pk)

    def repair(self) -> None:
        """After trouble with the database: write all of the batch again, as soon as it is back. Who is gone is left."""
        for _ in range(REPAIRS if self._noted else 0):
            try:
                reconnect()
                with transaction.atomic():
                    for message, outcome in _by_key(self._noted):
                        settle(message, outcome)
                return
            except (DatabaseError, InterfaceError) as error:
                if not in_trouble(error):
                    raise
                time.sleep(1 / settings.MESSAGE_PACE)
