"""What was screened, and what people decided about it."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.constraints import one_of
from clinic.models import User
from contraindications.models.lists import RuleSet
from contraindications.models.reasons import DecisionKind, DecisionReason
from contraindications.querysets import DecisionQuerySet, ScreeningQuerySet
from patients.models import Interview, Patient, Report


class Verdict(models.TextChoices):
    """Worded as in screening.md section 5; never as "safe" or "suitable"."""

    STOP = "stop", _("Contraindicated")
    INCOMPLETE = "incomplete", _("Not screened: answers missing")
    HOLD = "hold", _("A doctor must decide")
    CAUTION = "caution", _("Proceed with care")
    CLEAR = "clear", _("No listed contraindication reported")


@pgtrigger.register(
    pgtrigger.Protect(name="screening_never_changes", operation=pgtrigger.Update | pgtrigger.Delete)
)
class Screening(models.Model):
    """A verdict with all that it came from, so that it can be recomputed to the byte years later.

    `facts` and `plan` are the plain values that `rules.screen` was given, `result` is what it returned,
    `digest` the SHA-256 of the canonical JSON of facts, plan, rule-set digest, day and result.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="screenings")
    interview = models.ForeignKey(Interview, null=True, on_delete=models.PROTECT, related_name="+")
    # What the patient reported and nobody has confirmed: it counted for stopping, never for clearing.
    report = models.ForeignKey(Report, null=True, on_delete=models.PROTECT, related_name="+")
    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="+")
    as_of = models.DateField()
    facts = models.JSONField()
    plan = models.JSONField()
    result = models.JSONField()
    finding_digests = models.JSONField(default=dict)  # {item: what a decision about it is bound to}
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")  # null: the system

    objects = ScreeningQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["patient", "-at"]),
            models.Index(fields=["digest"]),  # the check of a why sheet
            models.Index(
                fields=["at"], condition=Q(verdict="hold"), name="screening_on_hold"
            ),  # the worklist
        ]
        constraints = [one_of("screening_verdict", "verdict", Verdict)]

    def __str__(self) -> str:
        return f"screening {self.pk}: {self.verdict}"


@pgtrigger.register(
    pgtrigger.Protect(name="decision_never_changes", operation=pgtrigger.Update | pgtrigger.Delete)
)
class Decision(models.Model):
    """What a person decided on findings of a screening; bound to what they judged, never deleted.

    `items` is {list item code: finding digest}. It holds for any later screening whose finding has the same digest.
    """

    Kind = DecisionKind

    screening = models.ForeignKey(Screening, on_delete=models.PROTECT, related_name="decisions")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    goes_ahead = models.BooleanField()  # False: the person decided against
    items = models.JSONField()
    reason = models.ForeignKey(
        DecisionReason, to_field="code", db_column="reason", on_delete=models.PROTECT, related_name="+"
    )
    reason_label = models.CharField(max_length=120)  # as it read when it was chosen
    text = models.CharField(max_length=500)
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="decisions")

    objects = DecisionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["patient", "-at"])]
        constraints = [
            models.CheckConstraint(
                name="decision_kind",
                condition=Q(kind__in=["acknowledge", "decide", "release"]),
            ),
            models.CheckConstraint(name="decision_says_why", condition=~Q(text="") & ~Q(reason_label="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.by_id}"
