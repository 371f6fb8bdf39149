"""What machines and terminals are told: health, numbers, the queue."""

import datetime as dt
import io
import re

import pytest
from django.core.cache import caches
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from clinic.models import Clinic
from treatments.reminders import actions, pulse, readiness
from treatments.reminders.context import lateness
from treatments.reminders.exposition import Metric, exposed
from treatments.reminders.models import Message
from treatments.reminders.tests.factories import reminder, ticked

pytestmark = pytest.mark.django_db
EVERYBODYS = "/accounts/2fa/"
TOKEN = "a-token-of-the-tests"
SAMPLE = re.compile(r'^(\w+)(?:\{((?:\w+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\\n]|\\["\\n])*)"')


@pytest.fixture(autouse=True)
def _nothing_kept():
    caches["process"].clear()


@pytest.fixture
def ticking():
    ticked(timezone.now())


@pytest.fixture
def overdue(doctor):
    past = timezone.now() - dt.timedelta(minutes=30)
    return reminder(doctor, due_at=past, try_at=past)


def parsed(text):
    """{(name, labels): value}, read as the format says; everything else is a mistake."""
    found = {}
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("# "):
            assert re.match(r"# (HELP \w+ .*|TYPE \w+ (gauge|counter))$", line)
            continue
        name, labels, value = SAMPLE.match(line).groups()
        unescaped = [
            (key, re.sub(r'\\(["\\n])', lambda m: "\n" if m[1] == "n" else m[1], said))
            for key, said in LABEL.findall(labels or "")
        ]
        found[name, tuple(unescaped)] = float(value)
    return found


def test_healthz_asks_nobody(client):
    with CaptureQueriesContext(connection) as asked:
        answer = client.get("/healthz")
    assert (answer.status_code, answer.text, len(asked)) == (200, "ok\n", 0)


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/metrics"])
def test_they_are_only_read(client, address):
    assert client.post(address).status_code == 405


def test_behind_tls_health_is_asked_without_it(client, settings, ticking):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200
    assert client.get("/metrics").status_code == 301


def test_ready_when_everything_works(client, ticking):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    said = answer.json()
    assert said.pop("last_tick_seconds") < 5
    assert said == {"ready": True, "reasons": [], "oldest_due_seconds": 0}


def test_not_ready_before_the_first_tick(client):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "never run" in answer.json()["reasons"][0]
    assert answer.json()["last_tick_seconds"] is None


def test_that_it_is_not_ready_is_no_error_of_the_program(client, caplog):
    client.get("/readyz")
    [said] = [one for one in caplog.records if one.name == "django.request"]
    assert (said.levelname, said.getMessage()[:10]) == ("WARNING", "Not ready:")


@pytest.mark.parametrize(
    ("minutes", "late"), [(1, False), (11, True)], ids=["just opened", "nobody ever sent"]
)
def test_before_the_first_tick_messages_are_late_once_somebody_could_have_sent_them(
    overdue, monkeypatch, minutes, late
):
    now = timezone.now()
    monkeypatch.setattr(pulse, "UP_SINCE", now - dt.timedelta(minutes=minutes))
    assert ("Messages are late." in readiness.readiness(now)["reasons"]) == late
    assert bool(lateness(now)) == late


def test_after_it_they_are_late_at_once(overdue, ticking, monkeypatch):
    monkeypatch.setattr(pulse, "UP_SINCE", timezone.now())
    assert lateness(timezone.now())


def test_not_ready_when_the_tick_stands_still_and_messages_are_late(client, overdue):
    ticked(timezone.now() - dt.timedelta(minutes=6))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert len(answer.json()["reasons"]) == 2
    assert 1800 <= answer.json()["oldest_due_seconds"] < 1860
    assert overdue.patient.name not in answer.text


def test_not_ready_when_the_broker_is_away(client, ticking, monkeypatch):
    monkeypatch.setattr(readiness.current_app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["The broker does not answer."])


def test_not_ready_when_the_database_is_away(client, monkeypatch):
    def away():
        raise OperationalError("could not connect to server at 10.1.2.3 as clinic")

    monkeypatch.setattr(readiness, "feel", away)
    monkeypatch.setattr(readiness.connection, "close", lambda: None)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["The database does not answer."])
    assert "10.1.2.3" not in answer.text


def test_asked_in_a_storm_it_looks_once(client, ticking):
    client.get("/readyz")
    with CaptureQueriesContext(connection) as asked:
        client.get("/readyz")
    assert len(asked) == 0


def test_what_was_tried_in_vain_is_as_late_as_it_was_due(doctor, overdue, at):
    Message.objects.update(try_at=timezone.now() + dt.timedelta(hours=1), attempts=1)
    assert pulse.feel().pulse.waits(timezone.now()) == dt.timedelta()
    Message.objects.update(attempts=2)
    assert pulse.feel().pulse.waiting_since == overdue.due_at


def test_the_pulse_is_read_from_indexes(doctor):
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "sort"):  # which one is cheaper depends on how much there is
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute("EXPLAIN " + pulse.ASK)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "message_due" in plan
    assert "message_tried_in_vain" in plan
    assert "Sort" not in plan


def test_the_clinic_says_how_long_it_waits(overdue):
    Clinic.objects.update_or_create(pk=1, defaults={"late_message_minutes": 45})
    assert pulse.feel().patience == dt.timedelta(minutes=45)


# the banner


@pytest.mark.parametrize("who", ["doctor", "nurse", "front_desk", "clinic_admin", "catalogue_admin"])
def test_staff_are_told_on_every_page_that_messages_are_late(as_, request, ticking, overdue, who):
    page = as_(request.getfixturevalue(who)).get(EVERYBODYS)
    assert "Messages are late." in page.text
    assert "30" in page.text
    assert ("state=due" in page.text) == (who != "catalogue_admin")


def test_and_that_the_tick_stands_still(as_, front_desk):
    ticked(timezone.now() - dt.timedelta(minutes=6))
    assert "Sending was last seen" in as_(front_desk).get(EVERYBODYS).text


@pytest.mark.parametrize("minutes", [0, 4])
def test_nothing_is_said_while_all_is_well(as_, front_desk, minutes):
    ticked(timezone.now() - dt.timedelta(minutes=minutes))
    assert "Messages are late" not in as_(front_desk).get(EVERYBODYS).text


def test_nobody_outside_is_told(client, overdue):
    assert "Messages are late" not in client.get("/accounts/login/").text


def test_it_costs_one_query(as_, front_desk):
    browser = as_(front_desk)
    browser.get(EVERYBODYS)
    with CaptureQueriesContext(connection) as asked:
        browser.get(EVERYBODYS)
    assert sum("reminders_heartbeat" in one["sql"] for one in asked) == 1


def test_and_in_earnest_one_every_few_seconds(as_, front_desk, ticking, overdue, settings):
    settings.NOTICE_KEPT_SECONDS = 5
    browser = as_(front_desk)
    with CaptureQueriesContext(connection) as asked:
        assert all("Messages are late." in browser.get(EVERYBODYS).text for _ in range(3))
    assert sum("reminders_heartbeat" in one["sql"] for one in asked) == 1


# the numbers


def read(client, token=TOKEN):
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize(
    ("is_set", "said"),
    [
        ("", ""),
        ("", "Bearer "),
        (TOKEN, ""),
        (TOKEN, TOKEN),
        (TOKEN, "Bearer ż"),
        (TOKEN, f"Bearer {TOKEN}x"),
    ],
)
def test_without_the_token_there_is_nothing(client, settings, is_set, said):
    settings.METRICS_TOKEN = is_set
    assert client.get("/metrics", headers={"Authorization": said}).status_code == 404


def test_being_logged_in_is_no_token(as_, clinic_admin, settings):
    settings.METRICS_TOKEN = TOKEN
    assert as_(clinic_admin).get("/metrics").status_code == 404


def test_the_numbers(client, settings, doctor, overdue, ticking):
    settings.METRICS_TOKEN = TOKEN
    at, day = timezone.now(), dt.timedelta(days=1)
    reminder(doctor, state="sent", sent_at=at, due_at=at - day, maybe_twice=True)
    reminder(doctor, state="sent", sent_at=at - 30 * day, due_at=at - 30 * day)
    reminder(doctor, state="bounced", sent_at=at, bounced_at=at, due_at=at - day, why="x")
    reminder(doctor, state="failed", due_at=at - day, why="x", channel="sms")
    answer = read(client)
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    found = parsed(answer.text)

    def recent(state, channel="email"):
        labels = (("state", state), ("kind", "maintenance"), ("channel", channel))
        return found.get(("clinic_messages", labels), 0)

    assert (recent("due"), recent("sent"), recent("bounced"), recent("failed", "sms")) == (1, 1, 1, 1)
    assert found["clinic_messages_sent_total", ()] == 3
    assert found["clinic_messages_failed_total", ()] == 2
    assert found["clinic_messages_maybe_twice_total", ()] == 1
    assert 1800 <= found["clinic_messages_oldest_due_seconds", ()] < 1860
    assert 0 <= found["clinic_messages_last_tick_seconds", ()] < 60
    assert overdue.patient.name not in answer.text


def test_trying_again_takes_nothing_off_the_counters(doctor, front_desk):
    at, later = timezone.now(), timezone.now() + dt.timedelta(days=1)
    rows = [
        reminder(doctor, state="bounced", sent_at=at, bounced_at=at, not_after=later, why="x"),
        reminder(doctor, state="failed", not_after=later, why="x"),
    ]
    before = Message.objects.counted_ever()
    for row in rows:
        actions.put_back(row, by=front_desk, at=at)
    assert Message.objects.counted_ever() == before == {"sent": 1, "failed": 2, "maybe_twice": 0}


def test_before_the_first_tick_there_is_no_age_of_it(client, settings):
    settings.METRICS_TOKEN = TOKEN
    found = parsed(read(client).text)
    assert ("clinic_messages_last_tick_seconds", ()) not in found
    assert found["clinic_messages_sent_total", ()] == 0


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_whatever_a_label_says_it_is_read_back(text, value):
    said = exposed([Metric("some", "gauge", "a\nb\\", [({"label": text}, value)])])
    assert parsed(said) == {("some", (("label", text),)): pytest.approx(value)}


# the terminal


def shown():
    out = io.StringIO()
    call_command("messages", stdout=out)
    return out.getvalue()


def test_the_queue_in_a_terminal(doctor, overdue, ticking):
    later = timezone.now() + dt.timedelta(days=1)
    failed = reminder(doctor, state="failed", not_after=later, why="The mail server refuses this (550).")
    said = shown()
    assert re.search(r"Waiting +1\n", said)
    assert re.search(r"Failed +1\n", said)
    assert "waits for 30 min" in said
    assert re.search(r"Last tick +\d s ago", said)
    assert re.search(rf"{failed.pk} +maintenance +email .*\(550\)", said)
    assert failed.patient.name not in said


def test_an_empty_queue_in_a_terminal():
    said = shown()
    assert "none is overdue" in said
    assert "never" in said
    assert "tried again" not in said


def test_many_failed_ones_are_cut_short(doctor, monkeypatch):
    monkeypatch.setattr("treatments.reminders.management.commands.messages.FAILED_SHOWN", 1)
    later = timezone.now() + dt.timedelta(days=1)
    for _ in range(2):
        reminder(doctor, state="failed", not_after=later, why="x")
    assert "and more" in shown()


def test_watching_ends_with_ctrl_c(monkeypatch):
    def pressed(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr("treatments.reminders.management.commands.messages.time.sleep", pressed)
    out = io.StringIO()
    call_command("messages", watch=True, stdout=out)
    assert "Last tick" in out.getvalue()
