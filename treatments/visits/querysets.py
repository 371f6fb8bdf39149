"""Questions about check-ins."""

from django.db import models
from django.utils import timezone


class CheckInQuerySet(models.QuerySet):
    """Check-ins."""

    def that_counts(self, session):
        """The newest check-in on the session's own day, or None: one of before it was moved does not count."""
        return (
            self.filter(session=session, at__date=timezone.localdate(session.starts_at))
            .select_related("by", "screening__rule_set", "interview")
            .defer("screening__rule_set__content")
            .order_by("-at", "-pk")
            .first()
        )

    def checked_in(self, sessions) -> set[int]:
        """Which of `sessions` have a check-in on their own day. One SQL query."""
        days = {session.pk: timezone.localdate(session.starts_at) for session in sessions}
        rows = self.filter(session__in=days).values_list("session_id", "at")
        return {pk for pk, at in rows if timezone.localdate(at) == days[pk]}
