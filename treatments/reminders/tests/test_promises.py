"""A finished course promises a reminder; what happens afterwards takes it back, or brings it back."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic.models import Clinic
from patients.events import PatientChanged
from patients.models import Patient
from patients.tests.factories import clear_interview
from treatments.courses import actions as courses
from treatments.courses.events import CourseConfirmed, CourseFinished
from treatments.reminders.models import Message
from treatments.reminders.tests.factories import (
    announce,
    booked_session,
    confirmed_course,
    finished_course,
    reminder,
    someone,
)
from treatments.schedule.events import CourseBooked, SessionCancelled, SessionMissed
from treatments.schedule.models import Session
from treatments.schedule.tests import factories as schedule

LATER = dt.timedelta(days=10)


def state(message):
    message.refresh_from_db()
    return message.state, message.why


def test_a_finished_course_promises_a_reminder_for_the_clinics_morning(doctor, at, day):
    Clinic.objects.update_or_create(pk=1, defaults={"messages_at": dt.time(8, 15)})
    course = finished_course(someone(doctor), by=doctor, at=at)
    message = Message.objects.get(step=1)
    local = timezone.localtime(message.due_at)
    assert local.date() == day + dt.timedelta(weeks=course.protocol.maintenance_first_weeks)
    assert local.time() == dt.time(8, 15)
    assert message.not_after - message.due_at == dt.timedelta(days=14)
    assert (message.state, message.try_at, message.patient_id) == ("due", message.due_at, course.patient_id)


def test_late_in_the_evening_counts_as_the_clinics_day(doctor):
    evening = dt.datetime(2026, 11, 23, 23, 30, tzinfo=timezone.get_default_timezone())
    message = reminder(doctor, at=evening.astimezone(dt.UTC))
    weeks = message.course.protocol.maintenance_first_weeks
    assert timezone.localdate(message.due_at) == dt.date(2026, 11, 23) + dt.timedelta(weeks=weeks)


def test_announced_twice_it_is_promised_once(doctor, at):
    message = reminder(doctor, at=at)
    announce(CourseFinished(message.course_id, at))
    assert list(Message.objects.filter(step=1).values_list("pk", flat=True)) == [message.pk]


def test_the_database_keeps_one_message_per_version_of_the_subject(doctor, at):
    message = reminder(doctor, at=at)
    message.pk = None
    with pytest.raises(IntegrityError, match="message_once"), transaction.atomic():
        message.save()


def test_undone_with_the_change_that_caused_it(doctor, at):
    course = confirmed_course(someone(doctor), by=doctor, at=at)
    with transaction.atomic():
        courses.finish(course, at=at)
        assert Message.objects.exists()
        transaction.set_rollback(True)
    assert not Message.objects.exists()


def test_without_a_protocol_there_is_no_date_and_no_reminder(doctor, at):
    finished_course(someone(doctor), by=doctor, at=at, protocol=None)
    assert not Message.objects.exists()


def test_without_an_address_the_promise_still_stands(doctor, at):
    assert reminder(doctor, at=at, patient=someone(doctor, email="")).state == "due"


def test_who_does_not_want_reminders_gets_a_row_that_says_so(doctor, at):
    message = reminder(doctor, at=at, patient=someone(doctor, reminders=False))
    assert (message.state, message.why) == ("suppressed", "The patient does not want these messages.")


def test_opting_out_takes_it_back_and_opting_in_promises_it_again(doctor, at):
    message = reminder(doctor, at=at)
    for wants, stands in [(False, "suppressed"), (True, "due")]:
        message.patient.reminders = wants
        message.patient.save()
        announce(PatientChanged(message.patient_id, at))
        assert state(message)[0] == stands


def test_opting_in_after_the_day_does_not_send_on_the_spot(doctor, at):
    message = reminder(doctor, at=at, state="suppressed", why="The patient does not want these messages.")
    announce(PatientChanged(message.patient_id, message.due_at))
    assert state(message)[0] == "suppressed"


def test_a_newer_course_takes_it_back_and_its_end_brings_its_own(doctor, at):
    message = reminder(doctor, at=at)
    newer = confirmed_course(message.patient, by=doctor, at=at + LATER)
    announce(CourseConfirmed(newer.pk, at + LATER))
    assert state(message) == ("suppressed", "A newer course was confirmed.")
    courses.finish(newer, at=at + 2 * LATER)
    assert state(message)[0] == "suppressed"
    assert Message.objects.get(course=newer, step=1).state == "due"


def test_a_newer_course_that_is_given_up_brings_it_back(doctor, at):
    message = reminder(doctor, at=at)
    newer = confirmed_course(message.patient, by=doctor, at=at + LATER)
    announce(CourseBooked(newer.pk, newer.patient_id, at + LATER))
    assert state(message)[0] == "suppressed"
    courses.cancel(newer, version=newer.version, by=doctor, at=at + LATER)
    assert state(message) == ("due", "")


def test_a_newer_course_that_brings_no_reminder_does_not_take_it_back(doctor, at):
    message = reminder(doctor, at=at)
    finished_course(message.patient, by=doctor, at=at + 10 * LATER, protocol=None)
    assert state(message)[0] == "due"


def test_a_session_after_the_day_takes_it_back_until_it_is_cancelled(doctor, at):
    message = reminder(doctor, at=at)
    older = confirmed_course(message.patient, by=doctor, at=at - 10 * LATER)
    session = booked_session(older, message.due_at + LATER, by=doctor)
    announce(CourseBooked(older.pk, older.patient_id, at))
    assert state(message) == ("suppressed", "A session is booked.")
    session.state, session.cancelled_at, session.cancelled_by = "cancelled", at, doctor
    session.save()
    announce(SessionCancelled(session.pk, at))
    assert state(message)[0] == "due"


def test_a_session_to_which_the_patient_did_not_come_brings_it_back(doctor, at):
    message = reminder(doctor, at=at)
    older = confirmed_course(message.patient, by=doctor, at=at - 10 * LATER)
    session = booked_session(older, message.due_at + LATER, by=doctor)
    announce(CourseBooked(older.pk, older.patient_id, at))
    assert state(message) == ("suppressed", "A session is booked.")
    Session.objects.filter(pk=session.pk).update(state="missed", missed_at=at, missed_by=doctor)
    announce(SessionMissed(session.pk, at))
    assert state(message)[0] == "due"


def test_a_session_before_the_day_does_not(doctor, at):
    message = reminder(doctor, at=at)
    older = confirmed_course(message.patient, by=doctor, at=at - 10 * LATER)
    booked_session(older, message.due_at - LATER, by=doctor)
    announce(CourseBooked(older.pk, older.patient_id, at))
    assert state(message)[0] == "due"


def test_what_happens_to_others_changes_nothing(doctor, at):
    message = reminder(doctor, at=at)
    others = confirmed_course(someone(doctor), by=doctor, at=at + LATER)
    announce(CourseBooked(others.pk, others.patient_id, at + LATER))
    assert state(message)[0] == "due"


def test_what_was_sent_stays_sent(doctor, at):
    message = reminder(doctor, at=at, state="sent", sent_at=at)
    newer = confirmed_course(message.patient, by=doctor, at=at + LATER)
    announce(CourseBooked(newer.pk, newer.patient_id, at + LATER))
    assert state(message)[0] == "sent"


def test_booked_and_given_up_through_the_front_door(doctor, at):
    """The whole house: planning, booking and cancelling announce what the reminder listens to."""
    message = reminder(doctor, at=at - LATER)
    schedule.working_hours(doctor)
    clear_interview(message.patient, doctor, at)
    newer = schedule.confirmed_course(by=doctor, at=at, patient=message.patient)
    schedule.booked(newer, schedule.room(), practitioner=doctor, at=at)
    assert state(message) == ("suppressed", "A newer course was confirmed.")
    newer.refresh_from_db()
    courses.cancel(newer, version=newer.version, by=doctor, at=at)
    assert state(message) == ("due", "")


def test_who_has_a_phone_and_no_address_gets_texts_until_there_is_an_address(doctor, at):
    patient = someone(doctor, email="", phone="+48601234567")
    text = reminder(doctor, at=at, patient=patient)
    announce(PatientChanged(patient.pk, at))
    assert (text.channel, *state(text)) == ("sms", "due", "")
    Patient.objects.filter(pk=patient.pk).update(email="ben@mail.example")
    announce(PatientChanged(patient.pk, at))
    assert state(text)[0] == "suppressed"
    assert Message.objects.get(course=text.course_id, channel="email").state == "due"
