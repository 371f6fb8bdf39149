"""Time that is held for the waiting list: its reservations, and how it is let go of."""

import datetime as dt
from collections.abc import Collection, Iterable

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import QuerySet

from treatments.schedule.models import Hold, Reservation, ReservationWhy
from treatments.schedule.places import MOMENTS, Chosen
from treatments.schedule.rules import Span
from treatments.schedule.rules.openings import either
from treatments.schedule.rules.taking import without


def spans_of(chosen: Iterable[Chosen]) -> list[tuple[int, Span]]:
    """(resource id, span) of all that these sessions would take between them, but not of their patients."""
    found: dict[int, list[Span]] = {}
    for one in chosen:
        patient = one.place.resources[2]
        for resource, span in one.spans:
            if resource != patient:
                found.setdefault(resource, []).append(span)
    return [(resource, span) for resource, spans in found.items() for span in either([spans])]


def beside(spans: Iterable[tuple[int, Span]], sessions: Collection[int]) -> list[tuple[int, Span]]:
    """What of it these sessions do not take already: they would give it up for a time that overlaps theirs."""
    gone: dict[int, list[Span]] = {}
    rows = Reservation.objects.filter(session__in=sessions).values_list("resource", *MOMENTS)
    for resource, begins, ends in rows:
        gone.setdefault(resource, []).append((begins, ends))
    return [
        (resource, piece) for resource, span in spans for piece in without([span], gone.get(resource, ()))
    ]


def hold(row: Hold, spans: Iterable[tuple[int, Span]]) -> None:
    """Write what is held, sorted by start as every booking does. The resources are locked."""
    rows = [
        Reservation(
            hold=row, resource_id=resource, why=ReservationWhy.OFFER, period=DateTimeTZRange(*span, "[)")
        )
        for resource, span in spans
    ]
    Reservation.objects.bulk_create(sorted(rows, key=lambda row: (row.period.lower, row.resource_id)))


def held_resources(row: Hold) -> set[int]:
    return set(row.reservations.values_list("resource", flat=True))


def release(row: Hold) -> None:
    """Take away what is held; absences reach over its time. Its resources are locked."""
    _release(row.reservations.all())


def release_lapsed(resources: Collection[int], *, at: dt.datetime) -> None:
    """Let go of what is held of these resources and has lapsed: it is in nobody's way. They are locked."""
    held = Reservation.objects.filter(
        hold__isnull=False, resource__in=resources
    )  # few rows, with an index of theirs
    _release(held.filter(hold__lapses_at__lte=at))


def _release(rows: "QuerySet[Reservation]") -> None:
    found = list(rows.values_list("pk", "resource", *MOMENTS))
    if found:
        Reservation.objects.filter(pk__in=[row[0] for row in found]).delete()
        begin, until = min(row[2] for row in found), max(row[3] for row in found)
        Reservation.objects.cover({row[1] for row in found}, begin, until)
