"""Has anything changed of what a calendar shows? Asked every few seconds by every calendar that is looked at."""

import datetime as dt

from django.db import connection
from django.utils import timezone

from treatments.schedule.calendar.spans import Days

# A digest of what stands, not a number that rises: a number that was drawn before another and committed after it
# would be read past. The sum needs no order. The version of a session rises with whatever happens to it.
DIGEST = """
SELECT md5(concat_ws(' ',
    (SELECT sum(hashtextextended(concat_ws(' ', session.id, session.version, standing.held, checked.rule_set_id), 0))
     FROM schedule_session AS session
     LEFT JOIN schedule_standing AS standing ON standing.session_id = session.id
     LEFT JOIN courses_check AS checked ON checked.course_id = session.course_id
     WHERE session.starts_at >= %(begin)s AND session.starts_at < %(until)s),
    (SELECT sum(hashtextextended(concat_ws(' ', id, starts_at, ends_at), 0))
     FROM schedule_absence
     WHERE lifted_at IS NULL AND ends_at > %(begin)s AND starts_at < %(until)s),
    (SELECT sum(hashtextextended(id::text, 0))
     FROM schedule_hold
     WHERE ended_at IS NULL AND lapses_at > %(at)s AND until > %(begin)s AND begin < %(until)s),
    (SELECT sum(hashtextextended(concat_ws(' ', 'week', practitioner_id, weekday, starts, ends), 0))
     FROM clinic_workinghours),
    (SELECT sum(hashtextextended(concat_ws(' ', 'room', room_id, weekday, starts, ends), 0)) FROM clinic_roomhours),
    (SELECT sum(hashtextextended(concat_ws(' ', 'day', practitioner_id, day, starts, ends), 0))
     FROM clinic_dayhours WHERE day >= %(first)s AND day <= %(last)s),
    (SELECT max(version) FROM contraindications_ruleset WHERE published_at IS NOT NULL),
    %(today)s::text
))
"""


def digest(days: Days, *, at: dt.datetime) -> str:
    """What stands on these days, in 32 letters: other letters, something is other. One SQL query."""
    begin, until = days.span
    asked = {"begin": begin, "until": until, "at": at, "today": timezone.localdate(at)}
    asked |= {"first": days.first, "last": days.last}
    with connection.cursor() as cursor:
        cursor.execute(DIGEST, asked)
        return cursor.fetchone()[0]
