"""Questions about resources: when they are free."""

import datetime as dt
from collections.abc import Collection

from django.db import connection, models

from treatments.schedule.proposing.free_time import FREE_TIME, free_time_parameters
from treatments.schedule.rules import NEVER, Times


class ResourceQuerySet(models.QuerySet):
    """Resources."""

    def free_time(
        self,
        resources: Collection[int],
        begin: dt.datetime,
        until: dt.datetime,
        *,
        at: dt.datetime,
        but: Collection[int] = (),
    ) -> dict[int, Times]:
        """When these resources are free between two moments, in one query: {resource id: sorted spans}.

        Practitioners are free in their working hours (the clinic's wall clock) unless reserved, rooms and patients
        whenever they are not. What the sessions `but` take counts as free, and what was held for the waiting list until
        `at` or before. Less than a whole minute is not free.
        """
        free = dict.fromkeys(resources, NEVER)
        with connection.cursor() as cursor:
            cursor.execute(FREE_TIME, free_time_parameters(resources, begin, until, but, at=at))
            free |= {resource: Times(lows or (), highs or ()) for resource, lows, highs in cursor.fetchall()}
        return free
