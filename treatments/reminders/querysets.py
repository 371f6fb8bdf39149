"""Questions about messages."""

from django.db import models


class MessageQuerySet(models.QuerySet):
    """Messages."""
