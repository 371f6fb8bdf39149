"""The tasks: Celery only hurries. A preview that a killed worker left goes on with the next tick."""

import logging
import time

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from contraindications.rulebook.previewing import step, unfinished

BUDGET = 40  # seconds; the time limit of a task is 60
EXPIRES = 55  # seconds; a task that waited longer is dropped, since the next tick asks again


log = logging.getLogger(__name__)


def ask_a_worker(preview_id: int) -> None:
    """Have a worker go on with a preview; with the broker down its page and the tick do."""
    try:
        run_preview.delay(preview_id)
    except (OSError, OperationalError):
        log.warning("No worker could be asked to run preview %s", preview_id)


@shared_task
def run_preview(preview_id: int) -> None:
    """Go on with a preview until it is finished or the budget is spent; then ask for the rest."""
    if go_on(preview_id, seconds=BUDGET):
        run_preview.apply_async((preview_id,), expires=EXPIRES)


@shared_task
def tick() -> None:
    """Once a minute: go on with what nobody works on any more."""
    for pk in unfinished():
        run_preview.apply_async((pk,), expires=EXPIRES)


def go_on(preview_id: int, *, seconds: float) -> bool:
    """Look at batch after batch for so long. Is there more to do?"""
    end = time.monotonic() + seconds
    while step(preview_id, at=timezone.now()):
        if time.monotonic() >= end:
            return True
    return False
