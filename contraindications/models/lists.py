"""What the documents say: sources, and list items within numbered, published rule sets."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from contraindications.querysets import RuleSetQuerySet


class Source(models.Model):
    """A document that is cited, or the clinic's own policy."""

    class Kind(models.TextChoices):
        DOCUMENT = "document", _("Document")
        POLICY = "policy", _("Clinic policy")

    code = models.CharField(max_length=12, unique=True)
    title = models.CharField(max_length=250)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    file = models.CharField(max_length=120, blank=True)
    about = models.CharField(max_length=250, blank=True)
    list_heading = models.CharField(max_length=250, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(name="source_kind", condition=Q(kind__in=["document", "policy"]))
        ]

    def __str__(self) -> str:
        return self.title


def _never_emptied(name: str) -> pgtrigger.Trigger:
    """Row by row a rule set cannot be removed; neither can all of them at once."""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="RAISE EXCEPTION 'published rule sets are never removed';",
    )


_PUBLISHED = pgtrigger.Q(old__published_at__isnull=False)


@pgtrigger.register(
    pgtrigger.Protect(
        name="published_never_changes",
        operation=pgtrigger.Update | pgtrigger.Delete,
        condition=_PUBLISHED,
    ),
    _never_emptied("rule_sets_are_never_emptied"),
)
class RuleSet(models.Model):
    """A numbered, hashed set of list items with scope and settings. Once published it never changes.

    `content` is what `rules.RuleSet.from_content` reads; `digest` is the SHA-256 of its canonical JSON.
    """

    version = models.PositiveIntegerField(unique=True)
    content = models.JSONField()
    digest = models.CharField(max_length=64)
    note = models.TextField(blank=True)
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = RuleSetQuerySet.as_manager()

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.CheckConstraint(
                name="ruleset_publisher_needs_a_moment",
                condition=Q(published_by=None) | Q(published_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"rule set {self.version}"


@pgtrigger.register(
    pgtrigger.Trigger(
        name="published_items_never_change",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func="""
            IF EXISTS (
                SELECT 1 FROM contraindications_ruleset AS rule_set
                WHERE rule_set.id IN (OLD.rule_set_id, NEW.rule_set_id) AND rule_set.published_at IS NOT NULL
            ) THEN
                RAISE EXCEPTION 'the items of a published rule set never change';
            END IF;
            RETURN COALESCE(NEW, OLD);
        """,
    ),
    _never_emptied("list_items_are_never_emptied"),
)
class ListItem(models.Model):
    """One contraindication as one source documents it, within one rule set: the rows behind `RuleSet.content`."""

    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="items")
    code = models.CharField(max_length=20)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="items")
    locator = models.CharField(max_length=60)
    item = models.CharField(max_length=250)
    strength = models.CharField(max_length=20)
    when = models.JSONField()
    absolute = models.BooleanField(default=False)  # nobody can release a stop that rests on it

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(name="listitem_once_per_ruleset", fields=["rule_set", "code"])]

    def __str__(self) -> str:
        return f"{self.code} {self.item}"
