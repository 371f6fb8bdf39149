"""The link of a letter on a phone: confirmed, given up, moved, answered and opted out, with scripts and without."""

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.models import Clinic
from clinic.tests.browser.looking import Looker
from patients.tests.factories import clear_interview, patient
from treatments.courses.tests.factories import course
from treatments.reminders.models import LinkPurpose, MessageWish, RecallAnswer
from treatments.reminders.tests import letters
from treatments.schedule.models import Session
from treatments.schedule.tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}
SCHEMES = ("light", "dark")
LONG = "Anna-Maximiliana Wiśniewska-Żółkiewska von und zu Lichtenstein"


@pytest.fixture
def sessions(doctor, settings, live_server):
    """Three sessions of one patient, every 21 days at ten, from in eight days on."""
    settings.BASE_URL = live_server.url
    fields = {"name": "Clinic Lipa", "address": "Lipowa 1\n30-001 Kraków", "phone": "+48 12 345 67 89"}
    Clinic.objects.update_or_create(pk=1, defaults=fields)
    factories.working_hours(doctor, weekdays=range(1, 8))
    at, who = timezone.now(), patient(by=doctor, name=LONG, called=LONG, email="ana@mail.example")
    clear_interview(who, doctor, at)
    row = course(by=doctor, at=at, patient=who, sessions=3)
    first = timezone.localdate(at) + dt.timedelta(days=8)
    return factories.booked(row, factories.room(), practitioner=doctor, at=at, first=first)


@pytest.fixture
def open_phone(new_context, live_server):
    """`open_phone(message)` is a phone on which the link of the letter was opened."""

    def opened(message, purpose=LinkPurpose.SESSION, **options):
        return follow(new_context(viewport=PHONE, **options).new_page(), live_server, message, purpose)

    return opened


def follow(page, live_server, message, purpose=LinkPurpose.SESSION):
    token = letters.token(message, purpose, at=timezone.now())
    page.goto(f"{live_server.url}/my/with/{token}/")
    assert token not in page.url
    return page


def state_of(session):
    return Session.objects.get(pk=session.pk)


def heading(page, name):
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_patient_confirms_moves_and_cancels_on_a_phone(open_phone, sessions, scripts):
    first = sessions[0]
    page = open_phone(letters.of_session(first, at=timezone.now()), java_script_enabled=scripts)
    page.get_by_role("button", name="Yes, I will come").click()
    expect(page.get_by_text("You confirmed it")).to_be_visible()
    assert state_of(first).confirmed_at
    page.get_by_role("link", name="Move it").click()
    heading(page, "Another time")
    page.locator("label.choice").last.click()
    page.get_by_role("button", name="Move it there").click()
    expect(page.get_by_text("You moved it here")).to_be_visible()
    moved = state_of(first)
    assert (moved.version, moved.confirmed_at) == (2, None)
    page.get_by_role("link", name="Cancel it").click()
    page.get_by_role("button", name="Yes, cancel it").click()
    expect(page.get_by_text("You cancelled it.")).to_be_visible()
    assert state_of(first).cancelled_by_patient
    if scripts:
        assert page.evaluate("localStorage.length") == 0


def test_two_of_a_family_answer_on_one_phone(open_phone, live_server, sessions, doctor):
    at = timezone.now()
    jan = patient(by=doctor, name="Jan Nowak", email="ana@mail.example")
    clear_interview(jan, doctor, at)
    row = course(by=doctor, at=at, patient=jan, sessions=1)
    day = timezone.localdate(at) + dt.timedelta(days=9)
    [his] = factories.booked(row, sessions[0].room, practitioner=doctor, at=at, first=day)
    hers = open_phone(letters.of_session(sessions[0], at=at))
    theirs = follow(hers.context.new_page(), live_server, letters.of_session(his, at=at))
    heading(theirs, "Hello Jan")
    hers.get_by_role("button", name="Yes, I will come").click()
    expect(hers.get_by_text("You confirmed it")).to_be_visible()
    heading(hers, f"Hello {LONG}")
    theirs.get_by_role("button", name="Yes, I will come").click()
    expect(theirs.get_by_text("You confirmed it")).to_be_visible()
    assert all(state_of(one).confirmed_at for one in (sessions[0], his))


def test_recalls_and_wishes_on_a_phone(open_phone, sessions):
    row = sessions[0].course
    recall = letters.letter(row.patient, "maintenance", course=row, at=timezone.now())
    page = open_phone(recall, LinkPurpose.RECALL)
    page.get_by_role("button", name="I would like to come").click()
    expect(page.get_by_text("We will call you")).to_be_visible()
    assert RecallAnswer.objects.get().answer == "call_me"
    page = open_phone(recall, LinkPurpose.WISHES)
    page.get_by_text("When the next maintenance is due").click()
    page.get_by_role("button", name="Keep this").click()
    expect(page.get_by_text("Kept. From now on")).to_be_visible()
    assert MessageWish.objects.standing(row.patient_id) == {"maintenance": False}


def test_the_pages_look_right_and_axe_finds_nothing(open_phone, live_server, sessions, doctor):
    at, row = timezone.now(), sessions[0].course
    page = open_phone(letters.of_session(sessions[0], at=at))
    look, base = Looker(page), page.url
    look("own-session", schemes=SCHEMES)
    page.get_by_role("link", name="Move it").click()
    heading(page, "Another time")
    look("own-move", schemes=SCHEMES)
    page.get_by_text("None of these suits").click()
    look("own-move-other-day")
    page.goto(base)
    page.get_by_role("link", name="Cancel it").click()
    expect(page.get_by_role("button", name="Yes, cancel it")).to_be_visible()
    look("own-cancel", schemes=SCHEMES)
    page.get_by_role("button", name="Yes, cancel it").click()
    expect(page.get_by_text("You cancelled it.")).to_be_visible()
    look("own-cancelled")
    follow(page, live_server, letters.of_course(row, sessions, at=at))
    look("own-sessions", schemes=SCHEMES)
    recall = letters.letter(row.patient, "maintenance", course=row, at=at)
    follow(page, live_server, recall, LinkPurpose.RECALL)
    look("own-recall", schemes=SCHEMES)
    page.get_by_role("button", name="Not this time").click()
    expect(page.get_by_role("button", name="Not this time")).to_have_count(0)
    look("own-recall-declined")
    follow(page, live_server, recall, LinkPurpose.WISHES)
    look("own-wishes", schemes=SCHEMES)
    page.goto(f"{live_server.url}/my/with/nothing/")
    look("own-gone")
    assert look.found == []
