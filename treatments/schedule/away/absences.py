"""Somebody is away, or the clinic is closed: recorded at once, whatever is booked; nothing is cancelled by itself."""

import datetime as dt
from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import IsNull
from django.utils import timezone

from clinic.models import Room, User
from clinic.roles import BOOKING, Role
from clinic.rules import DaySpan
from treatments.schedule.away import presence
from treatments.schedule.away.duty import lock_duty
from treatments.schedule.models import Absence, AbsenceKind, Reservation, ReservationWhy, Session
from treatments.schedule.occupations import hours_of
from treatments.schedule.overlapping.meetings import straighten
from treatments.schedule.places import Freed, told_free
from treatments.schedule.proposing.free_time import LONGEST_RESERVATION
from treatments.schedule.resources import resources_of
from treatments.schedule.rules import Hours, Span, at_work, of_day, wall
from treatments.schedule.transactions import all_or_nothing, lock_closings, lock_resources

AWAY = (ReservationWhy.ABSENCE, ReservationWhy.CLOSED)


def days_span(first: dt.date, last: dt.date) -> Span:
    """From the midnight before the clinic's day `first` to the midnight after `last`."""
    zone = timezone.get_default_timezone()
    return wall(first, dt.time.min, zone), wall(last + dt.timedelta(days=1), dt.time.min, zone)


def may_record(user: User, absence: Absence, day: dt.date) -> bool:
    """The clinic admin records and lifts every absence, whoever books a practitioner's within the present `day`."""
    if user.has_role(Role.CLINIC_ADMIN):
        return True
    today = absence.first_day == absence.last_day == day
    return user.has_role(*BOOKING) and not absence.is_closing and today


def record(absence: Absence, *, by: User, at: dt.datetime) -> Absence:
    """Save a new absence and reserve all of it that sessions leave. Recorded twice it is one.

    Raises PermissionDenied, ValidationError in words.
    """
    if not may_record(by, absence, timezone.localdate(at)):
        raise PermissionDenied
    absence.recorded_by, absence.recorded_at = by, at
    absence.full_clean(exclude=["practitioner", "lifted_at", "lifted_by"], validate_constraints=False)

    def change() -> Absence:
        resources = _lock(absence)
        known = _alike(absence).first()
        if known is None:
            absence.save(force_insert=True)
            Reservation.objects.cover(resources, absence.starts_at, absence.ends_at)
        return known or absence

    return all_or_nothing(change)


def ill_today(practitioner: User, *, by: User, at: dt.datetime) -> Absence:
    """The practitioner is ill for the rest of the clinic's day. Raises what `record` raises."""
    day = timezone.localdate(at)
    begin, until = days_span(day, day)
    absence = Absence(practitioner=practitioner, starts_at=begin, ends_at=until, kind=AbsenceKind.ILL)
    return record(absence, by=by, at=at)


def lift(absence: Absence, *, by: User, at: dt.datetime) -> Absence:
    """It does not hold any more: its time is free again. Lifting it twice changes nothing. Raises PermissionDenied."""
    if not may_record(by, absence, timezone.localdate(at)):
        raise PermissionDenied

    def change() -> None:
        resources = _lock(absence)
        lifted = Absence.objects.standing().filter(pk=absence.pk).update(lifted_at=at, lifted_by=by)
        if lifted:
            _uncover(resources, absence)
            told_free([Freed(tuple(resources), absence.starts_at, absence.ends_at)], at=at)

    all_or_nothing(change)
    absence.refresh_from_db()
    return absence


def _uncover(resources: list[int], absence: Absence) -> None:
    """Take its reservations away; what other absences need of them is reserved anew, cut at midnights again."""
    begin, until = absence.starts_at - LONGEST_RESERVATION, absence.ends_at + LONGEST_RESERVATION
    rows = Reservation.objects.filter(resource__in=resources, why__in=AWAY)
    rows.filter(starts_at__gte=begin, starts_at__lt=absence.ends_at, ends_at__gt=absence.starts_at).delete()
    Reservation.objects.cover(resources, begin, until)
    straighten(resources, absence.starts_at, absence.ends_at)


def _lock(absence: Absence) -> list[int]:
    """The resources that an absence takes, locked: its practitioner, or every room there is."""
    if absence.practitioner is not None:
        lock_duty(absence.practitioner)
        resources = resources_of([absence.practitioner])
    else:
        lock_closings()
        resources = resources_of(Room.objects.order_by("pk"))
    lock_resources(resources)
    return resources


def _alike(absence: Absence) -> "QuerySet[Absence]":
    span = {"starts_at": absence.starts_at, "ends_at": absence.ends_at}
    return Absence.objects.standing().filter(practitioner=absence.practitioner, **span)


# Questions


def listed(at: dt.datetime) -> list[Absence]:
    """What stands and is not over at `at`, soonest first, each with `sessions_left`, the booked ones that it meets."""
    met = (
        Session.objects.booked()
        .filter(Q(practitioner=OuterRef("practitioner")) | Q(IsNull(OuterRef("practitioner"), True)))
        .filter(starts_at__lt=OuterRef("ends_at"), ends_at__gt=OuterRef("starts_at"))
        .order_by()
        .values("state")
        .annotate(n=Count("pk"))
        .values("n")
    )
    rows = Absence.objects.standing().filter(ends_at__gt=at).for_page()
    found = list(rows.annotate(sessions_left=Coalesce(Subquery(met), 0)).order_by("starts_at", "pk"))
    of_nurses = presence.left_in(found, at)
    for absence in found:
        absence.sessions_left += of_nurses.get(absence.pk, 0)
    return found


def hours_on(person: User, day: dt.date) -> list[DaySpan]:
    """From when to when `person` works on that day, as it is planned."""
    found = of_day(hours_of([person])[person.pk], day)
    return sorted((one.starts, one.ends) for one in found if one.starts < one.ends)


def outside_hours(person: User, day: dt.date, spans: Sequence[DaySpan] | None = None) -> list[Session]:
    """The booked sessions of a day that its hours, or `spans` in their place, do not cover. Up to four SQL queries."""
    zone = timezone.get_default_timezone()
    worked = hours_on(person, day) if spans is None else spans
    hours = [Hours(day.isoweekday(), starts, ends) for starts, ends in worked]
    begin, until = days_span(day, day)
    taken = Reservation.objects.filter(
        resource__practitioner=person, session__state="booked", starts_at__gte=begin, starts_at__lt=until
    )
    outside = [row.pk for row in taken if not at_work(hours, (row.starts_at, row.ends_at), zone)]
    rows = Session.objects.filter(reservations__in=outside).distinct().order_by("starts_at", "pk")
    return list(rows.select_related("course__patient", "practitioner", "room"))
