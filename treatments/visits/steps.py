"""What visits tell the calendar: the next step with a session."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import User
from treatments.schedule.models import Session, SessionState
from treatments.schedule.steps import Step


def next_steps(user: User, sessions: Sequence[Session]) -> dict[int, Step]:
    """Clinical staff perform what is booked for today or was forgotten."""
    if not user.is_clinical:
        return {}
    today = timezone.localdate()
    due = [s for s in sessions if s.state == SessionState.BOOKED and timezone.localdate(s.starts_at) <= today]
    return {session.pk: Step(_("Perform"), reverse("visits:perform", args=[session.pk])) for session in due}
