"""What needs a member of staff today: how many of what, and where the list is. No names, nothing clinical."""

import datetime as dt
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import ngettext_lazy

from clinic.models import User
from clinic.roles import BOOKING, CLINICAL
from patients.models import Report
from treatments.reminders import rules
from treatments.reminders.kinds.shape import Kind, Values
from treatments.reminders.models import Deed, Message, MessageKind
from treatments.schedule.models import Session

AHEAD = dt.timedelta(days=7)  # sessions that are held up within it
# Who is told of what.
NEEDS: dict[str, tuple[tuple[str, ...], Promise]] = {
    "held": (
        CLINICAL,
        ngettext_lazy(
            "- %d session of the next days is held up", "- %d sessions of the next days are held up"
        ),
    ),
    "reported": (
        CLINICAL,
        ngettext_lazy(
            "- %d patient's answers wait to be confirmed", "- the answers of %d patients wait to be confirmed"
        ),
    ),
    "changed": (
        BOOKING,
        ngettext_lazy(
            "- %d change by a patient that nobody has seen", "- %d changes by patients that nobody has seen"
        ),
    ),
    "failed": (BOOKING, ngettext_lazy("- %d message could not be sent", "- %d messages could not be sent")),
    "missed": (
        BOOKING,
        ngettext_lazy(
            "- %d message came too late and was not sent", "- %d messages came too late and were not sent"
        ),
    ),
}


def _counted(at: dt.datetime) -> Mapping[str, int]:
    """Five queries."""
    ahead = Session.objects.to_come(timezone.localdate(at)).filter(starts_at__lt=at + AHEAD)
    return {
        "held": ahead.with_held().filter(held=True).count(),
        "reported": Report.objects.unsettled().count(),
        "changed": sum(Deed.objects.to_look_at().values()),
        "failed": Message.objects.retriable(at).count(),
        "missed": Message.objects.missed(at).count(),
    }


def _of(person: User, counted: Mapping[str, int]) -> dict[str, int]:
    return {name: n for name, n in counted.items() if n and person.has_role(*NEEDS[name][0])}


def _people(messages: Sequence[Message]) -> dict[int, User]:
    """Two queries."""
    rows = User.objects.prefetch_related("groups")
    return rows.in_bulk([one.staff_id for one in messages if one.staff_id])


def needless(messages: Sequence[Message], at: dt.datetime) -> dict[int, rules.Needless]:
    """Seven queries."""
    people, counted, found = _people(messages), _counted(at), {}
    for one in messages:
        person = people[one.staff_id]  # type: ignore[index]  # the kind has one, by a constraint
        if not (person.is_active and person.wants_today):
            found[one.pk] = rules.Needless.NOT_WANTED
        elif not _of(person, counted):
            found[one.pk] = rules.Needless.NOTHING_TO_TELL
    return found


def values(messages: Sequence[Message], at: dt.datetime) -> dict[int, Values]:
    """Seven queries."""
    people, counted = _people(messages), _counted(at)
    page = settings.BASE_URL + reverse("start")
    found = {one.pk: _of(people[one.staff_id], counted) for one in messages if one.staff_id}
    return {
        pk: Values({"needs": tuple(NEEDS[name][1] % n for name, n in own.items()), "list": page})
        for pk, own in found.items()
    }


KINDS = [Kind(MessageKind.TODAY, None, frozenset({"needs", "list"}), needless, values)]
