"""The frame in a real browser: our rules for scripts and styles, light and dark, parts of pages, by keyboard."""

import pytest
from django.core.cache import cache
from playwright.sync_api import expect

from clinic.models import Room, User
from clinic.roles import Role
from clinic.tests.browser.looking import complaints
from conftest import person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = [
    "/staff/",
    "/staff/add/",
    "/rooms/",
    "/rooms/add/",
    "/settings/",
    "/access-log/",
    "/accounts/2fa/",
    "/nothing/",
]


@pytest.fixture
def admin():
    cache.clear()
    return person("Celina", Role.CLINIC_ADMIN, Role.DOCTOR)


@pytest.fixture
def house(page, live_server, admin):
    """A page in which the clinic admin has logged in by keyboard; whatever the browser complains about fails."""
    heard = []
    page.on("console", lambda said: heard.append(said.text) if "Security" in said.text else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.goto(f"{live_server.url}/accounts/login/")
    page.keyboard.press("Tab")
    page.get_by_label("Email").fill(admin.email)
    page.get_by_label("Password").fill("pw")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "login" not in address)
    yield page
    assert heard == []


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_light_and_dark_are_chosen_and_kept(house, live_server):
    house.emulate_media(color_scheme="light")
    house.goto(f"{live_server.url}/rooms/")
    light = background(house)
    house.locator("details.me > summary").click()
    house.get_by_label("Dark").check()
    dark = background(house)
    assert dark != light
    house.goto(f"{live_server.url}/rooms/")
    assert background(house) == dark
    assert 'data-bs-theme="dark"' in house.request.get(f"{live_server.url}/rooms/").text()
    house.locator("details.me > summary").click()
    house.get_by_label("Auto").check()
    assert background(house) == light
    house.emulate_media(color_scheme="dark")
    house.locator("html[data-bs-theme=dark]").wait_for()


def part(page, address, values):
    """Send a form by htmx from the rooms' page and put the answer in its place."""
    fields = "".join(f'<input name="{name}" value="{value}">' for name, value in values.items())
    target = 'hx-select="main form" hx-target="#part"'
    form = f'<form id="part" hx-post="{address}" {target}>{fields}<button>Go</button></form>'
    page.evaluate(
        "html => { document.querySelector('.page').innerHTML = html; htmx.process(document.body) }", form
    )
    with page.expect_response(lambda answer: address in answer.url) as answer:
        page.get_by_role("button", name="Go").click()
    return answer.value.status


def test_parts_of_pages_are_swapped_in_also_when_they_bring_bad_news(house, live_server):
    room = Room.objects.create(name="Blue", version=2)
    house.goto(f"{live_server.url}/rooms/")
    assert part(house, "/rooms/add/", {"name": "blue", "version": 1}) == 422
    house.get_by_text("There is a room of this name.").wait_for()
    assert part(house, f"/rooms/{room.pk}/", {"name": "Red", "version": 1}) == 409
    house.locator("#part input[name=name]").wait_for()
    assert house.locator("#part input[name=name]").input_value() == "Red"


def test_an_answer_that_cannot_be_shown_is_said_in_words(house, live_server):
    house.goto(f"{live_server.url}/rooms/")
    assert part(house, "/nothing/", {}) == 404
    house.get_by_text("That did not go through").wait_for()


def test_a_session_that_ended_leaves_the_page_and_says_so(house, live_server):
    house.goto(f"{live_server.url}/rooms/")
    house.context.clear_cookies(name="session")
    assert part(house, "/rooms/add/", {"name": "x"}) == 401
    house.get_by_text("You were logged out after a pause").wait_for()
    assert house.url == f"{live_server.url}/rooms/"


def test_what_was_typed_before_a_pause_is_sent_after_the_next_login(house, live_server, admin):
    house.clock.install()
    house.goto(f"{live_server.url}/rooms/add/")
    house.get_by_label("Name").fill("Room with a view")
    house.context.clear_cookies(name="session")
    house.clock.fast_forward(6 * 60 * 1000)
    house.get_by_role("button", name="Save").click()
    house.get_by_text("You were logged out after a pause").wait_for()
    with house.context.expect_page() as opened:
        house.get_by_role("link", name="Log in again in another tab").click()
    opened.value.get_by_label("Email").fill(admin.email)
    opened.value.get_by_label("Password").fill("pw")
    opened.value.get_by_role("button", name="Log in").click()
    opened.value.wait_for_url(lambda address: "login" not in address)
    house.get_by_role("button", name="Save").click()
    house.get_by_text("Room with a view").first.wait_for()
    assert Room.objects.filter(name="Room with a view").count() == 1


def test_a_nurse_and_her_hours_are_added_without_javascript(new_context, live_server, admin):
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{live_server.url}/staff/add/")
    page.get_by_label("Email").fill(admin.email)
    page.get_by_label("Password").fill("pw")
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Name").fill("Natalia Nowak")
    page.get_by_label("E-mail").fill("natalia@clinic.example")
    page.get_by_label("Nurse").check(force=True)
    page.get_by_label("Cooperating doctor").select_option("Celina")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("link", name="Working hours of Natalia Nowak").press("Enter")
    page.get_by_label("Monday, from").first.fill("08:00")
    page.get_by_label("Monday, to").first.fill("16:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Working hours saved.")).to_be_visible()
    nurse = User.objects.get(email="natalia@clinic.example")
    assert [str(hours) for hours in nurse.working_hours.all()] == ["Monday 08:00–16:00"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_serious_and_nothing_is_cut_off(house, live_server, width, theme):
    long = person("Wolfeschlegelsteinhausenbergerdorff" * 3, Role.NURSE, Role.DOCTOR, Role.FRONT_DESK)
    Room.objects.create(name="عيادة الليزر", active=False)
    house.set_viewport_size({"width": width, "height": 900})
    house.emulate_media(color_scheme=theme)
    for address in [*PAGES, f"/staff/{long.pk}/", f"/staff/{long.pk}/hours/"]:
        house.goto(live_server.url + address)
        assert complaints(house) == [], address
