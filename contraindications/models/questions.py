"""What a nurse asks a doctor."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from contraindications.models.verdicts import Decision, Screening
from contraindications.querysets import QuestionQuerySet
from patients.models import Patient


@pgtrigger.register(
    pgtrigger.Protect(name="question_never_goes", operation=pgtrigger.Delete),
    pgtrigger.ReadOnly(name="question_stays_as_asked", exclude=["answer"]),
    pgtrigger.Protect(
        name="answer_stays_as_given",
        operation=pgtrigger.Update,
        condition=pgtrigger.Q(old__answer__isnull=False),
    ),
)
class Question(models.Model):
    """Somebody asks a doctor to decide on findings; a decision is the answer.

    `items` is {list item code: finding digest}, as in `Decision`: the question stands for every later screening with
    the same findings, and for none on which they changed.
    """

    screening = models.ForeignKey(Screening, on_delete=models.PROTECT, related_name="questions")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="questions")
    items = models.JSONField()
    text = models.CharField(_("what you want to know, if anything"), max_length=500, blank=True)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    answer = models.ForeignKey(
        Decision, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="answers"
    )

    objects = QuestionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["patient"], condition=Q(answer=None), name="question_unanswered"),
        ]

    def __str__(self) -> str:
        return f"question {self.pk} by {self.asked_by_id}"
