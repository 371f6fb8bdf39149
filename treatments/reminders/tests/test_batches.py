"""Many messages at once: one line, one claim, and each for itself when something goes wrong."""

import datetime as dt
from contextlib import suppress
from smtplib import SMTP
from socket import socket
from unittest.mock import Mock

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conftest import NOW
from treatments.reminders import actions, channels, kinds, rules, rules_channels, writing
from treatments.reminders.actions import journal, sending
from treatments.reminders.channels.email import SmtpLine
from treatments.reminders.models import ChannelState, LinkToken, Message
from treatments.reminders.tests.factories import reminder, someone
from treatments.reminders.tests.smtp import CLOSE

DAY, MINUTE, SECOND = dt.timedelta(days=1), dt.timedelta(minutes=1), dt.timedelta(seconds=1)


@pytest.fixture
def dues(doctor, post_office):
    """Five reminders whose moment has come."""
    later = NOW.replace(year=timezone.now().year + 1)  # than the server was started, in whatever year that is
    found = [reminder(doctor, at=later) for _ in range(5)]
    Message.objects.update(try_at=found[0].due_at)
    return list(Message.objects.in_turn())


@pytest.fixture
def now(dues):
    return dues[0].try_at


def turn(at, clock=None):
    taking = actions.Turn("email", clock=clock or (lambda: at), ends_at=at + MINUTE)
    return taking, [state for states in taking.batches() for state in states.values()]


def states():
    return list(Message.objects.in_turn().values_list("state", flat=True))


def test_all_go_over_one_connection(dues, now, post_office, monkeypatch):
    opened, open_line = [], SmtpLine.open
    monkeypatch.setattr(SmtpLine, "open", lambda line: (opened.append(line), open_line(line)))
    assert turn(now)[1] == 5 * ["sent"]
    assert (len(post_office.letters), len(opened)) == (5, 1)
    assert not Message.objects.exclude(lease_token=None).exists()


def queries_of(most, at):
    """How many statements a batch of so many takes."""
    with CaptureQueriesContext(connection) as asked, channels.kept("email") as line:
        claimed = actions.claim("email", at=at, most=most)
        sending.Batch(claimed, line, channel="email", clock=lambda: at).send()
    return len([one for one in asked if "SAVEPOINT" not in one["sql"]])


def test_each_letter_more_is_one_statement_more(dues, now):
    queries_of(1, now)  # the first one makes the row of the channel
    assert rules_channels.WRITTEN_TOGETHER >= 3
    assert (one := queries_of(1, now)) + 2 == queries_of(3, now), one


def test_one_that_is_refused_leaves_the_line_to_the_others(dues, now, post_office):
    post_office.answers = {"RCPT": ["550 nobody", "450 busy"]}
    assert turn(now)[1] == ["failed", "due", "sent", "sent", "sent"]
    assert len(post_office.letters) == 3


@pytest.mark.parametrize(
    ("module", "name"), [(kinds.maintenance, "truth_of"), (writing, "said_by"), (writing, "html")]
)
def test_a_poisoned_one_fails_alone_wherever_it_chokes(dues, now, post_office, monkeypatch, module, name):
    poisoned, well = dues[2], getattr(module, name)
    poisoned.patient.called = "Poison"
    poisoned.patient.save()

    def choke(first, *others):
        if getattr(first, "pk", None) == poisoned.pk or "Poison" in str(others):
            raise ZeroDivisionError
        return well(first, *others)

    monkeypatch.setattr(module, name, choke)
    turn(now)
    assert states() == ["sent", "sent", "failed", "sent", "sent"]
    assert LinkToken.objects.filter(message=poisoned).count() == 0


class Killed(BaseException):
    """The process dies."""


def test_who_dies_leaves_a_doubt_about_the_one_it_was_at_and_none_about_the_others(
    dues, now, post_office, monkeypatch
):
    send = SmtpLine.send

    def killed(line, letter):
        send(line, letter)
        if len(post_office.letters) == 3:
            raise Killed
        return ""

    monkeypatch.setattr(SmtpLine, "send", killed)
    with pytest.raises(Killed):
        turn(now)
    monkeypatch.setattr(SmtpLine, "send", send)
    assert states() == ["sent", "sent", "sending", "due", "due"]
    assert turn(now + MINUTE)[1] == []
    later = now + rules.LEASE + SECOND
    actions.clear_away(at=later)
    assert turn(later)[1] == 3 * ["sent"]
    assert list(Message.objects.in_turn().values_list("maybe_twice", flat=True)) == [
        False,
        False,
        True,
        False,
        False,
    ]
    assert len({letter["Message-ID"] for letter in post_office.letters}) == 5 == len(post_office.letters) - 1


def test_what_a_server_that_broke_down_may_have_forgotten_is_doubted(dues, now, post_office, monkeypatch):
    actions.claim("email", at=now, most=2)
    monkeypatch.setattr(actions.claiming, "_server_started_after", lambda until: True)
    turn(now + rules.LEASE + SECOND)
    assert sorted(Message.objects.values_list("maybe_twice", flat=True)) == [False, False, False, True, True]


def test_taken_back_after_the_claim_it_is_not_begun(dues, now, post_office, monkeypatch):
    refusals = sending.refusals

    def just_after(messages, *, at):
        said = refusals(messages, at=at)
        Message.objects.filter(pk=dues[1].pk).update(state="suppressed", why="taken back")
        return said

    monkeypatch.setattr(sending, "refusals", just_after)
    turn(now)
    assert states() == ["sent", "suppressed", "sent", "sent", "sent"]
    assert len(post_office.letters) == 4


def test_when_it_takes_long_the_truth_is_asked_again_and_the_address_read_again(dues, now, post_office):
    ticks = iter(range(1000))

    def slowly():
        return now + next(ticks) * SECOND / 4

    last = dues[-1]
    last.patient.email = "old@mail.example"
    last.patient.save()
    asked = []
    needless = kinds.needless

    def counted(messages, *, at):
        asked.append(len(messages))
        if len(asked) == 2:
            type(last.patient).objects.filter(pk=last.patient_id).update(email="new@mail.example")
        return needless(messages, at=at)

    kinds.needless = counted
    try:
        turn(now, slowly)
    finally:
        kinds.needless = needless
    assert len(asked) > 2
    assert asked == sorted(asked, reverse=True)
    assert states() == 5 * ["sent"]
    assert post_office.letters[-1]["To"] == "new@mail.example"


def test_nothing_is_begun_that_might_outlive_the_lease(dues, now, post_office):
    claimed = actions.claim("email", at=now)
    late = claimed.until - rules_channels.A_LETTER_TAKES
    with channels.kept("email") as line:
        assert sending.Batch(claimed, line, channel="email", clock=lambda: late).send() == {}
    assert (states(), post_office.letters) == (5 * ["due"], [])
    assert not Message.objects.exclude(lease_token=None).exists()


def test_nobody_listens_the_channel_rests_and_no_attempt_is_counted(dues, now, settings, post_office):
    with socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = deaf.getsockname()[1]
        for number in range(3):
            taking, done = turn(now + number * MINUTE)
            rest = (taking.again_at - now - number * MINUTE) / (5 * SECOND * 2**number)
            assert done == []
            assert 1 <= rest <= 1.25
    assert set(Message.objects.values_list("state", "attempts", "why")) == {
        ("due", 0, "The mail server cannot be reached.")
    }
    settings.EMAIL_PORT = post_office.port
    assert turn(now + 2 * MINUTE)[1] == []
    assert turn(now + 4 * MINUTE)[1] == 5 * ["sent"]
    state = ChannelState.objects.get()
    assert (state.pauses, state.paused_until, state.why) == (0, None, "")


@pytest.mark.parametrize(("verb", "reply"), [("MAIL", "421 closing down"), ("RCPT", CLOSE)])
def test_trouble_with_everything_makes_the_others_wait_a_few_seconds_and_the_one_longer(
    dues, now, post_office, verb, reply
):
    post_office.answers = {verb: [reply]}
    taking, done = turn(now)
    assert (done, len(post_office.letters)) == (["due"], 0)
    assert turn(taking.again_at)[1] == 4 * ["sent"]
    assert turn(now + 2 * MINUTE)[1] == ["sent"]
    assert not Message.objects.filter(maybe_twice=True).exists()


def test_no_more_in_a_minute_than_the_rate_allows(dues, now, post_office, settings):
    settings.MESSAGES_PER_MINUTE = {"email": 2}
    sent_at = []
    for second in range(181):
        sent_at += len(turn(now + second * SECOND)[1]) * [second]
    assert sent_at == [0, 30, 60, 90, 120]


def test_who_must_wait_for_the_rate_is_told_until_when(dues, now, settings):
    settings.MESSAGES_PER_MINUTE = {"email": 2}
    taking, done = turn(now)
    assert (done, taking.again_at) == (["sent"], now + 30 * SECOND)


@pytest.mark.parametrize("per_minute", [1, 2, 7, 60, 100, 6000])
def test_in_any_minute_there_are_at_most_so_many(per_minute):
    rate, start = rules_channels.Rate(per_minute), dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    free_at, sent_at = None, []
    for tick in range(1800):
        at = start + tick * SECOND / 10
        if count := min(20, rate.allowed(free_at, at)):
            free_at = rate.taken(free_at, at, count)
            sent_at += count * [at]
    windows = [sum(1 for one in sent_at if at <= one < at + MINUTE) for at in set(sent_at)]
    assert max(windows) <= per_minute
    assert len(sent_at) >= 2 * per_minute


def test_a_database_that_is_away_for_a_moment_makes_nobody_get_it_twice(dues, now, post_office, monkeypatch):
    execute, trouble = journal.begin, iter([False, False, True])

    def away(message, done=None):
        if next(trouble, False):
            raise OperationalError
        return execute(message, done)

    monkeypatch.setattr(journal, "begin", away)
    with pytest.raises(OperationalError):
        turn(now)
    assert states() == ["sent", "sent", "due", "due", "due"]
    turn(now + 2 * MINUTE)
    assert states() == 5 * ["sent"]
    assert len(post_office.letters) == 5
    assert not Message.objects.filter(maybe_twice=True).exists()


def at_night(dues, now):
    return now.replace(hour=20)  # 21:00 in Warsaw


def test_at_night_nobody_is_written_to_who_did_not_ask(dues, now, post_office):
    night = at_night(dues, now)
    assert turn(night)[1] == 5 * ["due"]
    assert post_office.letters == []
    assert set(Message.objects.values_list("attempts", "why", "lease_token")) == {
        (0, "It waits until the quiet hours are over.", None)
    }
    morning = Message.objects.first().try_at
    assert morning == night.replace(hour=7) + dt.timedelta(days=1)  # 8:00 in Warsaw
    assert turn(morning)[1] == 5 * ["sent"]


def test_what_would_be_useless_in_the_morning_goes_at_night(dues, now):
    night = at_night(dues, now)
    Message.objects.filter(pk=dues[0].pk).update(not_after=night + 60 * MINUTE)
    turn(night)
    assert Message.objects.get(state="sent").pk == dues[0].pk


# The time of the task is up


def strikes_in(monkeypatch, owner, name):
    """The soft limit strikes when the second letter comes there."""
    real, calls = getattr(owner, name), []

    def struck(*given, **named):
        calls.append(1)
        if len(calls) == 2:
            raise SoftTimeLimitExceeded
        return real(*given, **named)

    monkeypatch.setattr(owner, name, struck)


def attempts():
    return list(Message.objects.order_by("pk").values_list("attempts", flat=True))


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        pytest.param(journal, "begin", id="before it is begun"),
        pytest.param(sending.Batch, "_hand_over", id="when it is begun"),
        pytest.param(SMTP, "mail", id="before the recipient is said"),
    ],
)
def test_out_of_time_what_was_not_handed_over_is_put_back_and_not_doubted(
    dues, now, post_office, monkeypatch, owner, name
):
    strikes_in(monkeypatch, owner, name)
    with suppress(SoftTimeLimitExceeded):
        turn(now)
    assert states() == ["sent", *4 * ["due"]]
    assert not Message.objects.exclude(lease_token=None, maybe_twice=False).exists()
    assert attempts()[2:] == 3 * [0]
    turn(now + DAY)
    assert states() == 5 * ["sent"]
    assert len(post_office.letters) == 5


@pytest.mark.parametrize(
    ("owner", "name", "letters"),
    [
        pytest.param(SMTP, "data", 5, id="while the content goes"),
        pytest.param(sending, "sent", 6, id="when it was just taken"),
    ],
)
def test_out_of_time_what_was_handed_over_is_doubted_and_nothing_else(
    dues, now, post_office, monkeypatch, owner, name, letters
):
    strikes_in(monkeypatch, owner, name)
    with suppress(SoftTimeLimitExceeded):
        turn(now)
    assert Message.objects.filter(state="sent").count() == 1
    assert [one.pk for one in Message.objects.filter(maybe_twice=True)] == [dues[1].pk]
    assert not Message.objects.exclude(lease_token=None).exists()
    turn(now + DAY)
    assert states() == 5 * ["sent"]
    assert len(post_office.letters) == letters


def test_a_text_that_was_being_handed_over_is_not_sent_again_by_itself(doctor, monkeypatch):
    due = reminder(doctor, channel="sms", patient=someone(doctor, phone="+48600100200", channel="sms"))
    monkeypatch.setitem(channels.LINES, "sms", lambda: Mock(send=Mock(side_effect=SoftTimeLimitExceeded)))
    actions.deliver(due.pk, at=due.due_at)
    due.refresh_from_db()
    assert (due.state, due.maybe_twice, due.lease_token) == ("failed", True, None)


def test_out_of_time_while_the_truth_is_asked_no_message_is_blamed(dues, now, post_office, monkeypatch):
    def struck(messages, *, at):
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(kinds, "values", struck)
    with pytest.raises(SoftTimeLimitExceeded):
        turn(now)
    assert (states(), attempts()) == (5 * ["due"], 5 * [0])
    assert not Message.objects.exclude(lease_token=None).exists()
