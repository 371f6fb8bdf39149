"""Changes on the day of a session: the patient is checked in, the session is performed."""

from treatments.visits.actions.checking_in import (
    AlreadyCheckedIn,
    CheckInRefused,
    NotAsked,
    NotDue,
    check_in,
    is_due,
)
from treatments.visits.actions.performing import AlreadyPerformed, NotPerformable, judged, perform, refusal

__all__ = [
    "AlreadyCheckedIn",
    "AlreadyPerformed",
    "CheckInRefused",
    "NotAsked",
    "NotDue",
    "NotPerformable",
    "check_in",
    "is_due",
    "judged",
    "perform",
    "refusal",
]
