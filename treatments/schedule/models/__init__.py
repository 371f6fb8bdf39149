"""Facts about the calendar: sessions, what they occupy, and whether they may take place."""

from treatments.schedule.models.absences import Absence, AbsenceKind
from treatments.schedule.models.equipment import Ability, Device, DeviceKind, Requirement
from treatments.schedule.models.feeds import Feed
from treatments.schedule.models.reservations import Reservation, ReservationWhy, Resource
from treatments.schedule.models.sessions import Booking, Session, SessionState
from treatments.schedule.models.standings import Standing
from treatments.schedule.models.waiting import FreedTime, Hold, Offer, OfferState, Waiting

__all__ = [
    "Ability",
    "Absence",
    "AbsenceKind",
    "Booking",
    "Device",
    "DeviceKind",
    "Feed",
    "FreedTime",
    "Hold",
    "Offer",
    "OfferState",
    "Requirement",
    "Reservation",
    "ReservationWhy",
    "Resource",
    "Session",
    "SessionState",
    "Standing",
    "Waiting",
]
