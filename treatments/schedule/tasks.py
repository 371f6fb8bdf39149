"""The tasks of the waiting list. Lost, late or twice at once, they change nothing about what is offered to whom."""

import logging
from collections.abc import Callable
from functools import partial

from celery import shared_task
from django.utils import timezone

from treatments.schedule.actions import offering
from treatments.schedule.models import FreedTime, Hold, Offer

logger = logging.getLogger(__name__)

BATCH = 50  # at most so many a tick; the rest waits a minute


@shared_task
def tick() -> None:
    """Once a minute: what nobody answered or can answer goes to the next, and what became free is offered."""
    at = timezone.now()
    for hold in Hold.objects.filter(ended_at=None, lapses_at__lte=at).order_by("lapses_at", "pk")[:BATCH]:
        _by_itself(partial(offering.lapse, hold, at=at))
    for offer in Offer.objects.moot().select_related("hold").order_by("pk")[:BATCH]:
        _by_itself(partial(offering.make_void, offer, at=at))
    for pk in FreedTime.objects.order_by("freed_at", "pk").values_list("pk", flat=True)[:BATCH]:
        _by_itself(partial(offering.offer_freed, pk, at=at))


def _by_itself(deed: Callable[[], object]) -> None:
    """Whatever is wrong with this one must not stop the others, nor the letters that are sent after them."""
    try:
        deed()
    except Exception as error:  # its text may be a person's, so only the kind
        logger.error("waiting list: %s", type(error).__name__)


@shared_task
def offer_time(freed_id: int) -> None:
    """Offer one freed time, unless somebody else does or has."""
    offering.offer_freed(freed_id, at=timezone.now())
