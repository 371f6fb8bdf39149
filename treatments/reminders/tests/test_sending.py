"""Sending through a real mail server: what arrives, what is refused, put off, or found untrue at the last moment."""

import datetime as dt
import re
from socket import socket
from unittest.mock import Mock

import pytest
from django.conf import settings as live_settings
from django.db import DatabaseError, OperationalError, connection

from clinic.models import Clinic
from treatments.courses.models import Course
from treatments.reminders import actions, identity, rules, writing
from treatments.reminders.actions import sending
from treatments.reminders.channels.email import SmtpLine
from treatments.reminders.models import Heartbeat, Message, MessageState
from treatments.reminders.tests.factories import booked_session, confirmed_course, reminder, someone
from treatments.reminders.tests.smtp import CLOSE, HANG, PATIENCE

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def due(doctor, post_office):
    """A reminder whose day has come."""
    return reminder(doctor)


def deliver(message, at=None):
    state = actions.deliver(message.pk, at=at or message.due_at)
    message.refresh_from_db()
    return state


def test_the_letter_arrives_once_and_the_row_says_what_was_sent(due, post_office):
    assert deliver(due) == "sent"
    assert deliver(due) is None
    (letter,) = post_office.letters
    assert letter["To"] == due.patient.email == due.sent_to
    assert letter["Message-ID"] == due.message_id
    arrived = re.sub(r"http\S+", "[personal link]", letter.get_body(("plain",)).get_content())
    assert due.sent_text.splitlines() == arrived.splitlines()
    assert (due.sent_at, due.attempts, due.maybe_twice, due.lease_token) == (due.due_at, 1, False, None)


def test_not_before_its_time(due, post_office):
    assert deliver(due, due.due_at - MINUTE) is None
    assert (due.state, post_office.letters) == ("due", [])


def test_to_the_address_of_the_moment(due, post_office):
    due.patient.email = "new@mail.example"
    due.patient.save()
    deliver(due)
    assert (post_office.letters[0]["To"], due.sent_to) == ("new@mail.example", "new@mail.example")


@pytest.mark.parametrize(
    ("verb", "reply", "why"),
    [
        pytest.param("RCPT", "550 no such mailbox", "The mail server takes nothing for this address (550)."),
        pytest.param("DATA", "554 not wanted", "The mail server refuses this address or message (554)."),
    ],
    ids=["550 on the recipient", "554 on the content"],
)
def test_a_final_no_fails_at_once(due, post_office, verb, reply, why):
    post_office.answers = {verb: [reply]}
    assert deliver(due) == "failed"
    assert (due.why, due.attempts, due.maybe_twice, post_office.letters) == (why, 1, False, [])


@pytest.mark.parametrize(
    ("verb", "reply", "code", "doubtful"),
    [
        pytest.param("MAIL", "421 closing down", "421", False, id="421 on the sender"),
        pytest.param(
            "MAIL", "550 we do not know you", "550", False, id="550 on the sender is ours to repair"
        ),
        pytest.param("RCPT", "450 busy", "450", False, id="450 on the recipient"),
        pytest.param("RCPT", "421 closing down", "421", False, id="421 on the recipient"),
        pytest.param("DATA", "451 later", "451", False, id="451 on the content"),
        pytest.param("DATA", HANG, "broke off", True, id="hangs before it confirms"),
        pytest.param("DATA", CLOSE, "broke off", True, id="closes before it confirms"),
    ],
)
def test_not_now_is_tried_again_later_with_the_same_id(
    due, post_office, settings, verb, reply, code, doubtful
):
    post_office.answers = {verb: [reply]}
    if reply == HANG:
        settings.EMAIL_TIMEOUT = PATIENCE
    assert deliver(due) == "due"
    assert code in due.why
    assert due.maybe_twice == doubtful
    assert MINUTE <= due.try_at - due.due_at <= 1.25 * MINUTE
    assert deliver(due, due.due_at + MINUTE / 2) is None
    assert deliver(due, due.try_at) == "sent"
    assert {letter["Message-ID"] for letter in post_office.letters} == {due.message_id}
    assert (due.why, due.attempts) == ("", 2)


def test_nobody_listens(due, post_office, settings):
    with socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = deaf.getsockname()[1]
        assert deliver(due) is None
    assert (due.state, due.attempts, due.lease_token) == ("due", 0, None)
    assert (due.why, due.maybe_twice) == ("The mail server cannot be reached.", False)
    settings.EMAIL_PORT = post_office.port
    assert deliver(due, due.due_at + MINUTE) == "sent"


def test_attempts_are_capped(due, post_office):
    Message.objects.filter(pk=due.pk).update(attempts=rules.MAX_ATTEMPTS - 1)
    post_office.answers = {"RCPT": ["450 busy"]}
    assert deliver(due) == "failed"
    assert due.why == "Tried too often. The mail server asks to come back later (450)."


def opted_out(message, by):
    message.patient.reminders = False
    message.patient.save()


def newer_course(message, by):
    confirmed_course(message.patient, by=by, at=message.created_at)


def given_up(message, by):
    cancelled = {"state": "cancelled", "cancelled_at": message.due_at, "cancelled_by": by}
    Course.objects.filter(pk=message.course_id).update(finished_at=None, **cancelled)


def booked(message, by):
    older = confirmed_course(message.patient, by=by, at=message.created_at - dt.timedelta(days=99))
    booked_session(older, message.due_at + MINUTE, by=by)


UNTRUE = pytest.mark.parametrize("change", [opted_out, newer_course, given_up, booked])


@UNTRUE
def test_what_is_not_true_any_more_is_not_sent(due, post_office, doctor, change):
    change(due, doctor)
    assert deliver(due) == "suppressed"
    assert due.why
    assert post_office.letters == []


@UNTRUE
def test_nor_what_became_untrue_after_the_claim(due, post_office, doctor, change, monkeypatch):
    claim = actions.claim

    def interrupted(channel, **options):
        claimed = claim(channel, **options)
        change(due, doctor)
        return claimed

    monkeypatch.setattr(sending, "claim", interrupted)
    assert deliver(due) == "suppressed"
    assert post_office.letters == []


def test_a_past_session_does_not_count_as_booked(due, post_office, doctor):
    older = confirmed_course(due.patient, by=doctor, at=due.created_at - dt.timedelta(days=99))
    booked_session(older, due.due_at - MINUTE, by=doctor)
    assert deliver(due) == "sent"


def test_too_late_is_expired_and_never_sent(due, post_office):
    assert deliver(due, due.not_after + MINUTE) == "expired"
    assert (due.why, post_office.letters) == ("It could not be sent while it was still useful.", [])


def test_at_the_last_moment_it_is_still_sent(due):
    assert deliver(due, due.not_after) == "sent"


def test_without_an_address_staff_read_what_to_do(due, post_office):
    due.patient.email = ""
    due.patient.save()
    assert deliver(due) == "failed"
    assert due.why == "There is no e-mail address. Call, or add one and try again."


def test_a_lease_that_ran_out_is_sent_again_with_the_same_id_and_flagged(due, post_office, monkeypatch):
    hand_over = SmtpLine.send

    class Killed(BaseException):
        """The process dies after the server took the letter and before the row says so."""

    def killed(line, letter):
        hand_over(line, letter)
        raise Killed

    monkeypatch.setattr(SmtpLine, "send", killed)
    with pytest.raises(Killed):
        deliver(due)
    monkeypatch.setattr(SmtpLine, "send", hand_over)
    actions.clear_away(at=due.due_at + rules.LEASE)
    assert deliver(due, due.due_at + rules.LEASE) is None
    actions.clear_away(at=due.due_at + rules.LEASE + MINUTE)
    assert deliver(due, due.due_at + rules.LEASE + MINUTE) == "sent"
    assert [letter["Message-ID"] for letter in post_office.letters] == 2 * [due.message_id]
    assert (due.maybe_twice, due.attempts) == (True, 2)


@pytest.mark.parametrize(("seconds", "doubted"), [(-1, True), (1, False)])
def test_what_waited_in_a_dead_batch_is_doubted_only_if_the_database_broke_down_since(
    due, post_office, no_quiet_hours, seconds, doubted
):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_postmaster_start_time()")
        claimed_at = cursor.fetchone()[0] + dt.timedelta(seconds=seconds)
    Message.objects.filter(pk=due.pk).update(try_at=claimed_at, not_after=claimed_at + dt.timedelta(days=9))
    assert actions.claim("email", at=claimed_at).messages
    after = claimed_at + rules.LEASE + MINUTE
    actions.clear_away(at=after)
    assert deliver(due, after) == "sent"
    assert (due.maybe_twice, due.attempts) == (doubted, 1)


def test_whoever_lost_the_lease_does_not_write_over_the_other(due, post_office):
    [slow] = actions.claim("email", at=due.due_at).messages
    assert deliver(due, due.due_at + 2 * rules.LEASE) == "sent"
    assert actions.settle(slow, actions.Outcome(MessageState.FAILED, False, why="late")) is None
    due.refresh_from_db()
    assert due.state == "sent"


def test_broken_off_again_and_again_it_fails_and_says_so(due):
    [claimed] = actions.claim("email", at=due.due_at).messages
    assert actions.begin(claimed)[1]
    Message.objects.filter(pk=claimed.pk).update(attempts=rules.MAX_ATTEMPTS)
    after = due.due_at + 2 * rules.LEASE
    assert deliver(due, after) is None
    assert actions.clear_away(at=after) == 1
    due.refresh_from_db()
    assert (due.state, due.maybe_twice) == ("failed", True)


def test_a_poisoned_message_fails_alone(doctor, post_office, monkeypatch, caplog):
    first, poisoned, last = (reminder(doctor, patient=someone(doctor, name=name)) for name in "ABC")
    write = writing.write

    def choke(message, values, clinic, **options):
        if message.pk == poisoned.pk:
            raise KeyError(message.patient.name)
        return write(message, values, clinic, **options)

    monkeypatch.setattr(writing, "write", choke)
    assert [deliver(message) for message in (first, poisoned, last)] == ["sent", "failed", "sent"]
    assert poisoned.why == "The program failed (KeyError). Tell whoever looks after it."
    assert "B" not in caplog.messages[-1].replace("KeyError", "")


@pytest.mark.parametrize(
    "broken", [OperationalError, DatabaseError], ids=["away", "in the middle of an answer"]
)
def test_a_failing_database_says_nothing_about_the_message(due, post_office, monkeypatch, broken):
    with monkeypatch.context() as trouble:
        trouble.setattr(sending, "refusals", Mock(side_effect=broken))
        with pytest.raises(broken):
            deliver(due)
    assert deliver(due) is None  # others first
    assert deliver(due, due.due_at + MINUTE) == "sent"
    assert (due.attempts, due.maybe_twice) == (1, False)


def test_an_address_that_cannot_be_written_fails_alone(due, post_office):
    type(due.patient).objects.filter(pk=due.patient_id).update(email="a@mail.example\nBcc: b@mail.example")
    assert deliver(due) == "failed"
    assert due.why == "The message cannot be written to this address. Correct it and try again."
    assert post_office.letters == []


def test_names_cannot_add_headers(due, post_office):
    Clinic.objects.update_or_create(pk=1, defaults={"name": "Clinic\r\nBcc: spy@mail.example"})
    due.patient.called = "Ana\r\nX-Injected: yes"
    due.patient.save()
    assert deliver(due) == "sent"
    (letter,) = post_office.letters
    assert (letter["Bcc"], letter["X-Injected"]) == (None, None)
    assert letter["Subject"] == "A reminder from Clinic Bcc: spy@mail.example"


@pytest.mark.parametrize(
    ("name", "greeted"),
    [
        pytest.param("Anna Maria Nowak-Lis", "Anna", id="never in full"),
        pytest.param("O'Malley, Grace", "Grace", id="family name first"),
        pytest.param("Suharto", "Suharto", id="one word"),
    ],
)
def test_a_letter_greets_by_the_first_name(due, post_office, name, greeted):
    due.patient.name, due.patient.called = name, ""
    due.patient.save()
    assert deliver(due) == "sent"
    (letter,) = post_office.letters
    for part in ("plain", "html"):
        assert f"Hello {greeted}," in letter.get_body((part,)).get_content()
    due.refresh_from_db()
    assert f"Hello {greeted}," in due.sent_text


def test_a_letter_says_nothing_clinical(due, post_office):
    clinic, _made = Clinic.objects.update_or_create(
        pk=1, defaults={"name": "Łąka & Co", "phone": "+48 22 000 00 00", "email": "desk@clinic.example"}
    )
    due.patient.called = "Ania <b>"
    due.patient.save()
    deliver(due)
    (letter,) = post_office.letters
    course = due.course
    for part in ("plain", "html"):
        text = letter.get_body((part,)).get_content()
        assert clinic.phone in text
        for clinical in (course.goal.label, course.area.label, course.technique.label, due.patient.name):
            assert clinical.lower() not in text.lower()
    assert "Hello Ania <b>," in letter.get_body(("plain",)).get_content()
    assert "Ania &lt;b&gt;" in letter.get_body(("html",)).get_content()
    assert letter["Reply-To"] == "desk@clinic.example"
    assert letter["From"].addresses[0].display_name == "Łąka & Co"
    assert letter["Auto-Submitted"] == "auto-generated"


def test_without_a_mail_server_letters_become_files_and_keep_their_id(due, settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    assert deliver(due) == "sent"
    (file,) = tmp_path.iterdir()
    assert f"Message-ID: {due.message_id}" in file.read_text()


def test_the_id_is_the_same_for_the_same_subject_and_no_other(due, doctor):
    assert identity.message_id(due) == due.message_id == identity.message_id(Message.objects.get(pk=due.pk))
    assert due.message_id != reminder(doctor).message_id
    domain = live_settings.DEFAULT_FROM_EMAIL.rpartition("@")[2]
    assert due.message_id.endswith(f"@{domain}>")


def test_put_back_by_a_person_it_is_tried_from_the_start(due, post_office, front_desk):
    post_office.answers = {"RCPT": ["550 no such mailbox"]}
    deliver(due)
    at = due.due_at + dt.timedelta(days=1)
    actions.put_back(due, by=front_desk, at=at)
    assert deliver(due, at) == "sent"
    assert (due.put_back_by, due.put_back_at, due.attempts) == (front_desk, at, 1)


@pytest.mark.parametrize(
    ("reply", "bad"),
    [
        ("550 no such mailbox", True),
        ("550 5.1.1 no such user", True),
        ("550 5.2.1 mailbox disabled", True),
        ("553 5.1.3 bad address", True),
        ("550 5.7.1 your clinic is on a list", False),
        ("552 5.2.2 mailbox full", False),
        ("554 5.7.1 not from there", False),
        ("450 5.1.1 a contradiction", False),
    ],
)
def test_an_address_where_nobody_is_gets_nothing_more(due, doctor, post_office, reply, bad):
    post_office.answers = {"RCPT": [reply]}
    deliver(due)
    same = reminder(doctor, patient=someone(doctor, email=due.patient.email.upper()))
    assert deliver(same) == ("failed" if bad else "sent")
    assert [letter["To"] for letter in post_office.letters] == ([] if bad else [same.patient.email])
    assert deliver(reminder(doctor)) == "sent"


def test_once_a_letter_tried_anew_is_taken_the_address_works_again(due, doctor, post_office, front_desk):
    post_office.answers = {"RCPT": ["550 5.1.1 no such user"] * 2}
    deliver(due)
    actions.put_back(due, by=front_desk, at=due.due_at + MINUTE)
    assert deliver(due, due.due_at + MINUTE) == "failed"
    same = reminder(doctor, patient=due.patient)
    assert deliver(same, due.due_at + 2 * MINUTE) == "failed"
    actions.put_back(due, by=front_desk, at=due.due_at + 2 * MINUTE)
    assert deliver(due, due.due_at + 2 * MINUTE) == "sent"
    assert deliver(reminder(doctor, patient=due.patient), due.due_at + 3 * MINUTE) == "sent"


@pytest.mark.parametrize("state", ["due", "suppressed", "expired"])
def test_only_a_failed_one_is_put_back(due, front_desk, state):
    Message.objects.filter(pk=due.pk).update(state=state, why="because")
    with pytest.raises(actions.NotFailed):
        actions.put_back(due, by=front_desk, at=due.due_at)
    due.refresh_from_db()
    assert (due.state, due.put_back_by) == (state, None)


def test_nor_one_that_would_come_too_late(due, front_desk):
    Message.objects.filter(pk=due.pk).update(state="failed", why="because")
    with pytest.raises(actions.NotFailed):
        actions.put_back(due, by=front_desk, at=due.not_after + MINUTE)


def test_the_heart_beats_in_one_row(db, at):
    actions.look(at=at)
    actions.look(at=at + MINUTE)
    assert [beat.ticked_at for beat in Heartbeat.objects.all()] == [at + MINUTE]
