"""The roles, as the groups that the database keeps."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a member of staff may do; one person may hold several."""

    FRONT_DESK = "front_desk", _("Front desk")
    NURSE = "nurse", _("Nurse")
    DOCTOR = "doctor", _("Doctor")
    CATALOGUE_ADMIN = "catalogue_admin", _("Catalogue admin")
    CLINIC_ADMIN = "clinic_admin", _("Clinic admin")


CLINICAL = (Role.DOCTOR, Role.NURSE)
BOOKING = (Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
