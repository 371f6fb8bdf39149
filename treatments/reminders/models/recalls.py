"""What patients answered when they were told that maintenance is due."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.constraints import one_of
from clinic.models import User
from treatments.courses.models import Course
from treatments.reminders.models.messages import Message


class Answer(models.TextChoices):
    DECLINED = "declined", _("No, thank you")
    CALL_ME = "call_me", _("Please call me")


class RecallAnswer(models.Model):
    """A patient answered the recalls of a course: none of them follows. Never changed; the latest is what they said."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="recall_answers")
    message = models.ForeignKey(Message, null=True, on_delete=models.PROTECT, related_name="answers")
    answer = models.CharField(max_length=10, choices=Answer.choices)
    said_at = models.DateTimeField()
    said_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+"
    )  # null: the patient

    class Meta:
        ordering = ["-said_at", "-pk"]
        constraints = [
            one_of("recallanswer_answer", "answer", Answer),
            models.CheckConstraint(
                name="recallanswer_by_link_or_by_someone",
                condition=Q(message__isnull=False) | Q(said_by__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="recall_answers_are_kept", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.answer}, recalls of course {self.course_id}"
