"""What a plan was last held against, so that nothing goes stale unseen."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from contraindications.models import RuleSet
from treatments.courses.models.course import Course
from treatments.courses.querysets import CheckQuerySet


class Cause(models.TextChoices):
    """Why a plan was screened again."""

    FACTS = "facts", _("What the patient told us has changed.")
    DECISION = "decision", _("Somebody has decided on a finding.")
    RULES = "rules", _("The published lists have changed.")
    COMPOSITION = "composition", _("The catalogue says something else of what is used.")
    PLAN = "plan", _("The plan was changed.")
    DAY = "day", _("Time has passed: an age, an end or an answer counts differently.")
    BOOKED = "booked", _("Found for the day of the session when it was booked.")


class Check(models.Model):
    """The rule set that a course and all its sessions to come were last held against, and for which day.

    A course whose check names another rule set than the one in force holds up all its sessions until it is checked
    again: nothing has to be written for that. `outcome` is that of the course's screening, empty where there could
    be none.
    """

    course = models.OneToOneField(Course, primary_key=True, on_delete=models.CASCADE, related_name="checked")
    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    at = models.DateTimeField()
    outcome = models.CharField(max_length=64, blank=True)

    objects = CheckQuerySet.as_manager()

    def __str__(self) -> str:
        return f"check of course {self.course_id}"
