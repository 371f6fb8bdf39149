"""The ways by which letters leave the house. Each is a `Line`: opened, sent through, closed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from patients.models import Channel
from treatments.reminders.channels.email import EmailLine
from treatments.reminders.channels.lines import Attachment, Letter, Line, PutOff, Refused

__all__ = ["LINES", "Attachment", "Letter", "Line", "PutOff", "Refused", "opened"]

LINES: dict[str, Callable[[], Line]] = {Channel.EMAIL: EmailLine}


@contextmanager
def opened(channel: str) -> Iterator[Line]:
    """A line of the channel, closed afterwards. Raises PutOff if nobody answers."""
    line = LINES[channel]()
    try:
        line.open()
        yield line
    finally:
        line.close()
