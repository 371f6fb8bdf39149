"""What patients do by themselves is noted, in the transaction in which they do it, for whoever sits at the desk."""

import datetime as dt

from django.apps import apps

from clinic.models import User
from treatments.reminders.models import Deed, DeedKind
from treatments.reminders.querysets_deeds import DeedQuerySet
from treatments.schedule.models import Session


def note_deed(kind: DeedKind, patient_id: int, *, at: dt.datetime, session: Session | None = None) -> Deed:
    """The patient did this by the link in a message. Somebody has to see it."""
    return Deed.objects.create(kind=kind, patient_id=patient_id, session=session, done_at=at)


def note_move(session_id: int, version: int, patient_id: int, *, at: dt.datetime) -> Deed:
    """The patient moved the session, which is at `version` now, from where it stood before."""
    before = apps.get_model("schedule", "SessionEvent").objects.filter(
        pgh_obj=session_id, version=version - 1
    )
    was_at = before.values_list("starts_at", flat=True).latest("pgh_id")
    return Deed.objects.create(
        kind=DeedKind.MOVED, patient_id=patient_id, session_id=session_id, was_at=was_at, done_at=at
    )


def see(deeds: DeedQuerySet, *, by: User, at: dt.datetime) -> int:
    """Somebody has seen these. What somebody else saw before stays theirs. Returns how many it were."""
    return deeds.unseen().update(seen_at=at, seen_by=by)
