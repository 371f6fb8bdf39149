"""Whether a session that is booked may take place on its day, as far as is known today."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.constraints import one_of
from contraindications.models import Screening
from treatments.courses.models import Cause
from treatments.schedule.models.sessions import Session
from treatments.schedule.querysets import StandingQuerySet


class Stage(models.TextChoices):
    """What holds a session up, worded for clinical staff. The same values as in `rules.Stage`."""

    STOP = "stop", _("Contraindicated on its day")
    REFUSED = "refused", _("It was decided not to go ahead")
    UNSAID = "unsaid", _("Answers are missing or not sure")
    HOLD = "hold", _("A doctor must decide")
    UNREADABLE = "unreadable", _("Cannot be screened: do not treat this as clear")
    FREE = "free", _("Nothing holds it up")


class Standing(models.Model):
    """How a booked session stands on its own day: one row until it is performed or cancelled.

    `outcome` is that of the verdict on that day (`contraindications.outlook.outcome_of`), `screening` the one that
    said so first, `since` and `cause` when and why it came to stand so.
    """

    session = models.OneToOneField(
        Session, primary_key=True, on_delete=models.CASCADE, related_name="standing"
    )
    screening = models.ForeignKey(Screening, null=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=64, blank=True)
    held = models.BooleanField()
    stage = models.CharField(max_length=10, choices=Stage.choices)
    since = models.DateTimeField()
    cause = models.CharField(max_length=12, choices=Cause.choices)

    objects = StandingQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["session"], condition=Q(held=True), name="standing_held")]
        constraints = [
            one_of("standing_stage", "stage", Stage),
            one_of("standing_cause", "cause", Cause),
            models.CheckConstraint(
                name="standing_free_unless_held",
                condition=Q(held=True) & ~Q(stage="free") | Q(held=False, stage="free"),
            ),
            models.CheckConstraint(
                name="standing_free_on_a_screening", condition=Q(held=True) | Q(screening__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"standing of session {self.session_id}"
