"""Sessions that lack what their treatment needs by now, and what a change would leave without."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from treatments.schedule.models import Ability, Requirement, Reservation, Session


def misfits(at: dt.datetime) -> "QuerySet[Session]":
    """Booked sessions to come whose room, practitioner or devices are not what their treatment needs by now."""
    technique = OuterRef("course__technique")
    wrong = Q()
    for kind in ("practitioner", "room"):
        own = Ability.objects.filter(**{kind: OuterRef(kind)})
        wrong |= Q(Exists(own)) & ~Q(Exists(own.filter(technique=technique)))
    holds = Reservation.objects.filter(
        session=OuterRef(OuterRef("pk")),
        resource__device__kind=OuterRef("kind"),
        resource__device__active=True,
    )
    wrong |= Q(Exists(Requirement.objects.filter(~Exists(holds), technique=technique)))
    rows = Session.objects.booked().filter(wrong, starts_at__gte=at)
    return rows.select_related("course__patient", "practitioner", "room").order_by("starts_at", "pk")


def would_break(change: Callable[[], Any], *, at: dt.datetime) -> list[Session]:
    """The sessions to come that fit now and would not after `change`, which is tried and taken back."""
    already = set(misfits(at).values_list("pk", flat=True))
    with transaction.atomic():
        change()
        found = [session for session in misfits(at) if session.pk not in already]
        transaction.set_rollback(True)
    return found
