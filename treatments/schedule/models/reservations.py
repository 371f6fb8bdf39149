"""What is occupied, and when. One table and one constraint make double booking impossible."""

import pghistory
import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from clinic.constraints import one_of
from clinic.models import Room, User
from patients.models import Patient
from treatments.schedule.models.equipment import Device
from treatments.schedule.models.sessions import Session
from treatments.schedule.querysets import LONGEST_RESERVATION, ReservationQuerySet, ResourceQuerySet


class ReservationWhy(models.TextChoices):
    SESSION = "session", _("Session")
    ABSENCE = "absence", _("Absence")
    CLOSED = "closed", _("Closed")
    OFFER = "offer", _("Held for the waiting list")


class Resource(models.Model):
    """Something that can be in one place at a time: a practitioner, a room, a device or a patient."""

    practitioner = models.OneToOneField(User, null=True, on_delete=models.PROTECT, related_name="resource")
    room = models.OneToOneField(Room, null=True, on_delete=models.PROTECT, related_name="resource")
    patient = models.OneToOneField(Patient, null=True, on_delete=models.PROTECT, related_name="resource")
    device = models.OneToOneField(Device, null=True, on_delete=models.PROTECT, related_name="resource")

    objects = ResourceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="resource_is_one_thing",
                condition=Q(practitioner__isnull=False, room=None, patient=None, device=None)
                | Q(practitioner=None, room__isnull=False, patient=None, device=None)
                | Q(practitioner=None, room=None, patient__isnull=False, device=None)
                | Q(practitioner=None, room=None, patient=None, device__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"resource {self.pk}"


@pghistory.track(
    pghistory.InsertEvent(condition=pgtrigger.Q(new__squeezed=True)),
    pghistory.UpdateEvent(condition=pgtrigger.Q(old__squeezed=True)),
    pghistory.DeleteEvent(condition=pgtrigger.Q(old__squeezed=True)),
    fields=["resource", "period", "session", "squeezed", "squeeze_reason", "squeezed_by"],
    obj_field=None,
    model_name="OverlapEvent",
)
class Reservation(models.Model):
    """A resource is taken for a period `[)`: by a session, an absence or a closing day, or held for the waiting list.

    The exclusion constraint has the last word on every booking. `squeezed` marks a deliberate overlap: it is outside
    the constraint and says why and by whom, and only of these a history is kept.
    """

    resource = models.ForeignKey(
        Resource, on_delete=models.PROTECT, related_name="reservations", db_index=False
    )
    period = DateTimeRangeField()
    why = models.CharField(max_length=10, choices=ReservationWhy.choices)
    session = models.ForeignKey(Session, null=True, on_delete=models.CASCADE, related_name="reservations")
    hold = models.ForeignKey(
        "Hold", null=True, on_delete=models.PROTECT, related_name="reservations", db_index=False
    )
    squeezed = models.BooleanField(default=False)
    squeeze_reason = models.CharField(max_length=250, blank=True)
    squeezed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    starts_at = models.GeneratedField(
        expression=Func("period", function="lower"),
        output_field=models.DateTimeField(),
        db_persist=True,
    )
    ends_at = models.GeneratedField(
        expression=Func("period", function="upper"),
        output_field=models.DateTimeField(),
        db_persist=True,
    )

    objects = ReservationQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["resource", "starts_at"],
                include=["ends_at"],
                name="reservation_of_resource",
            ),
            models.Index(fields=["starts_at"], condition=Q(squeezed=True), name="reservation_over_others"),
            models.Index(fields=["hold"], condition=Q(hold__isnull=False), name="reservation_of_hold"),
        ]
        constraints = [
            ExclusionConstraint(
                name="reservation_no_double_booking",
                expressions=[
                    ("resource", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=Q(squeezed=False),
                violation_error_message=_("This time has just been taken."),
            ),
            one_of("reservation_why", "why", ReservationWhy),
            models.CheckConstraint(
                name="reservation_within_a_day",
                condition=Q(ends_at__lte=F("starts_at") + LONGEST_RESERVATION),
                violation_error_message=_("A reservation takes at most a day."),
            ),
            models.CheckConstraint(
                name="reservation_takes_time",
                condition=Q(
                    period__isempty=False,
                    period__lower_inf=False,
                    period__upper_inf=False,
                ),
                violation_error_message=_("A reservation ends after it starts."),
            ),
            models.CheckConstraint(
                name="reservation_of_a_session_or_not",
                condition=Q(why="session", session__isnull=False) | (~Q(why="session") & Q(session=None)),
            ),
            models.CheckConstraint(
                name="reservation_of_a_hold_or_not",
                condition=Q(why="offer", hold__isnull=False) | (~Q(why="offer") & Q(hold=None)),
            ),
            models.CheckConstraint(
                name="reservation_squeezed_for_a_reason",
                condition=Q(squeezed=False, squeezed_by=None, squeeze_reason="")
                | (Q(squeezed=True, squeezed_by__isnull=False) & ~Q(squeeze_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id} {self.period}"
