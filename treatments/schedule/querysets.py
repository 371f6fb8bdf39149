"""Questions about sessions, resources and what they are taken by."""

from django.db import models


class ResourceQuerySet(models.QuerySet):
    """Resources."""


class SessionQuerySet(models.QuerySet):
    """Sessions."""

    def standing(self):
        """Those that take place or did: not cancelled."""
        return self.exclude(state="cancelled")


class ReservationQuerySet(models.QuerySet):
    """Reservations."""
