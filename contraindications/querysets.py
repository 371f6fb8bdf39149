"""Questions about rule sets, screenings and decisions."""

from django.apps import apps
from django.db import models
from django.db.models import Q

from clinic.prepared import Prepared


class RuleSetQuerySet(models.QuerySet):
    """Rule sets."""

    def published(self):
        return self.filter(published_at__isnull=False)

    def in_force(self):
        """The newest published rule set without its content, or None: then nothing can be screened."""
        return next(iter(IN_FORCE.objects()), None)


def _in_force() -> models.QuerySet:
    published = apps.get_model("contraindications", "RuleSet").objects.published()
    return published.defer("content").order_by("-version")[:1]


IN_FORCE = Prepared(_in_force)


class ScreeningQuerySet(models.QuerySet):
    """Screenings."""

    def visible_to(self, user):
        """Clinical staff see every screening, nobody else any."""
        return self if user.is_clinical else self.none()

    def for_page(self):
        """All that the page of a screening shows, in one query; the content of the rule set stays where it is."""
        return self.select_related("patient", "by", "interview", "report", "rule_set").defer(
            "rule_set__content"
        )

    def with_digest(self, digest):
        """The screenings of this digest, newest first. One plan screened twice on a day may have one digest."""
        found = self.filter(digest=digest).select_related("rule_set").defer("rule_set__content")
        return found.order_by("-at", "-pk")


class DecisionReasonQuerySet(models.QuerySet):
    """Reasons of decisions."""

    def offered(self, kind: str):
        """The reasons that a person chooses from for this kind of decision, in the clinic's order."""
        return self.filter(retired=False, kinds__contains=[kind])

    def in_use(self):
        return self.filter(retired=False)


class DecisionQuerySet(models.QuerySet):
    """Decisions."""

    def of(self, patient):
        """The decisions about `patient` (or the patient with this number), newest first."""
        return self.filter(patient=patient).select_related("by").order_by("-at", "-pk")

    def for_report(self, **asked):
        """The decisions that were asked for, newest first, with who made them and about whom."""
        return self.filter(**asked).select_related("by", "patient").order_by("-at", "-pk")

    def about(self, screening):
        """The decisions that cover a finding of `screening`, made on it or on another with the same finding."""
        same = Q(screening=screening) | _with_a_finding_of(screening)
        return self.filter(same, patient=screening.patient_id).select_related("by").order_by("-pk")


class QuestionQuerySet(models.QuerySet):
    """What nurses ask doctors."""

    def unanswered(self):
        return self.filter(answer=None)

    def of(self, patients):
        """Those about these patients, oldest first, with who asked."""
        return self.filter(patient__in=patients).select_related("asked_by").order_by("asked_at", "pk")

    def about(self, screening):
        """The unanswered questions on a finding of `screening`, asked on it or on another with the same finding."""
        return self.unanswered().of([screening.patient_id]).filter(_with_a_finding_of(screening))


def _with_a_finding_of(screening) -> Q:
    """Rows whose `items` hold a finding of `screening` just as it is."""
    same = Q(pk=None)  # nothing
    for item, digest in screening.finding_digests.items():
        same |= Q(items__contains={item: digest})
    return same


class DraftQuerySet(models.QuerySet):
    """Drafts of rule sets."""

    def open(self):
        """The one draft that is open, if there is one."""
        return self.filter(ended_at=None).select_related("base", "opened_by").defer("base__content")

    def discarded(self):
        """Drafts that were given up, the latest first, with their changes."""
        changes = "changes", "changes__by"
        return (
            self.filter(became=None, ended_at__isnull=False)
            .select_related("ended_by")
            .prefetch_related(*changes)
        )


class DraftChangeQuerySet(models.QuerySet):
    """Proposed changes."""

    def standing(self):
        """Those that were not taken back, in the order in which they were proposed."""
        return self.filter(taken_back_at=None).order_by("pk")


class FlipQuerySet(models.QuerySet):
    """Cases that a draft would judge differently."""

    def counted(self):
        """(caseload, before, after, items), how many cases, the first of them; the most first. It names nobody."""
        kinds = self.values("caseload", "before", "after", "items")
        counts = kinds.annotate(cases=models.Count("pk"), first=models.Min("pk"))
        return counts.order_by("-cases", "before", "after")

    def like(self, flip):
        """The cases about patients that flip as `flip` does, by the same items."""
        same = self.filter(preview=flip.preview_id, caseload=flip.caseload, items=flip.items)
        same = same.filter(before=flip.before, after=flip.after, patient__isnull=False)
        return same.select_related("patient").order_by("pk")
