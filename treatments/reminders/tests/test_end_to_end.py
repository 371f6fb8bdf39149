"""The whole way: a worker process, the broker, PostgreSQL and a mail server."""

import datetime as dt
import os
import subprocess
import sys
from contextlib import contextmanager
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
from treatments.reminders.tests.smtp import SLOW

MOST_DATABASES = 16  # of a Redis; the clinic uses the first


def broker_url():
    """A Redis database that no worker listens to of the clinic, or of another process that runs tests meanwhile."""
    own = 1 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % (MOST_DATABASES - 1)
    url = settings.CELERY_BROKER_URL
    if url.startswith("redis+socket"):
        return f"{url}?virtual_host={own}"
    return urlsplit(url)._replace(path=f"/{own}").geturl()


@contextmanager
def working(post_office, log, **more):
    """A worker process that works on the test's database, broker and mail server."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "REDIS_URL": broker_url(),
        "EMAIL_URL": f"smtp://{post_office.hostname}:{post_office.port}",
        **more,
    }
    command = [sys.executable, "-m", "celery", "--quiet", "--app", "clinic", "worker", "--concurrency", "1"]
    with log.open("w") as said:
        process = subprocess.Popen(
            command, env=environment, cwd=settings.BASE_DIR, stdout=said, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def worker(transactional_db, post_office, tmp_path):
    with working(post_office, tmp_path / "log") as process:
        yield process


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


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_quiet_hours")
def test_a_task_whose_time_is_up_gives_back_what_it_did_not_hand_over(post_office, tmp_path):
    """Nobody else would: there is no beat, and only a tick looks for leases that are over."""
    doctor, now = person("Dorota", Role.DOCTOR), timezone.now()
    with working(post_office, tmp_path / "log") as process, Connection(broker_url()) as broker:
        tasks.tick.apply_async(connection=broker)
        until(Heartbeat.objects.exists)  # from here on the worker is quick: all is loaded and connected
        for _ in range(3):
            reminder(doctor, due_at=now, try_at=now, not_after=now + dt.timedelta(days=14))
        post_office.slow = 4
        post_office.answers = {verb: [SLOW] * 9 for verb in ("EHLO", "MAIL", "RCPT")}
        tasks.drain.apply_async(("email",), connection=broker, soft_time_limit=3, time_limit=600)
        until(lambda: Message.objects.exclude(lease_token=None).count() == 3)
        until(lambda: not Message.objects.exclude(lease_token=None).exists())
        assert process.poll() is None
    assert set(Message.objects.values_list("state", "maybe_twice")) == {("due", False)}
    assert post_office.letters == []
    assert "SoftTimeLimit" in (tmp_path / "log").read_text()
