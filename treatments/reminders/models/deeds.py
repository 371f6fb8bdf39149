"""What patients did by themselves, by the link in a message, until somebody of the clinic has seen it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.constraints import one_of, together
from clinic.models import User
from patients.models import Patient
from treatments.reminders.querysets_deeds import DeedQuerySet
from treatments.schedule.models import Session


class DeedKind(models.TextChoices):
    CANCELLED = "cancelled", _("Gave the session up")
    MOVED = "moved", _("Moved the session")
    CONFIRMED = "confirmed", _("Comes to the session")
    TOOK = "took", _("Took an offered time")
    CALL_ME = "call_me", _("Wants to be called")
    DECLINED = "declined", _("No maintenance this time")
    STOPPED = "stopped", _("Wants no maintenance reminders any more")


OF_A_SESSION = ["cancelled", "moved", "confirmed", "took"]


class Deed(models.Model):
    """One thing that a patient did, and who has seen it. `was_at`: when a session that was moved started before."""

    kind = models.CharField(max_length=10, choices=DeedKind.choices)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="deeds")
    session = models.ForeignKey(Session, null=True, on_delete=models.PROTECT, related_name="deeds")
    was_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    seen_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = DeedQuerySet.as_manager()

    class Meta:
        ordering = ["-done_at", "-pk"]
        indexes = [
            models.Index(fields=["-done_at", "-id"], condition=Q(seen_at=None), name="deed_unseen"),
            models.Index(fields=["-seen_at"], condition=Q(seen_at__isnull=False), name="deed_seen"),
        ]
        constraints = [
            one_of("deed_kind", "kind", DeedKind),
            together("deed_seen_by_someone", "seen_at", "seen_by"),
            models.CheckConstraint(
                name="deed_of_a_session_or_not",
                condition=Q(kind__in=OF_A_SESSION, session__isnull=False)
                | (~Q(kind__in=OF_A_SESSION) & Q(session=None)),
            ),
            models.CheckConstraint(
                name="deed_moved_from_somewhere",
                condition=Q(kind="moved", was_at__isnull=False) | (~Q(kind="moved") & Q(was_at=None)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by patient {self.patient_id}"
