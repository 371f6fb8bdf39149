"""The tasks: Celery only hurries. Lost, late or delivered twice, they change nothing about what is promised."""

import datetime as dt

from celery import shared_task
from django.conf import settings
from django.db import connection

from treatments.reminders import actions
from treatments.reminders.models import Message

BATCH = 200  # at most so many a tick; the rest waits a minute
EXPIRES = (
    settings.TICK_SECONDS * 11 / 12
)  # a task that waited longer is dropped, since the next tick asks again


def database_clock() -> dt.datetime:
    """The moment, by the clock that all hosts share."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


@shared_task
def tick() -> None:
    """Once a minute: leave word, clear away what is too late, and ask for what is due to be sent."""
    at = database_clock()
    actions.beat(at=at)
    actions.clear_away(at=at)
    for pk in Message.objects.to_send(at, BATCH):
        send.apply_async((pk,), expires=EXPIRES)


@shared_task
def send(message_id: int) -> None:
    """Send one message, unless somebody else does or it is not true any more."""
    actions.deliver(message_id, at=database_clock())
