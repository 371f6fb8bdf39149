"""Requests to answer: the interview, or the offer of a time. The secret of a link is made with the mail."""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from patients.actions import mint
from patients.models import InterviewLink
from treatments.reminders import mail, words
from treatments.reminders.models import Channel, Message, MessageKind
from treatments.schedule.actions import mint_token
from treatments.schedule.models import Offer


@transaction.atomic
def promise_interview(link: InterviewLink, *, at: dt.datetime) -> None:
    """Write the request to answer the interview, once for each link. It holds no secret: that is made with the mail."""
    _promise(MessageKind.INTERVIEW, link.patient_id, link=link, not_after=link.expires_at, at=at)


@transaction.atomic
def promise_offer(offer: Offer, *, at: dt.datetime) -> None:
    """Write that a time is held for the patient, once for each offer; useless when the hold has lapsed."""
    patient = offer.waiting.course.patient_id
    _promise(MessageKind.OFFER, patient, offer=offer, not_after=offer.hold.lapses_at, at=at)


@transaction.atomic
def promise_loss(offer: Offer, *, at: dt.datetime) -> None:
    """Write that an offered time is taken, once for each offer; useless when it has begun."""
    patient = offer.waiting.course.patient_id
    _promise(MessageKind.OFFER_LOST, patient, offer=offer, not_after=offer.starts_at, at=at)


def _promise(kind: MessageKind, patient_id: int, *, at: dt.datetime, **subject) -> None:
    """Write a message that is due now, once for its subject."""
    message = Message(
        kind=kind,
        channel=Channel.EMAIL,
        patient_id=patient_id,
        subject_version=1,
        due_at=at,
        try_at=at,
        created_at=at,
        **subject,
    )
    message.message_id = mail.message_id(message)
    Message.objects.bulk_create([message], ignore_conflicts=True)


def personal_address(message: Message, *, at: dt.datetime) -> str:
    """Where the personal link of this attempt leads, "" for a message without one. Raises LinkDead, OfferGone."""
    if message.kind == MessageKind.OFFER and message.offer_id:
        return settings.BASE_URL + reverse("offer:answer", args=[mint_token(message.offer_id, at=at)])
    if message.link_id is None:
        return ""
    return settings.BASE_URL + reverse("interview:enter", args=[mint(message.link_id, at=at)])


def without(address: str, text: str) -> str:
    """`text` to keep, with words where the address stood."""
    return text.replace(address, str(words.PERSONAL_LINK)) if address else text
