"""Questions about sessions, resources and what they are taken by."""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

from django.apps import apps
from django.db import connection, models
from django.db.models import Case, Count, Exists, OuterRef, Q, Subquery, When
from django.db.models.functions import TruncDate
from django.utils import timezone

from clinic.roles import BOOKING, Role
from contraindications.models import RuleSet
from treatments.courses.models import Course
from treatments.schedule.proposing.free_time import FREE_TIME, LONGEST_RESERVATION, free_time_parameters
from treatments.schedule.rules import NEVER, Span, Times, wall

TAKEN = """
SELECT DISTINCT wanted.number
FROM unnest(%(numbers)s::int[], %(resources)s::bigint[], %(begins)s::timestamptz[], %(untils)s::timestamptz[])
    AS wanted (number, resource, begins, untils)
JOIN schedule_reservation AS reservation
    ON reservation.resource_id = wanted.resource
    AND reservation.starts_at > wanted.begins - %(longest)s AND reservation.starts_at < wanted.untils
    AND reservation.ends_at > wanted.begins
WHERE reservation.session_id IS NULL OR reservation.session_id <> ALL(%(but)s::bigint[])
"""
# Where sessions' own time counts as free (`but`), the absences that they stand in are asked for themselves.
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


BOOKED_ONCE = """
INSERT INTO schedule_booking (course_id, key, booked_at, booked_by_id) VALUES (%s, %s, %s, %s)
ON CONFLICT (course_id, key) DO NOTHING
"""


# Raw, since thousands may turn at once: rows of the ORM cost four times as much as the statement.
STAND = """
INSERT INTO schedule_standing (since, cause, session_id, screening_id, outcome, held, stage)
SELECT %s, %s, found.*
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::boolean[], %s::text[]) AS found
ON CONFLICT (session_id) DO UPDATE
SET since = excluded.since, cause = excluded.cause, screening_id = excluded.screening_id,
    outcome = excluded.outcome, held = excluded.held, stage = excluded.stage
"""


def courses_to_book(user):
    """The courses that `user` may book or see booked: every confirmed one for all who book, else none.

    The front desk is among them, so what is shown of a course is the page's to choose.
    """
    courses = Course.objects.exclude(state="planned").for_booking()
    return courses if user.has_role(*BOOKING) else courses.none()


class ToCome(NamedTuple):
    """A session to come with how it stood; the last three are None where nothing is written yet."""

    session: int
    course: int
    day: dt.date
    outcome: str | None
    stage: str | None
    screening: int | None


class Stood(NamedTuple):
    """How a session stands from now on."""

    session: int
    screening: int | None
    outcome: str
    held: bool
    stage: str


class StandingQuerySet(models.QuerySet):
    """How sessions stand."""

    def stand(self, found: Collection[Stood], *, cause: str, at: dt.datetime) -> None:
        """Write how each of at least one session stands over how it stood, in one statement."""
        columns = [list(column) for column in zip(*found, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(STAND, [at, cause, *columns])


class ResourceQuerySet(models.QuerySet):
    """Resources."""

    def free_time(
        self, resources: Collection[int], begin: dt.datetime, until: dt.datetime, *, but: Collection[int] = ()
    ) -> dict[int, Times]:
        """When these resources are free between two moments, in one query: {resource id: sorted spans}.

        Practitioners are free in their working hours (the clinic's wall clock) unless reserved, rooms and patients
        whenever they are not. What the sessions `but` take counts as free. Less than a whole minute is not free.
        """
        free = dict.fromkeys(resources, NEVER)
        with connection.cursor() as cursor:
            cursor.execute(FREE_TIME, free_time_parameters(resources, begin, until, but))
            free |= {resource: Times(lows or (), highs or ()) for resource, lows, highs in cursor.fetchall()}
        return free


class AbsenceQuerySet(models.QuerySet):
    """Absences, closing days among them."""

    def visible_to(self, user):
        """Whoever books and the clinic admin see who is away, nobody else."""
        return self if user.has_role(*BOOKING, Role.CLINIC_ADMIN) else self.none()

    def standing(self):
        """Those that were not lifted."""
        return self.filter(lifted_at=None)

    def overlapping(self, begin: dt.datetime, until: dt.datetime):
        return self.filter(starts_at__lt=until, ends_at__gt=begin)

    def for_page(self):
        return self.select_related("practitioner", "recorded_by", "lifted_by")

    def of_day(self, begin: dt.datetime, until: dt.datetime):
        """What stands between two moments, the clinic's closing first, with who is away."""
        return (
            self.standing().overlapping(begin, until).for_page().order_by("-kind", "practitioner__name", "pk")
        )


def _reservations() -> models.QuerySet:
    """All reservations: their model knows this module."""
    return apps.get_model("schedule", "Reservation").objects.all()


class SessionQuerySet(models.QuerySet):
    """Sessions."""

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

    def of_courses(self, courses: Collection[int]) -> Iterator[ToCome]:
        """The sessions of these courses, soonest first, each with its day and how it stood."""
        rows = self.filter(course__among=courses).order_by("starts_at", "pk")
        stood = ("standing__outcome", "standing__stage", "standing__screening")
        return map(ToCome._make, rows.values_list("pk", "course", TruncDate("starts_at"), *stood))

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
                reservations__resource__in=resources,
                reservations__starts_at__gte=begin - LONGEST_RESERVATION,
                reservations__starts_at__lt=until,
                reservations__ends_at__gt=begin,
            )
            .order_by("reservations__starts_at", "pk")
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
            .for_page()
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


class BookingQuerySet(models.QuerySet):
    """Forms by which sessions were booked."""

    def once(self, course, key: UUID, *, by, at: dt.datetime) -> bool:
        """Write that this form books the course, in one statement; False, and nothing, if it did before."""
        with connection.cursor() as cursor:
            cursor.execute(BOOKED_ONCE, [course.pk, key, at, by.pk])
            return cursor.rowcount == 1


def in_columns(wanted: Iterable[tuple[int, int, Span]], but: Collection[int]) -> dict[str, Any]:
    """(number, resource id, span) of all that is wanted, as TAKEN and its like are asked with."""
    rows = list(wanted)
    return {
        "numbers": [number for number, _resource, _span in rows],
        "resources": [resource for _number, resource, _span in rows],
        "begins": [span[0] for _number, _resource, span in rows],
        "untils": [span[1] for _number, _resource, span in rows],
        "longest": LONGEST_RESERVATION,
        "but": list(but),
    }


class ReservationQuerySet(models.QuerySet):
    """Reservations."""

    def of_kind(self, why: str, resources: Collection[int], begin: dt.datetime, until: dt.datetime):
        """What these resources are taken for in one way between two moments, by time."""
        return self.filter(
            why=why,
            resource__in=resources,
            starts_at__gte=begin - LONGEST_RESERVATION,
            starts_at__lt=until,
            ends_at__gt=begin,
        ).order_by("starts_at", "pk")

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

    def taken(self, wanted: Iterable[tuple[int, int, Span]], *, but: Collection[int] = ()) -> list[int]:
        """Which numbers of (number, resource id, span) meet a reservation; those of the sessions `but` do not count."""
        with connection.cursor() as cursor:
            cursor.execute(f"{TAKEN} UNION {AWAY}" if but else TAKEN, in_columns(wanted, but))
            return sorted({number for (number,) in cursor.fetchall()})
