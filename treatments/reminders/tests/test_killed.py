"""A worker is killed when the mail server has the letter and the row does not say so: once more, and marked."""

import datetime as dt
import os
from contextlib import ExitStack

import pytest
from django.utils import timezone

from clinic.chaos.fleet import Fleet
from clinic.chaos.mailserver import KILL
from clinic.chaos.pace import QUICKEST
from clinic.chaos.servers import Broker, MailServer
from clinic.roles import Role
from clinic.tests.processes import database_url, until
from conftest import person
from treatments.reminders.models import Message
from treatments.reminders.tests.factories import reminder

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_quiet_hours"),
]


@pytest.fixture
def treacherous_mail(transactional_db, tmp_path):
    """A worker and a beat of their own on the test's database, and a mail server that kills who hands it a letter."""
    with ExitStack() as stack:
        broker, mail = Broker(tmp_path), MailServer(tmp_path, QUICKEST.answer)
        stack.callback(broker.close)
        stack.callback(mail.stop)
        mail.ails({KILL: 1})
        said = {"DATABASE_URL": database_url(), "REDIS_URL": broker.url, "EMAIL_URL": mail.url}
        fleet = Fleet(tmp_path, {**os.environ, **said, "MESSAGE_PACE": str(QUICKEST.times)})
        stack.callback(fleet.stop)
        fleet.start()
        yield mail


def test_killed_between_the_servers_yes_and_the_row_it_is_sent_once_more_with_the_same_id(treacherous_mail):
    now = timezone.now()
    useful = now + dt.timedelta(days=14)
    due = reminder(person("Dorota", Role.DOCTOR), due_at=now, try_at=now, not_after=useful)
    until(treacherous_mail.taken, seconds=90)
    due.refresh_from_db()
    assert (due.state, due.maybe_twice) == ("sending", False)
    treacherous_mail.ails({})
    until(lambda: Message.objects.filter(pk=due.pk, state="sent").exists(), seconds=90)
    first, second = treacherous_mail.taken()
    assert first["message_id"] == second["message_id"] == due.message_id
    assert first["pid"] != second["pid"]
    due.refresh_from_db()
    assert (due.maybe_twice, due.attempts) == (True, 2)
