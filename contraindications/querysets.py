"""Questions about rule sets, screenings and decisions."""

from django.db import models
from django.db.models import Q


class RuleSetQuerySet(models.QuerySet):
    """Rule sets."""

    def published(self):
        return self.filter(published_at__isnull=False)

    def in_force(self):
        """The newest published rule set without its content, or None: then nothing can be screened."""
        return self.published().defer("content").order_by("-version").first()


class ScreeningQuerySet(models.QuerySet):
    """Screenings."""

    def visible_to(self, user):
        """Clinical staff see every screening, nobody else any."""
        return self if user.is_clinical else self.none()

    def for_page(self):
        """All that the page of a screening shows, in one query; the content of the rule set stays where it is."""
        return self.select_related("patient", "by", "interview", "rule_set").defer("rule_set__content")


class DecisionQuerySet(models.QuerySet):
    """Decisions."""

    def of(self, patient):
        """The decisions about `patient`, newest first."""
        return self.filter(patient=patient).select_related("by").order_by("-at", "-pk")

    def about(self, screening):
        """The decisions that cover a finding of `screening`, made on it or on another with the same finding."""
        same = Q(screening=screening)
        for item, digest in screening.finding_digests.items():
            same |= Q(items__contains={item: digest})
        return self.filter(same, patient=screening.patient_id).select_related("by").order_by("-pk")
