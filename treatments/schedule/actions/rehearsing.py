"""Trying a change out: what it would be refused for, with nothing left of it."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from clinic.models import User
from treatments.schedule.actions.rearranging import Change, rearrange


def rehearse(changes: Sequence[Change], *, by: User, at: dt.datetime, interval_reason: str = "") -> None:
    """Do as `rearrange` and take it back. Raises what it raises."""
    with transaction.atomic():
        rearrange(changes, by=by, at=at, interval_reason=interval_reason)
        transaction.set_rollback(True)
