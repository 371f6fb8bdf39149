"""Questions about staff."""

from django.db import models
from django.db.models import Q

from clinic.roles import CLINICAL, Role


class UserQuerySet(models.QuerySet):
    """Members of staff."""

    def with_role(self, *roles: str):
        """Active people who hold at least one of `roles`, each once."""
        return self.filter(is_active=True, groups__name__in=roles).distinct()

    def doctors(self):
        return self.with_role(Role.DOCTOR)

    def practitioners(self):
        """Those who treat: doctors and nurses."""
        return self.with_role(*CLINICAL)

    def who_may_treat(self):
        """Active doctors, and active nurses whose cooperating doctor is an active doctor (S1 L13)."""
        doctors = UserQuerySet(self.model).doctors().values("pk")
        return self.with_role(*CLINICAL).filter(
            Q(groups__name=Role.DOCTOR) | Q(cooperating_doctor__in=doctors)
        )
