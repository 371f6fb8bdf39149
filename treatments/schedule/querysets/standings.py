"""Questions about how sessions stand."""

import datetime as dt
from collections.abc import Collection
from typing import NamedTuple

from django.db import connection, models

# Raw, since thousands may turn at once: rows of the ORM cost four times as much as the statement.
STAND = """
INSERT INTO schedule_standing (since, cause, session_id, screening_id, outcome, held, stage)
SELECT %s, %s, found.*
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::boolean[], %s::text[]) AS found
ON CONFLICT (session_id) DO UPDATE
SET since = excluded.since, cause = excluded.cause, screening_id = excluded.screening_id,
    outcome = excluded.outcome, held = excluded.held, stage = excluded.stage
"""


class ToCome(NamedTuple):
    """A session to come with how it stood; the last three are None where nothing is written yet."""

    session: int
    course: int
    day: dt.date
    outcome: str | None
    stage: str | None
    screening: int | None


class Stood(NamedTuple):
    """How a session stands from now on."""

    session: int
    screening: int | None
    outcome: str
    held: bool
    stage: str


class StandingQuerySet(models.QuerySet):
    """How sessions stand."""

    def stand(self, found: Collection[Stood], *, cause: str, at: dt.datetime) -> None:
        """Write how each of at least one session stands over how it stood, in one statement."""
        columns = [list(column) for column in zip(*found, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(STAND, [at, cause, *columns])
