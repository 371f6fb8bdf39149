"""Deliberate overlaps: which sessions were booked over which others, by whom and why. No patient is named."""

import csv
import datetime as dt
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import User
from contraindications.deciding.reporting import harmless
from treatments.schedule.models import Reservation, Resource, Session
from treatments.schedule.proposing.free_time import LONGEST_RESERVATION
from treatments.schedule.rules import Span

# Of two that are both booked over others, the later one is over the earlier.
PAIRS = """
SELECT over.session_id, other.session_id, over.resource_id,
    greatest(over.starts_at, other.starts_at), least(over.ends_at, other.ends_at),
    over.squeeze_reason, over.squeezed_by_id
FROM schedule_reservation AS over
JOIN schedule_reservation AS other
    ON other.resource_id = over.resource_id AND other.id <> over.id AND other.session_id <> over.session_id
    AND other.starts_at > over.starts_at - %(longest)s AND other.starts_at < over.ends_at
    AND other.ends_at > over.starts_at AND (NOT other.squeezed OR other.id < over.id)
WHERE over.squeezed AND over.starts_at < %(until)s AND over.starts_at >= %(begin)s
    AND (%(sessions)s::bigint[] = '{}' OR over.session_id = ANY(%(sessions)s::bigint[]))
ORDER BY over.starts_at, over.session_id, other.session_id, over.resource_id
"""
EVER = (dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2201, 1, 1, tzinfo=dt.UTC))


class Pair(NamedTuple):
    """A session is over another, in one resource, between two moments."""

    over: int
    other: int
    resource: int
    begin: dt.datetime
    until: dt.datetime
    reason: str
    by: int


class Overlap(NamedTuple):
    """Two sessions that meet on purpose: where and for how long, with what they share."""

    over: Session
    other: Session
    shared: list[str]
    begin: dt.datetime
    until: dt.datetime
    reason: str
    by: User


def pairs(span: Span = EVER, *, sessions: Iterable[int] = ()) -> list[Pair]:
    """The pairs of sessions, of all or of these, whose overlap begins between two moments. One SQL query."""
    asked: dict[str, Any] = {"begin": span[0], "until": span[1], "sessions": list(sessions)}
    with connection.cursor() as cursor:
        cursor.execute(PAIRS, asked | {"longest": LONGEST_RESERVATION})
        return [Pair(*row) for row in cursor.fetchall()]


def overlaps(span: Span) -> list[Overlap]:
    """What the report shows, soonest first. Four SQL queries."""
    found = pairs(span)
    rows = Session.objects.select_related("practitioner", "room")
    sessions = rows.in_bulk({pk for one in found for pk in (one.over, one.other)})
    people = User.objects.in_bulk({one.by for one in found})
    things = Resource.objects.select_related("practitioner", "room", "device")
    named = {
        row.pk: str(row.practitioner or row.room or row.device)
        for row in things.filter(pk__in={one.resource for one in found})
    }
    grouped = groupby(found, key=attrgetter("over", "other"))
    return [_overlap(list(own), sessions, people, named) for _key, own in grouped]


def _overlap(
    own: list[Pair], sessions: dict[int, Session], people: dict[int, User], named: dict[int, str]
) -> Overlap:
    first = own[0]
    return Overlap(
        sessions[first.over],
        sessions[first.other],
        list(dict.fromkeys(named[one.resource] for one in own)),
        min(one.begin for one in own),
        max(one.until for one in own),
        first.reason,
        people[first.by],
    )


def of_session(session: Session) -> Reservation | None:
    """The reservation by which a session is booked over others, for its reason and person. One SQL query."""
    rows = Reservation.objects.filter(session=session, squeezed=True)
    return rows.select_related("squeezed_by").order_by("pk").first()


def lines(rows: Iterable[Overlap]) -> Iterator[str]:
    """The lines of the file, its head first; nothing in it is a formula to a spreadsheet."""
    yield _csv(
        [
            _("From"),
            _("Until"),
            _("Shared"),
            _("Session"),
            _("With"),
            _("Over"),
            _("With"),
            _("Reason"),
            _("By whom"),
        ]
    )
    for row in rows:
        yield _csv(
            [
                _moment(row.begin),
                _moment(row.until),
                "; ".join(row.shared),
                _moment(row.over.starts_at),
                str(row.over.practitioner),
                _moment(row.other.starts_at),
                str(row.other.practitioner),
                row.reason,
                str(row.by),
            ]
        )


def _moment(moment: dt.datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")


def _csv(cells: Iterable[str]) -> str:
    line = StringIO()
    csv.writer(line).writerow([harmless(cell) for cell in cells])
    return line.getvalue()
