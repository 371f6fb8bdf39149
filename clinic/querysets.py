"""Questions about staff."""

from django.db import models

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
