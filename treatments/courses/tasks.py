"""The task that catches up with what is stale. Lost, late or twice at once, it changes nothing about what is held."""

import time

from celery import shared_task
from django.utils import timezone

from treatments.courses import catching_up

SECONDS = 40  # then the next one goes on: a task ends well before its time limit


@shared_task
def catch_up() -> None:
    """Once a minute, and at once after the lists were published."""
    until = time.monotonic() + SECONDS
    for _courses in catching_up.catch_up(at=timezone.now()):
        if time.monotonic() > until:
            catch_up.delay()
            return
