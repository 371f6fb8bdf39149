"""What a patient answers by themself: the link that lets them in, and the report they sign."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.constraints import one_of, together
from clinic.models import User
from patients.models.people import Patient
from patients.querysets import InterviewLinkQuerySet, ReportQuerySet


class LinkKind(models.TextChoices):
    """How the link reaches the patient."""

    EMAIL = "email", _("By e-mail")
    QR = "qr", _("QR code at the desk")
    TABLET = "tablet", _("On the clinic's tablet")


class InterviewLink(models.Model):
    """A personal way to one interview. Only hashes are kept: whoever reads this table cannot open anything.

    A link by e-mail gets its token while the mail is written; a mail that may have been lost is written anew with
    another, and both work. The link of a tablet has none: the desk hands it over already open.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="interview_links")
    kind = models.CharField(max_length=6, choices=LinkKind.choices)
    # SHA-256 of 256 random bits each
    token_hashes = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+"
    )  # null: a letter before a session asked
    sent_at = models.DateTimeField(null=True)  # the mail went out, the code was shown, the tablet handed over
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)  # wrong dates of birth
    opened_at = models.DateTimeField(null=True)  # the right date of birth was given
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = InterviewLinkQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["patient", "-created_at"]),
            GinIndex(fields=["token_hashes"], name="interviewlink_by_token"),
        ]
        constraints = [
            one_of("interviewlink_kind", "kind", LinkKind),
            together("interviewlink_revoked_by_someone", "revoked_at", "revoked_by"),
        ]

    def __str__(self) -> str:
        return f"interview link {self.pk}"


_SIGNED = pgtrigger.Q(old__submitted_at__isnull=False)


@pgtrigger.register(
    pgtrigger.Trigger(
        name="signed_answers_never_change",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf(
            "answers", "allergies", "signature", "submitted_at", "patient_id", "link_id"
        ),
        condition=_SIGNED,
        func="RAISE EXCEPTION 'what a patient has signed never changes';",
    ),
    pgtrigger.Protect(name="signed_is_never_deleted", operation=pgtrigger.Delete, condition=_SIGNED),
)
class Report(models.Model):
    """What a patient answered by themself. Signed, it counts for stopping until a practitioner has settled it.

    `answers` and `allergies` as in `Interview`. Settled: confirmed (then `report.interview` is the version that stands
    on it) or set aside with a reason.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="reports")
    link = models.ForeignKey(InterviewLink, on_delete=models.PROTECT, related_name="reports")
    answers = models.JSONField(default=dict)
    allergies = models.JSONField(null=True)
    started_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)  # of the draft: counts its changes
    signature = models.CharField(max_length=200, blank=True)  # the name as the patient typed it
    submitted_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    set_aside = models.CharField(max_length=500, blank=True)  # why a practitioner did not confirm it

    objects = ReportQuerySet.as_manager()

    class Meta:
        constraints = [
            together("report_settled_by_someone", "settled_at", "settled_by"),
            models.CheckConstraint(
                name="report_is_signed", condition=Q(submitted_at=None) | ~Q(signature="")
            ),
            models.CheckConstraint(
                name="report_settled_after_it_was_signed",
                condition=Q(settled_at=None) | Q(submitted_at__isnull=False),
            ),
            models.UniqueConstraint(
                name="report_once_per_link", fields=["link"], condition=Q(submitted_at__isnull=False)
            ),
            models.UniqueConstraint(
                name="report_one_draft_per_patient", fields=["patient"], condition=Q(submitted_at=None)
            ),
            models.UniqueConstraint(
                name="report_one_unsettled_per_patient",
                fields=["patient"],
                condition=Q(submitted_at__isnull=False, settled_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"report {self.pk} of patient {self.patient_id}"
