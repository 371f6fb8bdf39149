"""What is reported of messages: believed when signed, once or often, in any order."""

import base64
import datetime as dt
import json
from uuid import uuid4

import pytest

from treatments.reminders import actions
from treatments.reminders.hooks.signatures import signature
from treatments.reminders.models import BadAddress, Message, MessageWish, Topic
from treatments.reminders.tests.factories import reminder, someone

STATUS, REPLY, MAIL = "/hooks/sms/status/", "/hooks/sms/replies/", "/hooks/mail/"


@pytest.fixture
def token(settings):
    settings.SMS_TOKEN = "secret"
    return settings.SMS_TOKEN


@pytest.fixture
def text(doctor, at):
    """A text message that went out."""
    patient = someone(doctor, phone="+48601234567", channel="sms")
    message = reminder(doctor, patient=patient)
    Message.objects.filter(pk=message.pk).update(
        channel="sms", state="sent", sent_at=at, sent_to="+48601234567", provider_ref="SM1"
    )
    message.refresh_from_db()
    return message


@pytest.fixture
def letter(doctor, at):
    """A letter that went out by a provider."""
    message = reminder(doctor)
    Message.objects.filter(pk=message.pk).update(
        state="sent", sent_at=at, sent_to=message.patient.email, provider_ref="pm-1"
    )
    message.refresh_from_db()
    return message


@pytest.fixture
def reported(client, token, settings):
    """Posts a signed report of the gateway."""

    def post(address, **form):
        signed = signature(settings.BASE_URL + address, {name: [said] for name, said in form.items()}, token)
        return client.post(address, form, headers={"X-Twilio-Signature": signed}).status_code

    return post


@pytest.fixture
def postmark(client, settings):
    """Posts a report of the provider, which knows the secret."""
    settings.EMAIL_PROVIDER = "postmark"
    settings.ANYMAIL = {"WEBHOOK_SECRET": "we:know"}

    def post(kind, secret=b"we:know", **said):
        report = json.dumps({"RecordType": kind, "MessageID": "pm-1", "Recipient": "x@mail.example", **said})
        known = {"Authorization": "Basic " + base64.b64encode(secret).decode()}
        return client.post(MAIL, report, content_type="application/json", headers=known).status_code

    return post


def state(message):
    message.refresh_from_db()
    return message.state


def test_the_signature_is_that_of_the_documentation():
    form = {
        "CallSid": ["CA1234567890ABCDE"],
        "Caller": ["+14158675309"],
        "Digits": ["1234"],
        "From": ["+14158675309"],
        "To": ["+18005551212"],
    }
    said = signature("https://mycompany.com/myapp.php?foo=1&bar=2", form, "12345")
    assert said == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_a_delivered_text_is_known_to_be_so_once_however_often_it_is_said(text, reported):
    assert reported(STATUS, MessageSid="SM1", MessageStatus="delivered") == 200
    first = Message.objects.get(pk=text.pk).delivered_at
    assert reported(STATUS, MessageSid="SM1", MessageStatus="delivered") == 200
    assert (state(text), text.delivered_at) == ("delivered", first)


def test_what_came_back_stays_so_in_whatever_order_it_is_said(text, reported):
    for status in ("delivered", "undelivered", "delivered", "undelivered"):
        assert reported(STATUS, MessageSid="SM1", MessageStatus=status, ErrorCode="30003") == 200
    assert (state(text), text.why) == ("bounced", "It came back (the phone is switched off or out of reach).")
    assert not BadAddress.objects.exists()  # the phone was off, that is all


def test_a_number_that_does_not_exist_gets_no_more_until_a_person_says_so(
    text, reported, doctor, front_desk, at, settings, tmp_path
):
    settings.SMS_FILE_PATH = str(tmp_path)
    reported(STATUS, MessageSid="SM1", MessageStatus="failed", ErrorCode="30005")
    other = reminder(doctor, patient=someone(doctor, phone="+48601234567", channel="sms"))
    Message.objects.filter(pk=other.pk).update(channel="sms")
    assert actions.deliver(other.pk, at=other.due_at) == "failed"
    assert Message.objects.get(pk=other.pk).why.startswith("Messages to this address came back")
    BadAddress.objects.update(since=other.due_at)
    later = other.due_at + dt.timedelta(hours=1)
    actions.put_back(other, by=front_desk, at=later)
    assert actions.deliver(other.pk, at=later) == "sent"


@pytest.mark.parametrize("address", [STATUS, REPLY])
@pytest.mark.parametrize("claimed", ["", "wrong", "0/KCTR6DLpKmkAf8muzZqo1nDgQ=", "\u0142"])
def test_without_the_signature_nothing_happens(client, token, text, address, claimed):
    form = {"MessageSid": "SM1", "MessageStatus": "delivered", "Body": "STOP", "From": "+48601234567"}
    headers = {"X-Twilio-Signature": claimed.encode().decode("latin-1")}
    assert client.post(address, form, headers=headers).status_code == 403
    assert (state(text), MessageWish.objects.count()) == ("sent", 0)


def test_a_signature_for_another_report_is_none(client, token, text, settings):
    signed = signature(settings.BASE_URL + STATUS, {"MessageSid": ["SM2"]}, token)
    answer = client.post(STATUS, {"MessageSid": "SM1"}, headers={"X-Twilio-Signature": signed})
    assert answer.status_code == 403


def test_without_a_token_nobody_can_sign(client, db, settings):
    settings.SMS_TOKEN = ""
    signed = signature(settings.BASE_URL + STATUS, {}, "")
    assert client.post(STATUS, headers={"X-Twilio-Signature": signed}).status_code == 403


@pytest.mark.parametrize(
    "form", [{}, {"MessageSid": "SM9", "MessageStatus": "delivered"}, {"MessageSid": ""}]
)
def test_what_we_do_not_know_is_no_error_and_changes_nothing(text, reported, form):
    assert reported(STATUS, **form) == 200
    assert state(text) == "sent"


def test_stop_is_heeded_for_everybody_who_gets_texts_at_this_number(text, doctor, reported):
    type(text.patient).objects.filter(pk=text.patient_id).update(channel="sms")
    child = someone(doctor, phone="+48601234567", channel="sms")
    by_mail = someone(doctor, phone="+48601234567")
    other = someone(doctor, phone="+48601234568")
    for _ in range(2):
        assert reported(REPLY, From="+48601234567", Body=" stop ") == 200
    assert MessageWish.objects.filter(wanted=False, how="unsubscribe").count() == 2 * len(Topic)
    assert set(MessageWish.objects.values_list("patient", flat=True)) == {text.patient_id, child.pk}
    assert not MessageWish.objects.filter(patient__in=[other, by_mail]).exists()


def test_stop_is_heeded_for_who_chose_e_mail_and_has_none(doctor, reported, token):
    only_phone = someone(doctor, email="", phone="+48601234567", channel="email")
    reported(REPLY, From="+48601234567", Body="STOP")
    assert set(MessageWish.objects.values_list("patient", "wanted")) == {(only_phone.pk, False)}


@pytest.mark.parametrize("said", ["Stop.", "STOP!", "“Stop”", "stop all", "opt-out", "Stop \U0001f64f"])
def test_stop_is_heeded_however_it_is_written(text, reported, said):
    type(text.patient).objects.filter(pk=text.patient_id).update(channel="sms")
    reported(REPLY, From="+48601234567", Body=said)
    assert MessageWish.objects.filter(wanted=False).exists()


@pytest.mark.parametrize("said", ["Please do not stop", "", "?", "Stop by at ten?", "x" * 10_000])
def test_any_other_reply_is_not_read(text, reported, said):
    assert reported(REPLY, From="+48601234567", Body=said) == 200
    assert not MessageWish.objects.exists()


def on_its_way(message, at):
    """Handed over, and nothing is written down of it yet."""
    begun = {"state": "sending", "sent_at": None, "provider_ref": ""}
    Message.objects.filter(pk=message.pk).update(**begun, lease_until=at, lease_token=uuid4())


@pytest.mark.parametrize("status", ["delivered", "undelivered"])
def test_a_report_that_overtakes_what_it_reports_is_asked_for_again(text, reported, at, status):
    on_its_way(text, at)
    form = {"MessageSid": "SM1", "MessageStatus": status, "ErrorCode": "30005"}
    assert reported(STATUS, **form) == 503
    assert state(text) == "sending"
    assert not BadAddress.objects.exists()
    written = {
        "state": "sent",
        "sent_at": at,
        "provider_ref": "SM1",
        "lease_until": None,
        "lease_token": None,
    }
    Message.objects.filter(pk=text.pk).update(**written)
    assert reported(STATUS, **form) == 200
    assert state(text) == {"delivered": "delivered", "undelivered": "bounced"}[status]


def test_a_bounce_that_overtakes_its_letter_is_asked_for_again(letter, postmark, at):
    on_its_way(letter, at)
    assert postmark("Bounce", Type="HardBounce") == 503
    assert state(letter) == "sending"


def test_while_others_are_sent_what_is_known_is_believed_at_once(text, doctor, reported, at):
    on_its_way(reminder(doctor, channel="sms"), at)
    assert [reported(STATUS, MessageSid="SM1", MessageStatus="undelivered") for _ in range(2)] == [200, 200]
    assert state(text) == "bounced"


def test_a_letter_that_is_delivered_and_then_comes_back(letter, postmark):
    assert postmark("Delivery") == 200
    assert state(letter) == "delivered"
    assert postmark("Bounce", Type="HardBounce", ID=1) == 200
    assert postmark("Delivery") == 200
    assert state(letter) == "bounced"
    assert BadAddress.objects.get().address == letter.sent_to.lower()


def test_the_patients_page_says_that_their_mail_came_back(letter, postmark, client, front_desk):
    postmark("Bounce", Type="HardBounce", ID=1)
    client.force_login(front_desk)
    assert "came back" in client.get(letter.patient.get_absolute_url()).content.decode()


def test_whoever_complains_gets_no_more(letter, postmark):
    for _ in range(2):
        assert postmark("SpamComplaint", Type="SpamComplaint", ID=1) == 200
    wishes = MessageWish.objects.filter(patient=letter.patient_id)
    assert set(wishes.values_list("topic", "wanted", "how")) == {
        (topic, False, "unsubscribe") for topic in Topic.values
    }
    assert wishes.count() == len(Topic)


def test_who_does_not_know_the_secret_is_not_believed(letter, postmark):
    assert postmark("Bounce", secret=b"we:guess", Type="HardBounce", ID=1) == 403
    assert state(letter) == "sent"


def test_nonsense_from_the_provider_is_no_error_of_ours(client, settings, postmark, db):
    known = {"Authorization": "Basic " + base64.b64encode(b"we:know").decode()}
    answer = client.post(MAIL, "no json", content_type="application/json", headers=known)
    assert answer.status_code == 400


def test_without_a_secret_or_a_provider_there_is_no_such_door(client, letter, postmark, settings):
    settings.ANYMAIL = {}
    assert postmark("Delivery") == 404
    settings.EMAIL_PROVIDER, settings.ANYMAIL = "", {"WEBHOOK_SECRET": "we:know"}
    assert postmark("Delivery") == 404
    assert state(letter) == "sent"


def test_a_later_letter_that_arrives_makes_the_address_good_again(letter, postmark, at):
    postmark("Bounce", Type="HardBounce", ID=1)
    BadAddress.objects.update(since=at - dt.timedelta(days=1))
    Message.objects.filter(pk=letter.pk).update(state="sent", why="", provider_ref="pm-1")
    postmark("Delivery")
    assert not BadAddress.objects.exists()
