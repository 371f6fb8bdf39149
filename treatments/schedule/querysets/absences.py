"""Questions about absences, closing days among them."""

import datetime as dt

from django.db import models

from clinic.roles import BOOKING, Role


class AbsenceQuerySet(models.QuerySet):
    """Absences, closing days among them."""

    def visible_to(self, user):
        """Whoever books and the clinic admin see who is away, nobody else."""
        return self if user.has_role(*BOOKING, Role.CLINIC_ADMIN) else self.none()

    def standing(self):
        """Those that were not lifted."""
        return self.filter(lifted_at=None)

    def overlapping(self, begin: dt.datetime, until: dt.datetime):
        return self.filter(starts_at__lt=until, ends_at__gt=begin)

    def for_page(self):
        return self.select_related("practitioner", "recorded_by", "lifted_by")

    def of_day(self, begin: dt.datetime, until: dt.datetime):
        """What stands between two moments, the clinic's closing first, with who is away."""
        met = self.standing().overlapping(begin, until).select_related("practitioner")
        return met.order_by("-kind", "practitioner__name", "pk")
