"""Who and what is there at all, whatever it is reserved by: hours, rooms that are closed, nurses without a doctor.

Nothing is cancelled by itself: sessions that lie outside by now are listed until somebody moves them.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence

from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet

from clinic.models import Clinic, NursesWith, Room, User
from treatments.schedule.models import Absence, Resource, Session
from treatments.schedule.places import Chosen, wanted
from treatments.schedule.proposing.free_time import LONGEST_RESERVATION, PRESENT, free_time_parameters
from treatments.schedule.rules import Fault

DAY = dt.timedelta(days=1)
Sessions = QuerySet[Session]

NOT_THERE = f"""
{PRESENT}
SELECT asked.number, asked.resource
FROM unnest(%(numbers)s::int[], %(asked)s::bigint[], %(begins)s::timestamptz[], %(untils)s::timestamptz[])
    AS asked (number, resource, begins, untils)
JOIN present ON present.id = asked.resource
WHERE NOT present.spans @> tstzrange(asked.begins, asked.untils)
"""  # noqa: S608 (constants only)

OUTSIDE = f"""
{PRESENT}
SELECT session.id,
    bool_and(backed.spans IS NULL OR backed.spans @> tstzrange(reservation.starts_at, reservation.ends_at))
FROM schedule_session AS session
JOIN schedule_reservation AS reservation ON reservation.session_id = session.id
JOIN present ON present.id = reservation.resource_id
LEFT JOIN backed ON backed.nurse_id = present.practitioner_id
WHERE session.state = 'booked' AND session.starts_at >= %(from)s AND session.starts_at < %(to)s
    AND NOT present.spans @> tstzrange(reservation.starts_at, reservation.ends_at)
GROUP BY session.id
"""  # noqa: S608 (constants only)


def faults_of(chosen: Sequence[Chosen], known: Collection[tuple[int, Fault]]) -> set[tuple[int, Fault]]:
    """Which sessions would be in a room that is closed, or with a nurse while no doctor is there. One SQL query.

    `known`: what is wrong already; who does not work then needs no doctor either.
    """
    rooms = {one.place.resources[1] for one in chosen}
    found = set()
    for number, resource in _not_there(chosen):
        if resource in rooms:
            found.add((number, Fault.ROOM))
        elif (number, Fault.HOURS) not in known:
            found.add((number, Fault.DOCTOR))
    return found


def _not_there(chosen: Iterable[Chosen]) -> list[tuple[int, int]]:
    """(session number, resource id) of whoever and whatever is not there for all of its part."""
    rows = wanted(chosen)
    if not rows:
        return []
    begin = min(span[0] for _number, _resource, span in rows)
    until = max(span[1] for _number, _resource, span in rows)
    asked = {
        "numbers": [number for number, _resource, _span in rows],
        "asked": [resource for _number, resource, _span in rows],
        "begins": [span[0] for _number, _resource, span in rows],
        "untils": [span[1] for _number, _resource, span in rows],
    }
    resources = {resource for _number, resource, _span in rows}
    with connection.cursor() as cursor:
        cursor.execute(NOT_THERE, free_time_parameters(resources, begin - DAY, until + DAY) | asked)
        return cursor.fetchall()


def outside(
    begin: dt.datetime, until: dt.datetime | None = None, *, of: User | Room | None = None
) -> Sessions:
    """Booked sessions that start in a period and lie outside somebody's hours, soonest first.

    `of`: only where this practitioner, a nurse who needs them, or this room is concerned. Up to five SQL queries.
    """
    return _found(_outside(begin, until, of))


def without_doctor(begin: dt.datetime, until: dt.datetime, doctor: User) -> set[int]:
    """Booked sessions of nurses in a period that lack the doctor whom they need there. Up to four SQL queries."""
    return {pk for pk, backed in _outside(begin, until, doctor) if not backed}


def _outside(begin: dt.datetime, until: dt.datetime | None, of: User | Room | None) -> list[tuple[int, bool]]:
    """(session id, whether nobody is missing whom a nurse needs) of what lies outside."""
    until = until or _latest(begin)
    asked = free_time_parameters(list(_concerned(of)), begin - DAY, until + DAY)
    with connection.cursor() as cursor:
        cursor.execute(OUTSIDE, asked | {"from": begin, "to": until})
        return cursor.fetchall()


def _found(rows: Iterable[tuple[int, bool]]) -> Sessions:
    found = Session.objects.filter(pk__in={pk for pk, _backed in rows}).order_by("starts_at", "pk")
    return found.select_related("course__patient", "practitioner", "room")


def _latest(begin: dt.datetime) -> dt.datetime:
    """A moment after the last booked session. One SQL query."""
    last = Session.objects.booked().filter(starts_at__gte=begin).aggregate(last=Max("starts_at"))["last"]
    return (last or begin) + dt.timedelta(seconds=1)


def _concerned(of: User | Room | None) -> "QuerySet[Resource, int]":
    rows = Resource.objects.values_list("pk", flat=True)
    if isinstance(of, Room):
        return rows.filter(room=of)
    if isinstance(of, User):
        return rows.filter(Q(practitioner=of) | Q(practitioner__in=who_needs(of)))
    return rows.filter(patient=None, device=None)


def who_needs(doctor: User) -> "QuerySet[User]":
    """The nurses who treat only while `doctor` is at work, or where any will do while one is. One SQL query."""
    asked = Clinic.current().nurses_with_doctor
    if asked == NursesWith.NEVER or not doctor.is_doctor:
        return User.objects.none()
    nurses = User.objects.practitioners().exclude(pk=doctor.pk)
    return nurses.filter(cooperating_doctor=doctor) if asked == NursesWith.HERS else nurses


def left_by(change: Callable[[], object], *, of: User | Room | None, at: dt.datetime) -> list[Session]:
    """The sessions to come that `change` would leave outside, which is tried and taken back."""
    already = {pk for pk, _backed in _outside(at, None, of)}
    with transaction.atomic():
        change()
        found = list(_found(row for row in _outside(at, None, of) if row[0] not in already))
        transaction.set_rollback(True)
    return found


def met_by(absence: Absence) -> Sessions:
    """The booked sessions that an absence meets, soonest first, those of nurses among them who need who is away.

    Not recorded yet, it is tried and taken back.
    """
    if absence.practitioner is None:
        return Session.objects.met_by(absence)
    span = (absence.starts_at - LONGEST_RESERVATION, absence.ends_at)
    with transaction.atomic():
        if absence.pk is None:
            _try(absence)
        nurses = without_doctor(*span, absence.practitioner)
        transaction.set_rollback(absence.pk is None)
    return Session.objects.met_by(absence, also=nurses)


def _try(absence: Absence) -> None:
    there = {name: getattr(absence, name) for name in ("practitioner", "starts_at", "ends_at", "kind")}
    signed = {"recorded_at": absence.starts_at, "recorded_by": absence.practitioner}
    Absence.objects.bulk_create([Absence(**there, **signed)], ignore_conflicts=True)


def left_in(absences: Sequence[Absence], at: dt.datetime) -> dict[int, int]:
    """For each absence how many sessions of nurses need another time. As many SQL queries for many as for one."""
    doctors = [absence.practitioner for absence in absences if absence.practitioner is not None]
    if not doctors:
        return {}
    asked = Clinic.current().nurses_with_doctor
    begin = min(absence.starts_at for absence in absences) - LONGEST_RESERVATION
    until = max(absence.ends_at for absence in absences)
    lacking = [pk for pk, backed in _outside(max(begin, at - DAY), until, None) if not backed]
    sessions = list(Session.objects.filter(pk__in=lacking).select_related("practitioner"))
    return {absence.pk: sum(_lacks(session, absence, asked) for session in sessions) for absence in absences}


def _lacks(session: Session, absence: Absence, asked: str) -> bool:
    """Does the session, which lacks a doctor, lack this one?"""
    hers = session.practitioner.cooperating_doctor_id == absence.practitioner_id
    meets = session.starts_at < absence.ends_at and session.ends_at > absence.starts_at
    return meets and not absence.is_closing and (asked == NursesWith.ANY or hers)
