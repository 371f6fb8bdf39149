"""A patient is asked by e-mail to answer the interview: one mail, no secret kept, none too late."""

import datetime as dt
import re

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from clinic.models import Clinic
from patients import actions as patients
from patients.events import PatientChanged
from patients.models import InterviewLink, Report
from treatments.reminders import actions
from treatments.reminders.actions import sending
from treatments.reminders.models import Message
from treatments.reminders.tests.factories import announce, someone

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def ana(front_desk):
    return someone(front_desk, called="Ania", birth_date=dt.date(1989, 5, 2))


@pytest.fixture
def request_(ana, front_desk, at):
    """The message that asks."""
    patients.send_link(ana, by=front_desk, at=at)
    return Message.objects.get()


def secret(text):
    return re.search(r"/interview/with/([\w-]{43})/", text)[1]


def test_asking_promises_a_message_that_is_due_now_and_useful_while_the_link_works(request_, at):
    assert (request_.kind, request_.state, request_.due_at) == ("interview", "due", at)
    assert request_.not_after == request_.link.expires_at
    assert list(Message.objects.to_send(at, 9)) == [request_.pk]


def test_undone_with_the_wish_that_caused_it(ana, front_desk, at):
    with transaction.atomic():
        patients.send_link(ana, by=front_desk, at=at)
        transaction.set_rollback(True)
    assert not Message.objects.exists()


def test_the_mail_holds_a_link_that_opens_and_nothing_clinical(request_, at, mailoutbox, settings):
    Clinic.objects.update_or_create(pk=1, defaults={"name": "Klinika", "phone": "+48 22 000"})
    assert actions.deliver(request_.pk, at=at) == "sent"
    (letter,) = mailoutbox
    assert letter.subject == "Before your visit to Klinika"
    assert letter.body.startswith("Hello Ania,")
    token = secret(letter.body)
    assert f"{settings.BASE_URL}/interview/with/{token}/" in letter.alternatives[0][0]
    assert InterviewLink.objects.by_token(token).get() == request_.link
    assert not re.search("pregnan|allerg|mesotherap|health|treatment", letter.body.lower())


def test_sent_it_is_marked_and_no_table_holds_the_secret(request_, at, mailoutbox):
    actions.deliver(request_.pk, at=at)
    token = secret(mailoutbox[0].body)
    request_.refresh_from_db()
    request_.link.refresh_from_db()
    assert (request_.link.sent_at, "[personal link]" in request_.sent_text) == (at, True)
    with connection.cursor() as cursor:
        for table in ("reminders_message", "patients_interviewlink"):
            cursor.execute(f"SELECT string_agg(t::text, '') FROM {table} t")  # noqa: S608
            assert token not in cursor.fetchone()[0]


def test_one_message_for_each_link(request_):
    request_.pk = None
    with pytest.raises(IntegrityError, match="message_once"), transaction.atomic():
        request_.save()


def test_a_message_has_the_subject_of_its_kind(request_):
    with pytest.raises(IntegrityError, match="message_has_its_subject"), transaction.atomic():
        Message.objects.update(link=None)


def test_delivered_twice_it_is_one_mail(request_, at, mailoutbox):
    assert [actions.deliver(request_.pk, at=at) for _time in range(2)] == ["sent", None]
    assert len(mailoutbox) == 1


def test_taken_back_before_it_went_out_it_does_not_go(request_, at, front_desk, mailoutbox):
    patients.revoke_link(request_.link, by=front_desk, at=at)
    assert actions.deliver(request_.pk, at=at) == "suppressed"
    request_.refresh_from_db()
    assert (request_.why, mailoutbox) == ("The link was taken back or has run out.", [])


def test_taken_back_while_the_mail_is_written_it_does_not_go(
    request_, at, front_desk, mailoutbox, monkeypatch
):
    refusals = sending.refusals

    def just_after(messages, *, at):
        said = refusals(messages, at=at)
        patients.revoke_link(messages[0].link, by=front_desk, at=at)
        return said

    monkeypatch.setattr(sending, "refusals", just_after)
    assert actions.deliver(request_.pk, at=at) == "suppressed"
    assert mailoutbox == []


def test_answered_meanwhile_by_another_way_it_does_not_go(request_, ana, at, front_desk, mailoutbox):
    tablet = patients.hand_over_tablet(ana, by=front_desk, at=at)
    Report.objects.create(
        patient=ana, link=tablet, started_at=at, saved_at=at, submitted_at=at + MINUTE, signature="Ana"
    )
    assert actions.deliver(request_.pk, at=at + 2 * MINUTE) == "suppressed"
    request_.refresh_from_db()
    assert (request_.why, mailoutbox) == ("The patient has answered meanwhile.", [])


def test_too_late_it_expires(request_, mailoutbox):
    actions.clear_away(at=request_.not_after + MINUTE)
    request_.refresh_from_db()
    assert (request_.state, mailoutbox) == ("expired", [])


def test_who_wants_no_reminders_is_asked_all_the_same(ana, front_desk, at, mailoutbox):
    ana.reminders = False
    ana.save()
    patients.send_link(ana, by=front_desk, at=at)
    message = Message.objects.get()
    announce(PatientChanged(ana.pk, at))
    assert actions.deliver(message.pk, at=at) == "sent"


def test_what_is_put_off_is_written_anew_and_both_mails_open(request_, at, post_office):
    post_office.answers["DATA"] = ["451 later"]
    assert actions.deliver(request_.pk, at=at) == "due"
    request_.refresh_from_db()
    assert actions.deliver(request_.pk, at=request_.try_at) == "sent"
    request_.link.refresh_from_db()
    assert len(request_.link.token_hashes) == 2
    assert len(post_office.letters) == 1


def test_the_desk_sees_it_in_the_ledger_and_on_the_patients_page(as_, front_desk, request_, on_the_day):
    assert "Link to the interview" in as_(front_desk).get("/messages/").text
    page = as_(front_desk).get(f"/patients/{request_.patient_id}/").text
    assert "the message is not out yet" in page


def test_from_the_button_to_the_first_question(as_, front_desk, ana, at, mailoutbox, on_the_day):
    as_(front_desk).post(f"/patients/{ana.pk}/links/mail/")
    actions.deliver(Message.objects.get().pk, at=at)
    phone = Client()
    phone.get(f"/interview/with/{secret(mailoutbox[0].body)}/")
    phone.post("/interview/", {"day": 2, "month": 5, "year": 1989})
    assert "Hello <bdi>Ania</bdi>" in phone.get("/interview/").text
    assert phone.get("/interview/part/1/").status_code == 200


def test_who_has_a_phone_and_no_address_is_asked_by_a_text(front_desk, at):
    ben = someone(front_desk, email="", phone="+48601234567")
    patients.send_link(ben, by=front_desk, at=at)
    message = Message.objects.get()
    assert (message.channel, actions.deliver(message.pk, at=at)) == ("sms", "sent")


def test_who_chose_texts_is_asked_by_one(front_desk, at):
    patients.send_link(someone(front_desk, phone="+48601234567", channel="sms"), by=front_desk, at=at)
    assert Message.objects.get().channel == "sms"
