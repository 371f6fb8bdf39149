"""Who waits for a time, what became free, and to whom it is offered while it is held."""

import datetime as dt

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.constraints import one_of, together
from clinic.models import Room, User
from patients.models import Patient
from treatments.courses.models import Course
from treatments.schedule.rules import Daytime, Wishes, wall
from treatments.schedule.waiting.querysets import OfferQuerySet, WaitingQuerySet


@pghistory.track()
class Waiting(models.Model):
    """A session of a confirmed course for which another time is wished than it has, or any, since it has none.

    The wishes are those of the booking page; an empty one is none. `served_at`: it has got a time.
    """

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="waiting")
    number = models.PositiveSmallIntegerField()
    practitioner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    room = models.ForeignKey(Room, null=True, on_delete=models.PROTECT, related_name="+")
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list)
    not_before = models.TimeField(null=True)
    over_by = models.TimeField(null=True)
    earliest = models.DateField()
    latest = models.DateField(null=True)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    served_at = models.DateTimeField(null=True)

    objects = WaitingQuerySet.as_manager()

    class Meta:
        ordering = ["added_at", "pk"]
        constraints = [
            together("waiting_withdrawn_by_someone", "withdrawn_at", "withdrawn_by"),
            models.CheckConstraint(
                name="waiting_ends_one_way", condition=Q(withdrawn_at=None) | Q(served_at=None)
            ),
            models.CheckConstraint(
                name="waiting_weekdays_are_iso", condition=Q(weekdays__contained_by=[1, 2, 3, 4, 5, 6, 7])
            ),
            models.CheckConstraint(
                name="waiting_dates_in_order", condition=Q(latest=None) | Q(latest__gte=F("earliest"))
            ),
            models.UniqueConstraint(
                name="waiting_once_for_a_session",
                fields=["course", "number"],
                condition=Q(withdrawn_at=None, served_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"waiting for session {self.number} of course {self.course_id}"

    def wishes(self, *, at: dt.datetime, zone: dt.tzinfo) -> Wishes:
        """What is wished from `at` on, for the rules."""
        return Wishes(
            now=at,
            earliest=max(at, wall(self.earliest, dt.time.min, zone)),
            practitioner=self.practitioner_id,
            weekdays=frozenset(self.weekdays),
            daytime=Daytime(self.not_before or dt.time.min, self.over_by),
            latest=self.latest,
            room=self.room_id,
        )


class FreedTime(models.Model):
    """A time that became free and for which nobody has been sought yet: deleted when that is done.

    A row, so that it outlives whoever was to seek.
    """

    resources = ArrayField(models.BigIntegerField())
    begin = models.DateTimeField()
    until = models.DateTimeField()
    freed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="freedtime_takes_time", condition=Q(until__gt=F("begin"))),
        ]

    def __str__(self) -> str:
        return f"free from {self.begin} to {self.until}"


class Hold(models.Model):
    """A time that is kept free for those to whom it is offered, until one says yes or it lapses.

    Its reservations say what is held. Lapsed it is in nobody's way: whoever books releases it.
    """

    practitioner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="+")
    begin = models.DateTimeField()
    until = models.DateTimeField()
    made_at = models.DateTimeField()
    lapses_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["lapses_at"], condition=Q(ended_at=None), name="hold_that_runs"),
        ]
        constraints = [
            models.CheckConstraint(
                name="hold_in_order", condition=Q(until__gt=F("begin"), lapses_at__gt=F("made_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"held until {self.lapses_at}"


class OfferState(models.TextChoices):
    OPEN = "open", _("Offered")
    YES = "yes", _("Said yes")
    NO = "no", _("Said no")
    LOST = "lost", _("Somebody else was faster")
    LAPSED = "lapsed", _("No answer in time")
    VOID = "void", _("Not possible any more")


class Offer(models.Model):
    """A held time as it is offered to one who waits: with whom and where the hold says.

    `session_version`: of the booked session as it was then; none where it is missing. `desk`: who took the answer for
    the patient; none: the patient gave it, or nobody did. Only hashes of its tokens are kept.
    """

    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="offers")
    waiting = models.ForeignKey(Waiting, on_delete=models.PROTECT, related_name="offers")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    session_version = models.PositiveIntegerField(null=True)
    state = models.CharField(max_length=6, choices=OfferState.choices, default=OfferState.OPEN)
    settled_at = models.DateTimeField(null=True)
    desk = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    token_hashes = ArrayField(models.CharField(max_length=64), default=list, blank=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        indexes = [GinIndex(fields=["token_hashes"], name="offer_by_token")]
        constraints = [
            one_of("offer_state", "state", OfferState),
            models.CheckConstraint(
                name="offer_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))
            ),
            models.CheckConstraint(
                name="offer_settled_has_a_moment",
                condition=Q(state="open", settled_at=None, desk=None)
                | (~Q(state="open") & Q(settled_at__isnull=False)),
            ),
            models.UniqueConstraint(name="offer_one_yes", fields=["hold"], condition=Q(state="yes")),
            models.UniqueConstraint(
                name="offer_one_at_a_time", fields=["waiting"], condition=Q(state="open")
            ),
            models.UniqueConstraint(name="offer_once_of_a_hold", fields=["hold", "waiting"]),
        ]

    def __str__(self) -> str:
        return f"offer {self.pk}: {self.state}"

    @property
    def patient(self) -> Patient:
        return self.waiting.course.patient
