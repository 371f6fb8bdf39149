"""A session is cancelled, its time is offered; a patient says yes on a phone, the desk sees it, the other is told."""

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.tests.browser.looking import Looker, log_in
from patients.tests.factories import clear_interview, patient
from treatments.courses.tests.factories import course
from treatments.reminders import actions as reminders
from treatments.reminders.models import Message
from treatments.schedule import tasks
from treatments.schedule.models import Session
from treatments.schedule.tests import factories

# The clock stands: what is told once it has settled must not come due because the machine is slow.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("on_the_day"),
    pytest.mark.django_db(transaction=True),
]
PHONE = {"width": 390, "height": 844}
SCHEMES = ("light", "dark")
LONG = "Anna-Maximiliana Wiśniewska-Żółkiewska von und zu Lichtenstein"


@pytest.fixture
def sessions(doctor, settings, live_server, monkeypatch):
    """Three patients, each with one session: in two, nine and sixteen days, at ten."""
    settings.BASE_URL = live_server.url
    monkeypatch.setattr(tasks.offer_time, "delay", lambda pk: None)  # no worker here: the tick does it
    factories.working_hours(doctor, weekdays=range(1, 8))
    room, at, found = factories.room(), timezone.now(), []
    for nth, name in enumerate(("Berta Bąk", LONG, "Cyryl Cis")):
        who = patient(by=doctor, name=name, email=f"p{nth}@mail.example", phone="+48600100200")
        clear_interview(who, doctor, at)
        row = course(by=doctor, at=at, patient=who, sessions=1)
        first = timezone.localdate(at) + dt.timedelta(days=2 + 7 * nth)
        found += factories.booked(row, room, practitioner=doctor, at=at, first=first)
    return found


def send_letters():
    at = timezone.now()
    return [reminders.deliver(pk, at=at) for pk in Message.objects.to_send(at, 99)]


def test_from_the_cancelled_session_to_the_yes_on_the_phone(
    page, new_context, live_server, front_desk, sessions, mailoutbox
):
    look, base = Looker(page), live_server.url
    log_in(page, base, front_desk)
    page.goto(base)
    page.get_by_role("link", name="Waiting list").click()
    expect(page.get_by_role("heading", name="Nobody waits")).to_be_visible()
    look("waiting-empty", schemes=SCHEMES)
    for session in sessions[1:]:
        page.goto(f"{base}/schedule/sessions/{session.pk}/")
        if session == sessions[1]:
            look("waiting-session", schemes=SCHEMES)
        page.get_by_role("link", name="Would like an earlier time").click()
        page.get_by_label("Not before").fill("08:00")
        if session == sessions[1]:
            look("waiting-add", schemes=SCHEMES)
        page.get_by_role("button", name="Put on the waiting list").click()
        expect(page.get_by_role("row", name=re.compile(session.course.patient.name))).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(3)
    look("waiting-list", schemes=SCHEMES)

    page.goto(f"{base}/schedule/sessions/{sessions[0].pk}/")
    page.get_by_text("Cancel this session").click()
    page.get_by_label("Reason").fill("moved away")
    page.get_by_role("button", name="Cancel the session").click()
    expect(page.get_by_text("Cancelled", exact=True).first).to_be_visible()
    tasks.tick()
    assert send_letters() == ["sent", "sent"]
    page.goto(f"{base}/waiting/")
    expect(page.get_by_text("held until")).to_be_visible()
    look("waiting-offers", schemes=SCHEMES)
    page.goto(f"{base}/schedule/courses/{sessions[0].course_id}/book/")
    expect(page.get_by_text("is held for the waiting list until")).to_be_visible()
    look("waiting-booking", schemes=SCHEMES)
    page.goto(f"{base}/waiting/")

    letter = next(one for one in mailoutbox if one.to == ["p2@mail.example"])
    phone = new_context(viewport=PHONE, java_script_enabled=False).new_page()
    phone.goto(re.search(r"http\S+/offer/\S+", letter.body)[0])
    expect(phone.get_by_text("This time has become free:")).to_be_visible()
    shown = new_context(viewport=PHONE).new_page()
    shown.goto(phone.url)
    own = Looker(shown)
    own("waiting-own", schemes=SCHEMES)
    phone.get_by_role("button", name="Yes, I take it").click()
    expect(phone.get_by_role("heading", name="It is yours.")).to_be_visible()
    assert Session.objects.get(pk=sessions[2].pk).starts_at == sessions[0].starts_at
    shown.reload()
    expect(shown.get_by_role("heading", name="This link does not work any more.")).to_be_visible()
    own("waiting-own-gone", schemes=SCHEMES)

    expect(page.get_by_text("Said yes")).to_be_visible()  # nobody has reloaded
    expect(page.get_by_text("Somebody else was faster")).to_be_visible()
    look("waiting-settled", schemes=SCHEMES)
    assert send_letters() == ["sent"]
    assert mailoutbox[-1].to == ["p1@mail.example"]
    assert "taken by somebody who answered before" in mailoutbox[-1].body
    other = next(one for one in mailoutbox if one.to == ["p1@mail.example"])
    shown.goto(re.search(r"http\S+/offer/\S+", other.body)[0])
    expect(shown.get_by_role("heading", name="This link does not work any more.")).to_be_visible()
    assert look.found + own.found == []
