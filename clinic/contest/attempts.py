"""What goes between the crowd's processes. No Django: it is read before that is set up."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attempt:
    """A form that one of the crowd sends; its verb is book, move or cancel."""

    verb: str
    address: str
    said: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: after how many seconds, where it led to, whether it offered other times."""

    verb: str
    seconds: float
    status: int
    leads_to: str
    offers: bool
    error: str

    @property
    def won(self) -> bool:
        return self.status == 302 and not self.leads_to.startswith("/accounts/")

    @property
    def lost(self) -> bool:
        """Refused in words: somebody was faster."""
        return self.status == 409
