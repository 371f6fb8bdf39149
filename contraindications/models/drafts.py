"""A rule set in the making: the draft, its signed changes, and what it would do to the patients of today."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.constraints import together
from clinic.models import User
from contraindications.models.lists import RuleSet
from contraindications.querysets import DraftChangeQuerySet, DraftQuerySet, FlipQuerySet
from patients.models import Patient

_ENDED = pgtrigger.Q(old__ended_at__isnull=False)


@pgtrigger.register(
    pgtrigger.Protect(name="ended_draft_never_changes", operation=pgtrigger.Update, condition=_ENDED),
    pgtrigger.Protect(name="draft_is_never_deleted", operation=pgtrigger.Delete),
    pgtrigger.Trigger(
        name="nobody_publishes_their_own_change",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.Q(new__became__isnull=False),
        func="""
            IF EXISTS (
                SELECT 1 FROM contraindications_draftchange AS change
                WHERE change.draft_id = NEW.id AND change.taken_back_at IS NULL
                AND change.by_id = NEW.ended_by_id
            ) THEN
                RAISE EXCEPTION 'nobody publishes a change that they proposed';
            END IF;
            RETURN NEW;
        """,
    ),
)
class Draft(models.Model):
    """Changes to the rule set `base`, open until they are published as `became` or discarded for a reason."""

    base = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="drafts")
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    became = models.OneToOneField(RuleSet, null=True, on_delete=models.PROTECT, related_name="draft")
    discard_reason = models.CharField(max_length=500, blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = DraftQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                name="draft_one_open",
                fields=["ended_at"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                violation_error_message=_("There is an open draft already."),
            ),
            together("draft_ended_by_someone", "ended_at", "ended_by"),
            models.CheckConstraint(
                name="draft_ends_in_one_way",
                condition=Q(ended_at=None, became=None, discard_reason="")
                | Q(ended_at__isnull=False, became__isnull=False, discard_reason="")
                | (Q(ended_at__isnull=False, became=None) & ~Q(discard_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"draft {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


@pgtrigger.register(
    pgtrigger.Protect(name="draft_change_is_never_deleted", operation=pgtrigger.Delete),
    pgtrigger.ReadOnly(name="draft_change_stays", exclude=["taken_back_at", "taken_back_by"]),
    pgtrigger.Protect(
        name="draft_change_is_taken_back_once",
        operation=pgtrigger.Update,
        condition=pgtrigger.Q(old__taken_back_at__isnull=False),
    ),
    pgtrigger.Trigger(
        name="ended_draft_keeps_its_changes",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func="""
            IF EXISTS (
                SELECT 1 FROM contraindications_draft AS draft
                WHERE draft.id = NEW.draft_id AND draft.ended_at IS NOT NULL
            ) THEN
                RAISE EXCEPTION 'the changes of an ended draft stay as they are';
            END IF;
            RETURN NEW;
        """,
    ),
)
class DraftChange(models.Model):
    """One proposed change, as `drafting.Edit` reads it. Taken back, it stays in the history and counts no more."""

    class Kind(models.TextChoices):
        ADD = "add", _("new item")
        CHANGE = "change", _("changed")
        RETIRE = "retire", _("retired")
        SOURCE = "source", _("new document")
        SETTING = "setting", _("setting")

    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    code = models.CharField(max_length=40)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.CharField(max_length=500)
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    taken_back_at = models.DateTimeField(null=True)
    taken_back_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = DraftChangeQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="draftchange_kind",
                condition=Q(kind__in=["add", "change", "retire", "source", "setting"]),
            ),
            models.CheckConstraint(name="draftchange_says_why", condition=Q(reason__regex=r"\S")),
            together("draftchange_taken_back_by_someone", "taken_back_at", "taken_back_by"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.code}"


class Preview(models.Model):
    """The draft, run against everybody whom it would concern. `digest` says which content in place of which rule set.

    `places` holds, for each caseload, how far the run has come: whoever goes on starts there.
    """

    draft = models.OneToOneField(Draft, on_delete=models.PROTECT, related_name="preview")
    digest = models.CharField(max_length=64)
    day = models.DateField()
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    places = models.JSONField(default=dict)  # {caseload: key of the last case that was looked at}
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    unreadable = models.PositiveIntegerField(default=0)  # cases that cannot be screened, before or after
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"preview {self.pk} of draft {self.draft_id}"


class Flip(models.Model):
    """One case that the draft would judge differently: another verdict, or other findings under the same."""

    preview = models.ForeignKey(Preview, on_delete=models.CASCADE, related_name="flips")
    caseload = models.CharField(max_length=20)
    key = models.BigIntegerField()
    patient = models.ForeignKey(
        Patient, null=True, on_delete=models.PROTECT, related_name="+"
    )  # null: worked case
    what = models.CharField(max_length=250)
    url = models.CharField(max_length=200, blank=True)
    day = models.DateField()
    before = models.CharField(max_length=10)
    after = models.CharField(max_length=10)
    items = models.JSONField()  # codes of what made the difference

    objects = FlipQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="flip_once_per_case", fields=["preview", "caseload", "key"])
        ]

    def __str__(self) -> str:
        return f"{self.caseload} {self.key}: {self.before} to {self.after}"
