"""The patient is here: said by whoever sees them first, and taken back if it was somebody else."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from clinic.models import User
from clinic.versions import ChangedMeanwhile
from treatments.schedule.models import Session


@transaction.atomic
def mark(session: Session, *, here: bool, version: int, by: User, at: dt.datetime) -> Session:
    """Say that the patient of a session of this day has come, or has not after all.

    The same said twice by the same person changes nothing. Raises ChangedMeanwhile when it is not the `version` that
    was opened, or the session is not booked for the day of `at` by somebody whose record goes on.
    """
    rows = Session.objects.select_for_update(of=("self",)).select_related("course__patient")
    row = rows.get(pk=session.pk)
    if row.arrived_by_id == (by.pk if here else None) and row.version == version + 1:
        return row
    if row.version != version or not may_arrive(row, timezone.localdate(at)):
        raise ChangedMeanwhile(row)
    row.arrived_at, row.arrived_by = (at, by) if here else (None, None)
    row.version += 1
    row.save(update_fields=["arrived_at", "arrived_by", "version"])
    return row


def may_arrive(session: Session, day: dt.date) -> bool:
    """Is it booked for this day of the clinic, for a patient whose record goes on?"""
    booked = session.state == "booked" and not session.course.patient.has_ended
    return booked and timezone.localdate(session.starts_at) == day
