"""The tasks: Celery only hurries. Lost, late or delivered twice, they change nothing about what is promised."""

import datetime as dt
import time
from collections.abc import Callable

from celery import Task, shared_task
from django.conf import settings
from django.db import connection

from treatments.reminders import actions, rules_channels

# A task that waited longer is dropped, since the next tick asks again.
EXPIRES = settings.TICK_SECONDS * 11 / 12
A_TURN = dt.timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT / 2)  # then there is time for the last letter


def database_clock() -> dt.datetime:
    """The moment, by the clock that all hosts share."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def running_clock() -> Callable[[], dt.datetime]:
    """The clock of the database, asked once and wound on by this process: no host's wall clock is believed."""
    began, ticked = database_clock(), time.monotonic()
    return lambda: began + dt.timedelta(seconds=time.monotonic() - ticked)


@shared_task
def tick() -> None:
    """Once a minute: leave word, clear away what is too late, and have what is due sent."""
    for channel in actions.look(at=database_clock()):
        drain.apply_async((channel,), expires=EXPIRES)


@shared_task(bind=True)
def drain(self: Task, channel: str) -> None:
    """Send what is due by this channel. Where there is more than one batch, another worker is asked to help."""
    clock = running_clock()
    turn = actions.Turn(channel, clock=clock, ends_at=clock() + A_TURN)
    alone = True
    for states in turn.batches():
        if alone and len(states) >= rules_channels.BATCH:
            drain.apply_async((channel,), expires=self.request.expires or EXPIRES)
            alone = False
    if turn.again_at is not None:
        wait = max(0.0, (turn.again_at - clock()).total_seconds())
        drain.apply_async((channel,), countdown=wait, expires=self.request.expires or EXPIRES)
