"""Who came and was asked again, and what was done."""

import pgtrigger
from django.db import models

from clinic.models import User
from contraindications.models import Screening
from patients.models import Interview
from treatments.schedule.models import Session
from treatments.visits.querysets import CheckInQuerySet


@pgtrigger.register(
    pgtrigger.Protect(name="checkin_never_changes", operation=pgtrigger.Update | pgtrigger.Delete)
)
class CheckIn(models.Model):
    """On the day of a session the patient was asked again; never changed, the newest counts.

    `interview` is the version that stood after asking, `screening` the plan on that day with those answers.
    """

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="check_ins")
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    interview = models.ForeignKey(Interview, on_delete=models.PROTECT, related_name="+")
    screening = models.ForeignKey(Screening, on_delete=models.PROTECT, related_name="+")

    objects = CheckInQuerySet.as_manager()

    def __str__(self) -> str:
        return f"check-in of session {self.session_id}"


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
    # None: made up for later, and nobody had asked again on the day itself.
    check_in = models.ForeignKey(CheckIn, null=True, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True, max_length=2000)
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"visit of session {self.session_id}"
