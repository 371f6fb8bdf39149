"""When somebody or something is free: the one query behind all that is proposed, offered and checked ahead."""

import datetime as dt
from collections.abc import Collection

from django.utils import timezone

from clinic.models import Clinic

# A reservation never outlasts the longest day, so that what is taken from some moment on began at most this long
# before. A longer absence has a row for each day.
LONGEST_RESERVATION = dt.timedelta(hours=25)

# Whoever and whatever is asked for (`wanted`), and when they are there at all (`present`): practitioners in their
# hours, nurses only while the doctor is at work whom the clinic's setting asks for, rooms in theirs or always.
# A doctor who treats is at work; one who is away is not.
# The bounds are parameters: computed inside the query they would hide from the planner how few rows are meant.
PRESENT = """
WITH wanted AS (
    SELECT id, practitioner_id, room_id FROM schedule_resource WHERE id = ANY(%(resources)s)
), asked AS (
    SELECT coalesce((SELECT nurses_with_doctor FROM clinic_clinic WHERE id = 1), %(nurses)s) AS whom
), doctors AS (
    SELECT person.id
    FROM clinic_user AS person
    JOIN clinic_user_groups AS held ON held.user_id = person.id
    JOIN auth_group AS role ON role.id = held.group_id AND role.name = 'doctor'
    WHERE person.is_active
), pairs AS (
    SELECT nurse.id AS nurse_id, doctors.id AS doctor_id
    FROM wanted
    JOIN clinic_user AS nurse ON nurse.id = wanted.practitioner_id
    JOIN asked ON asked.whom <> 'never'
    LEFT JOIN doctors ON asked.whom = 'any' OR doctors.id = nurse.cooperating_doctor_id
    WHERE nurse.id NOT IN (SELECT id FROM doctors)
), people AS (
    SELECT practitioner_id AS id FROM wanted WHERE practitioner_id IS NOT NULL
    UNION SELECT doctor_id FROM pairs WHERE doctor_id IS NOT NULL
), special AS (
    SELECT people.id, day::timestamp AS day, starts, ends
    FROM people JOIN clinic_dayhours ON practitioner_id = people.id
    WHERE day BETWEEN %(first)s AND %(last)s
), days AS (
    SELECT day, extract(isodow FROM day) AS weekday
    FROM generate_series(%(first)s::timestamp, %(last)s::timestamp, '1 day') AS day
), shifts AS (
    SELECT people.id AS person_id, NULL::bigint AS room_id, day, starts, ends
    FROM people
    JOIN clinic_workinghours ON practitioner_id = people.id
    JOIN days USING (weekday)
    WHERE NOT EXISTS (SELECT FROM special WHERE special.id = people.id AND special.day = days.day)
    UNION ALL
    SELECT id, NULL, day, starts, ends FROM special WHERE starts IS NOT NULL
    UNION ALL
    SELECT NULL, room_id, day, starts, ends FROM wanted JOIN clinic_roomhours USING (room_id) JOIN days USING (weekday)
), hours AS (
    SELECT person_id, room_id, range_agg(tstzrange(least(opens, closes), closes)) AS spans
    FROM shifts
    CROSS JOIN LATERAL (
        SELECT (day + starts) AT TIME ZONE %(zone)s AS opens, (day + ends) AT TIME ZONE %(zone)s AS closes
    ) AS wall
    GROUP BY person_id, room_id
), missing AS (
    SELECT doctor_id, range_agg(tstzrange(absence.starts_at, absence.ends_at)) AS spans
    FROM (SELECT DISTINCT doctor_id FROM pairs) AS asked_for
    JOIN schedule_absence AS absence ON absence.practitioner_id = doctor_id
    WHERE absence.lifted_at IS NULL AND absence.starts_at < %(until)s AND absence.ends_at > %(begin)s
    GROUP BY doctor_id
), backed AS (
    SELECT nurse_id, coalesce(range_agg(hours.spans - coalesce(missing.spans, '{}')), '{}') AS spans
    FROM pairs
    LEFT JOIN hours ON hours.person_id = doctor_id
    LEFT JOIN missing USING (doctor_id)
    GROUP BY nurse_id
), present AS (
    SELECT wanted.id, wanted.practitioner_id, wanted.room_id,
        CASE
            WHEN practitioner_id IS NOT NULL THEN
                coalesce(hours.spans, '{}') * coalesce(backed.spans, tstzmultirange(tstzrange(NULL, NULL)))
            WHEN hours.spans IS NULL AND NOT EXISTS (
                SELECT FROM clinic_roomhours AS own WHERE own.room_id = wanted.room_id
            ) THEN tstzmultirange(tstzrange(%(begin)s, %(until)s))
            ELSE coalesce(hours.spans, '{}')
        END * tstzmultirange(tstzrange(%(begin)s, %(until)s)) AS spans
    FROM wanted
    LEFT JOIN hours ON hours.person_id = wanted.practitioner_id OR hours.room_id = wanted.room_id
    LEFT JOIN backed ON backed.nurse_id = wanted.practitioner_id
)
"""

# An absence reserves only what sessions leave of it. Where sessions' own time counts as free (`but`), the absences
# that they stand in are asked for themselves. So they are where time was held for the waiting list and the hold has
# lapsed by the moment of asking (`at`; without one none has): nobody answers it any more, and booking releases it. This
# is the one place that knows it. Few rows are held, with an index of theirs.
# `free` is each resource with what is left of its time, `present` less what the parts before it say.
# Where there are none, the first half of its condition lets the index answer alone.
FREE = f"""
{PRESENT}, taken AS (
    SELECT resource_id AS id, range_agg(tstzrange(starts_at, ends_at)) AS spans
    FROM schedule_reservation
    WHERE resource_id = ANY(%(resources)s) AND starts_at >= %(since)s AND starts_at < %(until)s
        AND (%(but)s::bigint[] = '{{}}' OR session_id IS NULL OR session_id <> ALL(%(but)s::bigint[]))
    GROUP BY resource_id
), lapsed AS (
    SELECT resource_id AS id, range_agg(period) AS spans
    FROM schedule_reservation
    JOIN schedule_hold AS hold ON hold.id = hold_id
    WHERE hold_id IS NOT NULL AND resource_id = ANY(%(resources)s) AND hold.lapses_at <= %(at)s::timestamptz
    GROUP BY resource_id
), away AS (
    SELECT wanted.id, range_agg(tstzrange(absence.starts_at, absence.ends_at)) AS spans
    FROM wanted
    JOIN schedule_absence AS absence
        ON absence.practitioner_id = wanted.practitioner_id
        OR absence.practitioner_id IS NULL AND wanted.room_id IS NOT NULL
    WHERE (%(but)s::bigint[] <> '{{}}' OR EXISTS (SELECT FROM lapsed)) AND absence.lifted_at IS NULL
        AND absence.starts_at < %(until)s AND absence.ends_at > %(begin)s
    GROUP BY wanted.id
), free AS (
    SELECT present.id,
        present.spans - (coalesce(taken.spans, '{{}}') - coalesce(lapsed.spans, '{{}}')) - coalesce(away.spans, '{{}}')
            AS spans
    FROM present
    LEFT JOIN taken USING (id)
    LEFT JOIN lapsed USING (id)
    LEFT JOIN away USING (id)
)
"""  # noqa: S608 (constants only)

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
    resources: Collection[int],
    begin: dt.datetime,
    until: dt.datetime,
    but: Collection[int] = (),
    *,
    at: dt.datetime | None = None,
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
        "at": at,
        "nurses": Clinic._meta.get_field("nurses_with_doctor").default,
    }
