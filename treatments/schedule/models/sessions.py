"""Sessions of courses, and the forms by which they were booked."""

import datetime as dt

import pghistory
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.constraints import one_of, together
from clinic.models import Room, User
from treatments.courses.models import Course
from treatments.schedule.querysets import (
    BookingQuerySet,
    SessionQuerySet,
)

LONGEST_ADDED = 240  # minutes that a session may be longer than the plan says


class SessionState(models.TextChoices):
    BOOKED = "booked", _("Booked")
    PERFORMED = "performed", _("Performed")
    CANCELLED = "cancelled", _("Cancelled")
    MISSED = "missed", _("Did not come")


@pghistory.track()
class Session(models.Model):
    """One visit of a course. Its reservations say what it occupies; cancelled or missed it occupies nothing."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="sessions")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=SessionState.choices, default=SessionState.BOOKED)
    practitioner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="sessions")
    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="sessions")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    added_minutes = models.PositiveSmallIntegerField(default=0)  # that it takes longer than the plan says
    booked_at = models.DateTimeField()
    booked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    cancel_reason = models.CharField(max_length=200, blank=True)
    cancelled_late = models.BooleanField(default=False)
    # What the patient did by the link in a message: nobody of the clinic has signed it.
    cancelled_by_patient = models.BooleanField(default=False, db_default=False)
    moved_by_patient_at = models.DateTimeField(null=True)  # to where it stands now
    confirmed_at = models.DateTimeField(null=True)  # that they come when it stands now
    missed_at = models.DateTimeField(null=True)  # when it was noted that the patient did not come
    missed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    arrived_at = models.DateTimeField(null=True)  # the patient is in the house
    arrived_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    interval_reason = models.CharField(
        max_length=500, blank=True
    )  # why a doctor left the protocol's interval
    version = models.PositiveIntegerField(default=1)

    # What `with_held` found.
    held: bool
    unchecked: bool
    changed_at: dt.datetime  # what calendar files find: since when it is at its version

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at"]
        indexes = [
            models.Index(
                fields=["starts_at"],
                include=["state", "practitioner", "room"],
                name="session_by_day",
            ),
            models.Index(
                fields=["starts_at"],
                condition=Q(state__in=["cancelled", "missed"]),
                name="session_given_up",
            ),
        ]
        constraints = [
            one_of("session_state", "state", SessionState),
            models.CheckConstraint(
                name="session_cancelled_by_someone",
                condition=Q(cancelled_at=None, cancelled_by=None, cancelled_by_patient=False)
                | Q(cancelled_at__isnull=False, cancelled_by__isnull=False, cancelled_by_patient=False)
                | Q(cancelled_at__isnull=False, cancelled_by=None, cancelled_by_patient=True),
            ),
            together("session_arrived_seen_by_someone", "arrived_at", "arrived_by"),
            together("session_missed_noted_by_someone", "missed_at", "missed_by"),
            models.CheckConstraint(
                name="session_ends_after_it_starts",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message=_("A session ends after it starts."),
            ),
            models.CheckConstraint(
                name="session_cancelled_has_a_moment",
                condition=Q(state="cancelled", cancelled_at__isnull=False)
                | (~Q(state="cancelled") & Q(cancelled_at=None, cancelled_late=False)),
            ),
            models.CheckConstraint(
                name="session_missed_has_a_moment",
                condition=Q(state="missed", missed_at__isnull=False)
                | (~Q(state="missed") & Q(missed_at=None)),
            ),
            models.CheckConstraint(
                name="session_longer_by_hours_at_most",
                condition=Q(added_minutes__lte=LONGEST_ADDED),
                violation_error_message=_("A session is at most four hours longer than planned."),
            ),
            models.UniqueConstraint(
                name="session_number_once_per_course",
                fields=["course", "number"],
                condition=~Q(state__in=["cancelled", "missed"]),
                violation_error_message=_("This session of the course is booked already."),
            ),
        ]

    def __str__(self) -> str:
        return f"session {self.number} of course {self.course_id}"

    def get_state_display(self) -> str:  # type: ignore[no-redef]  # in place of Django's own
        """How it stands, in words. Django's own goes through the words of all states for each session of a list."""
        return str(SessionState(self.state).label)


class Booking(models.Model):
    """A form by which sessions were booked; its key makes the same form, posted twice, book once."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="bookings")
    key = models.UUIDField()
    booked_at = models.DateTimeField()
    booked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = BookingQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(name="booking_once_per_form", fields=["course", "key"])]

    def __str__(self) -> str:
        return f"booking of course {self.course_id}"
