"""A stored plan is shown in the catalogue's words."""

import pytest

from contraindications.planwords import words_of
from treatments.catalogue.models import Technique
from treatments.courses.plans import rules_plan
from treatments.courses.tests.factories import picked

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan():
    chosen = picked()
    return rules_plan(technique=chosen.technique, area=chosen.area, goal=chosen.goal, ingredients=())


def test_a_plan_is_called_what_the_catalogue_calls_it(plan, django_assert_num_queries):
    with django_assert_num_queries(1):
        called = words_of(plan)
    assert called == {"goal": "Discoloration and spots", "area": "Face", "technique": "Syringe and needle"}


def test_a_code_that_nobody_knows_any_more_stays_as_it_was_stored(plan):
    Technique.objects.filter(code="needle_syringe").delete()
    assert words_of(plan)["technique"] == "needle_syringe"
