"""The coded reasons of decisions: the clinic's own list."""

import pghistory
import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contraindications.querysets import DecisionReasonQuerySet


class DecisionKind(models.TextChoices):
    """What a decision does to a finding (screening.md section 5)."""

    ACKNOWLEDGE = "acknowledge", _("Acknowledged")  # caution, by the practitioner
    DECIDE = "decide", _("Decided")  # hold, by a doctor
    RELEASE = "release", _("Released")  # stop, by a doctor, unless absolute


@pghistory.track()
@pgtrigger.register(
    pgtrigger.Protect(name="reason_never_goes", operation=pgtrigger.Delete),
    pgtrigger.ReadOnly(name="reason_keeps_its_code", fields=["code"]),
)
class DecisionReason(models.Model):
    """A reason that is offered for some kinds of decision. Retired, it is offered no more; it is never deleted.

    A decision keeps the code and the label as it read then, so a reason may be reworded.
    """

    code = models.SlugField(max_length=40, unique=True, editable=False)
    label = models.CharField(
        _("reason"),
        max_length=120,
        unique=True,
        error_messages={"unique": _("There is a reason of these words.")},
    )
    kinds = ArrayField(
        models.CharField(max_length=12, choices=DecisionKind.choices), verbose_name=_("offered for")
    )
    position = models.PositiveSmallIntegerField(_("place in the list"), default=100)
    retired = models.BooleanField(_("retired"), default=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = DecisionReasonQuerySet.as_manager()

    class Meta:
        ordering = ["position", "label"]
        constraints = [
            models.CheckConstraint(
                name="decisionreason_kinds",
                condition=Q(kinds__contained_by=list(DecisionKind.values), kinds__len__gte=1),
                violation_error_message=_("Say for which kinds of decision this reason is offered."),
            ),
            models.CheckConstraint(name="decisionreason_has_words", condition=~Q(label="") & ~Q(code="")),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def kinds_said(self) -> list[str]:
        return [str(kind.label) for kind in DecisionKind if kind in self.kinds]
