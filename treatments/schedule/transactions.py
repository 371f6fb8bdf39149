"""How a booking meets the database: locks in one order, all or nothing, again after a deadlock.

Every change of the calendar takes its locks in this order: patient row, course row, session row, the closings, the
doctors on duty (`away.duty`), then the advisory locks of the resources, sorted. Whoever waits holds nothing that
somebody further down the order wants.
"""

import random
import time
from collections.abc import Callable, Collection
from typing import TypeVar

from django.db import DatabaseError, connection, transaction

from clinic.sqlstates import TOO_LONG, TRY_AGAIN, sqlstate

T = TypeVar("T")

ADVISORY = 0x5C << 48  # keeps the keys of resources apart from every other advisory lock
CLOSINGS = 0x5D << 48  # whoever closes the clinic for a time, and whoever brings in a room
OVERLAP = "23P01"
ATTEMPTS = 3


class Overlap(Exception):
    """The database refused: something else is there at that time. Nothing was written."""


class Busy(Exception):
    """Others hold what is needed, again and again. Nothing was written."""


def lock_resources(resources: Collection[int]) -> None:
    """Wait until nobody else books these resources; held to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s + id) FROM unnest(%s::bigint[]) AS id",
            [ADVISORY, sorted(resources)],
        )


def lock_closings() -> None:
    """Wait until nobody else closes the clinic or brings in a room: a room knows all closings from its first day."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLOSINGS])


def all_or_nothing(change: Callable[[], T]) -> T:
    """Run `change` as one transaction, up to ATTEMPTS times. Raises Overlap or Busy, and then nothing is written."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return change()
        except DatabaseError as error:
            if sqlstate(error) == OVERLAP:
                raise Overlap from error
            if sqlstate(error) not in {*TRY_AGAIN, TOO_LONG}:
                raise
            if attempt == ATTEMPTS or sqlstate(error) == TOO_LONG:  # nobody waits three times as long
                raise Busy from error
            time.sleep(random.uniform(0, 0.05) * attempt)  # noqa: S311 (no secret, only out of step)
    raise AssertionError("unreachable")
