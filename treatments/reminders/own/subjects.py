"""What a letter is about, as its patient sees it: the sessions, how each stands, and what to mind about it."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import QuerySet

from clinic.models import Clinic
from treatments.reminders.models import LinkToken
from treatments.schedule import actions
from treatments.schedule.models import Session, SessionState


class Standing(StrEnum):
    """What a patient is told of a session."""

    AHEAD = "ahead"
    NOW = "now"  # it has begun, or its time has passed and nobody has said yet what became of it
    DONE = "done"
    CANCELLED = "cancelled"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Shown:
    """A session on a patient's page. `call_from`: from then on only the clinic moves or cancels it."""

    session: Session
    standing: Standing
    may_change: bool
    call_from: dt.datetime

    @property
    def is_ahead(self) -> bool:
        return self.standing == Standing.AHEAD


def sessions_of(link: LinkToken) -> "QuerySet[Session]":
    """The sessions that the letter tells of, soonest first; none of anybody else."""
    message = link.message
    told = [message.session_id] if message.session_id else message.about
    rows = Session.objects.filter(pk__in=told, course__patient=message.patient)
    return rows.select_related(
        "course__patient", "course__area__parent", "course__technique", "practitioner", "room"
    ).order_by("starts_at", "pk")


def shown(session: Session, clinic: Clinic, at: dt.datetime) -> Shown:
    """The session as its patient sees it at `at`."""
    hours = clinic.late_cancel_hours
    call_from = session.starts_at - dt.timedelta(hours=hours)
    standing = _standing(session, at)
    may_change = standing == Standing.AHEAD and not actions.is_late(session, hours, at)
    return Shown(session, standing, may_change, call_from)


def _standing(session: Session, at: dt.datetime) -> Standing:
    if session.state == SessionState.BOOKED:
        return Standing.AHEAD if session.starts_at > at else Standing.NOW
    states = {
        SessionState.PERFORMED: Standing.DONE,
        SessionState.CANCELLED: Standing.CANCELLED,
        SessionState.MISSED: Standing.MISSED,
    }
    return states[SessionState(session.state)]
