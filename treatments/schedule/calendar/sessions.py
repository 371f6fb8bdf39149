"""The sessions of the calendar: one block for each column that a session takes, with what is said of it."""

import datetime as dt
from collections.abc import Collection, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from typing import NamedTuple

from django.db.models import DateTimeField
from django.utils.translation import gettext as _

from clinic.prepared import Prepared, asked
from treatments.schedule.calendar.columns import By
from treatments.schedule.calendar.spans import Drawn, Shown
from treatments.schedule.models import Session, SessionState
from treatments.schedule.rules import MINUTE, Span

FIELDS = (
    "pk",
    "reservations__resource",
    "reservations__starts_at",
    "reservations__ends_at",
    "state",
    "starts_at",
    "ends_at",
    "added_minutes",
    "arrived_at",
    "confirmed_at",
    "course__patient__name",
    "course__patient",
    "course__patient__died_on",
    "practitioner__name",
    "room__name",
    "course__goal__label",
    "course__area__label",
    "held",
    "overlap",
)
TAKING = Prepared(
    lambda: Session.objects.taking(
        asked("resources"), asked("begin", DateTimeField()), asked("until")
    ).values_list(*FIELDS)
)


def _missed(column: str) -> Prepared:
    """Those to which nobody came, in one kind of columns."""
    return Prepared(
        lambda: (
            Session.objects.missed(asked("begin"), asked("until"))
            .filter(**{f"{column}__among": asked("resources")})
            .values_list("pk", column, "starts_at", "ends_at", *FIELDS[4:])
        )
    )


# They take nothing, so that they are asked for themselves; of the devices nobody knows any more.
MISSED = {By.PRACTITIONER: _missed("practitioner__resource"), By.ROOM: _missed("room__resource")}


class Row(NamedTuple):
    """One stretch in which a session takes a resource, with all that is shown of the session."""

    pk: int
    resource: int
    begins: dt.datetime
    ends: dt.datetime
    state: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    added_minutes: int
    arrived_at: dt.datetime | None
    confirmed_at: dt.datetime | None
    patient: str
    patient_id: int
    died_on: dt.date | None
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
    drawn: Drawn


class Looks(dict[tuple[str, ...], tuple[list[str], list[str]]]):
    """The classes and the words of each way in which the sessions of an answer stand: found once for all of them."""

    def __init__(self) -> None:
        self.words, self.free = words(), _("practitioner free %s")

    def __missing__(self, marks: tuple[str, ...]) -> tuple[list[str], list[str]]:
        self[marks] = found = [f"is-{mark}" for mark in marks], [self.words[mark] for mark in marks]
        return found


def blocks(resources: Collection[int], span: Span, shown: Shown) -> list[Block]:
    """What takes these resources between two moments. One SQL query, tuples only: models would cost more than it."""
    rows = TAKING.rows(resources=list(resources), begin=span[0], until=span[1])
    rows.sort()  # as FIELDS begins: by session, resource and begin
    return [_block([*map(Row._make, parts)], shown) for _key, parts in groupby(rows, key=itemgetter(0, 1))]


def missed(by: By, resources: Collection[int], span: Span, shown: Shown) -> list[Block]:
    """Those to which nobody came, in the columns of who waited and where. One SQL query, none of devices."""
    if by not in MISSED:
        return []
    rows = MISSED[by].rows(resources=list(resources), begin=span[0], until=span[1])
    return [_block([Row._make(row)], shown) for row in rows]


def _block(parts: list[Row], shown: Shown) -> Block:
    first = parts[0]
    return Block(first, [(row.begins, row.ends) for row in parts], shown[first.starts_at, first.ends_at])


def as_event(
    block: Block, column: int, *, clinical: bool, at: dt.datetime, shown: Shown, looks: Looks
) -> dict:
    """The block as EventCalendar takes it. What only clinical staff may read is in it for `clinical` alone."""
    row, drawn, free = block.row, block.drawn, gaps(block)
    classes, said = looks[kinds(row)]
    movable = row.state == SessionState.BOOKED and row.starts_at > at and row.died_on is None
    return {
        "id": f"{row.pk}-{column}",
        "resourceId": column,
        "start": drawn.start,
        "end": drawn.end,
        "startEditable": movable,
        "durationEditable": movable,
        "classNames": classes,
        "extendedProps": {
            "session": row.pk,
            "start": drawn.start,
            "added": row.added_minutes,
            "time": drawn.words,
            "name": row.patient,
            "words": said,
            "where": f"{row.room} · {row.practitioner}",
            "what": f"{row.goal}, {row.area}" if clinical else "",
            "gaps": [[(moment - row.starts_at) // MINUTE for moment in gap] for gap in free],
            "free": [looks.free % shown[gap].words for gap in free],
        },
    }


def kinds(row: Row) -> tuple[str, ...]:
    """How it stands: first what is out of the ordinary, as a narrow block ends early, then its state."""
    marked = ("held", row.held), ("overlap", row.overlap)
    return *(kind for kind, is_so in marked if is_so), _stands(row)


def _stands(row: Row) -> str:
    """Its state; of one that is to come also whether the patient has said so, or is here."""
    if row.state != SessionState.BOOKED:
        return row.state
    return "arrived" if row.arrived_at else "confirmed" if row.confirmed_at else row.state


def words() -> dict[str, str]:
    """How sessions stand, said and not only coloured. Asked once for all of them."""
    states = {state.value: str(state.label) for state in SessionState}
    said = {"arrived": _("Arrived"), "confirmed": _("Confirmed by the patient")}
    return states | said | {"held": _("Held"), "overlap": _("Overlap")}


def gaps(block: Block) -> list[Span]:
    """When the session leaves this resource free: the cream works."""
    return [(end, start) for (_b, end), (start, _e) in pairwise(block.parts)]


def kept_free(block: Block) -> Sequence[Span]:
    """What is reserved before and after the session itself: minutes kept free, the cleaning of a device."""
    row, (first, last) = block.row, (block.parts[0][0], block.parts[-1][1])
    return [span for span in ((first, row.starts_at), (row.ends_at, last)) if span[0] < span[1]]
