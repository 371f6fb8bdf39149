"""What patients want to be written about: a log, of which the latest row per topic counts."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.constraints import one_of
from clinic.models import User
from patients.models import Patient


class Topic(models.TextChoices):
    """What can be opted out of. What a patient asked for (an interview link, an offer) is none of it."""

    SESSIONS = "sessions", _("When sessions are booked, moved or cancelled")
    REMINDERS = "reminders", _("Reminders before a session")
    CARE = "care", _("What to mind before and after a session")
    MAINTENANCE = "maintenance", _("When the next maintenance is due")


class WishHow(models.TextChoices):
    DESK = "desk", _("at the desk")
    LINK = "link", _("by the link in a message")
    UNSUBSCRIBE = "unsubscribe", _("by the button of the mail program")


class MessageWishQuerySet(models.QuerySet):
    """What patients said."""

    def standing(self, patient_id: int) -> dict[str, bool]:
        """{topic: wanted} as it was said last; a topic of which nothing was said is missing. One query."""
        latest = self.filter(patient=patient_id).order_by("topic", "-said_at", "-pk").distinct("topic")
        return dict(latest.values_list("topic", "wanted"))


class MessageWish(models.Model):
    """A patient wants, or does not want, messages of a topic from now on. Never changed; no row: wanted."""

    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="message_wishes", db_index=False
    )
    topic = models.CharField(max_length=12, choices=Topic.choices)
    wanted = models.BooleanField()
    how = models.CharField(max_length=12, choices=WishHow.choices)
    said_at = models.DateTimeField()
    said_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+"
    )  # null: the patient

    objects = MessageWishQuerySet.as_manager()

    class Meta:
        ordering = ["-said_at", "-pk"]
        indexes = [models.Index(fields=["patient", "topic", "-said_at", "-id"], name="wish_latest")]
        constraints = [
            one_of("messagewish_topic", "topic", Topic),
            one_of("messagewish_how", "how", WishHow),
            models.CheckConstraint(
                name="messagewish_at_the_desk_by_someone",
                condition=Q(how="desk", said_by__isnull=False) | (~Q(how="desk") & Q(said_by=None)),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="wishes_are_kept", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.topic}: {'wanted' if self.wanted else 'not wanted'}"
