"""Personal links in letters: minted while a letter is written, found again by their hash."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from patients import tokens
from treatments.reminders.models import LinkPurpose, LinkToken, Message

WORKS_FOR = dt.timedelta(days=30)  # where the kind says nothing else
_together: ContextVar[list[LinkToken] | None] = ContextVar("tokens that are stored together", default=None)


@contextmanager
def minted_together() -> Iterator[None]:
    """All tokens of the letters that are written inside are stored at its end, in one statement."""
    rows: list[LinkToken] = []
    reset = _together.set(rows)
    try:
        yield
        LinkToken.objects.bulk_create(rows)
    finally:
        _together.reset(reset)


def mint(message: Message, purpose: LinkPurpose, *, until: dt.datetime | None, at: dt.datetime) -> str:
    """A token for the letter that is being written; those of letters that may have been lost stay good."""
    token = tokens.new()
    ends = until or at + WORKS_FOR
    row = LinkToken(
        message=message, purpose=purpose, token_hash=tokens.hashed(token), expires_at=ends, made_at=at
    )
    together = _together.get()
    if together is None:
        row.save()
    else:
        together.append(row)
    return token
