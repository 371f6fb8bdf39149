"""Who the patients are, and the vocabulary in which they tell us about themselves."""

import datetime as dt

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Func, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from clinic.constraints import one_of
from clinic.languages import FIRST_LANGUAGE, LANGUAGES
from clinic.models import User
from patients import rules
from patients.querysets import PatientQuerySet


class Sex(models.TextChoices):
    FEMALE = "female", _("Female")
    MALE = "male", _("Male")
    UNSPECIFIED = "unspecified", _("Not stated")


class Channel(models.TextChoices):
    """How a patient is written to."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("Text message")


@pghistory.track()
class Patient(models.Model):
    """A person. One name field, since names have no common shape; `called` is how we greet them."""

    name = models.CharField(_("full name"), max_length=200)
    called = models.CharField(_("how to address them"), max_length=80, blank=True)
    birth_date = models.DateField(_("date of birth"))
    sex = models.CharField(_("sex"), max_length=12, choices=Sex.choices)
    phone = PhoneNumberField(_("phone"), blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    note = models.TextField(
        _("note for the front desk"),
        blank=True,
        max_length=500,
        validators=[MaxLengthValidator(500)],
    )
    reminders = models.BooleanField(_("wants reminders"), default=True)
    channel = models.CharField(
        _("messages go by"), max_length=8, choices=Channel.choices, default=Channel.EMAIL
    )
    language = models.CharField(
        _("language of messages"), max_length=8, choices=LANGUAGES, default=FIRST_LANGUAGE
    )
    died_on = models.DateField(_("died on"), null=True, blank=True)
    # The record of the same person that goes on: this one was made by mistake.
    duplicate_of = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="duplicates", editable=False
    )
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    # The form that registered: sent twice, it is one patient.
    form_key = models.UUIDField(null=True, unique=True, editable=False)
    search = models.GeneratedField(
        expression=Func(F("name"), F("phone"), F("birth_date"), function="patient_search"),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        indexes = [
            # Kept up to date at once: what is still to be sorted in would slow down searching, which is frequent,
            # to speed up registering, which is rare.
            GinIndex(
                OpClass(F("search"), name="gin_trgm_ops"),
                name="patient_search_by_parts",
                fastupdate=False,
            ),
            # Found patients come by name: a search that fits many reads the first of them here instead of sorting all.
            models.Index(fields=["search", "id"], name="patient_by_searched_text"),
            models.Index(fields=["birth_date"]),
            models.Index(fields=["name", "id"]),
            models.Index(fields=["phone"], condition=~Q(phone=""), name="patient_by_phone"),
            models.Index(
                models.functions.Lower("email"),
                condition=~Q(email=""),
                name="patient_by_email",
            ),
        ]
        constraints = [
            one_of("patient_sex_is_known_to_us", "sex", Sex),
            one_of("patient_channel", "channel", Channel),
            models.CheckConstraint(name="patient_not_its_own_duplicate", condition=~Q(duplicate_of=F("id"))),
            models.CheckConstraint(
                name="patient_died_after_birth",
                condition=Q(died_on=None) | Q(died_on__gte=F("birth_date")),
                violation_error_message=_("The date of death lies before the date of birth."),
            ),
            models.CheckConstraint(name="patient_has_a_name", condition=~Q(name="")),
            models.CheckConstraint(
                name="patient_born_after_1900",
                condition=Q(birth_date__gte="1900-01-01"),
                violation_error_message=_("The date of birth lies before 1900."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("patients:patient", args=[self.pk])

    @property
    def has_ended(self) -> bool:
        """Died, or closed in favour of another record: nothing more is asked of them, booked for or sent to them."""
        return self.died_on is not None or self.duplicate_of_id is not None

    @property
    def greeted(self) -> str:
        """How letters and their own pages greet them: as they asked for, else by the first name. Never in full."""
        return self.called or rules.first_name(self.name)

    def ended_before(self, day: dt.date) -> bool:
        """Can nothing have been done for them on `day` under this record?"""
        return self.duplicate_of_id is not None or (self.died_on is not None and self.died_on < day)

    @property
    def reached_by(self) -> str:
        """The channel that they chose, or the other one where only that leads to them."""
        known = {Channel.EMAIL.value: self.email, Channel.SMS.value: self.phone}
        return next((one for one in (self.channel, *known) if known[one]), self.channel)


class Substance(models.Model):
    """Something a patient may be allergic to and a plan may hold. The catalogue says more about it."""

    code = models.SlugField(max_length=60, unique=True)
    label = models.CharField(max_length=120)

    class Meta:
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label


class HealthFact(models.Model):
    """One thing that the interview must establish."""

    code = models.SlugField(max_length=60, unique=True)
    group = models.CharField(max_length=60)
    ask = models.SlugField(max_length=60, blank=True)
    label = models.CharField(max_length=120)
    question = models.CharField(max_length=250)
    states = ArrayField(models.CharField(max_length=10))
    asked_of = ArrayField(models.CharField(max_length=12), default=list, blank=True)  # empty: of everybody
    reask = models.BooleanField(
        default=False
    )  # can begin or end between two sessions: asked again at check-in
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.label
