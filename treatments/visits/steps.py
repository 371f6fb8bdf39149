"""What visits tell the calendar: the next step with a session."""

import datetime as dt
from collections.abc import Sequence

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import User
from treatments.schedule.models import Session, SessionState
from treatments.schedule.steps import Step
from treatments.visits.models import CheckIn


def next_steps(user: User, sessions: Sequence[Session]) -> dict[int, Step]:
    """Clinical staff check in who comes today, then perform; what was forgotten is made up for. One SQL query."""
    if not user.is_clinical:
        return {}
    today = timezone.localdate()
    due = [s for s in sessions if s.state == SessionState.BOOKED and timezone.localdate(s.starts_at) <= today]
    done = CheckIn.objects.checked_in(due)
    steps = {session.pk: _step(session, session.pk in done, today) for session in due}
    return {pk: step for pk, step in steps.items() if step}


def _step(session: Session, checked_in: bool, today: dt.date) -> Step | None:
    """None where the record has ended: what was done before that can still be recorded, nobody is asked any more."""
    patient, day = session.course.patient, timezone.localdate(session.starts_at)
    if checked_in or day < today:
        done = Step(_("Perform"), reverse("visits:perform", args=[session.pk]))
        return None if patient.ended_before(day) else done
    if patient.has_ended:
        return None
    return Step(_("Check in"), reverse("visits:check_in", args=[session.pk]))
