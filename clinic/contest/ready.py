"""A process of the crowd: somebody who is logged in, waits at the barrier and then sends their forms."""

import logging
import sys
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.db import connection, connections
from django.test import Client, override_settings

from clinic.contest.attempts import Answer, Attempt

SECONDS = 120  # that the others may take to come to the barrier
SETTINGS: dict[str, Any] = {
    "REQUIRE_SECOND_FACTOR": False,  # as somebody who has passed it; a process has no telephone
    "WHITENOISE_AUTOREFRESH": True,  # nothing need be collected
    "WHITENOISE_USE_FINDERS": True,
    "STORAGES": {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    },
}

if not apps.ready:  # this module is the first that the crowd's processes load
    django.setup()


def person(pipe: Connection, barrier: Barrier, database: Mapping[str, Any], user: int, locks: bool) -> None:
    """Wait for forms, begin together with the others, tell what came of each; until this process is ended."""
    connections.close_all()
    connection.settings_dict.update(database)
    logging.disable(logging.CRITICAL)
    with override_settings(**SETTINGS):
        client = _logged_in(user)
        if not locks:
            _unlock()
        pipe.send("ready")
        while True:
            attempts = pipe.recv()
            barrier.wait(SECONDS)
            pipe.send([_sent(client, attempt) for attempt in attempts])


def _logged_in(user: int) -> Client:
    from clinic.models import User

    client = Client(SERVER_NAME="127.0.0.1", raise_request_exception=False)
    client.force_login(User.objects.get(pk=user))
    client.get("/", secure=settings.TLS)  # so that everything is loaded
    return client


def _sent(client: Client, attempt: Attempt) -> Answer:
    began = time.perf_counter()
    answer = client.post(attempt.address, dict(attempt.said), secure=settings.TLS)
    seconds = time.perf_counter() - began
    error = getattr(answer, "exc_info", None)
    offers = b'name="slot-1"' in answer.content
    leads_to = answer.headers.get("Location", "")
    return Answer(
        attempt.verb, seconds, answer.status_code, leads_to, offers, repr(error[1]) if error else ""
    )


def _unlock() -> None:
    """Nobody waits for the others any more; they still look first, as most systems do."""
    for name, module in list(sys.modules.items()):
        if name.startswith("treatments.") and hasattr(module, "lock_resources"):
            module.lock_resources = lambda resources: None  # type: ignore[attr-defined]
