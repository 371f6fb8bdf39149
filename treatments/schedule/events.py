"""What the schedule announces."""

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple


class Booked(NamedTuple):
    """A session as it is booked now, so that whoever listens need not ask for it."""

    session_id: int
    number: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    version: int


@dataclass(frozen=True, slots=True)
class CourseBooked:
    """Sessions of a course were booked: all that were missing, or some of them."""

    course_id: int
    patient_id: int
    at: dt.datetime
    sessions: tuple[Booked, ...] = ()


@dataclass(frozen=True, slots=True)
class SessionMoved:
    """A session takes place at another time, in another room or with somebody else. `now`: as it is from now on."""

    session_id: int
    at: dt.datetime
    course_id: int
    patient_id: int
    now: Booked
    by_patient: bool = False


@dataclass(frozen=True, slots=True)
class SessionCancelled:
    """A session does not take place."""

    session_id: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class SessionConfirmed:
    """The patient says that they come."""

    session_id: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class TimeFreed:
    """Somewhere between two moments these resources (ids) may be free that were not: look before you offer it."""

    resources: tuple[int, ...]
    begin: dt.datetime
    until: dt.datetime
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class SessionMissed:
    """The patient did not come."""

    session_id: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class OfferMade:
    """A held time is offered to a patient who waits for one."""

    offer_id: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class OfferTaken:
    """A patient took an offered time by their own link: the session is booked there, or was moved."""

    session_id: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class OfferLost:
    """An offered time was taken by somebody else who had it offered too."""

    offer_id: int
    at: dt.datetime
