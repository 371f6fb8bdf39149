"""What every page of staff may say about messages."""

import datetime as dt
from typing import NamedTuple

from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from treatments.reminders.pulse import feel
from treatments.reminders.rules_lateness import are_late, stands_still


class Late(NamedTuple):
    """Why staff are told: the tick was last seen then, or the oldest message should have gone then."""

    stopped_at: dt.datetime | None
    waiting_since: dt.datetime | None


def late_messages(request) -> dict:
    """`late_messages`: asked with one query, and only where a template wants to know."""
    return {"late_messages": SimpleLazyObject(lambda: lateness(timezone.now()))}


def lateness(at: dt.datetime) -> Late | None:
    """What is late at `at`, None if nothing is. One query."""
    pulse, patience = feel()
    stopped_at = pulse.ticked_at if stands_still(pulse, at) else None
    waiting_since = pulse.waiting_since if are_late(pulse, patience, at) else None
    return Late(stopped_at, waiting_since) if stopped_at or waiting_since else None
