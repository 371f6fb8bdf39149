"""Personal links in letters: minted while a letter is written, found again by their hash."""

import datetime as dt

from patients import tokens
from treatments.reminders.models import LinkPurpose, LinkToken, Message

WORKS_FOR = dt.timedelta(days=30)  # where the kind says nothing else


def mint(message: Message, purpose: LinkPurpose, *, until: dt.datetime | None, at: dt.datetime) -> str:
    """A token for the letter that is being written; those of letters that may have been lost stay good."""
    token = tokens.new()
    LinkToken.objects.create(
        message=message,
        purpose=purpose,
        token_hash=tokens.hashed(token),
        expires_at=until or at + WORKS_FOR,
        made_at=at,
    )
    return token
