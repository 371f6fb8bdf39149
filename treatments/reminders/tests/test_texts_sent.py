"""Text messages through a real gateway on loopback, and as files without one."""

import base64
import datetime as dt
from socket import socket

import pytest

from treatments.reminders import actions
from treatments.reminders.channels import Letter, Refused
from treatments.reminders.channels.sms import FilesLine, length
from treatments.reminders.models import ChannelState, Message
from treatments.reminders.tests.factories import reminder, someone
from treatments.reminders.tests.gateway import CLOSE, HANG, Gateway
from treatments.reminders.tests.smtp import PATIENCE

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def gateway(settings):
    server = Gateway()
    settings.SMS_GATEWAY, settings.SMS_API = "twilio", server.address
    settings.SMS_ACCOUNT, settings.SMS_TOKEN, settings.SMS_FROM = "AC1", "secret", "+48500000000"
    yield server
    server.stop()


@pytest.fixture
def due(doctor):
    """A reminder by text whose day has come."""
    patient = someone(doctor, phone="+48601234567", channel="sms")
    message = reminder(doctor, patient=patient)
    Message.objects.filter(pk=message.pk).update(channel="sms")
    message.refresh_from_db()
    return message


def deliver(message, at=None):
    state = actions.deliver(message.pk, at=at or message.due_at)
    message.refresh_from_db()
    return state


def test_the_text_arrives_once_with_number_sender_and_where_to_report(due, gateway, settings):
    assert deliver(due) == "sent"
    [text] = gateway.texts
    assert (text["To"], text["From"]) == ("+48601234567", "+48500000000")
    assert text["StatusCallback"] == f"{settings.BASE_URL}/hooks/sms/status/"
    assert text["Body"].startswith(due.sent_text.partition("[personal link]")[0])
    assert (due.provider_ref, due.sent_to) == (f"SM{1:032d}", "+48601234567")
    assert gateway.authorizations == {"Basic " + base64.b64encode(b"AC1:secret").decode()}


def test_too_many_at_once_the_whole_channel_waits_as_long_as_asked(due, gateway):
    gateway.answers = [(429, {"Retry-After": "120"})]
    assert deliver(due) == "due"
    assert (due.attempts, due.maybe_twice) == (0, False)
    state = ChannelState.objects.get(channel="sms")
    assert state.paused_until == due.due_at + 2 * MINUTE
    assert deliver(due, due.due_at + MINUTE) is None
    assert deliver(due, due.due_at + 2 * MINUTE) == "sent"
    state.refresh_from_db()
    assert (state.pauses, state.paused_until) == (0, None)


@pytest.mark.parametrize("answer", [HANG, CLOSE, (500, {}), (503, {})], ids=str)
def test_what_may_have_arrived_is_not_sent_again_by_itself(due, gateway, settings, answer, front_desk):
    gateway.answers = [answer]
    if answer == HANG:
        settings.EMAIL_TIMEOUT = PATIENCE
    assert deliver(due) == "failed"
    assert due.maybe_twice
    assert due.why.startswith("It may have arrived")
    later = due.due_at + 10 * MINUTE
    actions.clear_away(at=later)
    assert deliver(due, later) is None
    actions.put_back(due, by=front_desk, at=later)
    assert deliver(due, later) == "sent"
    assert len(gateway.texts) == 2


def test_a_text_whose_worker_died_is_not_sent_again_by_itself(due, gateway):
    Message.objects.filter(pk=due.pk).update(
        state="sending", lease_until=due.due_at, lease_token="0" * 32, attempts=1
    )
    actions.clear_away(at=due.due_at + MINUTE)
    due.refresh_from_db()
    assert (due.state, due.maybe_twice) == ("failed", True)


def test_a_number_that_the_gateway_refuses_fails_at_once(due, gateway):
    gateway.answers = [(400, {})]
    assert deliver(due) == "failed"
    assert (due.why, due.maybe_twice) == ("The provider refuses this address or message (400).", False)


def test_a_number_that_does_not_exist_is_not_tried_again_for_the_next(due, gateway, doctor):
    gateway.answers = [(400, {}, {"code": 21211, "message": "Invalid 'To' Phone Number"})]
    assert deliver(due) == "failed"
    assert due.why == "The provider refuses this address or message (there is no such number)."
    other = reminder(doctor, patient=someone(doctor, phone="+48601234567", channel="sms"))
    Message.objects.filter(pk=other.pk).update(channel="sms")
    assert (deliver(other), len(gateway.texts)) == ("failed", 1)
    assert other.why.startswith("Messages to this address came back")


@pytest.mark.parametrize("status", [401, 403, 302])
def test_a_wrong_account_is_ours_to_repair_and_no_attempt(due, gateway, status):
    gateway.answers = [(status, {"Location": "http://127.0.0.1:1/"})]
    assert deliver(due) == "due"
    assert (due.attempts, due.why) == (
        0,
        f"The provider does not let us in ({status}). Tell whoever looks after it.",
    )


def test_nobody_listens(due, gateway, settings):
    with socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        settings.SMS_API = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        assert deliver(due) == "due"
    assert (due.attempts, due.maybe_twice, due.why) == (0, False, "The provider cannot be reached.")


def test_without_a_gateway_texts_become_files(due, settings, tmp_path):
    settings.SMS_FILE_PATH = str(tmp_path)
    assert deliver(due) == "sent"
    [file] = tmp_path.iterdir()
    assert file.read_text().startswith("To: +48601234567\nParts: ")


@pytest.mark.parametrize("to", ["601234567", "+48601234567\nTo: +48", "", "+0123456789"])
def test_only_numbers_in_the_international_form_are_written_to(to, settings, tmp_path):
    settings.SMS_FILE_PATH = str(tmp_path)
    with pytest.raises(Refused):
        FilesLine().send(Letter(to=to, text="x", message_id="<a@b>"))


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        pytest.param("a" * 160, "GSM-7", 160, 1, id="one part"),
        pytest.param("a" * 161, "GSM-7", 161, 2, id="two of 153"),
        pytest.param("€" * 80, "GSM-7", 160, 1, id="the euro takes two places"),
        pytest.param("ł" * 70, "UCS-2", 70, 1, id="one letter outside makes all of it UCS-2"),
        pytest.param("ł" * 71, "UCS-2", 71, 2, id="two of 67"),
        pytest.param("😀", "UCS-2", 2, 1, id="an emoji is two units"),
    ],
)
def test_how_long_a_text_is(text, encoding, units, parts):
    found = length(text)
    assert (found.encoding, found.units, found.parts) == (encoding, units, parts)
