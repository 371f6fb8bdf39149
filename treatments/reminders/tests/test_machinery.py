"""The machinery as it is set up: nothing but ids goes through the broker, and nothing is lost with it."""

import datetime as dt
import logging
import os
from unittest.mock import Mock

import pytest
from django.conf import settings as house
from django.core.checks import run_checks
from kombu import Connection
from kombu.exceptions import OperationalError
from kombu.simple import SimpleQueue
from kombu.transport.redis import Channel

from clinic.celery import TICKS, AsLongAsConnected, app, outlive_the_broker, tick_at_once
from treatments.reminders import channels, rules
from treatments.reminders.checks import patience

MINUTE = dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("task_acks_late", True, id="a task is done when it is done"),
        pytest.param("task_reject_on_worker_lost", True, id="a task comes back when its process is killed"),
        pytest.param("worker_prefetch_multiplier", 1, id="nobody hoards"),
        pytest.param("task_ignore_result", True, id="results are rows"),
        pytest.param("task_serializer", "json", id="sent as JSON"),
        pytest.param("accept_content", ["json"], id="nothing else is read"),
        pytest.param("timezone", "UTC", id="beat knows no clock change"),
        pytest.param("enable_utc", True, id="nor does the worker"),
        pytest.param("broker_connection_max_retries", None, id="the broker may be away for a night"),
        pytest.param("broker_connection_retry_on_startup", True, id="or not be there yet"),
    ],
)
def test_celery_is_told(name, value):
    assert app.conf[name] == value


def test_a_worker_that_is_told_to_stop_ends_what_it_is_at():
    assert 0 < app.conf.worker_soft_shutdown_timeout < app.conf.task_time_limit


def test_in_earnest_the_clinic_ticks_every_minute_and_gives_a_lease_of_two(settings):
    assert (settings.MESSAGE_PACE, settings.TICK_SECONDS, rules.LEASE) == (1, 60, 2 * MINUTE)
    for entry in app.conf.beat_schedule.values():
        assert entry["options"]["expires"] < entry["schedule"] == 60


def test_beat_ticks_at_once_and_starts_though_the_broker_is_not_there_yet(monkeypatch):
    asked = []

    def send(task, expires):
        asked.append((task, expires))
        raise OperationalError("not there yet")

    monkeypatch.setattr(app, "send_task", send)
    tick_at_once(sender=Mock(app=app))
    assert asked == [(task, 55) for task in TICKS.values()]


def test_a_letter_ends_before_its_task_and_that_before_its_lease_and_that_before_the_brokers_patience():
    assert patience(None) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EMAIL_TIMEOUT", 45),
        ("CELERY_TASK_SOFT_TIME_LIMIT", 60),
        ("CELERY_TASK_TIME_LIMIT", 120),
        ("CELERY_BROKER_TRANSPORT_OPTIONS", {"visibility_timeout": 120}),
    ],
)
def test_it_is_said_before_anything_starts_when_one_outlives_the_next(settings, name, value):
    setattr(settings, name, value)
    assert [error.id for error in run_checks()] == ["reminders.E001"]


POSTMARK = "anymail.backends.postmark.EmailBackend"
FILES = "django.core.mail.backends.filebased.EmailBackend"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        pytest.param({"SMS_GATEWAY": "Twilio"}, ["reminders.E002"], id="a slip in the name of the gateway"),
        pytest.param({"SMS_GATEWAY": "twilio"}, ["reminders.E003"], id="a gateway without an account"),
        pytest.param(
            {"SMS_GATEWAY": "twilio", "SMS_ACCOUNT": "a", "SMS_TOKEN": "t", "SMS_FROM": "Clinic"},
            [],
            id="a gateway",
        ),
        pytest.param(
            {"EMAIL_BACKEND": "anymail.backends.postmrk.EmailBackend"},
            ["reminders.E004"],
            id="a slip in the name of the provider",
        ),
        pytest.param(
            {"EMAIL_BACKEND": POSTMARK, "ANYMAIL": {}}, ["reminders.E004"], id="a provider without its token"
        ),
        pytest.param(
            {"EMAIL_BACKEND": POSTMARK, "ANYMAIL": {"POSTMARK_SERVER_TOKEN": "t"}}, [], id="a provider"
        ),
        pytest.param(
            {"EMAIL_BACKEND": FILES, "TLS": True}, ["reminders.W001"], id="a clinic in earnest, writing files"
        ),
        pytest.param({"EMAIL_BACKEND": FILES}, [], id="a demo, writing files"),
    ],
)
def test_it_is_said_before_anything_starts_when_nothing_could_go_out(settings, tmp_path, said, found):
    settings.EMAIL_FILE_PATH = str(tmp_path)
    for name, value in said.items():
        setattr(settings, name, value)
    assert [one.id for one in run_checks()] == found


@pytest.mark.parametrize(
    ("channel", "name", "value"),
    [("sms", "SMS_GATEWAY", "Twilio"), ("email", "EMAIL_BACKEND", "anymail.backends.postmrk.EmailBackend")],
)
def test_what_is_not_set_up_rightly_sends_nothing_and_says_so(settings, channel, name, value):
    setattr(settings, name, value)
    with channels.kept(channel) as line, pytest.raises(channels.Unreachable, match="not set up"):
        line.ready()


def test_a_faster_pace_keeps_the_order(settings):
    settings.EMAIL_TIMEOUT, settings.CELERY_TASK_SOFT_TIME_LIMIT = 20 / 12, 45 / 12
    settings.CELERY_TASK_TIME_LIMIT = 60 / 12
    settings.CELERY_BROKER_TRANSPORT_OPTIONS, settings.MESSAGE_PACE = {"visibility_timeout": 300 / 12}, 12
    assert patience(None) == []


NAMES = f"outlives-{os.getpid()}:"  # that no other process uses which tests meanwhile


@pytest.fixture
def broker():
    """The broker, with names that nobody else reads."""
    connection = Connection(house.CELERY_BROKER_URL, transport_options={"global_keyprefix": NAMES})
    yield connection
    with Connection(house.CELERY_BROKER_URL) as another:
        client = another.default_channel.client
        client.delete(*client.keys(f"{NAMES}*"))


@pytest.fixture
def under_way(broker, monkeypatch):
    """A task that somebody is at; the broker has gone away, and celery is connected anew."""
    for name in ("do_restore", "QoS"):
        monkeypatch.setattr(Channel, name, getattr(Channel, name))  # put back afterwards
    outlive_the_broker()
    channel = broker.channel()
    queue = SimpleQueue(channel, "tasks")
    queue.put({})
    message = queue.get(timeout=60)
    assert message.payload == {}
    broker.transport.client = None  # as celery leaves it
    channel.close()
    return message


def is_waiting_to_be_told():
    with Connection(house.CELERY_BROKER_URL) as another:
        return another.default_channel.client.hlen(f"{NAMES}unacked") == 1


@pytest.mark.parametrize("say", ["ack_log_error", "reject_log_error"])
def test_a_worker_outlives_a_broker_that_goes_away_while_a_task_is_under_way(broker, under_way, say):
    getattr(under_way, say)(logging.getLogger(), broker.connection_errors)
    assert is_waiting_to_be_told()  # it comes again


def test_what_is_done_while_the_broker_is_there_does_not_come_again(broker, monkeypatch):
    monkeypatch.setattr(Channel, "QoS", AsLongAsConnected)
    queue = SimpleQueue(broker.channel(), "tasks")
    queue.put({})
    message = queue.get(timeout=60)
    assert is_waiting_to_be_told()
    message.ack()
    assert not is_waiting_to_be_told()
