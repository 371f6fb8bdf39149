"""What became of messages after they left the house, as it is reported: once or often, in whatever order.

A report may be there before it is written down by which reference a message went: see `TooEarly`.
"""

import datetime as dt

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce

from patients.models import Channel, Patient
from treatments.reminders import words
from treatments.reminders.actions.wishing import stop_all
from treatments.reminders.models import BadAddress, Message, MessageState, WishHow
from treatments.reminders.querysets import MessageQuerySet


class TooEarly(Exception):
    """Nobody knows this reference, but something is just being sent: whoever reports should say it again later."""


@transaction.atomic
def arrived(channel: str, ref: str, *, at: dt.datetime) -> None:
    """The message with this reference was delivered. One that came back stays so, whatever is reported late.

    Raises TooEarly.
    """
    ours = _ours(channel, ref)
    ours.update(delivered_at=Coalesce(F("delivered_at"), Value(at)))
    ours.filter(state=MessageState.SENT).update(state=MessageState.DELIVERED)
    for to, sent_at in ours.filter(state=MessageState.DELIVERED).values_list("sent_to", "sent_at"):
        BadAddress.objects.filter(channel=channel, address=to.lower(), since__lt=sent_at).delete()


@transaction.atomic
def came_back(channel: str, ref: str, *, said: str, for_good: bool, at: dt.datetime) -> None:
    """The message with this reference came back; `for_good`: so will all others to this address. Raises TooEarly."""
    ours = _ours(channel, ref).exclude(state=MessageState.BOUNCED)
    why = str(words.BOUNCED % {"said": words.REASONS.get(said, said) or "-"})
    for message in ours.order_by("pk").select_for_update(of=("self",)):
        if for_good:
            nobody_there(channel, message.sent_to, why=why, at=at)
        bounced_at = message.bounced_at or at
        ours.filter(pk=message.pk).update(state=MessageState.BOUNCED, bounced_at=bounced_at, why=why)


def nobody_there(channel: str, address: str, *, why: str, at: dt.datetime) -> None:
    """Nothing more is sent to this address until a person says so, or something arrives."""
    bad = BadAddress(channel=channel, address=address.lower(), since=at, why=why)
    BadAddress.objects.bulk_create([bad], ignore_conflicts=True)


def taken_again(channel: str, address: str) -> None:
    """The address works again: what a person had tried anew was taken, and no report of it will ever come."""
    BadAddress.objects.filter(channel=channel, address=address.lower()).delete()


def unwanted(channel: str, ref: str, *, at: dt.datetime) -> None:
    """Whoever got the message complained of it, or used the provider's way to get no more. Each for themself.

    Raises TooEarly.
    """
    patients = Patient.objects.filter(pk__in=_ours(channel, ref).exclude(patient=None).values("patient"))
    for patient in patients:
        stop_all(patient, how=WishHow.UNSUBSCRIBE, by=None, at=at)


def stop_number(number: str, *, at: dt.datetime) -> None:
    """The owner of this number wants no texts: nobody who is reached by it gets any. Who gets e-mail keeps it.

    Each for themself: whoever locks the messages of two people does it for both at once, or in two transactions.
    """
    if number:
        for patient in Patient.objects.filter(phone=number).order_by("pk"):
            if patient.reached_by == Channel.SMS:
                stop_all(patient, how=WishHow.UNSUBSCRIBE, by=None, at=at)


def _ours(channel: str, ref: str) -> MessageQuerySet:
    found = Message.objects.reported(channel, ref)
    if not found.exists() and Message.objects.filter(channel=channel, state=MessageState.SENDING).exists():
        raise TooEarly
    return found
