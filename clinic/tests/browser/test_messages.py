"""Staff find a message that the mail server refused and have it tried again, by keyboard; and the pages around it."""

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.models import Clinic
from clinic.tests.browser.looking import Looker, enter, log_in, settle
from treatments.reminders import actions
from treatments.reminders.models import Answer, Message
from treatments.reminders.tests.factories import reminder, someone, ticked
from treatments.reminders.tests.smtp import MailServer

# The clock stands, so that no message is late because the machine is slow.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("on_the_day"),
    pytest.mark.django_db(transaction=True),
]
SCHEMES = ("light", "dark")
LONG = "Anna-Maximiliana Wiśniewska-Żółkiewska von und zu Lichtenstein-Hohenschwangau"
DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)


@pytest.fixture
def post_office(settings):
    """A mail server that refuses the first letter: this mailbox is not there."""
    server = MailServer()
    server.start()
    server.answers["RCPT"] = ["550 No such mailbox"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.hostname, server.port
    yield server
    server.stop()


def due(doctor, name, **fields):
    """A maintenance reminder whose moment has come."""
    at = timezone.now()
    moment = {"due_at": at - 5 * DAY, "try_at": at - 2 * MINUTE, "not_after": at + 30 * DAY}
    return reminder(doctor, patient=someone(doctor, name=name, phone="+48600100200"), **{**moment, **fields})


def ledger_of_all_kinds(doctor):
    """A believable ledger: every state, long names, thirty days of it."""
    at = timezone.now()
    left = {
        "sent_to": "ana.maximiliana.wisniewska@mail.example",
        "sent_subject": "A reminder from the clinic",
    }
    left["sent_text"] = "Hello Ana,\n\nit is time to think about your maintenance session.\n\n[personal link]"
    for day in range(28):
        moment = at - day * DAY - 3 * MINUTE
        late = (day % 5 + 1) * MINUTE
        due(doctor, f"Berta Bąk {day}", state="sent", due_at=moment - late, sent_at=moment, **left)
    for name, fields in {
        LONG: {"state": "bounced", "bounced_at": at, "why": "The mailbox does not exist (5.1.1)."},
        "Cyryl Cis": {"state": "delivered", "delivered_at": at, "maybe_twice": True},
    }.items():
        due(doctor, name, sent_at=at - MINUTE, **left, **fields)
    due(doctor, "Dora Dąb", state="suppressed", why="A session is booked.")
    due(doctor, "Edda Ewa", state="expired", why="It could not be sent while it was still useful.")
    due(doctor, "Filip Fal", channel="sms", attempts=3, why="The gateway cannot be reached.")


def test_a_refused_message_is_found_and_sent_after_all_by_keyboard(
    page, live_server, front_desk, doctor, post_office
):
    look, base = Looker(page), live_server.url
    log_in(page, base, front_desk)
    page.goto(f"{base}/messages/")
    look("messages-empty", schemes=SCHEMES)
    ticked(timezone.now())
    midnight = {"quiet_from": dt.time(0), "quiet_until": dt.time(0)}  # at whatever hour this runs
    Clinic.objects.update_or_create(pk=1, defaults=midnight)
    message = due(doctor, LONG)
    assert actions.deliver(message.pk, at=timezone.now()) == "failed"
    assert post_office.letters == []

    enter(page, page.get_by_role("link", name="Messages"))
    enter(page, page.get_by_role("link", name="One message failed or came back"))
    expect(page.get_by_label("State")).to_have_value("retriable")
    look("messages-failed", schemes=SCHEMES)
    again = page.get_by_role("button", name="Try again")
    for _ in range(60):
        if again.evaluate("button => button === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(again).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Goes out within minutes")).to_be_visible()
    expect(page.get_by_text("Felicja wanted it tried again")).to_be_visible()

    assert actions.deliver(message.pk, at=timezone.now()) == "sent"
    assert [letter["To"] for letter in post_office.letters] == [message.patient.email]
    page.goto(f"{base}/messages/?state=sent")
    page.get_by_role("link", name=LONG).click()
    page.wait_for_url("**/messages/of/**")
    page.get_by_text("What was sent").click()
    expect(page.get_by_text("It is time to think about your maintenance session")).to_be_visible()
    look("messages-patient", schemes=SCHEMES)
    assert look.found == []


def test_the_filter_narrows_while_typing(page, live_server, front_desk, doctor):
    log_in(page, live_server.url, front_desk)
    due(doctor, "Zofia Zając")
    due(doctor, LONG)
    addresses: list[str] = []
    page.on("request", lambda asked: addresses.append(asked.url))
    page.goto(f"{live_server.url}/messages/")
    page.get_by_label("Patient").press_sequentially("zaj", delay=30)
    expect(page.locator("#ledger .filter-said bdi")).to_have_text("Patient: zaj")  # no part of it
    expect(page.locator("#ledger li")).to_have_count(1)
    page.reload()
    expect(page.get_by_label("Patient")).to_have_value("zaj")
    expect(page.locator("#ledger li")).to_have_count(1)
    page.get_by_label("Patient").fill("")
    expect(page.locator("#ledger li")).to_have_count(2)
    page.get_by_label("Kind").select_option("booked")
    expect(page.get_by_text("No message fits")).to_be_visible()
    expect(page).to_have_url(re.compile("kind=booked"))  # what is shown can be sent to somebody
    settle(page)
    page.go_back()
    expect(page.locator("#ledger li")).to_have_count(2)
    expect(page.get_by_label("Kind")).to_have_value("")
    settle(page)
    page.go_forward()
    expect(page.get_by_text("No message fits")).to_be_visible()
    expect(page.get_by_label("Kind")).to_have_value("booked")
    assert not [one for one in addresses if "zaj" in one]


def test_how_the_pages_look(page, live_server, front_desk, doctor):
    look, base = Looker(page), live_server.url
    log_in(page, base, front_desk)
    for address, name in (("maintenance/", "maintenance-empty"), ("charts/", "charts-empty")):
        page.goto(f"{base}/messages/{address}")
        look(name, schemes=SCHEMES)
    ledger_of_all_kinds(doctor)
    ticked(timezone.now())
    page.goto(f"{base}/messages/")
    look("messages", schemes=SCHEMES)
    actions.answer_recall(Message.objects.filter(state="delivered").get(), Answer.CALL_ME, at=timezone.now())
    page.goto(f"{base}/messages/maintenance/")
    expect(page.get_by_text("Wants a call", exact=True).last).to_be_visible()
    look("maintenance", schemes=SCHEMES)
    page.goto(f"{base}/messages/charts/")
    expect(page.locator("canvas")).to_have_count(3)
    look("charts", schemes=SCHEMES)
    page.get_by_text("The same as a table").click()
    look("charts-table", schemes=SCHEMES)
    ticked(timezone.now() - 8 * MINUTE)
    page.goto(f"{base}/patients/")
    expect(page.get_by_text("Messages are late.")).to_be_visible()
    look("late", schemes=SCHEMES)
    assert look.found == []
