"""What every channel carries, and how it says that it could not."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Protocol

from django.utils.functional import Promise


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
    """Not now: try again later, not before `wait` if that is said. `doubtful`: it may have arrived all the same."""

    def __init__(self, why: str | Promise, *, doubtful: bool = False, wait: dt.timedelta | None = None):
        super().__init__(str(why))
        self.why, self.doubtful, self.wait = str(why), doubtful, wait


class Refused(Exception):
    """Never: the same message to the same address would be refused again."""

    def __init__(self, why: str | Promise):
        super().__init__(str(why))
        self.why = str(why)


class Line(Protocol):
    """An open way to send."""

    def open(self) -> None:
        """Connect. Raises PutOff."""

    def send(self, letter: Letter) -> str:
        """Hand the letter over and return what the other side calls it, "" if nothing. Raises PutOff or Refused."""

    def close(self) -> None:
        """Say good-bye; nothing is raised."""
