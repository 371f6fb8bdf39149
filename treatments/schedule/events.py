"""What the schedule announces."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CourseBooked:
    """All sessions of a course were booked."""

    course_id: int
    patient_id: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class SessionMoved:
    """A session takes place at another time, in another room or with somebody else."""

    session_id: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class SessionCancelled:
    """A session does not take place."""

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
class OfferLost:
    """An offered time was taken by somebody else who had it offered too."""

    offer_id: int
    at: dt.datetime
