"""The outbox: a row here is the promise that a message goes out; Celery only hurries."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.constraints import one_of, together
from clinic.models import User
from patients.models import InterviewLink, Patient
from treatments.courses.models import Course
from treatments.reminders.querysets import MessageQuerySet
from treatments.schedule.models import Offer


class MessageKind(models.TextChoices):
    MAINTENANCE = "maintenance", _("Maintenance reminder")
    INTERVIEW = "interview", _("Link to the interview")
    OFFER = "offer", _("Offer of a time")
    OFFER_LOST = "offer_lost", _("Offered time is taken")


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")


class MessageState(models.TextChoices):
    DUE = "due", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    EXPIRED = "expired", _("Too late, not sent")
    SUPPRESSED = "suppressed", _("Not needed any more")


class Message(models.Model):
    """One message to one patient about one subject, at most once per version of the subject.

    The subject of a reminder is a course, that of a request to answer the interview a personal link, and an offer from
    the waiting list is its own.

    `due_at` is when it should go, `try_at` when it is tried (next), `not_after` when it would be useless. While it is
    being sent `lease_until` and `lease_token` say whose it is; a lease that ran out may be claimed again, then
    `maybe_twice` is set: an earlier attempt may have arrived.
    """

    kind = models.CharField(max_length=20, choices=MessageKind.choices)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="messages")
    course = models.ForeignKey(Course, null=True, on_delete=models.PROTECT, related_name="messages")
    link = models.ForeignKey(InterviewLink, null=True, on_delete=models.PROTECT, related_name="messages")
    offer = models.ForeignKey(Offer, null=True, on_delete=models.PROTECT, related_name="messages")
    subject_version = models.PositiveIntegerField()
    due_at = models.DateTimeField()
    try_at = models.DateTimeField()
    not_after = models.DateTimeField()
    state = models.CharField(max_length=12, choices=MessageState.choices, default=MessageState.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    message_id = models.CharField(max_length=120)
    sent_to = models.CharField(max_length=254, blank=True)
    sent_text = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)
    maybe_twice = models.BooleanField(default=False)
    why = models.CharField(max_length=250, blank=True)  # why not sent, or put off
    put_back_at = models.DateTimeField(null=True)  # a person wanted a failed one tried again
    put_back_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-due_at", "-pk"]
        indexes = [
            models.Index(fields=["try_at"], condition=Q(state="due"), name="message_due"),
            models.Index(fields=["lease_until"], condition=Q(state="sending"), name="message_leased"),
            models.Index(fields=["patient", "-due_at"]),
            models.Index(fields=["-due_at", "-id"], name="message_by_time"),
            models.Index(fields=["state", "-due_at", "-id"], name="message_by_state"),
        ]
        constraints = [
            one_of("message_kind", "kind", MessageKind),
            one_of("message_channel", "channel", Channel),
            one_of("message_state", "state", MessageState),
            together("message_put_back_by_someone", "put_back_at", "put_back_by"),
            models.UniqueConstraint(
                name="message_once_per_subject",
                fields=["course", "kind", "channel", "subject_version"],
            ),
            models.UniqueConstraint(
                name="message_once_per_link", fields=["link", "kind", "channel", "subject_version"]
            ),
            models.UniqueConstraint(
                name="message_once_per_offer", fields=["offer", "kind", "channel", "subject_version"]
            ),
            models.CheckConstraint(
                name="message_has_its_subject",
                condition=Q(kind="maintenance", course__isnull=False, link=None, offer=None)
                | Q(kind="interview", course=None, link__isnull=False, offer=None)
                | Q(kind__in=["offer", "offer_lost"], course=None, link=None, offer__isnull=False),
            ),
            models.CheckConstraint(
                name="message_leased_while_sending",
                condition=Q(
                    state="sending",
                    lease_until__isnull=False,
                    lease_token__isnull=False,
                )
                | (~Q(state="sending") & Q(lease_until=None, lease_token=None)),
            ),
            models.CheckConstraint(
                name="message_sent_has_a_moment",
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at=None)),
            ),
            models.CheckConstraint(
                name="message_not_sent_says_why",
                condition=~Q(state__in=["failed", "expired", "suppressed"]) | ~Q(why=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}: {self.state}"


class Heartbeat(models.Model):
    """When the tick last ran; one row. Old: nobody sends."""

    ticked_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="heartbeat_is_one_row", condition=Q(id=1))]

    def __str__(self) -> str:
        return f"last tick {self.ticked_at}"
