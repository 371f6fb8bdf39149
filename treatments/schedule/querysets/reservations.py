"""Questions about what resources are taken by."""

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

from treatments.schedule.proposing.free_time import LONGEST_RESERVATION
from treatments.schedule.rules import Span

TAKEN = """
SELECT DISTINCT wanted.number
FROM unnest(%(numbers)s::int[], %(resources)s::bigint[], %(begins)s::timestamptz[], %(untils)s::timestamptz[])
    AS wanted (number, resource, begins, untils)
JOIN schedule_reservation AS reservation
    ON reservation.resource_id = wanted.resource
    AND reservation.starts_at > wanted.begins - %(longest)s AND reservation.starts_at < wanted.untils
    AND reservation.ends_at > wanted.begins
WHERE (reservation.session_id IS NULL OR reservation.session_id <> ALL(%(but)s::bigint[]))
    AND (reservation.hold_id IS NULL OR NOT EXISTS (
        SELECT FROM schedule_hold AS hold WHERE hold.id = reservation.hold_id AND hold.lapses_at <= %(at)s::timestamptz
    ))
"""
# Where sessions' own time counts as free (`but`), or what was held and has lapsed, absences beneath it are asked for
# themselves.
AWAY = """
SELECT wanted.number
FROM unnest(%(numbers)s::int[], %(resources)s::bigint[], %(begins)s::timestamptz[], %(untils)s::timestamptz[])
    AS wanted (number, resource, begins, untils)
JOIN schedule_resource AS resource ON resource.id = wanted.resource
JOIN schedule_absence AS absence
    ON absence.practitioner_id = resource.practitioner_id
    OR absence.practitioner_id IS NULL AND resource.room_id IS NOT NULL
WHERE absence.lifted_at IS NULL AND absence.starts_at < wanted.untils AND absence.ends_at > wanted.begins
"""

# An absence covers what sessions leave of it: cut at the clinic's midnights, for no reservation outlasts a day.
COVER = """
WITH away AS (
    SELECT resource.id, bool_and(absence.practitioner_id IS NULL) AS closed,
        range_agg(tstzrange(absence.starts_at, absence.ends_at)) * tstzmultirange(tstzrange(%(begin)s, %(until)s))
            AS spans
    FROM schedule_resource AS resource
    JOIN schedule_absence AS absence
        ON absence.practitioner_id = resource.practitioner_id
        OR absence.practitioner_id IS NULL AND resource.room_id IS NOT NULL
    WHERE resource.id = ANY(%(resources)s) AND absence.lifted_at IS NULL
        AND absence.starts_at < %(until)s AND absence.ends_at > %(begin)s
    GROUP BY resource.id
), taken AS (
    SELECT resource_id AS id, range_agg(period) AS spans
    FROM schedule_reservation
    WHERE resource_id = ANY(%(resources)s) AND NOT squeezed
        AND starts_at >= %(since)s AND starts_at < %(until)s
    GROUP BY resource_id
)
INSERT INTO schedule_reservation (resource_id, period, why, squeezed, squeeze_reason)
SELECT away.id, piece, CASE WHEN closed THEN 'closed' ELSE 'absence' END, false, ''
FROM away
LEFT JOIN taken USING (id)
CROSS JOIN LATERAL unnest(away.spans - coalesce(taken.spans, '{}')) AS span
CROSS JOIN LATERAL generate_series(
    date_trunc('day', lower(span) AT TIME ZONE %(zone)s), upper(span) AT TIME ZONE %(zone)s, '1 day'
) AS day
CROSS JOIN LATERAL (
    SELECT span * tstzrange(day AT TIME ZONE %(zone)s, (day + interval '1 day') AT TIME ZONE %(zone)s) AS piece
) AS cut
WHERE NOT isempty(piece)
ORDER BY lower(piece), away.id
"""


def in_columns(
    wanted: Iterable[tuple[int, int, Span]], but: Collection[int], at: dt.datetime | None
) -> dict[str, Any]:
    """(number, resource id, span) of all that is wanted, as TAKEN and its like are asked with."""
    rows = list(wanted)
    return {
        "numbers": [number for number, _resource, _span in rows],
        "resources": [resource for _number, resource, _span in rows],
        "begins": [span[0] for _number, _resource, span in rows],
        "untils": [span[1] for _number, _resource, span in rows],
        "longest": LONGEST_RESERVATION,
        "but": list(but),
        "at": at,
    }


# In the order that is given: two bookings that met the constraint in another would deadlock.
RESERVE = """
INSERT INTO schedule_reservation (resource_id, period, why, session_id, squeezed, squeeze_reason, squeezed_by_id)
SELECT resource, tstzrange(begins, untils), 'session', session, squeezed, reason, squeezed_by
FROM unnest(%s::timestamptz[], %s::bigint[], %s::timestamptz[], %s::bigint[], %s::boolean[], %s::text[], %s::bigint[])
    WITH ORDINALITY AS one (begins, resource, untils, session, squeezed, reason, squeezed_by, place)
ORDER BY place
"""


class Taken(NamedTuple):
    """What a session is to take of a resource: in the order in which such rows are written."""

    begins: dt.datetime
    resource: int
    untils: dt.datetime
    session: int
    squeezed: bool
    squeeze_reason: str
    squeezed_by: int | None


class ReservationQuerySet(models.QuerySet):
    """Reservations."""

    def reserve(self, rows: Collection[Taken]) -> None:
        """Write what sessions take, in one statement. The resources are locked, the rows in their order."""
        with connection.cursor() as cursor:
            cursor.execute(RESERVE, [list(column) for column in zip(*rows, strict=True)])

    def of_kind(self, why: str, resources: Collection[int], begin: dt.datetime, until: dt.datetime):
        """What these resources are taken for in one way between two moments, by time."""
        return self.filter(
            why=why,
            resource__among=resources,
            starts_at__gte=begin - LONGEST_RESERVATION,
            starts_at__lt=until,
            ends_at__gt=begin,
        ).order_by("starts_at", "pk")

    def there(
        self, practitioner, room, begin: dt.datetime, until: dt.datetime, *, at: dt.datetime
    ) -> list[dt.datetime | None]:
        """Until when whatever takes one of both between two moments is held, None for what is simply taken.

        What was held and has lapsed by `at` takes nothing.
        """
        rows = self.filter(
            Q(resource__practitioner=practitioner) | Q(resource__room=room),
            Q(hold=None) | Q(hold__lapses_at__gt=at),
            starts_at__gte=begin - LONGEST_RESERVATION,
            starts_at__lt=until,
            ends_at__gt=begin,
        )
        return list(rows.order_by("starts_at", "pk").values_list("hold__lapses_at", flat=True))

    def cover(self, resources: Collection[int], begin: dt.datetime, until: dt.datetime) -> None:
        """Reserve what absences between two moments leave uncovered. The resources are locked. One SQL query."""
        parameters: dict[str, Any] = {
            "resources": sorted(resources),
            "zone": str(timezone.get_default_timezone()),
            "since": begin - LONGEST_RESERVATION,
            "begin": begin,
            "until": until,
        }
        with connection.cursor() as cursor:
            cursor.execute(COVER, parameters)

    def taken(
        self,
        wanted: Iterable[tuple[int, int, Span]],
        *,
        but: Collection[int] = (),
        at: dt.datetime | None = None,
    ) -> list[int]:
        """Which numbers of (number, resource id, span) meet a reservation; those of the sessions `but` do not count.

        Nor does what was held for the waiting list and has lapsed by `at`.
        """
        with connection.cursor() as cursor:
            cursor.execute(f"{TAKEN} UNION {AWAY}" if but or at else TAKEN, in_columns(wanted, but, at))
            return sorted({number for (number,) in cursor.fetchall()})
