"""What patients want to be written about."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import InternalError, transaction

from clinic.models import AccessLog
from patients.actions import write_to
from treatments.reminders import actions
from treatments.reminders.models import Message, MessageWish, Topic, WishHow
from treatments.reminders.tests.factories import reminder, someone

MINUTE = dt.timedelta(minutes=1)


def say(patient, *unwanted, how=WishHow.LINK, by=None, at):
    return actions.say_wishes(patient, unwanted=unwanted, how=how, by=by, at=at)


@pytest.fixture
def message(doctor, at):
    return reminder(doctor, at=at)


def state_of(message):
    return Message.objects.values_list("state", "why").get(pk=message.pk)


def test_who_wants_no_more_of_a_topic_gets_none_and_who_does_again_gets_them(message, at):
    say(message.patient, Topic.MAINTENANCE, at=at)
    assert state_of(message) == ("suppressed", "The patient does not want these messages.")
    say(message.patient, at=at + MINUTE)
    assert state_of(message) == ("due", "")
    logged = MessageWish.objects.order_by("pk").values_list("topic", "wanted", "how", "said_by")
    assert list(logged) == [("maintenance", False, "link", None), ("maintenance", True, "link", None)]


def test_another_topic_stops_nothing_of_this_one(message, at):
    say(message.patient, Topic.CARE, Topic.SESSIONS, at=at)
    assert state_of(message) == ("due", "")


def test_at_the_very_sending_the_last_word_counts(message):
    MessageWish.objects.create(  # past every listener: as if it were said after the tick had looked
        patient=message.patient, topic="maintenance", wanted=False, how="link", said_at=message.due_at
    )
    assert actions.deliver(message.pk, at=message.due_at) == "suppressed"


def test_what_was_said_before_is_not_said_twice(message, at):
    assert len(say(message.patient, Topic.CARE, at=at)) == 1
    assert say(message.patient, Topic.CARE, at=at + MINUTE) == []
    assert MessageWish.objects.count() == 1


def test_the_log_cannot_be_changed_or_deleted(message, at):
    (row,) = say(message.patient, Topic.CARE, at=at)
    for change in (lambda: MessageWish.objects.update(wanted=True), row.delete):
        with pytest.raises(InternalError, match="wishes_are_kept"), transaction.atomic():
            change()
    assert MessageWish.objects.standing(message.patient_id) == {"care": False}


def test_at_the_desk_it_says_who_heard_it(message, front_desk, at):
    actions.stop_all(message.patient, how=WishHow.DESK, by=front_desk, at=at)
    assert set(MessageWish.objects.values_list("topic", "said_by")) == {
        (topic, front_desk.pk) for topic in Topic.values
    }


def test_a_patient_is_written_to_as_they_say(doctor, at):
    patient = someone(doctor, phone="+48602000111")
    write_to(patient, channel="sms", language="de", at=at)
    patient.refresh_from_db()
    assert (patient.channel, patient.language, patient.version) == ("sms", "de", 2)


@pytest.mark.parametrize(("channel", "language"), [("sms", "en"), ("pigeon", "en"), ("email", "xx")])
def test_what_cannot_be_is_refused_and_unchanged(doctor, at, channel, language):
    patient = someone(doctor)  # no phone
    with pytest.raises(ValidationError):
        write_to(patient, channel=channel, language=language, at=at)
    patient.refresh_from_db()
    assert (patient.channel, patient.language, patient.version) == ("email", "en", 1)


# The page at the desk


def page_of(patient):
    return f"/messages/of/{patient.pk}/wishes/"


@pytest.mark.parametrize("who", ["front_desk", "nurse", "doctor"])
def test_the_desk_writes_down_what_is_wanted(as_, request, message, who):
    page = as_(request.getfixturevalue(who)).post(
        page_of(message.patient), {"wanted": ["sessions", "reminders"]}, follow=True
    )
    assert page.status_code == 200
    assert MessageWish.objects.standing(message.patient_id) == {"care": False, "maintenance": False}
    assert state_of(message)[0] == "suppressed"
    assert "not wanted: When the next maintenance is due" in page.text


def test_nothing_ticked_is_nothing_wanted(as_, front_desk, message):
    as_(front_desk).post(page_of(message.patient), {})
    assert set(MessageWish.objects.standing(message.patient_id).values()) == {False}


@pytest.mark.parametrize("who", ["clinic_admin", "catalogue_admin", "stranger"])
def test_nobody_else_says_what_a_patient_wants(as_, request, message, who):
    browser = as_(request.getfixturevalue(who))
    answers = [browser.get(page_of(message.patient)), browser.post(page_of(message.patient), {})]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert not MessageWish.objects.exists()


def test_bad_input_and_wrong_methods(as_, front_desk, message):
    browser = as_(front_desk)
    assert browser.post(page_of(message.patient), {"wanted": ["pigeons"]}).status_code == 422
    assert browser.put(page_of(message.patient)).status_code == 405
    assert browser.get("/messages/of/999999/wishes/").status_code == 404
    assert not MessageWish.objects.exists()


def test_a_family_that_shares_a_number_is_pointed_out(as_, front_desk, doctor):
    ana, _ben, _carl = (someone(doctor, phone="+48602000111") for _one in range(3))
    assert "2 other patients have this phone number" in as_(front_desk).get(page_of(ana)).text


def test_reading_it_leaves_a_row_in_the_access_log(as_, front_desk, message):
    as_(front_desk).get(page_of(message.patient))
    assert AccessLog.objects.filter(patient_id=message.patient_id, view="reminders:wishes").exists()
