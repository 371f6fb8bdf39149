"""Questions about the forms by which sessions were booked."""

import datetime as dt
from uuid import UUID

from django.db import connection, models

BOOKED_ONCE = """
INSERT INTO schedule_booking (course_id, key, booked_at, booked_by_id) VALUES (%s, %s, %s, %s)
ON CONFLICT (course_id, key) DO NOTHING
"""


class BookingQuerySet(models.QuerySet):
    """Forms by which sessions were booked."""

    def once(self, course, key: UUID, *, by, at: dt.datetime) -> bool:
        """Write that this form books the course, in one statement; False, and nothing, if it did before."""
        with connection.cursor() as cursor:
            cursor.execute(BOOKED_ONCE, [course.pk, key, at, by.pk])
            return cursor.rowcount == 1
