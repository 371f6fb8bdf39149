"""The link by which a patient answers the interview. The desk asks for it: it is no reminder to opt out of."""

import datetime as dt
from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse

from patients.actions import mint
from patients.models import InterviewLink
from treatments.reminders import rules
from treatments.reminders.kinds.shape import Kind, Values
from treatments.reminders.models import Message, MessageKind


def needless(messages: Sequence[Message], at: dt.datetime) -> dict[int, rules.Needless]:
    """One query."""
    rows = Message.objects.filter(pk__in=[one.pk for one in messages]).with_request_truth(at)
    asked = {row.pk: rules.Request(row.link_works, row.answered) for row in rows}  # type: ignore[attr-defined]
    found = {pk: rules.needless_request(request) for pk, request in asked.items()}
    return {pk: why for pk, why in found.items() if why}


def values(messages: Sequence[Message], at: dt.datetime) -> dict[int, Values]:
    """One query."""
    links = InterviewLink.objects.in_bulk([one.link_id for one in messages if one.link_id])
    return {one.pk: Values({"until": links[one.link_id].expires_at}) for one in messages if one.link_id}


def address(message: Message, at: dt.datetime) -> str:
    """Raises LinkDead."""
    token = mint(message.link_id, at=at)  # type: ignore[arg-type]  # the kind has one, by a constraint
    return settings.BASE_URL + reverse("interview:enter", args=[token])


KINDS = [Kind(MessageKind.INTERVIEW, None, frozenset({"link", "until"}), needless, values, address)]
