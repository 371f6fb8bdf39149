"""Questions about sessions."""

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import connection, models
from django.db.models import Case, Count, Exists, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import TruncDate
from django.utils import timezone

from clinic.roles import BOOKING
from contraindications.models import RuleSet
from treatments.schedule.proposing.free_time import LONGEST_RESERVATION
from treatments.schedule.rules import wall

if TYPE_CHECKING:
    from treatments.schedule.models import Session


def _reservations() -> models.QuerySet:
    """All reservations: their model knows this module."""
    return apps.get_model("schedule", "Reservation").objects.all()


# Raw, as the reservations are: both are written with a place in a calendar locked.
BOOK = """
INSERT INTO schedule_session (course_id, number, state, practitioner_id, room_id, starts_at, ends_at, added_minutes,
    booked_at, booked_by_id, cancel_reason, cancelled_late, interval_reason, version)
SELECT %s, number, 'booked', practitioner, room, starts_at, ends_at, 0, %s, %s, '', false, reason, 1
FROM unnest(%s::int[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::text[])
    AS one (number, practitioner, room, starts_at, ends_at, reason)
RETURNING number, id
"""
# Who has not come back by then has broken the course off; the page of the patient shows it for ever.
NOT_LONG_AGO = dt.timedelta(days=90)
BOOK_COLUMNS = ("number", "practitioner_id", "room_id", "starts_at", "ends_at", "interval_reason")


class SessionQuerySet(models.QuerySet):
    """Sessions."""

    def book(self, rows: list["Session"]) -> list["Session"]:
        """Write new booked sessions of one course, by one person at one moment, in one statement; they get their keys.

        At least one. Nothing is said of them yet but what BOOK names.
        """
        said = [[getattr(row, name) for row in rows] for name in BOOK_COLUMNS]
        with connection.cursor() as cursor:
            cursor.execute(BOOK, [rows[0].course_id, rows[0].booked_at, rows[0].booked_by_id, *said])
            keys = dict(cursor.fetchall())
        for row in rows:
            row.pk, row._state.adding, row._state.db = keys[row.number], False, connection.alias
        return rows

    def visible_to(self, user):
        """Whoever books sees all sessions, nobody else any."""
        return self if user.has_role(*BOOKING) else self.none()

    def standing(self):
        """Those that take place or did: neither cancelled nor missed."""
        return self.exclude(state__in=["cancelled", "missed"])

    def booked(self):
        return self.filter(state="booked")

    def to_come(self, day: dt.date):
        """Booked sessions from the beginning of the clinic's `day` on."""
        return self.booked().filter(starts_at__gte=wall(day, dt.time.min, timezone.get_default_timezone()))

    def met_by(self, absence, *, also: Collection[int] = ()):
        """The booked sessions that an absence meets, soonest first: of its practitioner, or all where it closes.

        `also`: sessions of others that it concerns.
        """
        met = self.booked().filter(
            starts_at__gt=absence.starts_at - LONGEST_RESERVATION,  # narrows the index; ends_at is in none
            starts_at__lt=absence.ends_at,
            ends_at__gt=absence.starts_at,
        )
        if not absence.is_closing:
            met = met.filter(Q(practitioner=absence.practitioner_id) | Q(pk__in=also))
        return met.select_related("course__patient", "practitioner", "room").order_by("starts_at", "pk")

    def with_held(self):
        """`held`: a booked session may not take place as far as is known, or nobody knows yet.

        Free is only what was found free under the rule set in force; whatever is missing, the session is held.
        `unchecked`: the lists in force have not been asked about its course.
        """
        in_force = RuleSet.objects.published().order_by("-version").values("pk")[:1]
        checked = Q(course__checked__rule_set=Subquery(in_force))
        booked = Q(state="booked")
        return self.annotate(
            held=Case(
                When(~booked, then=False),
                When(checked & Q(standing__held=False), then=False),
                default=True,
                output_field=models.BooleanField(),
            ),
            unchecked=Case(
                When(~booked, then=False),
                When(checked, then=False),
                default=True,
                output_field=models.BooleanField(),
            ),
        )

    def first_held(self):
        """Of each course the first session that is held up for each kind of reason; `how_many` of them there are."""
        alike = self.filter(
            course=OuterRef("course"), standing__held=True, standing__stage=OuterRef("standing__stage")
        ).order_by()
        count = alike.values("course").annotate(n=Count("pk")).values("n")
        sooner = alike.filter(
            Q(starts_at__lt=OuterRef("starts_at")) | Q(starts_at=OuterRef("starts_at"), pk__lt=OuterRef("pk"))
        )
        return self.filter(~Exists(sooner), standing__held=True).annotate(how_many=Subquery(count))

    def for_worklist(self):
        """Sessions with what a line of the worklist shows, soonest first."""
        return (
            self.select_related(
                "course__patient",
                "course__goal",
                "course__area",
                "standing__screening__rule_set",
                "standing__screening__patient",
            )
            .defer("standing__screening__rule_set__content")
            .order_by("starts_at", "pk")
        )

    def for_page(self):
        """A session with all that its page shows, whether it is held too, in one query."""
        return self.with_held().select_related(
            "course__patient", "course__goal", "course__area", "practitioner", "room", "booked_by", "standing"
        )

    def of_patient(self, patient):
        """All sessions of a patient, the latest first, cancelled ones included."""
        return self.filter(course__patient=patient).for_page().order_by("-starts_at", "-pk")

    def taking(self, resources: Collection[int], begin: dt.datetime, until: dt.datetime):
        """What takes these resources between two moments, with `held` and `overlap`: once for each reservation.

        The bare query of the calendar's day and week; it reads the index of reservations.
        """
        squeezed = _reservations().filter(squeezed=True, session=OuterRef("pk"))
        return (
            self.with_held()
            .annotate(overlap=Exists(squeezed))
            .filter(
                reservations__resource__among=resources,
                reservations__starts_at__gte=begin - LONGEST_RESERVATION,
                reservations__starts_at__lt=until,
                reservations__ends_at__gt=begin,
            )
            .order_by("reservations__starts_at", "pk")
        )

    def missed(self, begin: dt.datetime, until: dt.datetime):
        """Those that started between two moments and to which nobody came, as `taking` annotates what takes time."""
        missed = self.filter(state="missed", starts_at__gte=begin, starts_at__lt=until)
        return missed.annotate(held=Value(value=False), overlap=Value(value=False)).order_by(
            "starts_at", "pk"
        )

    def given_up(self, at: dt.datetime):
        """Those that were cancelled or missed and are not booked anew, of courses under way: each number once.

        Of those NOT_LONG_AGO whose turn would have been soonest first. None of patients who have died, or whose record
        is closed.
        """
        anew = (
            SessionQuerySet(self.model)
            .standing()
            .filter(course=OuterRef("course"), number=OuterRef("number"))
        )
        open_record = {"course__patient__died_on": None, "course__patient__duplicate_of": None}
        again: SessionQuerySet = SessionQuerySet(self.model).filter(
            course=OuterRef("course"), number=OuterRef("number"), pk__gt=OuterRef("pk")
        )
        gone = self.filter(state__in=["cancelled", "missed"], starts_at__gte=at - NOT_LONG_AGO)
        rows = gone.filter(~Exists(anew), ~Exists(again), course__state="confirmed", **open_record)
        return rows.select_related("course__patient", "practitioner", "cancelled_by").order_by(
            "starts_at", "pk"
        )

    def of_day(self, begin: dt.datetime, until: dt.datetime):
        """The sessions that start between two moments, by time, the missed ones too.

        `overlap_reason`: why one is booked over others.
        """
        over = _reservations().filter(session=OuterRef("pk"), squeezed=True).values("squeeze_reason")[:1]
        return (
            self.exclude(state="cancelled")
            .filter(starts_at__gte=begin, starts_at__lt=until)
            .annotate(overlap_reason=Subquery(over))
            .with_held()
            .select_related("course__patient", "course__goal", "course__area", "practitioner", "room")
            .order_by("starts_at", "pk")
        )

    def with_one(self, by: str, pk: int | None):
        """Those with one practitioner, in one room or with one device, as `by` says; without a key all."""
        if pk is None:
            return self
        if by == "device":
            return self.filter(pk__in=_reservations().filter(resource__device=pk).values("session"))
        return self.filter(**{by: pk})

    def counted_by_day(self, begin: dt.datetime, until: dt.datetime):
        """(day of the clinic, how many stand on it) between two moments; days without any are left out."""
        rows = self.standing().filter(starts_at__gte=begin, starts_at__lt=until).order_by()
        return rows.values_list(TruncDate("starts_at")).annotate(Count("pk"))
