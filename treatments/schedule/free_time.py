"""When somebody or something is free: the one query behind all that is proposed, offered and checked ahead."""

import datetime as dt
from collections.abc import Collection

from django.utils import timezone

# A reservation never outlasts the longest day, so that what is taken from some moment on began at most this long
# before. A longer absence has a row for each day.
LONGEST_RESERVATION = dt.timedelta(hours=25)

# An absence reserves only what sessions leave of it. Where sessions' own time counts as free (`but`), the absences
# that they stand in are asked for themselves.
# `free` is each resource with what is left of its time, `wanted` less what the parts before it say.
# Where there are none, the first half of its condition lets the index answer alone.
# The bounds are parameters: computed inside the query they would hide from the planner how few rows are meant.
FREE = """
WITH wanted AS (
    SELECT id, practitioner_id, room_id FROM schedule_resource WHERE id = ANY(%(resources)s)
), special AS (
    SELECT wanted.id, day::timestamp AS day, starts, ends
    FROM wanted JOIN clinic_dayhours USING (practitioner_id)
    WHERE day BETWEEN %(first)s AND %(last)s
), shifts AS (
    SELECT wanted.id, day, starts, ends
    FROM wanted
    JOIN clinic_workinghours USING (practitioner_id)
    JOIN generate_series(%(first)s::timestamp, %(last)s::timestamp, '1 day') AS day
        ON extract(isodow FROM day) = weekday
    WHERE NOT EXISTS (SELECT FROM special WHERE special.id = wanted.id AND special.day = day)
    UNION ALL
    SELECT id, day, starts, ends FROM special WHERE starts IS NOT NULL
), hours AS (
    SELECT id, range_agg(tstzrange(least(opens, closes), closes)) AS spans
    FROM shifts
    CROSS JOIN LATERAL (
        SELECT (day + starts) AT TIME ZONE %(zone)s AS opens, (day + ends) AT TIME ZONE %(zone)s AS closes
    ) AS wall
    GROUP BY id
), taken AS (
    SELECT resource_id AS id, range_agg(tstzrange(starts_at, ends_at)) AS spans
    FROM schedule_reservation
    WHERE resource_id = ANY(%(resources)s) AND starts_at >= %(since)s AND starts_at < %(until)s
        AND (%(but)s::bigint[] = '{}' OR session_id IS NULL OR session_id <> ALL(%(but)s::bigint[]))
    GROUP BY resource_id
), away AS (
    SELECT wanted.id, range_agg(tstzrange(absence.starts_at, absence.ends_at)) AS spans
    FROM wanted
    JOIN schedule_absence AS absence
        ON absence.practitioner_id = wanted.practitioner_id
        OR absence.practitioner_id IS NULL AND wanted.room_id IS NOT NULL
    WHERE %(but)s::bigint[] <> '{}' AND absence.lifted_at IS NULL
        AND absence.starts_at < %(until)s AND absence.ends_at > %(begin)s
    GROUP BY wanted.id
), free AS (
    SELECT wanted.id,
        CASE WHEN practitioner_id IS NULL THEN tstzmultirange(tstzrange(%(begin)s, %(until)s))
             ELSE coalesce(hours.spans, '{}') * tstzmultirange(tstzrange(%(begin)s, %(until)s)) END
        - coalesce(taken.spans, '{}') - coalesce(away.spans, '{}') AS spans
    FROM wanted
    LEFT JOIN hours USING (id)
    LEFT JOIN taken USING (id)
    LEFT JOIN away USING (id)
)
"""

# A row for each resource: from which to which minute since 1970, whole ones only. Thousands of moments would take
# longer to be read than to be found. What is unnested comes in order.
IN_MINUTES = """
SELECT id, lows, highs
FROM free
CROSS JOIN LATERAL (
    SELECT array_agg(ceil(date_part('epoch', lower(span)) / 60)::int) AS lows,
        array_agg(floor(date_part('epoch', upper(span)) / 60)::int) AS highs
    FROM unnest(spans) AS span
) AS minutes
"""
FREE_TIME = FREE + IN_MINUTES


def free_time_parameters(
    resources: Collection[int], begin: dt.datetime, until: dt.datetime, but: Collection[int] = ()
) -> dict:
    """What FREE_TIME is asked with."""
    return {
        "resources": sorted(resources),
        "zone": str(timezone.get_default_timezone()),
        "first": timezone.localdate(begin),
        "last": timezone.localdate(until),
        "since": begin - LONGEST_RESERVATION,
        "begin": begin,
        "until": until,
        "but": list(but),
    }
