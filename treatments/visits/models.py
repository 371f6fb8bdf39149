"""What was done."""

import pgtrigger
from django.db import models

from clinic.models import User
from contraindications.models import Screening
from treatments.schedule.models import Session


@pgtrigger.register(
    pgtrigger.Protect(name="visit_never_changes", operation=pgtrigger.Update | pgtrigger.Delete)
)
class Visit(models.Model):
    """The record of a performed session; never changed. `cocktail` is the plan's as it was on that day."""

    session = models.OneToOneField(Session, on_delete=models.PROTECT, related_name="visit")
    performed_at = models.DateTimeField()
    performed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="visits")
    cooperating_doctor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    cocktail = models.JSONField()  # [{"code", "label", "role"}]
    screening = models.ForeignKey(Screening, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True, max_length=2000)
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"visit of session {self.session_id}"
