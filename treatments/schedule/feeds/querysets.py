"""Questions about secret addresses."""

from django.db import models

from clinic.models import User
from clinic.roles import Role
from patients import tokens


class FeedQuerySet(models.QuerySet):
    """Secret addresses."""

    def visible_to(self, user: User):
        """The clinic admin sees everybody's, who treats their own."""
        return self if user.has_role(Role.CLINIC_ADMIN) else self.filter(practitioner=user)

    def working(self):
        """Those not revoked, of people who treat here."""
        return self.filter(revoked_at=None, practitioner__in=User.objects.practitioners().values("pk"))

    def by_token(self, token: str):
        return self.filter(digest=tokens.hashed(token))

    def for_page(self):
        return self.select_related("practitioner", "made_by")
