"""`among` finds what `in` finds."""

import pytest

from clinic.models import User, WorkingHours
from conftest import person


@pytest.mark.django_db
def test_one_of_the_keys_is_found_by_itself_and_through_a_relation():
    ana, bea, _cleo = (person(name) for name in ("Ana", "Bea", "Cleo"))
    hours = WorkingHours.objects.create(practitioner=ana, weekday=1, starts="08:00", ends="16:00")
    wanted = {ana.pk, bea.pk, 0}
    assert set(User.objects.filter(pk__among=wanted)) == {ana, bea}
    assert list(WorkingHours.objects.filter(practitioner__among=wanted)) == [hours]
    assert not WorkingHours.objects.filter(practitioner__among=[bea.pk])


@pytest.mark.django_db
def test_among_no_keys_is_nothing():
    person("Ana")
    assert not User.objects.filter(pk__among=[])
