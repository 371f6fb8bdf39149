"""The outbox: a row here is the promise that a message goes out; Celery only hurries."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.constraints import one_of, together
from clinic.models import User
from patients.models import Channel, InterviewLink, Patient
from treatments.courses.models import Course
from treatments.reminders.models.wordings import Wording
from treatments.reminders.querysets import MessageQuerySet
from treatments.schedule.models import Offer, Session


class MessageKind(models.TextChoices):
    BOOKED = "booked", _("Sessions booked")
    MOVED = "moved", _("Session moved")
    CANCELLED = "cancelled", _("Session cancelled")
    REMINDER = "reminder", _("Session reminder")
    PRECARE = "precare", _("Before the session")
    RECHECK = "recheck", _("Questions to answer again")
    INTERVIEW = "interview", _("Link to the interview")
    AFTERCARE = "aftercare", _("After the session")
    MAINTENANCE = "maintenance", _("Maintenance reminder")
    OFFER = "offer", _("Offer of a time")
    OFFER_LOST = "offer_lost", _("Offered time is taken")
    TODAY = "today", _("What needs you today")


class MessageState(models.TextChoices):
    DUE = "due", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    BOUNCED = "bounced", _("Came back")
    FAILED = "failed", _("Failed")
    EXPIRED = "expired", _("Too late, not sent")
    SUPPRESSED = "suppressed", _("Not needed any more")


LEFT_THE_HOUSE = ["sent", "delivered", "bounced"]
# What each kind is about; everything else of these is null.
SUBJECTS = {
    "course": ["booked", "moved", "cancelled", "maintenance"],
    "session": ["reminder", "precare", "recheck", "aftercare"],
    "link": ["interview"],
    "offer": ["offer", "offer_lost"],
    "staff": ["today"],
}


def _has_its_subject() -> Q:
    wanted = Q()
    for subject, kinds in SUBJECTS.items():
        others = {f"{other}__isnull": other != subject for other in SUBJECTS}
        wanted |= Q(kind__in=kinds, patient__isnull=subject == "staff", **others)
    return wanted


class Message(models.Model):
    """One message to one person about one subject, at most once per version of the subject.

    `SUBJECTS` says what a kind is about. `about`: which sessions of the course are told of. `step`: which of several
    about the same (the first or the second reminder, the first to the last recall).

    `due_at` is when it should go, `try_at` when it is tried (next), `not_after` when it would be useless.
    `lease_until` and `lease_token` say whose it is: somebody who claimed some and has not come to this one (`due`), or
    is at it (`sending`). A lease that ran out while it was sending means that it may have arrived: `maybe_twice`.
    """

    kind = models.CharField(max_length=20, choices=MessageKind.choices)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    patient = models.ForeignKey(
        Patient, null=True, db_index=False, on_delete=models.PROTECT, related_name="messages"
    )
    staff = models.ForeignKey(
        User, null=True, db_index=False, on_delete=models.PROTECT, related_name="messages"
    )
    course = models.ForeignKey(
        Course, null=True, db_index=False, on_delete=models.PROTECT, related_name="messages"
    )
    session = models.ForeignKey(
        Session, null=True, db_index=False, on_delete=models.PROTECT, related_name="messages"
    )
    link = models.ForeignKey(
        InterviewLink, null=True, db_index=False, on_delete=models.PROTECT, related_name="messages"
    )
    offer = models.ForeignKey(
        Offer, null=True, db_index=False, on_delete=models.PROTECT, related_name="messages"
    )
    about = ArrayField(models.BigIntegerField(), default=list)
    # Moved, cancelled: {session: when it started as the patient knew it; null: they know of a move already}
    told_before = models.JSONField(null=True)
    step = models.PositiveSmallIntegerField(default=1)
    subject_version = models.PositiveIntegerField()
    due_at = models.DateTimeField()
    try_at = models.DateTimeField()
    not_after = models.DateTimeField()
    state = models.CharField(max_length=12, choices=MessageState.choices, default=MessageState.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    message_id = models.CharField(max_length=120)
    language = models.CharField(max_length=8, blank=True)  # in which it was written
    wording = models.ForeignKey(
        Wording, null=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )  # null: shipped
    sent_to = models.CharField(max_length=254, blank=True)
    sent_subject = models.CharField(max_length=250, blank=True)
    sent_text = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)
    provider_ref = models.CharField(max_length=120, blank=True)  # by which the gateway speaks of it later
    delivered_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True)
    maybe_twice = models.BooleanField(default=False)
    why = models.CharField(max_length=250, blank=True)  # why not sent, or put off
    put_back_at = models.DateTimeField(null=True)  # a person wanted a failed one tried again
    put_back_by = models.ForeignKey(
        User, null=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-due_at", "-pk"]
        # All are written anew with every step of a letter: so none that another serves, and no entry for what is null.
        indexes = [
            *(
                models.Index(fields=[name], condition=Q(**{f"{name}__isnull": False}), name=f"message_{name}")
                for name in (*SUBJECTS, "wording", "put_back_by")
            ),
            models.Index(
                fields=["channel", "try_at", "id"], condition=Q(state="due"), name="message_due_by_channel"
            ),
            models.Index(fields=["patient", "-due_at"]),
            models.Index(
                fields=["provider_ref"], condition=~Q(provider_ref=""), name="message_by_provider_ref"
            ),
            models.Index(fields=["-due_at", "-id"], name="message_by_time"),
            models.Index(fields=["state", "-due_at", "-id"], name="message_by_state"),
            models.Index(fields=["kind", "-due_at", "-id"], name="message_by_kind"),
            models.Index(
                fields=["-due_at", "-id"], condition=Q(maybe_twice=True), name="message_maybe_twice"
            ),
            models.Index(
                fields=["due_at"], condition=Q(state="due", attempts__gte=2), name="message_tried_in_vain"
            ),
            models.Index(
                fields=["put_back_at"], condition=Q(put_back_at__isnull=False), name="message_put_back"
            ),
            models.Index(fields=["sent_at"], condition=Q(sent_at__isnull=False), name="message_by_sent_at"),
        ]
        constraints = [
            one_of("message_kind", "kind", MessageKind),
            one_of("message_channel", "channel", Channel),
            one_of("message_state", "state", MessageState),
            together("message_put_back_by_someone", "put_back_at", "put_back_by"),
            models.UniqueConstraint(
                name="message_once",
                fields=["kind", "channel", *SUBJECTS, "step", "subject_version"],
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="message_has_its_subject", condition=_has_its_subject()),
            together("message_lease_is_somebodys", "lease_until", "lease_token"),
            models.CheckConstraint(
                name="message_leased_while_sending", condition=~Q(state="sending") | ~Q(lease_token=None)
            ),
            models.CheckConstraint(
                name="message_sent_has_a_moment",
                condition=Q(state__in=LEFT_THE_HOUSE, sent_at__isnull=False)
                | (~Q(state__in=LEFT_THE_HOUSE) & Q(sent_at=None)),
            ),
            models.CheckConstraint(
                name="message_not_sent_says_why",
                condition=~Q(state__in=["bounced", "failed", "expired", "suppressed"]) | ~Q(why=""),
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
