"""How far a personal link got, and whether it still opens anything: plain values in, plain values out."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

TABLET_WORKS_FOR = dt.timedelta(
    minutes=60
)  # ours: long enough to answer, too short to be forgotten in a drawer
SAME_WISH = dt.timedelta(minutes=1)  # a second press of a button within it is not a second wish
IDLE = dt.timedelta(
    minutes=30
)  # ours, as long as staff may be idle; after it the date of birth is asked again


class LinkState(StrEnum):
    """How far a link got."""

    WAITING = "waiting"  # its mail has not gone out yet
    SENT = "sent"
    OPENED = "opened"  # the right date of birth was given
    BEGUN = "begun"
    SUBMITTED = "submitted"
    REVOKED = "revoked"
    CLOSED = "closed"  # too many wrong dates of birth
    EXPIRED = "expired"


WORKING = frozenset({LinkState.WAITING, LinkState.SENT, LinkState.OPENED, LinkState.BEGUN})


@dataclass(frozen=True, slots=True)
class Progress:
    """What happened to a link, by when; None: it did not."""

    sent_at: dt.datetime | None
    opened_at: dt.datetime | None
    begun_at: dt.datetime | None
    submitted_at: dt.datetime | None
    revoked_at: dt.datetime | None
    expires_at: dt.datetime
    tries: int


def state(link: Progress, *, most_tries: int, at: dt.datetime) -> LinkState:
    """The state of a link at `at`: what ended it, else how far the patient got."""
    ended = [
        (link.submitted_at is not None, LinkState.SUBMITTED),
        (link.revoked_at is not None, LinkState.REVOKED),
        (link.tries >= most_tries, LinkState.CLOSED),
        (link.expires_at <= at, LinkState.EXPIRED),
    ]
    got = [
        (link.begun_at is not None, LinkState.BEGUN),
        (link.opened_at is not None, LinkState.OPENED),
        (link.sent_at is not None, LinkState.SENT),
    ]
    return next((name for happened, name in ended + got if happened), LinkState.WAITING)
