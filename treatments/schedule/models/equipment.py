"""Devices, and what can be done where, by whom and with what."""

import pghistory
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from clinic.models import Room, User
from treatments.catalogue.models import Technique


@pghistory.track()
class DeviceKind(models.Model):
    """Devices that can stand in for each other, and how long one is cleaned after use."""

    name = models.CharField(_("name"), max_length=60)
    cleanup_minutes = models.PositiveSmallIntegerField(
        _("cleaning after use, minutes"), default=0, validators=[MaxValueValidator(240)]
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="devicekind_one_per_name",
                violation_error_message=_("There is a kind of this name."),
            ),
            models.CheckConstraint(
                name="devicekind_is_clean_within_hours", condition=Q(cleanup_minutes__lte=240)
            ),
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Device(models.Model):
    """One device; several of a kind may be in use."""

    kind = models.ForeignKey(
        DeviceKind, verbose_name=_("kind"), on_delete=models.PROTECT, related_name="devices"
    )
    name = models.CharField(_("name"), max_length=60)
    active = models.BooleanField(_("in use"), default=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="device_one_per_name",
                violation_error_message=_("There is a device of this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Requirement(models.Model):
    """The technique needs one device of this kind, for the whole session."""

    technique = models.ForeignKey(Technique, on_delete=models.PROTECT, related_name="requirements")
    kind = models.ForeignKey(DeviceKind, on_delete=models.CASCADE, related_name="requirements")

    class Meta:
        constraints = [models.UniqueConstraint(name="requirement_once", fields=["technique", "kind"])]

    def __str__(self) -> str:
        return f"{self.technique_id} needs {self.kind_id}"


@pghistory.track()
class Ability(models.Model):
    """The technique can be done in this room, or by this practitioner. Who has no row at all is for every technique."""

    technique = models.ForeignKey(Technique, on_delete=models.PROTECT, related_name="+")
    room = models.ForeignKey(Room, null=True, on_delete=models.CASCADE, related_name="abilities")
    practitioner = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="abilities")

    class Meta:
        verbose_name_plural = "abilities"
        constraints = [
            models.CheckConstraint(
                name="ability_of_a_room_or_a_practitioner",
                condition=Q(room=None, practitioner__isnull=False) | Q(room__isnull=False, practitioner=None),
            ),
            models.UniqueConstraint(
                name="ability_once", fields=["technique", "room", "practitioner"], nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.technique_id} by {self.room_id or self.practitioner_id}"
