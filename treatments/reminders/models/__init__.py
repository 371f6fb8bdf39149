"""Messages, the texts they are written from, what patients want of them, and the links in them."""

from patients.models import Channel
from treatments.reminders.models.channels import BadAddress, ChannelState
from treatments.reminders.models.deeds import Deed, DeedKind
from treatments.reminders.models.links import LinkPurpose, LinkToken
from treatments.reminders.models.messages import (
    LEFT_THE_HOUSE,
    SUBJECTS,
    Heartbeat,
    Message,
    MessageKind,
    MessageState,
)
from treatments.reminders.models.recalls import Answer, RecallAnswer
from treatments.reminders.models.wishes import MessageWish, Topic, WishHow
from treatments.reminders.models.wordings import Wording

__all__ = [
    "LEFT_THE_HOUSE",
    "SUBJECTS",
    "Answer",
    "BadAddress",
    "Channel",
    "ChannelState",
    "Deed",
    "DeedKind",
    "Heartbeat",
    "LinkPurpose",
    "LinkToken",
    "Message",
    "MessageKind",
    "MessageState",
    "MessageWish",
    "RecallAnswer",
    "Topic",
    "WishHow",
    "Wording",
]
