"""Whether PostgreSQL and Redis answer, said in one sentence where they do not."""

import sys

from django.conf import settings
from django.db import OperationalError, connection
from kombu import Connection
from kombu.exceptions import OperationalError as BrokerError


def require() -> None:
    """End this process with one sentence unless both servers answer."""
    said = complaint()
    if said:
        sys.exit(said)


def complaint() -> str | None:
    """What is wrong with the servers, or None when both answer."""
    return database_complaint() or broker_complaint()


def database_complaint() -> str | None:
    try:
        connection.ensure_connection()
    except OperationalError as error:
        return f"PostgreSQL does not answer. Is DATABASE_URL right? {first_line(error)}"
    connection.close()  # whoever asks may fork afterwards
    return None


def broker_complaint() -> str | None:
    options = {**settings.CELERY_BROKER_TRANSPORT_OPTIONS, "max_retries": 0}
    try:
        with Connection(settings.CELERY_BROKER_URL, connect_timeout=5, transport_options=options) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0)
    except (BrokerError, OSError) as error:
        return f"Redis does not answer. Is REDIS_URL right? {first_line(error)}"
    return None


def first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]
