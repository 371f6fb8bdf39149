"""Whether it went right, asked of the tables in SQL of its own: no code that books has a part in it."""

from collections.abc import Mapping

from django.db import connection

from clinic.contest.scene import BUFFER, CLEANING, PENS

# What stands twice at the same time, by what is reserved. Not asked by way of the constraint: it may be off.
OVERLAPS = """
SELECT count(*) FROM schedule_reservation AS one JOIN schedule_reservation AS other
    ON one.resource_id = other.resource_id AND one.id < other.id
    AND lower(one.period) < upper(other.period) AND lower(other.period) < upper(one.period)
WHERE NOT one.squeezed AND NOT other.squeezed
"""
# The same worked out from the sessions alone: a room and who treats are taken for the buffer too, nobody treats with
# cream here, and each patient is one.
TWICE = """
WITH taken AS (
    SELECT session.id, who, what, starts_at AS begins,
        ends_at + CASE who WHEN 'patient' THEN 0 ELSE %(buffer)s END * interval '1 minute' AS ends
    FROM schedule_session AS session
    JOIN courses_course AS course ON course.id = course_id
    CROSS JOIN LATERAL (
        VALUES ('practitioner', practitioner_id), ('room', room_id), ('patient', course.patient_id)
    ) AS thing (who, what)
    WHERE session.state IN ('booked', 'performed')
)
SELECT count(*) FROM taken AS one JOIN taken AS other USING (who, what)
WHERE one.id < other.id AND one.begins < other.ends AND other.begins < one.ends
"""
# More sessions with a device at a moment than there are devices.
TOO_MANY_PENS = """
WITH used AS (
    SELECT session.id, session.starts_at AS begins, session.ends_at + %(cleaning)s * interval '1 minute' AS ends
    FROM schedule_session AS session
    JOIN courses_course AS course ON course.id = course_id
    JOIN schedule_requirement AS needs ON needs.technique_id = course.technique_id
    WHERE session.state IN ('booked', 'performed')
)
SELECT count(*) FROM used AS one WHERE %(pens)s < (
    SELECT count(*) FROM used AS other WHERE other.begins <= one.begins AND one.begins < other.ends
)
"""
# Every booking wrote all numbers of its course; what was cancelled since is still there.
HALF_BOOKED = """
SELECT count(*) FROM (
    SELECT course.id
    FROM courses_course AS course JOIN schedule_session AS session ON session.course_id = course.id
    GROUP BY course.id
    HAVING count(DISTINCT session.number) <> course.sessions_planned
        OR max(session.number) <> course.sessions_planned
        OR count(*) FILTER (WHERE session.state NOT IN ('cancelled', 'missed'))
            <> count(DISTINCT session.number) FILTER (WHERE session.state NOT IN ('cancelled', 'missed'))
) AS course
"""
# A session reserves practitioner, room, patient and its device for its own time; a cancelled one nothing.
LOOSE = """
SELECT count(*) FROM schedule_session AS session
JOIN courses_course AS course ON course.id = session.course_id
WHERE (
    SELECT count(*) FROM schedule_reservation AS row WHERE row.session_id = session.id
) <> CASE WHEN session.state NOT IN ('booked', 'performed') THEN 0
    ELSE 3 + (SELECT count(*) FROM schedule_requirement AS needs WHERE needs.technique_id = course.technique_id) END
OR session.state IN ('booked', 'performed') AND NOT EXISTS (
    SELECT FROM schedule_reservation AS row JOIN schedule_resource AS resource ON resource.id = row.resource_id
    WHERE row.session_id = session.id AND resource.room_id = session.room_id
        AND row.period = tstzrange(session.starts_at, session.ends_at + %(buffer)s * interval '1 minute')
)
"""
QUESTIONS = {
    "overlapping reservations": OVERLAPS,
    "sessions in two places": TWICE,
    "sessions without a device": TOO_MANY_PENS,
    "half-booked courses": HALF_BOOKED,
    "sessions that reserve something else": LOOSE,
}


def verdict() -> Mapping[str, int]:
    """How many of each kind of wrong there are."""
    asked = {"buffer": BUFFER, "cleaning": CLEANING, "pens": PENS}
    found = {}
    with connection.cursor() as cursor:
        for name, sql in QUESTIONS.items():
            cursor.execute(sql, asked)
            found[name] = cursor.fetchone()[0]
    return found
