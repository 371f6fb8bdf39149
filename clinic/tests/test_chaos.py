"""Everything around the messages breaks for some seconds; and what happens without protection."""

import pytest
from django.db import connection
from django.utils import timezone

from clinic.chaos import running, scene, servers
from clinic.tests.processes import database_url
from treatments.reminders.models import Message

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

A_SHORT_ONE = running.Size(courses=12, seconds=8, kills=4)


@pytest.fixture
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("c")


@pytest.fixture
def protections_come_back(transactional_db):
    """The key stands again after the test, and leases last."""
    yield
    once = next(c for c in Message._meta.constraints if c.name == "message_once")
    Message.objects.all().delete()
    with connection.cursor() as cursor, connection.schema_editor() as editor:
        cursor.execute("DROP FUNCTION IF EXISTS chaos_no_lease CASCADE")
        cursor.execute("ALTER TABLE reminders_message DROP CONSTRAINT IF EXISTS message_once")
        editor.add_constraint(Message, once)


def chased(folder, **options):
    stage = scene.build(A_SHORT_ONE.courses, timezone.now())
    return running.run(stage, A_SHORT_ONE, folder, servers.Borrowed(database_url()), **options)


def test_nothing_is_lost_doubled_or_sent_in_vain(transactional_db, folder):
    run = chased(folder)
    assert {name for name, count in run.verdict.wrong.items() if count} == set()
    assert len(run.kills) >= A_SHORT_ONE.kills


def test_without_the_key_the_same_promises_are_kept_twice(protections_come_back, folder):
    run = chased(folder, without="key")
    assert run.verdict.wrong["promised twice"] > 0
    assert run.verdict.wrong["sent twice with nobody interrupted"] > 0
