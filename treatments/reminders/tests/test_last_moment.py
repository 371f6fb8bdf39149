"""What is found out when a message is about to go: it is night by now, or the patient is written to in another way."""

import datetime as dt
from uuid import uuid4

import pytest
from django.utils import timezone

from clinic.models import Clinic
from patients.actions import write_to
from treatments.reminders import actions
from treatments.reminders.actions import truth
from treatments.reminders.actions.promising import quiet_of
from treatments.reminders.models import Message
from treatments.reminders.tests.factories import reminder, someone

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
QUIET = "It waits until the quiet hours are over."


@pytest.fixture
def evening():
    """Half past seven on the clinic's wall: in half an hour nobody is written to any more, until eight."""
    return dt.datetime(2027, 3, 15, 19, 30, tzinfo=timezone.get_default_timezone())


def deliver(message, at):
    state = actions.deliver(message.pk, at=at)
    message.refresh_from_db()
    return state


def promised(by, then, **fields):
    values = {"due_at": then, "try_at": then, "not_after": then + 3 * DAY, **fields}
    return reminder(by, **values)


def test_what_could_not_go_in_the_evening_waits_for_the_morning(doctor, evening, mailoutbox):
    message = promised(doctor, evening)
    assert deliver(message, evening + HOUR) == "due"
    assert (message.why, message.attempts, mailoutbox) == (QUIET, 0, [])
    eight = evening.replace(day=16, hour=8, minute=0)
    assert (message.try_at, message.lease_token) == (eight, None)
    assert deliver(message, eight) == "sent"


def test_what_was_put_off_into_the_small_hours_waits_too(doctor, evening, mailoutbox):
    message = promised(doctor, evening, try_at=evening + 7 * HOUR, attempts=5)
    assert deliver(message, evening + 7 * HOUR) == "due"
    assert timezone.localtime(message.try_at).strftime("%d %H:%M") == "16 08:00"
    assert (message.attempts, mailoutbox) == (5, [])


def test_what_would_be_useless_in_the_morning_goes_at_night(doctor, evening, mailoutbox):
    message = promised(doctor, evening, not_after=evening + 11 * HOUR)
    assert deliver(message, evening + HOUR) == "sent"


def test_what_to_leave_from_now_on_does_not_wait_for_the_morning(db, evening):
    tonight, night = evening + HOUR, quiet_of(Clinic.current())
    letters = [
        Message(pk=n, kind=kind, not_after=evening + DAY) for n, kind in enumerate(["aftercare", "precare"])
    ]
    assert [truth._quiet(one, night, tonight) is None for one in letters] == [True, False]


def test_what_was_being_sent_when_the_patient_chose_another_way_goes_that_way(doctor, evening, at):
    patient = someone(doctor, phone="+48601234567")
    message = promised(doctor, evening - 5 * HOUR, patient=patient)
    Message.objects.filter(pk=message.pk).update(state="sending", lease_token=uuid4(), lease_until=at)
    write_to(patient, channel="sms", language="en", at=at)
    Message.objects.filter(pk=message.pk).update(state="due", lease_token=None, lease_until=None)
    assert deliver(message, message.due_at) == "suppressed"
    text = Message.objects.get(channel="sms")
    assert (text.state, text.due_at, text.about) == ("due", message.due_at, message.about)


def test_what_failed_one_way_and_is_tried_again_goes_the_way_that_the_patient_has_now(
    doctor, front_desk, evening, at, mailoutbox
):
    patient = someone(doctor, phone="+48601234567", channel="sms")
    message = promised(
        doctor, evening - 5 * HOUR, patient=patient, channel="sms", state="failed", why="no such number"
    )
    write_to(patient, channel="email", language="en", at=at)
    actions.put_back(message, by=front_desk, at=message.due_at)
    assert deliver(message, message.due_at) == "suppressed"
    mail = Message.objects.get(channel="email")
    assert deliver(mail, mail.due_at) == "sent"


def test_what_may_have_arrived_one_way_is_marked_the_other_way_too(doctor, evening, at):
    patient = someone(doctor, phone="+48601234567")
    promised(doctor, evening, patient=patient, maybe_twice=True)
    write_to(patient, channel="sms", language="en", at=at)
    assert Message.objects.get(channel="sms").maybe_twice
