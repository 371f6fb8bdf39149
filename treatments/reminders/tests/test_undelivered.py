"""The patient's page says that messages came back, until the address is another or one arrives."""

import pytest

from conftest import NOW
from treatments.reminders import actions
from treatments.reminders.models import BadAddress, Message
from treatments.reminders.tests.factories import reminder, someone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]


@pytest.fixture
def ana(doctor):
    """A letter to her came back for good."""
    patient = someone(doctor, name="Anna Nowak", email="Ana@mail.example", phone="+48601234567")
    sent = {"state": "sent", "sent_at": NOW, "sent_to": patient.email, "provider_ref": "r1"}
    Message.objects.filter(pk=reminder(doctor, patient=patient).pk).update(**sent)
    actions.came_back("email", "r1", said="invalid", for_good=True, at=NOW)
    return patient


@pytest.fixture
def page(as_, front_desk):
    return lambda patient: as_(front_desk).get(patient.get_absolute_url()).text


def test_it_says_since_when_why_and_what_to_do(page, ana):
    said = page(ana)
    assert "E-mail came back" in said
    assert "23 Nov 2026, 09:30" in said
    assert "there is no such address" in said
    assert "Ask for the right e-mail address." in said
    assert "write by text message instead" in said
    assert f"/patients/{ana.pk}/edit/" in said


def test_it_is_gone_with_another_address_or_when_one_arrives(page, ana, doctor):
    type(ana).objects.filter(pk=ana.pk).update(email="new@mail.example")
    assert "E-mail came back" not in page(ana)
    type(ana).objects.filter(pk=ana.pk).update(email="Ana@mail.example")
    assert "E-mail came back" in page(ana)
    BadAddress.objects.all().delete()
    assert "E-mail came back" not in page(ana)


def test_it_is_said_of_nobody_else(page, ana, doctor):
    assert "E-mail came back" not in page(someone(doctor))
    assert "E-mail came back" not in page(someone(doctor, email="", phone=""))


def test_without_another_way_the_desk_is_told_to_call(page, ana):
    BadAddress.objects.create(channel="sms", address="+48601234567", since=NOW, why="It came back (30006).")
    said = page(ana)
    assert "Text messages do not arrive" in said
    assert "Until then call about anything that matters." in said
