"""Questions about the calendar, by model: sessions, resources and what they are taken by."""

from treatments.schedule.proposing.free_time import LONGEST_RESERVATION
from treatments.schedule.querysets.absences import AbsenceQuerySet
from treatments.schedule.querysets.bookings import BookingQuerySet
from treatments.schedule.querysets.courses import course_to_book, courses_to_book
from treatments.schedule.querysets.reservations import ReservationQuerySet, Taken, in_columns
from treatments.schedule.querysets.resources import ResourceQuerySet
from treatments.schedule.querysets.sessions import SessionQuerySet
from treatments.schedule.querysets.standings import StandingQuerySet, Stood, ToCome

__all__ = [
    "LONGEST_RESERVATION",
    "AbsenceQuerySet",
    "BookingQuerySet",
    "ReservationQuerySet",
    "ResourceQuerySet",
    "SessionQuerySet",
    "StandingQuerySet",
    "Stood",
    "Taken",
    "ToCome",
    "course_to_book",
    "courses_to_book",
    "in_columns",
]
