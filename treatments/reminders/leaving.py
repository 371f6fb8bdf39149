"""The way out of every message that can be opted out of. It is no part of the texts that clinics edit.

An e-mail has a line with a link, and the header by which mail programs do it with one click (RFC 8058). A text message
says STOP, which the webhook heeds; where texts go out under a name, which nobody can answer, it has the link. The page
behind any link of a message leads to the choice by topic as well.
"""

import datetime as dt
from dataclasses import dataclass, field

from django.conf import settings
from django.urls import reverse

from treatments.reminders import kinds, links
from treatments.reminders.channels.sms import NUMBER
from treatments.reminders.models import Channel, LinkPurpose, Message, Topic
from treatments.reminders.pieces import piece

# Who could lose word of their own sessions by the button of a mail program is asked on the page first.
ONE_CLICK = frozenset({Topic.REMINDERS, Topic.CARE, Topic.MAINTENANCE})


@dataclass(frozen=True, slots=True)
class WayOut:
    """How a patient says which messages are wanted: a piece of words (none for what was asked for), an address where
    they lead to one, and headers."""

    words: str = ""
    address: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """The line under the text, in the language that is active."""
        return piece(self.words, address=self.address) if self.words else ""


def way_out(message: Message, *, at: dt.datetime) -> WayOut:
    """The way out of this message, with a secret of its own where it has a link."""
    topic, words = kinds.topic_of(message.kind), words_of(message.kind, message.channel)
    if words in ("", "way_out_reply"):
        return WayOut(words)
    token = links.mint(message, LinkPurpose.WISHES, until=None, at=at)
    headers = _headers(_address("unsubscribe", token), topic) if message.channel == Channel.EMAIL else {}
    return WayOut(words, _address("enter", token), headers)


def words_of(kind: str, channel: str) -> str:
    """The piece of words that leads out of messages of this kind, "" where nothing does."""
    if not kinds.topic_of(kind):
        return ""
    if channel == Channel.EMAIL:
        return "way_out"
    return "way_out_reply" if can_be_answered() else "way_out_text"


def can_be_answered() -> bool:
    """Do text messages come from a number, and not from a name?"""
    return settings.SMS_GATEWAY == "files" or bool(NUMBER.fullmatch(settings.SMS_FROM))


def _address(name: str, token: str) -> str:
    return settings.BASE_URL + reverse(f"messages:{name}", args=[token])


def _headers(address: str, topic: str) -> dict[str, str]:
    if topic not in ONE_CLICK:
        return {}
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
