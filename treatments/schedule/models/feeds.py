"""Secret addresses at which practitioners read their calendar in a program of their own."""

import pghistory
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.constraints import together
from clinic.models import User
from treatments.schedule.feeds.querysets import FeedQuerySet


@pghistory.track(exclude=["digest"])
class Feed(models.Model):
    """The calendar of a practitioner at a secret address. Of the address only a digest is kept; revoked, it is dead."""

    practitioner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="feeds")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = FeedQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            together("feed_revoked_by_someone", "revoked_at", "revoked_by"),
            models.UniqueConstraint(
                name="feed_one_open_per_practitioner",
                fields=["practitioner"],
                condition=Q(revoked_at=None),
                violation_error_message=_("There is an address already."),
            ),
        ]

    def __str__(self) -> str:
        return f"calendar address of {self.practitioner_id}"
