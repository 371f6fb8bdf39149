"""What every page of staff may say about messages."""

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

from django.conf import settings
from django.core.cache import caches
from django.utils import timezone
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import ngettext_lazy

from treatments.reminders.models import Deed, DeedKind
from treatments.reminders.pulse import feel
from treatments.reminders.rules_lateness import are_late, stands_still

CHANGED: dict[str, Promise] = {
    DeedKind.CANCELLED: ngettext_lazy("%d session given up", "%d sessions given up"),
    DeedKind.MOVED: ngettext_lazy("%d session moved", "%d sessions moved"),
    DeedKind.TOOK: ngettext_lazy("%d offered time taken", "%d offered times taken"),
    DeedKind.CALL_ME: ngettext_lazy("%d patient wants to be called", "%d patients want to be called"),
    DeedKind.DECLINED: ngettext_lazy("%d maintenance declined", "%d maintenances declined"),
    DeedKind.STOPPED: ngettext_lazy(
        "%d patient wants no more reminders", "%d patients want no more reminders"
    ),
}


class Late(NamedTuple):
    """Why staff are told: the tick was last seen then, or the oldest message should have gone then."""

    stopped_at: dt.datetime | None
    waiting_since: dt.datetime | None


def late_messages(request) -> dict:
    """`late_messages`: asked only where a template wants to know, and by each process every few seconds.

    The same for everybody and late by minutes before it is said, so a few seconds do not matter.
    """
    return {"late_messages": SimpleLazyObject(_lately_known)}


def _lately_known() -> Late | None:
    """One query, none where it was asked within NOTICE_KEPT_SECONDS."""
    kept_for = settings.NOTICE_KEPT_SECONDS
    return caches["process"].get_or_set("late", lambda: lateness(timezone.now()), kept_for)


def patients_changed(request) -> dict:
    """`patients_changed`: what patients did that nobody has seen, in words; one query, where a template wants it."""
    return {"patients_changed": SimpleLazyObject(lambda: changed_in_words(Deed.objects.to_look_at()))}


def changed_in_words(counted: Mapping[str, int]) -> list[str]:
    """{kind: how many} as phrases, in the order of the kinds."""
    return [str(CHANGED[kind] % counted[kind]) for kind in CHANGED if counted.get(kind)]


def lateness(at: dt.datetime) -> Late | None:
    """What is late at `at`, None if nothing is. One query."""
    pulse, patience = feel()
    stopped_at = pulse.ticked_at if stands_still(pulse, at) else None
    waiting_since = pulse.waiting_since if are_late(pulse, patience, at) else None
    return Late(stopped_at, waiting_since) if stopped_at or waiting_since else None
