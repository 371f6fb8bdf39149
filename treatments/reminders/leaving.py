"""The way out of every letter that can be opted out of: a line with a link, and the header by which mail programs do
it with one click (RFC 8058). Neither is part of the texts that clinics edit.
"""

import datetime as dt
from dataclasses import dataclass, field

from django.conf import settings
from django.urls import reverse

from treatments.reminders import kinds, links
from treatments.reminders.models import Channel, LinkPurpose, Message, Topic
from treatments.reminders.pieces import piece

# Who could lose word of their own sessions by the button of a mail program is asked on the page first.
ONE_CLICK = frozenset({Topic.REMINDERS, Topic.CARE, Topic.MAINTENANCE})


@dataclass(frozen=True, slots=True)
class WayOut:
    """Where a patient says which messages are wanted, "" for what was asked for, and the headers that lead there."""

    address: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """The line under the text, in the language that is active."""
        return piece("way_out", address=self.address) if self.address else ""


def way_out(message: Message, *, at: dt.datetime) -> WayOut:
    """The way out of this e-mail, with a secret of its own. A text message has no room for one."""
    topic = kinds.topic_of(message.kind)
    if message.channel != Channel.EMAIL or not topic:
        return WayOut()
    token = links.mint(message, LinkPurpose.WISHES, until=None, at=at)
    return WayOut(_address("enter", token), _headers(_address("unsubscribe", token), topic))


def _address(name: str, token: str) -> str:
    return settings.BASE_URL + reverse(f"messages:{name}", args=[token])


def _headers(address: str, topic: str) -> dict[str, str]:
    if topic not in ONE_CLICK:
        return {}
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
