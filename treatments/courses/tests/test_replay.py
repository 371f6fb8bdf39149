"""A thousand edits of everything that a screening came from leave it as it was stored."""

import datetime as dt
import io
import random

import pytest
from django.core.management import call_command

from contraindications.actions import publish_rule_set
from contraindications.models import RuleSet, Screening
from contraindications.tests import random_edits
from patients.models import HealthFact, Patient, Substance
from patients.tests.factories import interview
from treatments.catalogue.models import Area, Goal, Ingredient, Technique
from treatments.catalogue.shelf import Shelf
from treatments.courses import actions
from treatments.courses.models import Course
from treatments.courses.run import run_of
from treatments.courses.tests.factories import cleared_patient, course, picked

EDITS = 1000


@pytest.fixture
def edits(doctor, at):
    """What people may do later, each drawn from `rng`."""
    of_everybody = HealthFact.objects.filter(states__contains=["current", "past"], asked_of=[])
    facts = list(of_everybody.values_list("code", flat=True))
    substances = list(Ingredient.objects.values_list("code", flat=True))
    shelf = Shelf.load()

    def tells(rng):
        said = {code: rng.choice(["current", "ended", "unsure"]) for code in rng.sample(facts, 2)}
        interview(some(rng, Patient), by=doctor, at=at, answers=said, allergies=rng.sample(substances, 1))

    def plans(rng):
        row = some(rng, Course.objects.filter(state="planned"))
        choices = picked(
            ingredients=rng.sample(substances, 2), goal=rng.choice(["discoloration", "wrinkles"])
        )
        actions.change_plan(row, choices, run_of(shelf, choices), version=row.version, by=doctor, at=at)

    def relabels(rng):
        row = some(rng, rng.choice([Substance, Ingredient, Technique, Area, Goal, HealthFact]))
        type(row).objects.filter(pk=row.pk).update(label=f"renamed {rng.random()}"[:60])

    def recomposes(rng):
        mixed = some(rng, Ingredient.objects.filter(role="class"))
        mixed.may_contain.set(Substance.objects.filter(code__in=rng.sample(substances, 2)))

    def ages(rng):
        patient = some(rng, Patient)
        born = patient.birth_date - dt.timedelta(days=rng.randrange(400))
        Patient.objects.filter(pk=patient.pk).update(birth_date=born, sex=rng.choice(["female", "male"]))

    def publishes(rng):
        content = RuleSet.objects.order_by("-version").first().content
        publish_rule_set(content=random_edits.edited(rng, content), by=doctor, at=at)

    kinds = [tells, plans, relabels, recomposes, ages, publishes]
    return lambda rng: rng.choices(kinds, [25, 10, 40, 10, 10, 5])[0](rng)


def some(rng, rows):
    """A row of a model or a query."""
    found = rows.objects if hasattr(rows, "objects") else rows
    return rng.choice(list(found.order_by("pk")))


@pytest.mark.slow
def test_a_thousand_later_edits_change_no_stored_screening(catalogue, doctor, edits):
    for _ in range(4):
        course(by=doctor, patient=cleared_patient(by=doctor), confirmed=False)
    before = list(Screening.objects.order_by("pk").values())
    rng = random.Random(1000)
    for _ in range(EDITS):
        edits(rng)
    out = io.StringIO()
    call_command("replay", stdout=out)

    assert out.getvalue().endswith("all the same to the byte.\n")
    assert list(Screening.objects.order_by("pk").values()[: len(before)]) == before
    assert Screening.objects.count() > 100 + len(before)
