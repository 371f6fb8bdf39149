"""Questions about what patients did by themselves."""

import datetime as dt
from collections.abc import Iterable
from typing import Self

from django.db import models
from django.db.models import Count, OuterRef, Subquery

from clinic.models import User
from clinic.roles import BOOKING
from treatments.schedule.models import Session, SessionState

NOTHING_TO_DO = "confirmed"  # the kind after which nobody has to do anything
STANDS = [SessionState.BOOKED, SessionState.PERFORMED]


class DeedQuerySet(models.QuerySet):
    """What patients did."""

    def visible_to(self, user: User) -> Self:
        """All of them for those who book, none for others."""
        return self if user.has_role(*BOOKING) else self.none()

    def unseen(self) -> Self:
        return self.filter(seen_at=None)

    def seen_since(self, since: dt.datetime) -> Self:
        """Those that somebody has seen since then, the latest first."""
        return self.filter(seen_at__gte=since).order_by("-seen_at", "-pk")

    def for_page(self) -> Self:
        """With all that their page shows, and `again_at`: for when a session that was given up is booked again."""
        again = Session.objects.filter(
            course=OuterRef("session__course"), number=OuterRef("session__number"), state__in=STANDS
        )
        return self.select_related("patient", "session__course", "session__practitioner", "seen_by").annotate(
            again_at=Subquery(again.values("starts_at")[:1])
        )

    def to_look_at(self) -> dict[str, int]:
        """{kind: how many} nobody has seen, of those after which there may be something to do. One query."""
        kinds = self.unseen().exclude(kind=NOTHING_TO_DO).order_by().values_list("kind")
        return dict(kinds.annotate(count=Count("pk")))

    def waiting(self) -> models.QuerySet:
        """The patients and courses of which there may be something to do, each once."""
        kinds = self.unseen().exclude(kind=NOTHING_TO_DO)
        return kinds.order_by().values("patient", "session__course").distinct()

    def confirmed_among(self, keys: Iterable[int]) -> Self:
        """Of those with these keys, the promises to come."""
        return self.filter(kind=NOTHING_TO_DO, pk__in=keys)
