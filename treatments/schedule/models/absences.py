"""When somebody is away, or the whole clinic is closed."""

import datetime as dt

import pghistory
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.constraints import one_of, together
from clinic.models import User
from treatments.schedule.querysets import AbsenceQuerySet


class AbsenceKind(models.TextChoices):
    ILL = "ill", _("Ill")
    LEAVE = "leave", _("On leave")
    TRAINING = "training", _("In training")
    OTHER = "other", _("Away")
    CLOSED = "closed", _("Clinic closed")


@pghistory.track()
class Absence(models.Model):
    """A practitioner is away for a period `[)`; without a practitioner the clinic is closed.

    It can be recorded at once although sessions are booked in it: its reservations (`places.cover`) are what
    the sessions leave, and grow as these are moved or cancelled. Lifted, it occupies nothing.
    """

    practitioner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="absences")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    kind = models.CharField(_("what"), max_length=10, choices=AbsenceKind.choices)
    note = models.CharField(_("note"), max_length=120, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    # What `for_list` found.
    sessions_left: int

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "pk"]
        indexes = [
            models.Index(fields=["ends_at"], condition=Q(lifted_at=None), name="absence_that_stands"),
        ]
        constraints = [
            one_of("absence_kind", "kind", AbsenceKind),
            together("absence_lifted_by_someone", "lifted_at", "lifted_by"),
            models.CheckConstraint(
                name="absence_ends_after_it_starts",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message=_("An absence ends after it starts."),
            ),
            models.CheckConstraint(
                name="absence_of_nobody_is_the_clinics",
                condition=Q(kind="closed", practitioner=None)
                | (~Q(kind="closed") & Q(practitioner__isnull=False)),
            ),
            models.UniqueConstraint(
                name="absence_recorded_once",
                fields=["practitioner", "starts_at", "ends_at"],
                condition=Q(lifted_at=None),
                nulls_distinct=False,
                violation_error_message=_("This is recorded already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.who}: {self.get_kind_display()}" if self.practitioner_id else self.who

    def get_absolute_url(self) -> str:
        return reverse("absences:absence", args=[self.pk])

    @property
    def who(self) -> str:
        return str(self.practitioner if self.practitioner_id else self.get_kind_display())

    @property
    def is_closing(self) -> bool:
        return self.practitioner_id is None

    @property
    def first_day(self) -> dt.date:
        return timezone.localdate(self.starts_at)

    @property
    def last_day(self) -> dt.date:
        """The last day that it touches: midnight belongs to the day before."""
        return timezone.localdate(self.ends_at - dt.timedelta(microseconds=1))

    @property
    def whole_days(self) -> bool:
        """From midnight to midnight of the clinic's clock?"""
        return {timezone.localtime(moment).time() for moment in (self.starts_at, self.ends_at)} == {
            dt.time.min
        }
