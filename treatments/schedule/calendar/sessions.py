"""The sessions of the calendar: one block for each column that a session takes, with what is said of it."""

import datetime as dt
from collections.abc import Collection, Sequence
from itertools import groupby, pairwise
from operator import attrgetter
from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from treatments.schedule.calendar.spans import drawn, said
from treatments.schedule.models import Session, SessionState
from treatments.schedule.rules import MINUTE, Span

FIELDS = (
    "reservations__resource",
    "reservations__starts_at",
    "reservations__ends_at",
    "pk",
    "state",
    "starts_at",
    "ends_at",
    "added_minutes",
    "arrived_at",
    "course__patient__name",
    "practitioner__name",
    "room__name",
    "course__goal__label",
    "course__area__label",
    "held",
    "overlap",
)


class Row(NamedTuple):
    """One stretch in which a session takes a resource, with all that is shown of the session."""

    resource: int
    begins: dt.datetime
    ends: dt.datetime
    pk: int
    state: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    added_minutes: int
    arrived_at: dt.datetime | None
    patient: str
    practitioner: str
    room: str
    goal: str
    area: str
    held: bool
    overlap: bool


class Block(NamedTuple):
    """A session in the column of one resource: the stretches in which it takes it, in order."""

    row: Row
    parts: list[Span]


def blocks(resources: Collection[int], span: Span) -> list[Block]:
    """What takes these resources between two moments. One SQL query, tuples only: models would cost more than it."""
    found = map(Row._make, Session.objects.taking(resources, *span).values_list(*FIELDS))
    mine = attrgetter("pk", "resource")
    together = groupby(sorted(found, key=lambda row: (*mine(row), row.begins)), key=mine)
    return [
        Block(parts[0], [(row.begins, row.ends) for row in parts])
        for parts in (list(rows) for _key, rows in together)
    ]


def as_event(block: Block, column: int, *, clinical: bool, at: dt.datetime) -> dict:
    """The block as EventCalendar takes it. What only clinical staff may read is in it for `clinical` alone."""
    row = block.row
    start, end = drawn((row.starts_at, row.ends_at))
    movable = row.state == SessionState.BOOKED and row.starts_at > at
    return {
        "id": f"{row.pk}-{column}",
        "resourceId": column,
        "start": start,
        "end": end,
        "startEditable": movable,
        "durationEditable": movable,
        "classNames": [f"is-{kind}" for kind in kinds(row)],
        "extendedProps": {
            "session": row.pk,
            "url": reverse("schedule:session", args=[row.pk]),
            "start": start,
            "added": row.added_minutes,
            "time": f"{said(row.starts_at)}–{said(row.ends_at)}",
            "name": row.patient,
            "words": words(row),
            "where": f"{row.room} · {row.practitioner}",
            "what": f"{row.goal}, {row.area}" if clinical else "",
            "gaps": [[(moment - row.starts_at) // MINUTE for moment in gap] for gap in gaps(block)],
            "free": [_("practitioner free %s") % f"{said(gap[0])}–{said(gap[1])}" for gap in gaps(block)],
        },
    }


def kinds(row: Row) -> list[str]:
    """Its state, and what is besides."""
    arrived = row.state == SessionState.BOOKED and row.arrived_at
    marked = ("held", row.held), ("arrived", arrived), ("overlap", row.overlap)
    return [row.state, *(kind for kind, is_so in marked if is_so)]


def words(row: Row) -> list[str]:
    """How it stands, said and not only coloured."""
    state = (
        _("Arrived") if row.arrived_at and row.state == SessionState.BOOKED else SessionState(row.state).label
    )
    return [str(state), *([_("Held")] if row.held else []), *([_("Overlap")] if row.overlap else [])]


def gaps(block: Block) -> list[Span]:
    """When the session leaves this resource free: the cream works."""
    return [(end, start) for (_b, end), (start, _e) in pairwise(block.parts)]


def kept_free(block: Block) -> Sequence[Span]:
    """What is reserved before and after the session itself: minutes kept free, the cleaning of a device."""
    row, (first, last) = block.row, (block.parts[0][0], block.parts[-1][1])
    return [span for span in ((first, row.starts_at), (row.ends_at, last)) if span[0] < span[1]]
