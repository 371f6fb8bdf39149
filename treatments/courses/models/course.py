"""The plan of a course: goal, area, technique, cocktail, number of sessions, and the screening it stands on."""

import uuid

import pghistory
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clinic.constraints import one_of, together
from clinic.models import User
from contraindications.models import Screening
from patients.models import Patient
from treatments.catalogue.models import (
    Area,
    Goal,
    Ingredient,
    InjectionMethod,
    Product,
    Protocol,
    Technique,
)
from treatments.courses.querysets import CourseQuerySet


class CourseState(models.TextChoices):
    PLANNED = "planned", _("Plan, not confirmed")
    CONFIRMED = "confirmed", _("Confirmed")
    FINISHED = "finished", _("Finished")
    CANCELLED = "cancelled", _("Cancelled")


class InjectionDepth(models.TextChoices):
    INTRADERMAL = "intradermal", _("Intradermal")
    SUBCUTANEOUS = "subcutaneous", _("Subcutaneous")


@pghistory.track()
class Course(models.Model):
    """One patient's run of one treatment: a plan first, then its sessions.

    A plan is a draft until it is confirmed; only a confirmed course can be booked. `finished_at` is set with the
    performance of its last session, `cancelled_at` when the clinic or the patient gives it up.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="courses")
    key = models.UUIDField(
        default=uuid.uuid4, unique=True, editable=False
    )  # of the form: posted twice is saved once
    state = models.CharField(max_length=10, choices=CourseState.choices, default=CourseState.PLANNED)
    goal = models.ForeignKey(Goal, on_delete=models.PROTECT, related_name="+")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    technique = models.ForeignKey(Technique, on_delete=models.PROTECT, related_name="+")
    injection_method = models.ForeignKey(
        InjectionMethod,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    injection_depth = models.CharField(max_length=12, choices=InjectionDepth.choices, blank=True)
    parameters = models.JSONField(
        default=dict, blank=True
    )  # {"needle_length_mm": "4", ...} as the technique's ranges
    ingredients = models.ManyToManyField(Ingredient, blank=True, related_name="courses")
    products = models.ManyToManyField(Product, blank=True, related_name="courses")
    procedure_substances = models.ManyToManyField(Ingredient, blank=True, related_name="+")
    composition_reason = models.CharField(_("reason for more than three actives"), max_length=500, blank=True)
    protocol = models.ForeignKey(Protocol, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # The finished course whose result this one keeps; set when it is confirmed. Then the next one is due by its rhythm.
    maintains = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="maintained_by", editable=False
    )
    sessions_planned = models.PositiveSmallIntegerField(_("sessions"), validators=[MinValueValidator(1)])
    interval_min = models.PositiveSmallIntegerField(_("shortest interval, days"))
    interval_target = models.PositiveSmallIntegerField(_("intended interval, days"))
    interval_max = models.PositiveSmallIntegerField(_("longest interval, days"))
    session_minutes = models.PositiveSmallIntegerField(
        validators=[
            MinValueValidator(
                1, _("A session of this area takes no time: the catalogue has no steps for it.")
            ),
            MaxValueValidator(
                12 * 60, _("A session of this area takes more than twelve hours: see the catalogue.")
            ),
        ]
    )
    screening = models.ForeignKey(
        Screening, null=True, blank=True, on_delete=models.PROTECT, related_name="courses"
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1)

    used: list[str]  # what `for_booking` finds

    objects = CourseQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["patient", "-created_at"])]
        constraints = [
            one_of("course_state", "state", CourseState),
            together("course_confirmed_by_someone", "confirmed_at", "confirmed_by"),
            together("course_cancelled_by_someone", "cancelled_at", "cancelled_by"),
            models.CheckConstraint(
                name="course_interval_in_order",
                condition=Q(
                    interval_min__gte=1,
                    interval_target__gte=F("interval_min"),
                    interval_max__gte=F("interval_target"),
                ),
                violation_error_message=_("The intended interval lies between the shortest and the longest."),
            ),
            models.CheckConstraint(
                name="course_has_sessions",
                condition=Q(sessions_planned__gte=1, sessions_planned__lte=30),
                violation_error_message=_("A course has 1 to 30 sessions."),
            ),
            models.CheckConstraint(
                name="course_confirmed_on_a_screening",
                condition=Q(confirmed_at=None) | Q(screening__isnull=False),
            ),
            models.CheckConstraint(
                name="course_state_follows_its_moments",
                condition=Q(
                    state="planned",
                    confirmed_at=None,
                    finished_at=None,
                    cancelled_at=None,
                )
                | Q(
                    state="confirmed",
                    confirmed_at__isnull=False,
                    finished_at=None,
                    cancelled_at=None,
                )
                | Q(
                    state="finished",
                    confirmed_at__isnull=False,
                    finished_at__isnull=False,
                    cancelled_at=None,
                )
                | Q(state="cancelled", cancelled_at__isnull=False, finished_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.goal}, {self.area}"

    def get_absolute_url(self) -> str:
        return reverse("courses:course", args=[self.pk])
