"""What happens below and makes verdicts of plans old. Called inside the change's transaction."""

from contraindications.events import DecisionMade
from patients.events import FactsChanged
from treatments.courses.models import Cause, Course
from treatments.courses.rescreening import rescreen_courses


def facts_changed(event: FactsChanged) -> None:
    """What the patient told us is different: none of their plans and sessions goes on as before."""
    rescreen_courses(Course.objects.filter(patient=event.patient_id), cause=Cause.FACTS, by=None, at=event.at)


def decision_made(event: DecisionMade) -> None:
    """A decision covers the same finding in every plan of the patient."""
    courses = Course.objects.filter(patient=event.patient_id)
    rescreen_courses(courses, cause=Cause.DECISION, by=None, at=event.at)
