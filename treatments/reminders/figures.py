"""How sending went, day by day: counted by the database, in the clinic's days, one query each."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

DAYS = 30

# Raw, since a day without a message is a row too. A day is as long as it is: 23, 24 or 25 hours.
EACH_DAY = """
WITH days AS (
    SELECT day::date AS day, day AT TIME ZONE %(zone)s AS begins, (day + interval '1 day') AT TIME ZONE %(zone)s AS ends
    FROM generate_series(%(first)s::timestamp, %(last)s::timestamp, interval '1 day') AS day
)
"""
SENT = """
SELECT day, count(message.id) FROM days
LEFT JOIN reminders_message AS message ON sent_at >= begins AND sent_at < ends
GROUP BY day ORDER BY day
"""
FAILED = """
SELECT day, count(message.id) FILTER (WHERE state IN ('failed', 'bounced')), count(message.id) FROM days
LEFT JOIN reminders_message AS message
    ON due_at >= begins AND due_at < ends AND state IN ('sent', 'delivered', 'failed', 'bounced')
GROUP BY day ORDER BY day
"""
DELAY = """
SELECT day, percentile_cont(0.5) WITHIN GROUP (ORDER BY late), max(late) FROM days
LEFT JOIN LATERAL (
    SELECT greatest(extract(epoch FROM sent_at - due_at) / 60, 0)::float AS late
    FROM reminders_message WHERE sent_at >= begins AND sent_at < ends
) AS message ON true
GROUP BY day ORDER BY day
"""


@dataclass(frozen=True, slots=True)
class Day:
    """One day: messages sent on it; of those due on it and done with, how many failed; minutes between due and sent."""

    day: dt.date
    sent: int
    failed: int
    done: int
    median: float | None  # None: nothing was sent
    worst: float | None

    @property
    def failure_rate(self) -> float | None:
        """Per cent, None where there was nothing to fail."""
        return 100 * self.failed / self.done if self.done else None


def day_by_day(last: dt.date) -> list[Day]:
    """The thirty days up to `last`, oldest first. Three queries."""
    days = {"first": last - dt.timedelta(days=DAYS - 1), "last": last, "zone": settings.TIME_ZONE}
    sent, failed, delay = (_asked(what, days) for what in (SENT, FAILED, DELAY))
    return [
        Day(day, count, *failures[1:], *minutes[1:])
        for (day, count), failures, minutes in zip(sent, failed, delay, strict=True)
    ]


def _asked(what: str, days: dict) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(EACH_DAY + what, days)
        return cursor.fetchall()
