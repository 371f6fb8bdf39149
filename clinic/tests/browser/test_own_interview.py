"""From the code on the desk's screen to "received", on a phone: with the keyboard, with scripts and without."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.tests.browser.looking import Looker, log_in, settle
from patients import actions, tokens
from patients.models import InterviewLink, Report
from patients.steps import steps
from patients.tests.factories import patient

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}
TOKEN = tokens.new()
SCHEMES = ("light", "dark")


@pytest.fixture
def ana(front_desk):
    return patient(
        by=front_desk, name="Anna-Maximiliana Wiśniewska-Żółkiewska von und zu Lichtenstein", called="Ania"
    )


@pytest.fixture
def code(page, live_server, front_desk, ana, settings, monkeypatch):
    """The desk has the code on its screen."""
    settings.BASE_URL = live_server.url
    monkeypatch.setattr(tokens, "new", lambda: TOKEN)
    log_in(page, live_server.url, front_desk)
    page.goto(f"{live_server.url}/patients/{ana.pk}/")
    page.get_by_role("button", name="Show a QR code").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    return page


@pytest.fixture
def open_phone(new_context, live_server):
    """`open_phone()` is a patient's phone on the page that asks for the date of birth."""

    def opened(**options):
        phone = new_context(viewport=PHONE, **options).new_page()
        phone.goto(f"{live_server.url}/interview/with/{TOKEN}/")
        return phone

    return opened


def prove(phone, day="2", month="5", year="1989"):
    for name, value in {"Day": day, "Month": month, "Year": year}.items():
        phone.get_by_label(name).fill(value)
    phone.get_by_role("button", name="Go on", exact=True).click()


def answer_part(phone, one):
    for fact in one.facts:
        phone.locator(f"#q-{fact.code} .choice", has_text=re.compile("^No$")).click()
    if one.allergies:
        phone.locator("#q-allergies .choice", has_text="None known").click()
    phone.get_by_role("button", name="Go on", exact=True).click()


def small_targets(phone):
    """What can be pressed and is less than 44 pixels high; a link inside a sentence may be."""
    pressed = "main :is(button, .choice, input, .part-head a, .notice-box a, summary)"
    found = (
        phone.locator(pressed).filter(visible=True).and_(phone.locator(":not(.choice input, .tick input)"))
    )
    return [
        f"{e['name']} {e['height']}"
        for e in found.evaluate_all(
            "all => all.map(e => ({name: e.outerHTML.slice(0, 80), height: e.getBoundingClientRect().height}))"
        )
        if e["height"] < 44
    ]


def test_the_whole_way_from_the_code_to_received(code, open_phone, ana):
    desk_looks = Looker(code)
    desk_looks("own-code", schemes=SCHEMES)
    phone = open_phone()
    look, small = Looker(phone), []

    def seen(name):
        look(f"own-{name}", schemes=SCHEMES)
        phone.set_viewport_size(PHONE)
        small.extend(small_targets(phone))

    assert phone.url.endswith("/interview/")
    prove(phone, year="1988")
    expect(phone.get_by_role("alert")).to_contain_text("4 more tries")
    seen("birth-date")
    prove(phone)
    expect(phone.get_by_role("heading", name="Hello Ania")).to_be_visible()
    seen("begin")
    phone.get_by_role("link", name="Start").click()
    parts = steps(ana)
    for one in parts:
        expect(phone.locator(".eyebrow")).to_have_text(f"Part {one.number} of {len(parts)}")
        if one.number in (1, 5):
            seen(f"part-{one.number}")
        if one.allergies:
            phone.locator("#q-allergies .choice", has_text="Yes, to these").click()
            phone.get_by_label("Allergy 1").fill("kiwi <b>")
            phone.get_by_text("Or choose from substances").click()
            seen("allergies")
            phone.get_by_label("Allergy 1").fill("")
        answer_part(phone, one)
    expect(phone.get_by_role("heading", name="Look through your answers")).to_be_visible()
    seen("review")
    phone.get_by_role("button", name="Sign and send").click()
    expect(phone.get_by_role("alert")).to_contain_text("Type your name")
    phone.get_by_label("Your name").fill("Anna W.")
    phone.get_by_role("button", name="Sign and send").click()
    expect(phone.get_by_role("heading")).to_contain_text("We have received your answers")
    seen("received")
    assert Report.objects.get().signature == "Anna W."
    code.get_by_role("link", name="Done").click()
    expect(code.locator("#reported")).to_contain_text("own answers are received")
    desk_looks("own-desk", schemes=SCHEMES)
    assert look.found + desk_looks.found == []
    assert small == []


def test_what_staff_see_of_it_at_both_widths_and_in_any_light(
    page, live_server, nurse, front_desk, clinic_admin, ana
):
    ana.email = "ana@mail.example"
    ana.save()
    now = timezone.now()
    link, _token = actions.show_code(ana, by=nurse, at=now)
    mailed = actions.send_link(ana, by=front_desk, at=now)
    InterviewLink.objects.filter(pk=mailed.pk).update(tries=5)
    look = Looker(page)
    log_in(page, live_server.url, front_desk)
    page.goto(f"{live_server.url}/patients/{ana.pk}/")
    expect(page.locator("#by-patient")).to_contain_text("closed after 5 wrong dates of birth")
    look("own-links", schemes=SCHEMES)
    no = {fact.code: {"state": "no"} for one in steps(ana) for fact in one.facts}
    none = {"substances": [], "texts": []}
    actions.save_answers(link.pk, asked=[], answers=no, allergies=none, asks_allergies=True, at=now)
    actions.submit_report(link.pk, signature="Anna <b>W.</b>", at=now)
    log_in(page, live_server.url, nurse)
    page.goto(f"{live_server.url}/patients/{ana.pk}/")
    expect(page.locator("#reported")).to_contain_text("Signed “Anna <b>W.</b>”")
    look("own-reported", schemes=SCHEMES)
    log_in(page, live_server.url, clinic_admin)
    page.goto(f"{live_server.url}/settings/")
    look("own-settings", schemes=SCHEMES)
    assert look.found == []


def test_it_keeps_itself_and_is_gone_on_with_on_another_phone(code, open_phone, ana):
    phone = open_phone()
    prove(phone)
    phone.get_by_role("link", name="Start").click()
    expect(phone.locator("#q-pregnancy")).to_be_visible()
    settle(phone)
    phone.locator("#q-pregnancy .choice", has_text="Not sure").click()
    expect(phone.locator("#kept")).to_contain_text("Kept")
    other = open_phone()
    prove(other)
    expect(other.get_by_text("Your answers so far are kept.")).to_be_visible()
    other.get_by_role("link", name="Go on", exact=True).click()
    expect(other.locator("#q-pregnancy [value=unsure]")).to_be_checked()
    a_save_under_way_goes_first(other, steps(ana)[0])


def a_save_under_way_goes_first(phone, part):
    """What the page keeps of itself is on its way when the person goes on: what is sent then waits for it."""
    saved, sent = [], []

    def note(route):
        if "hx-request" in route.request.headers:
            saved.append(route)
        else:
            sent.append(route.request.url)
            route.continue_()

    settle(phone)
    phone.route("**/interview/part/1/", note)
    with phone.expect_request("**/interview/part/1/"):
        phone.locator("#q-pregnancy .choice", has_text="Yes, now").click()
    answer_part(phone, part)
    assert sent == []
    saved[0].continue_()
    expect(phone.locator(".eyebrow")).to_have_text("Part 2 of 10")
    assert Report.objects.get().answers["pregnancy"]["state"] == "no"


def test_without_scripts_and_with_the_keyboard_alone(code, open_phone, ana):
    phone = open_phone(java_script_enabled=False)
    for typed in ("2", "5", "1989"):
        phone.keyboard.press("Tab")
        while phone.evaluate("document.activeElement.tagName") != "INPUT":
            phone.keyboard.press("Tab")
        phone.keyboard.type(typed)
    phone.keyboard.press("Enter")
    phone.get_by_role("link", name="Start").focus()
    phone.keyboard.press("Enter")
    phone.locator("#q-pregnancy input").first.focus()
    phone.keyboard.press("ArrowDown")
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("alert")).to_contain_text("Say when it ended")
    phone.get_by_label("date not known").first.press("Space")
    phone.get_by_role("button", name="Look through my answers").press("Enter")
    expect(phone.locator("#missing")).to_contain_text("questions are not answered")


def test_a_tablet_shows_the_interview_and_nothing_else(page, live_server, nurse, ana):
    log_in(page, live_server.url, nurse)
    page.goto(f"{live_server.url}/patients/{ana.pk}/")
    page.set_viewport_size({"width": 820, "height": 1180})
    page.get_by_role("button", name="On this tablet").click()
    expect(page.get_by_role("heading", name="Hello Ania")).to_be_visible()
    expect(page.locator("nav")).to_have_count(0)
    page.go_back()
    expect(page.locator("input[name=password]")).to_be_visible()
    page.goto(f"{live_server.url}/interview/")
    page.get_by_role("link", name="Start").click()
    for one in steps(ana):
        answer_part(page, one)
    page.get_by_label("Your name").fill("Ania")
    page.get_by_role("button", name="Sign and send").click()
    expect(page.get_by_text("Please hand the tablet back.")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading")).to_have_text("This link does not work any more.")


def test_a_link_that_opens_nothing_says_so_in_any_light(page, live_server, db):
    page.goto(f"{live_server.url}/interview/with/{TOKEN}x/")
    look = Looker(page)
    look("own-gone", schemes=SCHEMES)
    assert look.found == []
