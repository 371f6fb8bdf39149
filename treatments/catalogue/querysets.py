"""Questions about the catalogue."""

from django.db import models


class CatalogueQuerySet(models.QuerySet):
    """Rows of the catalogue."""

    def in_use(self):
        """What may be chosen today: not retired."""
        return self.filter(retired_on=None)
