"""The Celery app and the table of periodic tasks.

Beat ticks in UTC: a local-time schedule has a hole of an hour at the autumn change. What is due is decided by SQL.
"""

import os
from contextlib import suppress

from celery import Celery
from celery.beat import Service
from celery.signals import beat_init, worker_init
from django.conf import settings
from kombu.exceptions import OperationalError
from kombu.transport import virtual
from kombu.transport.redis import Channel, QoS

from clinic import servers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
app = Celery("clinic")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
TICKS = {
    "send-due-messages": "treatments.reminders.tasks.tick",
    "go-on-with-previews": "contraindications.tasks.tick",
    "go-on-with-the-waiting-list": "treatments.schedule.tasks.tick",
    "catch-up-with-lists-and-day": "treatments.courses.tasks.catch_up",
}


@app.on_after_configure.connect  # not while this is imported: that must not need the settings
def wind_up(sender: Celery, **kwargs) -> None:
    every = settings.TICK_SECONDS
    once = {"expires": every * 11 / 12}  # after an outage one tick catches up, not hundreds
    sender.conf.beat_schedule = {
        name: {"task": task, "schedule": every, "options": once} for name, task in TICKS.items()
    }


@worker_init.connect
@beat_init.connect
def require_servers(**kwargs) -> None:
    servers.require()


@beat_init.connect
def tick_at_once(sender: Service, **kwargs) -> None:
    """What waited while beat was away, or since the clinic was opened, does not wait another minute."""
    for entry in sender.app.conf.beat_schedule.values():
        with suppress(OperationalError):  # the broker is not there yet: beat ticks again soon
            sender.app.send_task(entry["task"], **entry["options"])


def is_connected(channel: virtual.Channel) -> bool:
    return getattr(channel.connection, "client", None) is not None


class AsLongAsConnected(QoS):
    """Says of a task that it is done, or not, only over the connection that it came by."""

    def ack(self, delivery_tag: str) -> None:
        if is_connected(self.channel):
            super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        if is_connected(self.channel):
            super().reject(delivery_tag, requeue=requeue)


@worker_init.connect
def outlive_the_broker(**kwargs) -> None:
    """Give tasks back to the broker, and say that they are done, only while there is a connection to it.

    When the broker goes away while a task is under way, kombu 5.7 means to give that back through the connection that
    it has just closed, and when the task is done, to say so through it; either time the worker ends. What was not
    given back, or not said to be done, comes again when the broker's patience is over. The setting of Celery against
    it, `worker_cancel_long_running_tasks_on_connection_loss`, kills who hands over a letter at that moment.
    """
    Channel.do_restore = property(is_connected)  # type: ignore[assignment]
    Channel.QoS = AsLongAsConnected
