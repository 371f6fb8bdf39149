"""The texts of messages as the clinic wrote them: versions, never changed."""

import pgtrigger
from django.db import models
from django.db.models import Q

from clinic.constraints import one_of
from clinic.models import User
from patients.models import Channel


class Wording(models.Model):
    """One version of the text of a kind of message; the highest number counts. None: the shipped text.

    `subject` and `body` hold placeholders like {clinic}, of a fixed set for each kind, and nothing else that works.
    """

    kind = models.CharField(max_length=20)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    language = models.CharField(max_length=8)
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=120, blank=True)  # an SMS has none
    body = models.TextField(max_length=4000)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["kind", "channel", "language", "-number"]
        constraints = [
            one_of("wording_channel", "channel", Channel),
            models.UniqueConstraint(
                name="wording_version_once", fields=["kind", "channel", "language", "number"]
            ),
            models.CheckConstraint(
                name="wording_says_something",
                condition=~Q(body="")
                & (Q(channel="sms", subject="") | (Q(channel="email") & ~Q(subject=""))),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="wordings_are_kept", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.channel} {self.language} {self.number}"
