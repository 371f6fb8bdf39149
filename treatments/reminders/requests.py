"""Requests to answer the interview: promised like every message, with a secret that is made with the mail."""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from patients.actions import mint
from patients.models import InterviewLink
from treatments.reminders import mail, words
from treatments.reminders.models import Channel, Message, MessageKind


@transaction.atomic
def promise_interview(link: InterviewLink, *, at: dt.datetime) -> None:
    """Write the request to answer the interview, once for each link. It holds no secret: that is made with the mail."""
    message = Message(
        kind=MessageKind.INTERVIEW,
        channel=Channel.EMAIL,
        patient_id=link.patient_id,
        link=link,
        subject_version=1,
        due_at=at,
        try_at=at,
        not_after=link.expires_at,
        created_at=at,
    )
    message.message_id = mail.message_id(message)
    Message.objects.bulk_create([message], ignore_conflicts=True)


def personal_address(message: Message, *, at: dt.datetime) -> str:
    """Where the personal link of this attempt leads, "" for a message without one. Raises LinkDead."""
    if message.link_id is None:
        return ""
    return settings.BASE_URL + reverse("interview:enter", args=[mint(message.link_id, at=at)])


def without(address: str, text: str) -> str:
    """`text` to keep, with words where the address stood."""
    return text.replace(address, str(words.PERSONAL_LINK)) if address else text
