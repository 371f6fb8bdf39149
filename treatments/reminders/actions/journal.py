"""What became of the letters of a batch, written down one letter behind, and once more if the database broke down."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from treatments.reminders.actions.outcomes import Outcome, settle
from treatments.reminders.models import Message, MessageState

logger = logging.getLogger(__name__)
DATABASE_TROUBLE = (
    OperationalError,
    InterfaceError,
)  # it is away, or too slow: nothing is known about the message
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


def reconnect() -> None:
    """Leave a connection that broke; the next question opens another."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


class Journal:
    """The outcomes of a batch, in the order in which they came about."""

    def __init__(self) -> None:
        self.states: dict[int, MessageState | None] = {}  # what was written, by key; None: the lease was lost
        self._noted: list[tuple[Message, Outcome]] = []
        self._written = 0

    def note(self, message: Message, outcome: Outcome) -> None:
        """Keep an outcome until it is written."""
        self._noted.append((message, outcome))

    def write(self) -> None:
        """Write what is noted. Only when the transaction is committed, `done` forgets that it must be written."""
        for message, outcome in self._noted[self._written :]:
            self.states[message.pk] = settle(message, outcome)
            if self.states[message.pk] is None:
                logger.warning("message %s: the lease was lost before its outcome was written", message.pk)

    def done(self) -> None:
        """What was written is committed."""
        self._written = len(self._noted)

    def close(self) -> None:
        """Write the rest, down to the disk, and with it all that was written before."""
        with transaction.atomic():
            self.write()
        self.done()

    def repair(self) -> None:
        """After trouble with the database: write all of the batch again, as soon as it is back. Who is gone is left."""
        for _ in range(REPAIRS if self._noted else 0):
            try:
                reconnect()
                with transaction.atomic():
                    for message, outcome in self._noted:
                        settle(message, outcome)
                return
            except DATABASE_TROUBLE:
                time.sleep(1 / settings.MESSAGE_PACE)
