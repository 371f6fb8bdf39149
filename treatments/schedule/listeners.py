"""What becomes free, and whom the waiting list then asks. Called inside the transaction that frees it."""

from functools import partial

from django.db import transaction

from patients.actions import StillBooked
from patients.events import RecordClosed
from treatments.schedule.events import TimeFreed
from treatments.schedule.models import FreedTime, Session, Waiting
from treatments.schedule.tasks import offer_time


def time_freed(event: TimeFreed) -> None:
    """If anybody waits, note it with what frees it and begin at once. Should the broker be down, the next tick does."""
    if event.until <= event.at or not Waiting.objects.standing().exists():
        return
    row = FreedTime.objects.create(
        resources=list(event.resources), begin=event.begin, until=event.until, freed_at=event.at
    )
    transaction.on_commit(partial(offer_time.delay, row.pk), robust=True)


def record_closed(event: RecordClosed) -> None:
    """Raises StillBooked: who is booked under a record that nobody opens any more would be forgotten."""
    if Session.objects.booked().filter(course__patient=event.patient_id).exists():
        raise StillBooked
