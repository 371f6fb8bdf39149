"""Whether this host can do its work: the database, the broker, and messages that go out. No names, no addresses."""

import datetime as dt
from typing import Any

from celery import current_app
from django.db import Error, connection
from kombu.exceptions import OperationalError

from treatments.reminders.pulse import Felt, feel
from treatments.reminders.rules_lateness import are_late, stands_still

PATIENCE = {"socket_timeout": 1, "socket_connect_timeout": 1}  # seconds: whoever asks does not wait long


def readiness(at: dt.datetime) -> dict[str, Any]:
    """What works at `at` and, in plain words, what does not. One query, one question to the broker."""
    felt = _felt()
    reasons = _of_messages(felt, at) if felt else ["The database does not answer."]
    if not broker_answers():
        reasons.append("The broker does not answer.")
    said: dict[str, Any] = {"ready": not reasons, "reasons": reasons}
    if felt:
        silent = felt.pulse.silent(at)
        said["oldest_due_seconds"] = round(felt.pulse.waits(at).total_seconds())
        said["last_tick_seconds"] = None if silent is None else round(silent.total_seconds())
    return said


def _felt() -> Felt | None:
    try:
        return feel()
    except Error:
        connection.close()  # a broken one would be kept for the next request
        return None


def _of_messages(felt: Felt, at: dt.datetime) -> list[str]:
    reasons = []
    if felt.pulse.ticked_at is None:
        reasons.append("The tick has never run: beat or worker is not there yet.")
    elif stands_still(felt.pulse, at):
        reasons.append("The tick has not run for minutes: beat or worker is away.")
    if are_late(felt.pulse, felt.patience, at):
        reasons.append("Messages are late.")
    return reasons


def broker_answers() -> bool:
    """Does Redis answer within a second or two?"""
    options = {**current_app.conf.broker_transport_options, **PATIENCE}
    try:
        with current_app.connection_for_write(transport_options=options) as broker:
            broker.ensure_connection(max_retries=1, timeout=2)
    except (OperationalError, OSError):
        return False
    return True
