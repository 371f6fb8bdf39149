"""The tasks of the waiting list. Lost, late or twice at once, they change nothing about what is offered to whom."""

from celery import shared_task
from django.utils import timezone

from treatments.schedule.actions import offering
from treatments.schedule.models import FreedTime, Hold

BATCH = 50  # at most so many a tick; the rest waits a minute


@shared_task
def tick() -> None:
    """Once a minute: what nobody answered goes to the next, and what became free is offered."""
    at = timezone.now()
    for hold in Hold.objects.filter(ended_at=None, lapses_at__lte=at).order_by("lapses_at", "pk")[:BATCH]:
        offering.lapse(hold, at=at)
    for pk in FreedTime.objects.order_by("freed_at", "pk").values_list("pk", flat=True)[:BATCH]:
        offering.offer_freed(pk, at=at)


@shared_task
def offer_time(freed_id: int) -> None:
    """Offer one freed time, unless somebody else does or has."""
    offering.offer_freed(freed_id, at=timezone.now())
