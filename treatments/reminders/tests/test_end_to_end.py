"""The whole way: a worker process, the broker, PostgreSQL and a mail server."""

import datetime as dt
import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.utils import timezone
from kombu import Connection

from clinic.roles import Role
from clinic.tests.processes import database_url, until
from conftest import person
from treatments.reminders import tasks
from treatments.reminders.models import Heartbeat, Message
from treatments.reminders.tests.factories import reminder

BROKER_OF_TESTS = "15"  # a Redis database that no other worker of this machine listens to


def broker_url():
    url = settings.CELERY_BROKER_URL
    if url.startswith("redis+socket"):
        return f"{url}?virtual_host={BROKER_OF_TESTS}"
    return urlsplit(url)._replace(path=f"/{BROKER_OF_TESTS}").geturl()


@pytest.fixture
def worker(transactional_db, post_office, tmp_path):
    """A worker process that works on the test's database, broker and mail server."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "REDIS_URL": broker_url(),
        "EMAIL_URL": f"smtp://{post_office.hostname}:{post_office.port}",
    }
    command = [sys.executable, "-m", "celery", "--quiet", "--app", "clinic", "worker", "--concurrency", "1"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            command, env=environment, cwd=settings.BASE_DIR, stdout=log, stderr=subprocess.STDOUT
        )
    yield process
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_quiet_hours")
def test_a_due_reminder_reaches_the_mailbox_through_a_real_worker(worker, post_office):
    now = timezone.now()
    due = reminder(
        person("Dorota", Role.DOCTOR), due_at=now, try_at=now, not_after=now + dt.timedelta(days=14)
    )
    with Connection(broker_url()) as broker:
        for _ in range(2):
            tasks.tick.apply_async(connection=broker)
    until(lambda: Message.objects.filter(state="sent").exists())
    until(lambda: Heartbeat.objects.exists())
    assert worker.poll() is None
    (letter,) = post_office.letters
    assert (letter["Message-ID"], letter["To"]) == (due.message_id, due.patient.email)
