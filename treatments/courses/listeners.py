"""What happens below and makes verdicts of plans old. Called inside the change's transaction."""

from django.db import transaction

from contraindications.events import DecisionMade, RuleSetPublished
from patients.events import FactsChanged
from treatments.catalogue.events import CompositionChanged
from treatments.courses import locks
from treatments.courses.models import Cause, Course
from treatments.courses.rescreening import rescreen_courses
from treatments.courses.tasks import catch_up


def facts_changed(event: FactsChanged) -> None:
    """What the patient told us is different: none of their plans and sessions goes on as before."""
    rescreen_courses(Course.objects.filter(patient=event.patient_id), cause=Cause.FACTS, by=None, at=event.at)


def decision_made(event: DecisionMade) -> None:
    """A decision covers the same finding in every plan of the patient."""
    courses = Course.objects.filter(patient=event.patient_id)
    rescreen_courses(courses, cause=Cause.DECISION, by=None, at=event.at)


def composition_changed(event: CompositionChanged) -> None:
    """The catalogue says something else of what is used. Plans that are just being made are waited for, or wait."""
    locks.nobody_plans()
    courses = Course.objects.made_with(event.changed)
    rescreen_courses(courses, cause=Cause.COMPOSITION, by=None, at=event.at)


def rules_published(event: RuleSetPublished) -> None:
    """Other lists hold everything until it is reached: begin at once. Should the broker be down, the next tick does."""
    if Course.objects.unchecked(event.rule_set_id).exists():
        transaction.on_commit(catch_up.delay, robust=True)
