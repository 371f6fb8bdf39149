"""A day of the calendar as plain values: columns of blocks on a grid of five minutes. Templates only print it."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.db.models import Q
from django.utils import timezone

from clinic.models import DayHours, Room, User, WorkingHours
from treatments.schedule import rules
from treatments.schedule.models import Absence, Reservation, Resource, Session

ROW = 5  # minutes; static/calendar.css has the classes at-N and for-N for every row of a day
FIRST_HOUR, LAST_HOUR = 8, 18  # shown also when nothing happens


@dataclass(frozen=True, slots=True)
class Block:
    """Something in a column: `at` rows down, `rows` long. `again`: a later part of a session shown above."""

    at: int
    rows: int
    reservation: Reservation | None = None  # none: not at work
    again: bool = False

    @property
    def session(self) -> Session | None:
        return self.reservation.session if self.reservation else None


@dataclass(frozen=True, slots=True)
class Column:
    """A practitioner or a room."""

    label: str
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Day:
    """What the page of a day shows."""

    day: dt.date
    by: str
    columns: list[Column]
    hours: list[tuple[int, dt.time]]  # (row, what the clock shows)
    sessions: list[Session]
    absences: list[Absence]
    at_work: list[User]  # as planned, whoever is away by now left out

    @property
    def held(self) -> set[int]:
        """The sessions that may not take place as things stand."""
        return {session.pk for session in self.sessions if session.held}

    @property
    def before(self) -> dt.date:
        return self.day - dt.timedelta(days=1)

    @property
    def after(self) -> dt.date:
        return self.day + dt.timedelta(days=1)


def of(day: dt.date, *, by: str) -> Day:
    """The clinic's `day` by practitioner or by room. As many SQL queries on a full day as on an empty one."""
    zone = timezone.get_default_timezone()
    begin = rules.wall(day, dt.time.min, zone)
    until = rules.wall(day + dt.timedelta(days=1), dt.time.min, zone)
    resources = {row.pk: row for row in Resource.objects.of_clinic(by)}
    reservations = list(Reservation.objects.of_day(list(resources), begin, until))
    working, absences = _hours(day), list(Absence.objects.of_day(begin, until))
    hours = working if by == "practitioner" else {}
    first, last = _shown(day, reservations, hours)
    taken: dict[User | Room, list[Reservation]] = {}
    for reservation in reservations:
        taken.setdefault(_thing(resources[reservation.resource_id]), []).append(reservation)
    things = {*taken, *hours, *(Room.objects.filter(active=True) if by == "room" else ())}
    return Day(
        day=day,
        by=by,
        columns=[
            Column(str(thing), _column(day, taken.get(thing, ()), hours.get(thing), first, last))
            for thing in sorted(things, key=lambda thing: (str(thing), thing.pk))
        ],
        hours=[((hour - first) * 60 // ROW, dt.time(hour)) for hour in range(first, last)],
        sessions=list(Session.objects.of_day(begin, until)),
        absences=absences,
        at_work=_still_at_work(working, absences),
    )


def _still_at_work(working: Iterable[User | Room], absences: Iterable[Absence]) -> list[User]:
    away = {absence.practitioner for absence in absences}
    return [person for person in working if isinstance(person, User) and person not in away]


def _thing(resource: Resource) -> User | Room:
    """The practitioner or the room that a resource is."""
    thing = resource.practitioner or resource.room
    assert thing is not None, "the calendar asks for no patient's resource"  # noqa: S101
    return thing


def _hours(day: dt.date) -> dict[User | Room, list[tuple[int, int]]]:
    """Who works on that day, and from which minute to which, by name. Two SQL queries."""
    treat = Q(practitioner__in=User.objects.who_may_treat().values("pk"))
    special = list(DayHours.objects.filter(treat, day=day).select_related("practitioner"))
    weekly = WorkingHours.objects.filter(treat, weekday=day.isoweekday()).select_related("practitioner")
    own = {row.practitioner_id for row in special}
    spans = [(row.practitioner, row.starts, row.ends) for row in special if row.starts and row.ends]
    spans += [(row.practitioner, row.starts, row.ends) for row in weekly if row.practitioner_id not in own]
    found: dict[User | Room, list[tuple[int, int]]] = {}
    for person, starts, ends in sorted(spans, key=lambda span: (str(span[0]), span[0].pk, span[1])):
        found.setdefault(person, []).append((_minute(starts), _minute(ends)))
    return found


def _minute(time: dt.time) -> int:
    return time.hour * 60 + time.minute


def _wall_minutes(day: dt.date, reservation: Reservation) -> tuple[int, int]:
    """From which minute of the clinic's clock to which a reservation lies on `day`."""
    begin, end = (timezone.localtime(moment) for moment in (reservation.starts_at, reservation.ends_at))
    first = _minute(begin.time()) if begin.date() == day else 0
    last = _minute(end.time()) if end.date() == day else 24 * 60
    return first, max(last, first + ROW)


def _shown(
    day: dt.date,
    reservations: Iterable[Reservation],
    hours: dict[User | Room, list[tuple[int, int]]],
) -> tuple[int, int]:
    """The hours that the calendar shows: enough for all that happens but absences, which may last all day."""
    spans = [_wall_minutes(day, r) for r in reservations if r.session_id]
    spans += [span for own in hours.values() for span in own]
    first = min([FIRST_HOUR * 60, *(begin for begin, _end in spans)]) // 60
    last = -(-max([LAST_HOUR * 60, *(end for _begin, end in spans)]) // 60)
    return first, min(last, 24)


def _column(
    day: dt.date,
    reservations: Iterable[Reservation],
    hours: list[tuple[int, int]] | None,
    first: int,
    last: int,
) -> list[Block]:
    """The blocks of a column: first when nobody is at work, then what is reserved."""
    blocks = [Block(*_rows(span, first, last)) for span in _off(hours or [], first, last)] if hours else []
    seen: set[int] = set()
    for reservation in reservations:
        session = reservation.session_id or 0
        rows = _rows(_wall_minutes(day, reservation), first, last)
        blocks.append(Block(*rows, reservation, again=session in seen))
        if session:
            seen.add(session)
    return _joined(block for block in blocks if block.rows > 0)


def _joined(blocks: Iterable[Block]) -> list[Block]:
    """The blocks with those of an absence that touch made one: sessions that left it have cut it."""
    found: list[Block] = []
    for block in blocks:
        before = found[-1] if found else None
        if before and _goes_on(before, block):
            found[-1] = replace(before, rows=max(before.rows, block.at + block.rows - before.at))
        else:
            found.append(block)
    return found


def _goes_on(before: Block, block: Block) -> bool:
    away = all(one.reservation and not one.reservation.session_id for one in (before, block))
    return away and block.at <= before.at + before.rows


def _off(hours: list[tuple[int, int]], first: int, last: int) -> list[tuple[int, int]]:
    """The gaps between the working hours."""
    edges = [first * 60, *(minute for span in hours for minute in span), last * 60]
    return [(begin, end) for begin, end in zip(edges[::2], edges[1::2], strict=True) if end > begin]


def _rows(span: tuple[int, int], first: int, last: int) -> tuple[int, int]:
    """Minutes of the day as (row from the first hour shown, number of rows), cut to what is shown."""
    begin, end = max(span[0], first * 60), min(span[1], last * 60)
    at = (begin - first * 60) // ROW
    return at, -(-(end - first * 60) // ROW) - at
