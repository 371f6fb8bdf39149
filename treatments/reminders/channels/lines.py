"""What every channel carries, and how it says that it could not."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from django.utils.functional import Promise

from treatments.reminders import words


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter."""

    name: str
    content: bytes
    mimetype: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it is handed over. An SMS has no subject, no HTML and no attachments."""

    to: str
    text: str
    message_id: str
    subject: str = ""
    html: str = ""
    sender: str = ""  # the clinic's name
    reply_to: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()


class PutOff(Exception):
    """Not now: try again later, not before `wait` if that is said.

    `doubtful`: it may have arrived all the same. `everything`: it is not about this letter, so that the others of the
    channel wait as well; the line is of no use any more.
    """

    def __init__(
        self,
        why: str | Promise,
        *,
        doubtful: bool = False,
        everything: bool = False,
        wait: dt.timedelta | None = None,
    ):
        super().__init__(str(why))
        self.why, self.doubtful, self.everything, self.wait = str(why), doubtful, everything, wait


def cut_off() -> PutOff:
    """The time was up while a letter was handed over: it may have arrived, and the line is of no use any more."""
    return PutOff(words.BROKEN_OFF, doubtful=True, everything=True)


class Unreachable(PutOff):
    """Nobody answers, or not to us: nothing was tried, so it is no attempt of the letter."""

    def __init__(self, why: str | Promise, *, wait: dt.timedelta | None = None):
        super().__init__(why, everything=True, wait=wait)


class Refused(Exception):
    """Never: the same message to the same address would be refused again."""

    def __init__(self, why: str | Promise):
        super().__init__(str(why))
        self.why = str(why)


class NoSuchAddress(Refused):
    """Never, whatever the message: nobody is reached at this address."""


class Line(Protocol):
    """An open way to send."""

    def open(self) -> None:
        """Connect. Raises Unreachable."""

    def send(self, letter: Letter) -> str:
        """Hand the letter over and return what the other side calls it, "" if nothing. Raises PutOff or Refused."""

    def close(self) -> None:
        """Say good-bye; nothing is raised."""


class KeptLine:
    """One line for letter after letter. It is opened for the first, and anew for the next after trouble."""

    def __init__(self, make: Callable[[], Line]):
        self.make = make
        self.line: Line | None = None

    def ready(self) -> None:
        """Have an open line. Raises Unreachable."""
        if self.line is None:
            line = self.make()
            line.open()
            self.line = line

    def send(self, letter: Letter) -> str:
        """Hand the letter over, see `Line.send`."""
        self.ready()
        try:
            return self.line.send(letter)  # type: ignore[union-attr]  # it is ready
        except Refused:
            raise
        except Exception as trouble:
            if getattr(trouble, "everything", True):
                self.close()
            raise

    def close(self) -> None:
        """Say good-bye, if there is a line."""
        line, self.line = self.line, None
        if line is not None:
            line.close()
