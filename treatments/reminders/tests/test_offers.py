"""Offers from the waiting list by e-mail: who hears of a time, who hears that it is taken, and who hears nothing."""

import datetime as dt
import re

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from clinic.models import Clinic
from patients.actions import note_death
from patients.tests.factories import clear_interview
from treatments.courses.tests.factories import course
from treatments.reminders import actions
from treatments.reminders.models import Message
from treatments.reminders.tests.factories import someone
from treatments.schedule import actions as schedule
from treatments.schedule.actions import offering
from treatments.schedule.models import FreedTime, Offer
from treatments.schedule.tests import factories

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def offers(doctor, at):
    """A session is given up; its time is offered to two who have a later one."""
    factories.working_hours(doctor)
    room, sessions = factories.room(), []
    for nth in range(3):
        patient = someone(doctor, called="Ania")
        clear_interview(patient, doctor)
        row = course(by=doctor, patient=patient, sessions=1)
        first = at.date() + dt.timedelta(days=1 + 7 * nth)
        sessions += factories.booked(row, room, practitioner=doctor, first=first)
    for session in sessions[1:]:
        factories.waiting(session.course, by=doctor)
    schedule.cancel_session(sessions[0], reason="moved", version=1, by=doctor, at=at)
    [hold] = offering.offer_freed(FreedTime.objects.get().pk, at=at)
    return list(hold.offers.order_by("waiting"))


def deliver_all(at):
    """What is due about offers; their patients are told of their sessions too."""
    return [actions.deliver(pk, at=at) for pk in Message.objects.filter(offer__isnull=False).to_send(at, 99)]


def secret(letter):
    return re.search(r"/offer/([\w-]{43})/", letter.body)[1]


def test_each_is_told_within_the_minute_and_not_after_the_hold(offers, at):
    messages = Message.objects.filter(offer__isnull=False).order_by("offer__waiting")
    assert [(one.kind, one.offer, one.state, one.due_at) for one in messages] == [
        ("offer", offer, "due", at) for offer in offers
    ]
    assert {one.not_after for one in messages} == {offers[0].hold.lapses_at}


def test_the_letter_says_the_time_the_clinic_and_the_first_name_and_nothing_clinical(
    offers, at, mailoutbox, client
):
    Clinic.objects.update(name="Klinika", phone="+48 22 000")
    assert deliver_all(at) == ["sent", "sent"]
    letter = mailoutbox[0]
    assert letter.subject == "A time is free at Klinika"
    assert letter.body.startswith("Hello Ania,")
    assert "Tuesday 24 November 2026, 10:00" in letter.body
    for text in (letter.body, letter.alternatives[0][0]):
        assert not re.search("discolor|face|mesotherap|hyaluron|treatment|health", text.lower())
    assert client.get(reverse("offer:answer", args=[secret(letter)])).status_code in (200, 404)


def test_who_dies_hears_nothing_of_the_offer_nor_that_somebody_else_took_it(offers, doctor, at, day):
    dead = offers[0].patient
    note_death(dead, day, by=doctor, at=at)
    schedule.say_yes(offers[1], desk=doctor, at=at)
    theirs = Message.objects.filter(patient=dead)
    assert set(theirs.values_list("state", flat=True)) == {"suppressed"}
    assert {one.kind for one in theirs.filter(offer__isnull=False)} == {"offer"}


def test_the_link_of_the_letter_opens_the_offer_and_no_table_holds_it(offers, at, mailoutbox):
    deliver_all(at)
    found = {Offer.objects.by_token(secret(letter)).get() for letter in mailoutbox}
    assert found == set(offers)
    assert all(
        "[personal link]" in message.sent_text for message in Message.objects.filter(offer__isnull=False)
    )
    with connection.cursor() as cursor:
        for table in ("reminders_message", "schedule_offer"):
            cursor.execute(f"SELECT string_agg(t::text, '') FROM {table} t")  # noqa: S608
            assert secret(mailoutbox[0]) not in cursor.fetchone()[0]


def test_who_was_told_of_a_time_is_told_that_it_is_taken(offers, at, mailoutbox, doctor):
    deliver_all(at)
    schedule.say_yes(offers[0], desk=None, at=at + MINUTE)
    assert deliver_all(at + MINUTE) == ["sent"]
    letter = mailoutbox[-1]
    assert letter.to == [offers[1].patient.email]
    assert letter.subject == "The time at Clinic is taken"
    assert "/offer/" not in letter.body


def test_who_was_not_told_of_a_time_yet_hears_neither_of_it_nor_of_its_loss(offers, at, mailoutbox):
    schedule.say_yes(offers[0], desk=None, at=at)
    assert set(deliver_all(at + MINUTE)) == {"suppressed"}
    assert mailoutbox == []


def test_after_the_hold_no_letter_goes_out(offers, at, mailoutbox):
    late = offers[0].hold.lapses_at
    assert set(deliver_all(late)) == {"suppressed"}
    assert mailoutbox == []


def test_an_offer_goes_to_who_wants_no_reminders_too(offers, at, mailoutbox):
    for offer in offers:
        type(offer.patient).objects.filter(pk=offer.patient.pk).update(reminders=False)
    assert deliver_all(at) == ["sent", "sent"]


def test_one_message_for_each_offer_and_kind(offers):
    message = Message.objects.first()
    message.pk = None
    with pytest.raises(IntegrityError, match="message_once"), transaction.atomic():
        message.save()


def test_undone_with_the_yes_that_caused_it(offers, at):
    with transaction.atomic():
        schedule.say_yes(offers[0], desk=None, at=at)
        transaction.set_rollback(True)
    assert not Message.objects.filter(kind="offer_lost").exists()


def test_who_chose_texts_hears_of_an_offer_by_a_text(offers, at):
    offer = offers[0]
    patient = offer.waiting.course.patient
    Message.objects.filter(offer=offer).delete()
    patient.phone, patient.channel = "+48601234567", "sms"
    actions.promise_offer(offer, at=at)
    assert Message.objects.get(offer=offer).channel == "sms"
