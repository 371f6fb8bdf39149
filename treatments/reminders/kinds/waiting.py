"""What the waiting list tells: a time is held, or somebody else took it. The patient asked for it: no opting out."""

import datetime as dt
from collections.abc import Callable, Sequence

from django.conf import settings
from django.urls import reverse

from treatments.reminders import rules
from treatments.reminders.kinds.shape import Kind, Values
from treatments.reminders.models import Message, MessageKind
from treatments.schedule.actions import mint_token
from treatments.schedule.models import Offer

Judge = Callable[[rules.Offered], rules.Needless | None]


def _needless(judge: Judge) -> Callable[[Sequence[Message], dt.datetime], dict[int, rules.Needless]]:
    def asked(messages: Sequence[Message], at: dt.datetime) -> dict[int, rules.Needless]:
        rows = Message.objects.filter(pk__in=[one.pk for one in messages]).with_offer_truth(at)
        found = {row.pk: judge(rules.Offered(row.offer_open, row.offer_told)) for row in rows}  # type: ignore[attr-defined]
        return {pk: why for pk, why in found.items() if why}

    return asked


def values(messages: Sequence[Message], at: dt.datetime) -> dict[int, Values]:
    """One query."""
    offers = Offer.objects.select_related("hold").in_bulk([one.offer_id for one in messages if one.offer_id])
    found = {one.pk: offers[one.offer_id] for one in messages if one.offer_id}
    return {
        pk: Values({"when": offer.starts_at, "until": offer.hold.lapses_at}) for pk, offer in found.items()
    }


def address(message: Message, at: dt.datetime) -> str:
    """Raises OfferGone."""
    token = mint_token(message.offer_id, at=at)  # type: ignore[arg-type]  # the kind has one, by a constraint
    return settings.BASE_URL + reverse("offer:answer", args=[token])


KINDS = [
    Kind(
        MessageKind.OFFER,
        None,
        frozenset({"link", "when", "until"}),
        _needless(rules.needless_offer),
        values,
        address,
    ),
    Kind(MessageKind.OFFER_LOST, None, frozenset({"when"}), _needless(rules.needless_loss), values),
]
