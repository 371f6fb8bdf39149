"""The secrets in letters: only their hashes are kept."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.constraints import one_of
from treatments.reminders.models.messages import Message
from treatments.reminders.querysets import LinkTokenQuerySet


class LinkPurpose(models.TextChoices):
    SESSION = "session", _("Answer about a session")
    RECALL = "recall", _("Answer a recall")
    WISHES = "wishes", _("Say which messages are wanted")


class LinkToken(models.Model):
    """A link in a letter: what may be done by it, and until when. Each attempt to send has one of its own."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="tokens")
    purpose = models.CharField(max_length=8, choices=LinkPurpose.choices)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    made_at = models.DateTimeField()

    objects = LinkTokenQuerySet.as_manager()

    class Meta:
        constraints = [
            one_of("linktoken_purpose", "purpose", LinkPurpose),
            models.CheckConstraint(
                name="linktoken_works_for_a_while", condition=Q(expires_at__gt=F("made_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} of message {self.message_id}"
