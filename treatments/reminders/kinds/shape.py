"""What a kind of message has to say for itself."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise

from treatments.reminders.channels.lines import Attachment
from treatments.reminders.models import LinkPurpose, Message, Topic
from treatments.reminders.rules import Needless

# What stands for a placeholder: words, or a moment that is written in the patient's language and the clinic's zone.
One = str | Promise | dt.datetime | dt.date
Said = One | tuple[One, ...]  # each on a line of its own
# The address of this attempt's personal link, minted when it is asked for. Raises LinkDead, OfferGone.
Address = Callable[[Message, dt.datetime], str]


def no_address(message: Message, at: dt.datetime) -> str:
    """For kinds whose links are none of their own making."""
    return ""


@dataclass(frozen=True, slots=True)
class Values:
    """What a message says: a value for each placeholder of its kind, and files that go with it.

    `purpose`: what its {link} may be used for, and until when; none where `Kind.address` mints it, or it has no link.
    """

    said: Mapping[str, Said]
    attachments: tuple[Attachment, ...] = ()
    purpose: LinkPurpose | None = None
    link_until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: its topic to opt out of, its placeholders besides the common ones, its truth and its values."""

    code: str
    topic: Topic | None
    placeholders: frozenset[str]
    needless: Callable[[Sequence[Message], dt.datetime], dict[int, Needless]]
    values: Callable[[Sequence[Message], dt.datetime], dict[int, Values]]
    address: Address = field(default=no_address)
