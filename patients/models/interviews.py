"""What the patients told us, as versions that never change."""

import pgtrigger
from django.db import models
from django.db.models import Q

from clinic.constraints import together
from clinic.models import User
from patients.models.people import Patient
from patients.querysets import InterviewQuerySet

_SUBMITTED = pgtrigger.Q(old__submitted_at__isnull=False)


@pgtrigger.register(
    pgtrigger.Protect(name="submitted_never_changes", operation=pgtrigger.Update, condition=_SUBMITTED),
    pgtrigger.Protect(
        name="submitted_is_never_deleted",
        operation=pgtrigger.Delete,
        condition=_SUBMITTED,
    ),
)
class Interview(models.Model):
    """One version of what the patient told us; the newest submitted one is what stands today.

    `answers` is {fact code: {"state": "current|ended|no|unsure", "until": "YYYY-MM-DD" or absent, "on": "YYYY-MM-DD"}},
    "on" being the day the question was answered. `allergies` is null (not asked) or
    {"substances": [codes], "texts": [free text], "on": "YYYY-MM-DD"}; both lists empty: none known.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="interviews")
    number = models.PositiveIntegerField(null=True)  # given when submitted: 1, 2, 3 ...
    answers = models.JSONField(default=dict)
    allergies = models.JSONField(null=True)
    based_on = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1)  # of the draft: counts its saves
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    # The patient's own report that this version confirms.
    report = models.OneToOneField(
        "patients.Report", null=True, on_delete=models.PROTECT, related_name="interview"
    )

    objects = InterviewQuerySet.as_manager()

    class Meta:
        constraints = [
            together(
                "interview_submitted_by_someone",
                "submitted_at",
                "submitted_by",
                "number",
            ),
            models.UniqueConstraint(name="interview_number_once", fields=["patient", "number"]),
            models.UniqueConstraint(
                name="interview_one_draft_per_patient",
                fields=["patient"],
                condition=Q(submitted_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"interview {self.number or 'draft'} of patient {self.patient_id}"
