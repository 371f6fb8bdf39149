"""What lies under the sessions: hours in which nobody is at work, absences, closing days, time that is offered."""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator

from django.db.models import DateTimeField
from django.utils.translation import gettext as _

from clinic.prepared import Prepared, asked
from treatments.schedule.calendar.columns import Column, Shift, Shifts
from treatments.schedule.calendar.spans import MINUTE, Days, walls
from treatments.schedule.models import Absence, Reservation, ReservationWhy
from treatments.schedule.rules import Span

AWAY = Prepared(lambda: Absence.objects.of_day(asked("begin"), asked("until")))
OFFERED = Prepared(
    lambda: (
        Reservation.objects.of_kind(
            ReservationWhy.OFFER, asked("resources"), asked("begin", DateTimeField()), asked("until")
        )
        .filter(hold__lapses_at__gt=asked("at"))
        .values_list("resource", "starts_at", "ends_at")
    )
)


def background(column: int | list[int], walls: tuple[str, str], kind: str, title: str = "") -> dict:
    """Something under the sessions of a column, as EventCalendar takes it."""
    columns = column if isinstance(column, list) else [column]
    return {
        "resourceIds": columns,
        "start": walls[0],
        "end": walls[1],
        "display": "background",
        "classNames": [f"is-{kind}"],
        "title": title,
    }


def off(columns: Iterable[Column], working: Shifts, days: Days) -> Iterator[dict]:
    """When practitioners are not at work and rooms are closed."""
    for column in columns:
        for day in days:
            for span in _between(day, working.get((column.pk, day), [])):
                yield background(column.pk, span, "off")


def _between(day: dt.date, shifts: Iterable[Shift]) -> Iterator[tuple[str, str]]:
    """The gaps between the hours of a day, from midnight to midnight."""
    at = midnight = dt.datetime.combine(day, dt.time.min)
    for starts, ends in shifts:
        if at < (begins := dt.datetime.combine(day, starts)):
            yield at.strftime(MINUTE), begins.strftime(MINUTE)
        at = max(at, dt.datetime.combine(day, ends))
    yield at.strftime(MINUTE), (midnight + dt.timedelta(days=1)).strftime(MINUTE)


def away(columns: Collection[Column], span: Span, *, people: bool) -> Iterator[dict]:
    """Closing days in every column; who is away in theirs, where columns are people. One SQL query."""
    everywhere = [column.pk for column in columns]
    for absence in AWAY.objects(begin=span[0], until=span[1]):
        lasts = walls((max(absence.starts_at, span[0]), min(absence.ends_at, span[1])))
        if absence.is_closing:
            yield background(everywhere, lasts, "closed", absence.who)
        elif people and absence.practitioner_id in everywhere:
            yield background(absence.practitioner_id, lasts, "away", _("Away"))


def offered(columns: dict[int, int], span: Span, *, at: dt.datetime) -> Iterator[dict]:
    """Time that is held while somebody of the waiting list makes up their mind. One SQL query."""
    rows = OFFERED.rows(resources=list(columns), begin=span[0], until=span[1], at=at)
    for resource, begins, ends in rows:
        yield background(columns[resource], walls((begins, ends)), "offer", _("Held for the waiting list"))


def free(spans: Iterable[tuple[int, Span]]) -> Iterator[dict]:
    """Time in which a session that is sought could be: (column, span)."""
    for column, span in spans:
        yield background(column, walls(span), "free", _("Free"))
