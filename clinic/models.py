"""Staff, rooms, hours, the clinic's own settings, and who read what."""

import datetime as dt
import uuid
from typing import ClassVar

import pghistory
import pgtrigger
from django.contrib.auth.models import AbstractUser, BaseUserManager, Group
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, IntegerRangeField, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from clinic.constraints import one_of
from clinic.prepared import Prepared, asked
from clinic.querysets import AccessLogQuerySet, UserQuerySet
from clinic.roles import BOOKING, CLINICAL, Role


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Makes users that log in by e-mail."""

    def create_user(self, email: str, password: str | None = None, **fields):
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields):
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


@pghistory.track(exclude=["password", "last_login"])
class User(AbstractUser):
    """A member of staff. Roles are groups; a nurse treats with a cooperating doctor (S1 L13)."""

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=150)
    cooperating_doctor = models.ForeignKey(
        "self",
        verbose_name=_("cooperating doctor"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="cooperating_nurses",
    )
    may_overlap = models.BooleanField(_("may book over others"), default=False)
    wants_today = models.BooleanField(_("is told every morning what needs them"), default=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = UserManager()  # type: ignore[misc]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_one_per_email",
                violation_error_message=_("Somebody already logs in with this e-mail."),
            ),
            models.CheckConstraint(
                name="user_does_not_cooperate_with_self",
                condition=Q(cooperating_doctor=None) | ~Q(cooperating_doctor=F("id")),
                violation_error_message=_("Nobody is their own cooperating doctor."),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name

    @cached_property
    def roles(self) -> frozenset[str]:
        """The roles held. If not loaded already, one SQL query."""
        known = getattr(self, "_prefetched_objects_cache", {}).get("groups")
        return frozenset(HELD.column(user=self.pk) if known is None else [group.name for group in known])

    def has_role(self, *roles: str) -> bool:
        """Does this person hold at least one of `roles`?"""
        return not self.roles.isdisjoint(roles)

    @property
    def is_clinical(self) -> bool:
        return self.has_role(*CLINICAL)

    @property
    def books(self) -> bool:
        return self.has_role(*BOOKING)

    @property
    def is_doctor(self) -> bool:
        return self.has_role(Role.DOCTOR)


HELD = Prepared(lambda: Group.objects.filter(user=asked("user")).values_list("name"))


@pghistory.track(pghistory.InsertEvent(), pghistory.DeleteEvent(), obj_field=None)
class RoleHeld(User.groups.through):  # type: ignore[name-defined]
    """Who was given which role and who lost it: the rows of a many-to-many table have a history too."""

    class Meta:
        proxy = True


def two_days_and_three_hours() -> list[int]:
    """The default of the reminders before a session, hours."""
    return [48, 3]


class NursesWith(models.TextChoices):
    """Whether somebody else is at work while a nurse treats."""

    HERS = "hers", _("while their cooperating doctor is at work")
    ANY = "any", _("while any doctor is at work")
    NEVER = "never", _("whoever else is at work")


@pghistory.track()
class Clinic(models.Model):
    """The one row of what the clinic set. The zone is in the environment, since an installation never moves."""

    name = models.CharField(_("name"), max_length=120, default="Clinic")
    address = models.CharField(_("address"), max_length=250, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    grid_minutes = models.PositiveSmallIntegerField(
        _("grid of the calendar, minutes"),
        default=5,
        validators=[MinValueValidator(5), MaxValueValidator(60)],
    )
    buffer_before = models.PositiveSmallIntegerField(
        _("kept free before a session, minutes"), default=0, validators=[MaxValueValidator(60)]
    )
    buffer_after = models.PositiveSmallIntegerField(
        _("kept free after a session, minutes"), default=0, validators=[MaxValueValidator(60)]
    )
    messages_at = models.TimeField(_("messages go out from"), default=dt.time(9, 0))
    quiet_from = models.TimeField(_("no messages from"), default=dt.time(20, 0))
    quiet_until = models.TimeField(_("no messages until"), default=dt.time(8, 0))
    reminder_hours = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(336)]),
        verbose_name=_("reminders before a session, hours"),
        default=two_days_and_three_hours,
        size=4,
        blank=True,
    )
    precare_days = models.PositiveSmallIntegerField(
        _("what to mind before a session is sent, days before"), default=3, validators=[MaxValueValidator(14)]
    )
    recheck_days = models.PositiveSmallIntegerField(
        _("questions that will be too old are asked again, days before a session"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(30)],
    )
    recall_times = models.PositiveSmallIntegerField(
        _("maintenance: reminders at most"), default=3, validators=[MaxValueValidator(6)]
    )
    recall_every_days = models.PositiveSmallIntegerField(
        _("maintenance: days between reminders"),
        default=21,
        validators=[MinValueValidator(7), MaxValueValidator(120)],
    )
    late_message_minutes = models.PositiveSmallIntegerField(
        _("staff are told when messages are late by, minutes"),
        default=10,
        validators=[MinValueValidator(2), MaxValueValidator(1440)],
    )
    few_days_hours = models.PositiveSmallIntegerField(
        _("“a few days” in aftercare means, hours"),
        default=72,
        validators=[MinValueValidator(1)],
    )
    tentative_bookings = models.BooleanField(_("book sessions before all answers are there"), default=False)
    interview_link_days = models.PositiveSmallIntegerField(
        _("an interview link works for, days"),
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
    )
    interview_link_tries = models.PositiveSmallIntegerField(
        _("wrong dates of birth before an interview link is closed"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
    )
    late_cancel_hours = models.PositiveSmallIntegerField(
        _("a cancellation is late within, hours before"), default=24, validators=[MaxValueValidator(168)]
    )
    offer_minutes = models.PositiveSmallIntegerField(
        _("time is held for the waiting list for, minutes"),
        default=30,
        validators=[MinValueValidator(5), MaxValueValidator(1440)],
    )
    offer_to = models.PositiveSmallIntegerField(
        _("a time that becomes free is offered at once to at most"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
    )
    nurses_with_doctor = models.CharField(
        _("nurses treat"), max_length=10, choices=NursesWith.choices, default=NursesWith.HERS
    )
    feed_names = models.BooleanField(_("names of patients in the calendar addresses of staff"), default=False)
    installation = models.UUIDField(default=uuid.uuid4, editable=False)  # part of the UID of calendar entries
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(name="clinic_is_one_row", condition=Q(id=1)),
            models.CheckConstraint(
                name="clinic_grid_divides_the_hour",
                condition=Q(grid_minutes__in=[5, 10, 15, 20, 30, 60]),
            ),
            one_of("clinic_nurses_with_doctor", "nurses_with_doctor", NursesWith),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> "Clinic":
        """The clinic's settings; the defaults until somebody saves them. One SQL query."""
        return next(iter(CURRENT.objects()), None) or cls(pk=1)

    @classmethod
    def installed(cls) -> "Clinic":
        """The same as a row, made where there is none: its `installation` is the same from now on. One SQL query."""
        return cls.objects.get_or_create(pk=1)[0]


CURRENT = Prepared(lambda: Clinic.objects.filter(pk=1))


@pghistory.track()
class Room(models.Model):
    """Where sessions take place."""

    name = models.CharField(_("name"), max_length=60)
    active = models.BooleanField(_("in use"), default=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="room_one_per_name",
                violation_error_message=_("There is a room of this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Weekday(models.IntegerChoices):
    """ISO weekdays."""

    MONDAY = 1, _("Monday")
    TUESDAY = 2, _("Tuesday")
    WEDNESDAY = 3, _("Wednesday")
    THURSDAY = 4, _("Thursday")
    FRIDAY = 5, _("Friday")
    SATURDAY = 6, _("Saturday")
    SUNDAY = 7, _("Sunday")


class SecondOfDay(Func):
    """A time of day as a whole number, so that ranges of it can be compared."""

    template = "(extract(epoch from %(expressions)s)::int)"
    output_field = models.IntegerField()


class WeeklyHours(models.Model):
    """From `starts` to `ends` on every such weekday, wall-clock time of the clinic."""

    weekday = models.PositiveSmallIntegerField(_("day"), choices=Weekday.choices)
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("to"))

    class Meta:
        abstract = True
        ordering = ["weekday", "starts"]
        constraints = [
            models.CheckConstraint(
                name="%(class)s_end_after_they_start",
                condition=Q(ends__gt=F("starts")),
                violation_error_message=_("Working hours end after they start."),
            ),
            models.CheckConstraint(name="%(class)s_on_a_weekday", condition=Q(weekday__range=(1, 7))),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}–{self.ends:%H:%M}"


def once(owner: str) -> list[models.BaseConstraint]:
    """The weekly hours of one owner on one day do not overlap."""
    span = Func(
        SecondOfDay("starts"), SecondOfDay("ends"), function="int4range", output_field=IntegerRangeField()
    )
    return [
        models.UniqueConstraint(
            name="%(class)s_start_once",
            fields=[owner, "weekday", "starts"],
            violation_error_message=_("These hours are there already."),
        ),
        ExclusionConstraint(
            name="%(class)s_do_not_overlap",
            violation_error_message=_("Working hours of one day do not overlap."),
            expressions=[
                (owner, RangeOperators.EQUAL),
                ("weekday", RangeOperators.EQUAL),
                (span, RangeOperators.OVERLAPS),
            ],
        ),
    ]


@pghistory.track()
class WorkingHours(WeeklyHours):
    """A practitioner is at work then."""

    practitioner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="working_hours")

    class Meta(WeeklyHours.Meta):
        verbose_name_plural = "working hours"
        constraints = [*WeeklyHours.Meta.constraints, *once("practitioner")]


@pghistory.track()
class RoomHours(WeeklyHours):
    """A room can be used then; one without any hours can be used at any time."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="opening_hours")

    class Meta(WeeklyHours.Meta):
        verbose_name_plural = "hours of rooms"
        constraints = [*WeeklyHours.Meta.constraints, *once("room")]


@pghistory.track()
class DayHours(models.Model):
    """On this one day a practitioner works these hours and not the weekly ones; without times, not at all.

    A row without times is the whole day: no other stands beside it.
    """

    practitioner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="day_hours")
    day = models.DateField(_("day"))
    starts = models.TimeField(_("from"), null=True, blank=True)
    ends = models.TimeField(_("to"), null=True, blank=True)

    class Meta:
        ordering = ["day", "starts"]
        verbose_name_plural = "hours of single days"
        constraints = [
            models.CheckConstraint(
                name="dayhours_end_after_they_start",
                condition=Q(starts=None, ends=None) | Q(ends__gt=F("starts")),
                violation_error_message=_("Working hours end after they start."),
            ),
            ExclusionConstraint(
                name="dayhours_do_not_overlap",
                violation_error_message=_("Working hours of one day do not overlap."),
                expressions=[
                    ("practitioner", RangeOperators.EQUAL),
                    ("day", RangeOperators.EQUAL),
                    (
                        Func(
                            SecondOfDay("starts"),
                            SecondOfDay("ends"),
                            function="int4range",
                            output_field=IntegerRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        if self.starts is None or self.ends is None:
            return str(_("not at work"))
        return f"{self.starts:%H:%M}–{self.ends:%H:%M}"


@pgtrigger.register(pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete))
class AccessLog(models.Model):
    """Who opened whose record, when and where. No foreign keys: the log outlives what it speaks of."""

    at = models.DateTimeField(db_index=True)
    actor_id = models.BigIntegerField()
    actor = models.CharField(max_length=200)
    roles = models.CharField(max_length=200)
    patient_id = models.BigIntegerField()
    view = models.CharField(max_length=120)
    method = models.CharField(max_length=8)
    address = models.GenericIPAddressField(null=True)
    listed = models.BooleanField(default=False)  # shown among others on a list, not opened

    objects = AccessLogQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["patient_id", "-at"]),
            models.Index(fields=["actor_id", "-at"]),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor} {self.view} {self.patient_id}"


class ShippedRow(models.Model):
    """What `load_catalogue` last wrote for a row, to know the clinic's changes from our own."""

    kind = models.CharField(max_length=60)
    code = models.CharField(max_length=80)
    values = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(name="shippedrow_once", fields=["kind", "code"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.code}"
