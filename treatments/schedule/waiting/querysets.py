"""Questions about the waiting list and its offers."""

import datetime as dt
from collections.abc import Collection
from typing import Self

from django.apps import apps
from django.db import connection, models
from django.db.models import Exists, OuterRef, Q

from clinic.roles import BOOKING
from patients.tokens import hashed

# Raw: every booking asks it with a place in a calendar locked.
SERVED = """
UPDATE schedule_waiting SET served_at = %s
WHERE course_id = %s AND number = ANY(%s) AND withdrawn_at IS NULL AND served_at IS NULL
"""


class WaitingQuerySet(models.QuerySet):
    """Who waits."""

    def serve(self, course: int, numbers: Collection[int], *, at: dt.datetime) -> None:
        """Whoever waited for one of these sessions has a time. One SQL query."""
        with connection.cursor() as cursor:
            cursor.execute(SERVED, [at, course, list(numbers)])

    def visible_to(self, user) -> Self:
        """Whoever books sees all of them, nobody else any."""
        return self if user.has_role(*BOOKING) else self.none()

    def standing(self) -> Self:
        """Those who have neither got a time nor given up, of courses under way; nobody whose record has ended."""
        performed = apps.get_model("schedule", "Session").objects.filter(
            course=OuterRef("course"), number=OuterRef("number"), state="performed"
        )
        rows = self.filter(withdrawn_at=None, served_at=None, course__state="confirmed")
        goes_on = {"course__patient__died_on": None, "course__patient__duplicate_of": None}
        return rows.filter(~Exists(performed), **goes_on)

    def unasked(self) -> Self:
        """Those who wait and are offered nothing at present."""
        offered = apps.get_model("schedule", "Offer").objects.filter(waiting=OuterRef("pk"), state="open")
        return self.standing().filter(~Exists(offered))

    def for_page(self) -> Self:
        """With all that a line of the list shows."""
        return self.select_related("course__patient", "practitioner", "room", "added_by")

    def whom_it_may_fit(self, first: dt.date, last: dt.date) -> Self:
        """Those whose dates and weekdays reach into these days and who are offered nothing at present, in one query."""
        days = {(first + dt.timedelta(days=n)).isoweekday() for n in range((last - first).days + 1)}
        rows = self.unasked().filter(
            Q(latest=None) | Q(latest__gte=first),
            Q(weekdays=[]) | Q(weekdays__overlap=sorted(days)),
            earliest__lte=last,
        )
        courses = rows.select_related("course__patient", "course__technique", "course__area__parent")
        return courses.prefetch_related("course__procedure_substances", "offers").order_by("pk")


class OfferQuerySet(models.QuerySet):
    """Offers of held times."""

    def visible_to(self, user) -> Self:
        return self if user.has_role(*BOOKING) else self.none()

    def open(self, at: dt.datetime) -> Self:
        """Those that can still be answered."""
        waits = {"waiting__withdrawn_at": None, "waiting__served_at": None}
        return self.filter(state="open", hold__ended_at=None, hold__lapses_at__gt=at, **waits)

    def moot(self) -> Self:
        """Those that nobody can say yes to: whoever waited got a time otherwise, or waits no more.

        What ends a record withdraws what is offered to it; what somebody ended without it, by SQL, is found here.
        """
        over = Q(waiting__withdrawn_at__isnull=False) | Q(waiting__served_at__isnull=False)
        patient = "waiting__course__patient"
        ended = Q(**{f"{patient}__died_on__isnull": False}) | Q(**{f"{patient}__duplicate_of__isnull": False})
        return self.filter(over | ended, state="open")

    def by_token(self, token: str) -> Self:
        return self.filter(token_hashes__contains=[hashed(token)])

    def for_page(self) -> Self:
        """With all that the list and the patient's page show."""
        return self.select_related(
            "hold__practitioner", "hold__room", "waiting__course__patient", "desk"
        ).order_by("starts_at", "pk")

    def meeting(self, people: Collection[int], at: dt.datetime) -> Self:
        """Open offers with one of these practitioners, the soonest first."""
        return self.open(at).filter(hold__practitioner__in=people).for_page()
