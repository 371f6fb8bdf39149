"""What a change of hours would leave outside them, for the clinic's pages."""

import hashlib

from django.utils import timezone

from clinic.models import Room, User
from clinic.previews import Change, Left
from clinic.requests import StaffRequest
from clinic.roles import BOOKING
from treatments.schedule.away import presence


def left_by(request: StaffRequest, owner: User | Room | None, change: Change) -> Left | None:
    """The sessions that `change` leaves, of `owner` or of anybody; it is tried and taken back."""
    sessions = presence.left_by(change, of=owner, at=timezone.now())
    if not sessions:
        return None
    seen = hashlib.sha256(repr([session.pk for session in sessions]).encode()).hexdigest()
    context = {"sessions": sessions, "books": request.user.has_role(*BOOKING)}
    return Left("schedule/_left_outside.html", context, seen)
