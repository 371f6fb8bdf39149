"""Everything around the messages breaks for some seconds; and what happens without protection."""

import datetime as dt
import os
import signal
from collections import Counter

import pytest
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from clinic.chaos import running, scene, servers
from clinic.chaos.deeds import promised_twice
from clinic.chaos.ending import in_time
from clinic.chaos.pace import QUICKEST
from clinic.chaos.size import Size
from clinic.tests.processes import database_url
from patients import actions as patients
from treatments.reminders import actions
from treatments.reminders.models import Message
from treatments.reminders.tests.smtp import MailServer

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

A_SHORT_ONE = Size(courses=8, seconds=6, kills=4, pace=QUICKEST, workers=2, beats=1, stopping=False)


@pytest.fixture
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("c")


def test_nothing_is_lost_doubled_or_sent_in_vain(transactional_db, folder):
    stage = scene.build(A_SHORT_ONE.courses, timezone.now())
    run = running.run(stage, A_SHORT_ONE, folder, servers.Borrowed(database_url()))
    assert {name for name, count in run.verdict.wrong.items() if count} == set()
    assert len(run.evidence.kills) >= A_SHORT_ONE.kills
    assert run.verdict.counts["letters taken"] > 2 * A_SHORT_ONE.courses


@pytest.fixture
def without_the_key(transactional_db):
    """As in the control of `make chaos`; the key stands again after the test."""
    with connection.cursor() as cursor:
        cursor.execute(running.PROTECTIONS["key"])
    yield
    once = next(c for c in Message._meta.constraints if c.name == "message_once")
    Message.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(Message, once)


@pytest.fixture
def mailbox(settings):
    """How often each letter arrives that is asked for while another process asks for the same."""
    server = MailServer()
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.hostname, server.port

    def got():
        stage, at = scene.build(1, timezone.now()), timezone.now()
        with promised_twice():
            patients.send_link(stage.courses[0].patient, by=stage.desk, at=at)
        later = at + dt.timedelta(minutes=1)
        list(actions.Turn("email", clock=lambda: at, ends_at=later).batches())
        return Counter(letter["Message-ID"] for letter in server.letters)

    yield got
    server.stop()


def test_what_two_processes_promise_arrives_once(mailbox):
    assert list(mailbox().values()) == [1]


def test_without_the_key_it_arrives_twice(without_the_key, mailbox):
    assert list(mailbox().values()) == [2]


def test_a_run_that_is_told_to_end_is_broken_off(tmp_path):
    with pytest.raises(CommandError, match="Broken off"), in_time(60, tmp_path):
        os.kill(os.getpid(), signal.SIGTERM)
