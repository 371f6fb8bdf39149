"""The Message-ID of a message: the same for every attempt, so that most mailboxes collapse a repetition."""

import uuid
from email.utils import parseaddr
from functools import cache

from django.conf import settings

from treatments.reminders.models import SUBJECTS, Message

# The rows of an installation are told from those of another by its mail domain.
NAMESPACE = uuid.UUID("5a8d9a37-a061-4d6a-80de-18c77e3a3709")


def message_id(message: Message) -> str:
    """Made of what makes the message the only one of its kind: its subject, the version of it, channel and step."""
    domain = _domain_of(settings.DEFAULT_FROM_EMAIL)
    subject = "/".join(f"{name}-{key}" for name in SUBJECTS if (key := getattr(message, f"{name}_id")))
    what = f"{domain}/{message.kind}/{message.channel}/{subject}/{message.step}/{message.subject_version}"
    return f"<{uuid.uuid5(NAMESPACE, what)}@{domain}>"


@cache
def _domain_of(address: str) -> str:
    return parseaddr(address)[1].rpartition("@")[2] or "localhost"
