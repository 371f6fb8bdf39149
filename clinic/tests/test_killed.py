"""A web worker is killed in the middle of a booking: nothing is booked, and the next attempt is as quick as ever."""

import datetime as dt
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from contextlib import closing, contextmanager
from urllib.parse import urlencode

import psycopg2
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.contest import scene
from clinic.tests.processes import database_url, somebody_waits, until
from treatments.schedule.forms import slot_value
from treatments.schedule.models import Booking, Reservation, Session
from treatments.schedule.resources import resource_of
from treatments.schedule.transactions import ADVISORY

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

CSRF = "k" * 32
TRIES = 5


class Door(http.client.HTTPConnection):
    """HTTP over the web server's socket."""

    def __init__(self, path):
        super().__init__("127.0.0.1", timeout=120)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


@pytest.fixture
def web(transactional_db, tmp_path):
    """The web server as it is started in production, with one worker, on the test's database: (process, socket)."""
    environment = {**os.environ, "DATABASE_URL": database_url(), "WEB_CONCURRENCY": "1"}
    command = [sys.executable, "-W", "ignore", "-m", "gunicorn", "clinic.wsgi"]
    command += ["--config", "python:clinic.webserver", "--bind", f"unix:{tmp_path / 'web'}"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            command, env=environment, cwd=settings.BASE_DIR, stdout=log, stderr=subprocess.STDOUT
        )
    until((tmp_path / "web").exists)
    yield process, tmp_path / "web"
    process.terminate()
    process.wait(60)


@pytest.fixture
def stage(transactional_db):
    return scene.build(8, timezone.localdate())


def workers(process) -> list[int]:
    pairs = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], check=True, capture_output=True, text=True)
    found = [map(int, line.split()) for line in pairs.stdout.splitlines()]
    return [pid for pid, parent in found if parent == process.pid]


def cookies(user) -> str:
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    return f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={CSRF}"


def post(path, user, course, slots) -> int:
    """Send the form of booking; the status of the answer."""
    said = {f"slot-{slot.number}": slot_value(slot) for slot in slots} | {"key": str(uuid.uuid4())}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookies(user)}
    with closing(Door(path)) as door:
        address = reverse("schedule:book", args=[course.pk])
        door.request("POST", address, urlencode({**said, "csrfmiddlewaretoken": CSRF}), headers)
        return door.getresponse().status


@contextmanager
def another():
    """Somebody else's connection, in a transaction that is given up."""
    with closing(psycopg2.connect(database_url())) as other:
        yield other.cursor()
        other.rollback()


def before_anything_is_written(other, room, slots):
    other.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY + resource_of(room).pk])


def with_sessions_written(other, room, slots):
    """Others have written a reservation of the last time and not said yet whether it stands."""
    other.execute(
        "INSERT INTO schedule_reservation (resource_id, period, why, squeezed, squeeze_reason)"
        " VALUES (%s, tstzrange(%s, %s), 'closed', false, '')",
        [resource_of(room).pk, slots[-1].starts_at, slots[-1].starts_at + dt.timedelta(minutes=5)],
    )


@pytest.mark.parametrize("hold", [before_anything_is_written, with_sessions_written])
def test_a_worker_killed_inside_a_booking_books_nothing_and_the_next_attempt_succeeds(web, stage, hold):
    """Within a second, or as quickly as with a worker that began in peace; one of TRIES: it may be a busy moment."""
    usual = _seconds_to_book(stage, web[1], 0)
    took = (_killed_and_again(web, stage, hold, number) for number in range(1, TRIES + 1))
    assert any(seconds < max(1, 2 * usual) for seconds in took)


def _killed_and_again(web, stage, hold, number):
    """How long the next attempt takes."""
    (process, path), slots, before = web, _slots(stage, number), _written()
    [worker] = until(lambda: workers(process))
    with another() as other:
        hold(other, stage.rooms[0], slots)
        sender = threading.Thread(target=_ignored, args=(_seconds_to_book, stage, path, number))
        sender.start()
        until(somebody_waits)
        os.kill(worker, signal.SIGKILL)
        sender.join()
    until(lambda: not somebody_waits())
    assert _written() == before
    took = _seconds_to_book(stage, path, number)
    assert Session.objects.count() == before[0] + len(slots)
    assert worker not in workers(process)
    return took


def _written():
    return Session.objects.count(), Reservation.objects.count(), Booking.objects.count()


def _slots(stage, number):
    return stage.slots(number, [0, 0, 0], [0, 0, 0])


def _seconds_to_book(stage, path, number):
    """One course after the other, each at times of its own."""
    began = time.monotonic()
    assert post(path, stage.crowd[0], stage.courses[number][0], _slots(stage, number)) == 302
    return time.monotonic() - began


def _ignored(job, *args):
    """The connection ends in the middle: that is what is meant."""
    try:
        job(*args)
    except (http.client.HTTPException, OSError):
        return
    finally:
        connection.close()  # this thread's own
