"""Courses for tests, built through the same actions as by people: no state that nobody can reach."""

from uuid import uuid4

from conftest import NOW
from patients.models import Patient
from patients.tests.factories import clear_interview, patient
from treatments.catalogue.models import Area, Goal, Ingredient, Technique
from treatments.catalogue.shelf import Shelf
from treatments.courses import actions
from treatments.courses.models import Course
from treatments.courses.picked import Picked
from treatments.courses.run import run_of


def picked(**chosen) -> Picked:
    """Discoloration of the face with hyaluronic acid by syringe; any choice can be given, rows by their codes."""
    said = {
        "goal": "discoloration",
        "area": "face",
        "technique": "needle_syringe",
        "ingredients": ["hyaluronic_acid"],
        "procedure_substances": [],
        **chosen,
    }
    return Picked(
        goal=Goal.objects.get(code=said.pop("goal")),
        area=Area.objects.select_related("parent").get(code=said.pop("area")),
        technique=Technique.objects.get(code=said.pop("technique")),
        ingredients=_ingredients(said.pop("ingredients")),
        procedure_substances=_ingredients(said.pop("procedure_substances")),
        **said,
    )


def _ingredients(codes) -> tuple[Ingredient, ...]:
    return tuple(Ingredient.objects.filter(code__in=codes).prefetch_related("may_contain"))


def course(*, by, patient: Patient | None = None, confirmed=True, at=NOW, **chosen) -> Course:
    """A confirmed course (or a plan, with confirmed=False) of a patient whose answers are all "no"."""
    patient = patient or cleared_patient(by=by)
    choices = picked(**chosen)
    row = actions.create_plan(patient, choices, run_of(Shelf.load(), choices), key=uuid4(), by=by, at=at)
    return actions.confirm(row, version=row.version, by=by, at=at) if confirmed else row


def cleared_patient(*, by, **fields) -> Patient:
    """A patient with an interview in which everything is "no" and no allergy is known."""
    row = patient(by=by, **fields)
    clear_interview(row, by)
    return row
