"""A week that can be repeated: each course has one place in it, so that no two ever meet."""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass

from clinic.demo.staff import ROOMS, STAFF

LENGTH = 90  # minutes from one start to the next: longer than any session of the demo
STARTS = [0, 90, 180, 300, 390]  # minutes after somebody's day began, with an hour for lunch
FULL, SHORT = 8, 4  # sessions in the week of the day: of a weekday, of a Saturday


@dataclass(frozen=True, slots=True)
class Place:
    """A weekday, a time, a practitioner and a room that belong to one course."""

    day: dt.date  # within three days of the day that is seeded
    starts: dt.time
    login: str
    room: int

    def before(self, day: dt.date) -> dt.date:
        """The latest date of this weekday that is not after `day`."""
        return day - dt.timedelta(days=(day - self.day).days % 7)


def places(day: dt.date, rng: random.Random) -> Iterator[Place]:
    """Places around `day`: first those that make a full week, day by day in turn, then what is left."""
    days = [day + dt.timedelta(days=offset) for offset in range(-3, 4)]
    weeks = {one: _of_day(one, rng) for one in sorted(days, key=dt.date.isoweekday)}
    full = {one: row[: FULL if one.isoweekday() < 6 else SHORT] for one, row in weeks.items()}
    for turn in range(FULL):
        yield from (row[turn] for row in full.values() if turn < len(row))
    for one, row in weeks.items():
        yield from row[len(full[one]) :]


def _of_day(day: dt.date, rng: random.Random) -> list[Place]:
    """All places of one day, in random order: nobody and no room twice at a time."""
    wanted = [
        (member.login, minute)
        for member in STAFF
        if member.treats and day.isoweekday() in member.works
        for minute in _starts(*member.works[day.isoweekday()])
    ]
    rng.shuffle(wanted)
    found: list[tuple[int, Place]] = []
    for login, minute in wanted:
        taken = {place.room for other, place in found if abs(other - minute) < LENGTH}
        room = next((room for room in range(len(ROOMS)) if room not in taken), None)
        if room is not None:
            found.append((minute, Place(day, dt.time(minute // 60, minute % 60), login, room)))
    return [place for _minute, place in found]


def _starts(opens: int, closes: int) -> list[int]:
    """Minutes of the day at which sessions start between two full hours."""
    return [opens * 60 + start for start in STARTS if opens * 60 + start + LENGTH <= closes * 60 + 15]


def monday_of(day: dt.date) -> dt.date:
    """The Monday of the week of `day`."""
    return day - dt.timedelta(days=day.isoweekday() - 1)
