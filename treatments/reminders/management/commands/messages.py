"""The queue in a terminal: how many messages are in which state, what is overdue, what failed and why, the last tick.

Numbers of rows only: who they are about is for the pages behind the login.
"""

import datetime as dt
import time
from collections.abc import Iterator

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from treatments.reminders.models import Message, MessageState
from treatments.reminders.pulse import feel
from treatments.reminders.rules_lateness import Pulse
from treatments.reminders.tasks import database_clock

CLEAR = "\x1b[H\x1b[2J"
FAILED_SHOWN = 20


class Command(BaseCommand):
    help = "Show the queue of messages: counts, what is overdue, what failed and why, the last tick."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--watch", action="store_true", help="show it anew every two seconds, until Ctrl-C"
        )

    def handle(self, watch: bool = False, **options) -> None:
        if not watch:
            self.stdout.write("\n".join(lines(database_clock())))
            return
        try:
            while True:
                self.stdout.write(CLEAR + "\n".join(lines(database_clock())))
                self.stdout.flush()
                time.sleep(2)
        except KeyboardInterrupt:
            return


def lines(at: dt.datetime) -> Iterator[str]:
    """What is shown at `at`. Four queries."""
    yield from _states()
    yield from _sending(feel().pulse, at)
    yield from _failed(at)


def _states() -> Iterator[str]:
    counts = Message.objects.counted_by_state()
    for state in MessageState:
        yield f"{state.label:<22}{counts.get(state, 0):>9,}"


def _sending(pulse: Pulse, at: dt.datetime) -> Iterator[str]:
    waits, silent = pulse.waits(at), pulse.silent(at)
    yield ""
    yield f"Oldest due            {f'waits for {_long(waits)}' if waits else 'none is overdue'}"
    yield f"Last tick             {'never' if silent is None else f'{_long(silent)} ago'}"


def _failed(at: dt.datetime) -> Iterator[str]:
    rows = list(Message.objects.retriable(at).order_by("-due_at", "-pk")[: FAILED_SHOWN + 1])
    if rows:
        yield ""
        yield "Failed or came back, can be tried again (Messages, “Can be tried again”):"
    for row in rows[:FAILED_SHOWN]:
        due = timezone.localtime(row.due_at).strftime("%Y-%m-%d %H:%M")
        yield f"  {row.pk:>9}  {row.kind:<12}{row.channel:<7}due {due}  tries {row.attempts:>2}  {row.why}"
    if len(rows) > FAILED_SHOWN:
        yield "  ... and more"


def _long(span: dt.timedelta) -> str:
    """A span in whole seconds, minutes and hours.

    >>> _long(dt.timedelta(hours=2, seconds=61.7))
    '2 h 1 min'
    """
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
