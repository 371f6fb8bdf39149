"""The Celery app and the table of periodic tasks.

Beat ticks in UTC: a local-time schedule has a hole of an hour at the autumn change. What is due is decided by SQL.
"""

import os

from celery import Celery
from celery.signals import beat_init, worker_init
from django.conf import settings

from clinic import servers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
app = Celery("clinic")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
EVERY = settings.TICK_SECONDS
EXPIRES = EVERY * 11 / 12  # after an outage one tick catches up, not hundreds
app.conf.beat_schedule = {
    "send-due-messages": {
        "task": "treatments.reminders.tasks.tick",
        "schedule": EVERY,
        "options": {"expires": EXPIRES},
    },
    "go-on-with-previews": {
        "task": "contraindications.tasks.tick",
        "schedule": EVERY,
        "options": {"expires": EXPIRES},
    },
    "go-on-with-the-waiting-list": {
        "task": "treatments.schedule.tasks.tick",
        "schedule": EVERY,
        "options": {"expires": EXPIRES},
    },
    "catch-up-with-lists-and-day": {
        "task": "treatments.courses.tasks.catch_up",
        "schedule": EVERY,
        "options": {"expires": EXPIRES},
    },
}


@worker_init.connect
@beat_init.connect
def require_servers(**kwargs) -> None:
    servers.require()
