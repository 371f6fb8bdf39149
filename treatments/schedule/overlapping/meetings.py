"""What a session would meet where it is to be: reservations of others, and absences that they stand in."""

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from django.db import connection

from treatments.schedule.proposing.free_time import LONGEST_RESERVATION
from treatments.schedule.querysets import in_columns
from treatments.schedule.rules import Span

# A session that stands in an absence leaves no reservation of it, so absences are asked for themselves.
MEETINGS = """
WITH wanted AS (
    SELECT * FROM unnest(%(numbers)s::int[], %(resources)s::bigint[], %(begins)s::timestamptz[],
        %(untils)s::timestamptz[]) AS wanted (index, resource, begins, untils)
)
SELECT wanted.index, reservation.why, reservation.session_id, resource.patient_id IS NOT NULL
FROM wanted
JOIN schedule_resource AS resource ON resource.id = wanted.resource
JOIN schedule_reservation AS reservation
    ON reservation.resource_id = wanted.resource
    AND reservation.starts_at > wanted.begins - %(longest)s AND reservation.starts_at < wanted.untils
    AND reservation.ends_at > wanted.begins
WHERE (reservation.session_id IS NULL OR reservation.session_id <> ALL(%(but)s::bigint[]))
    AND (reservation.hold_id IS NULL OR NOT EXISTS (
        SELECT FROM schedule_hold AS hold WHERE hold.id = reservation.hold_id AND hold.lapses_at <= %(at)s::timestamptz
    ))
UNION
SELECT wanted.index, 'absence', NULL, false
FROM wanted
JOIN schedule_resource AS resource ON resource.id = wanted.resource
JOIN schedule_absence AS absence
    ON absence.practitioner_id = resource.practitioner_id
    OR absence.practitioner_id IS NULL AND resource.room_id IS NOT NULL
WHERE absence.lifted_at IS NULL AND absence.starts_at < wanted.untils AND absence.ends_at > wanted.begins
ORDER BY 1, 3
"""

# Of several that overlap each other the first is none any more: then the constraint holds it again.
STRAIGHTEN = """
UPDATE schedule_reservation AS squeezed
SET squeezed = false, squeeze_reason = '', squeezed_by_id = NULL
WHERE squeezed.squeezed AND squeezed.resource_id = ANY(%(resources)s)
    AND squeezed.starts_at > %(begin)s - %(longest)s AND squeezed.starts_at < %(until)s
    AND squeezed.ends_at > %(begin)s
    AND NOT EXISTS (
        SELECT FROM schedule_reservation AS other
        WHERE other.resource_id = squeezed.resource_id AND other.id <> squeezed.id
            AND other.starts_at > squeezed.starts_at - %(longest)s AND other.starts_at < squeezed.ends_at
            AND other.ends_at > squeezed.starts_at
            AND (NOT other.squeezed OR other.id < squeezed.id)
    )
"""


class Meeting(NamedTuple):
    """What the span that was asked about meets: why that time is taken and by which session, if it is one."""

    asked: int
    why: str
    session: int | None
    of_patient: bool

    @property
    def may_be_squeezed(self) -> bool:
        """Can somebody be there in spite of it? Not in two places at once, nor when others are away."""
        return self.why == "session" and self.session is not None and not self.of_patient


def meetings(
    wanted: Iterable[tuple[int, int, Span]], *, but: Collection[int] = (), at: dt.datetime | None = None
) -> list[Meeting]:
    """What each (index, resource id, span) meets. One SQL query.

    The sessions `but` do not count, nor what was held for the waiting list and has lapsed by `at`.
    """
    with connection.cursor() as cursor:
        cursor.execute(MEETINGS, in_columns(wanted, but, at))
        return [Meeting(*row) for row in cursor.fetchall()]


def straighten(resources: Collection[int], begin: dt.datetime, until: dt.datetime) -> None:
    """Deliberate overlaps between two moments that meet nobody any more are none: the constraint holds them again.

    The resources are locked. One SQL query.
    """
    asked: dict[str, Any] = {
        "resources": sorted(resources),
        "begin": begin,
        "until": until,
        "longest": LONGEST_RESERVATION,
    }
    with connection.cursor() as cursor:
        cursor.execute(STRAIGHTEN, asked)
