"""What is wished of the times of a course: nothing outside a wish is proposed."""

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum

from treatments.schedule.rules.openings import ANY_TIME, Daytime


class Wish(StrEnum):
    """The wishes that can be let go of one by one."""

    PRACTITIONER = "practitioner"
    SAME = "same"
    WEEKDAYS = "weekdays"
    DAYTIME = "daytime"
    EARLIEST = "earliest"
    LATEST = "latest"
    ROOM = "room"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is wished. `earliest`: no session starts before; `latest`: the last day on which one may be.

    `practitioner`: nobody else. `same`: anybody, but one for all sessions. `weekdays`: ISO, none is any.
    """

    earliest: dt.datetime
    now: dt.datetime
    practitioner: int | None = None
    same: bool = False
    weekdays: frozenset[int] = frozenset()
    daytime: Daytime = ANY_TIME
    latest: dt.date | None = None
    room: int | None = None

    @property
    def stated(self) -> list[Wish]:
        """The wishes that say anything."""
        said = {
            Wish.PRACTITIONER: self.practitioner is not None,
            Wish.SAME: self.same,
            Wish.WEEKDAYS: bool(self.weekdays),
            Wish.DAYTIME: self.daytime != ANY_TIME,
            Wish.EARLIEST: self.earliest > self.now,
            Wish.LATEST: self.latest is not None,
            Wish.ROOM: self.room is not None,
        }
        return [wish for wish, stated in said.items() if stated]

    def without(self, *wishes: Wish) -> "Wishes":
        """The others alone."""
        loose = Wishes(earliest=self.now, now=self.now)
        return replace(self, **{wish.value: getattr(loose, wish.value) for wish in wishes})
