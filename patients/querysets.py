"""Questions about patients."""

from django.db import models

from clinic.roles import BOOKING


class PatientQuerySet(models.QuerySet):
    """Patients."""

    def visible_to(self, user):
        """The patients whose record `user` may open: all of them for clinical staff and front desk, else none."""
        return self if user.has_role(*BOOKING) else self.none()


class InterviewQuerySet(models.QuerySet):
    """Interviews."""

    def submitted(self):
        return self.filter(submitted_at__isnull=False)

    def standing(self, patient):
        """The newest submitted interview of `patient`, or None if there was none yet."""
        return (
            self.submitted()
            .filter(patient=patient)
            .select_related("submitted_by")
            .order_by("-number")
            .first()
        )

    def draft_of(self, patient):
        """The interview of `patient` that is under way, or None."""
        return self.filter(patient=patient, submitted_at=None).select_related("saved_by").first()
