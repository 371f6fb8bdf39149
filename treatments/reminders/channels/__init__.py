"""The ways by which letters leave the house. Each is a `Line`: opened, sent through, closed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from patients.models import Channel
from treatments.reminders.channels.email import email_line
from treatments.reminders.channels.lines import (
    Attachment,
    KeptLine,
    Letter,
    Line,
    NoSuchAddress,
    PutOff,
    Refused,
    Unreachable,
    cut_off,
)
from treatments.reminders.channels.sms import sms_line

__all__ = [
    "LINES",
    "Attachment",
    "KeptLine",
    "Letter",
    "Line",
    "NoSuchAddress",
    "PutOff",
    "Refused",
    "Unreachable",
    "cut_off",
    "kept",
]

LINES: dict[str, Callable[[], Line]] = {Channel.EMAIL: email_line, Channel.SMS: sms_line}


@contextmanager
def kept(channel: str) -> Iterator[KeptLine]:
    """A line of the channel for many letters: opened when the first comes, anew after trouble, closed at the end."""
    line = KeptLine(LINES[channel])
    try:
        yield line
    finally:
        line.close()
