"""Sessions put elsewhere: five at once when somebody is ill, one that others follow, two that swap, a gap closed."""

import datetime as dt

import pytest
import time_machine
from playwright.sync_api import expect

from clinic.tests.browser.looking import Looker, answered, enter, log_in
from clinic.tests.browser.test_absences import BOTH
from conftest import NOW
from treatments.schedule import actions
from treatments.schedule.models import Session
from treatments.schedule.rules import Slot
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_absences import wrong

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def five(doctor, nurse):
    """Five sessions of five patients today with the nurse; the doctor could treat too, but for the first hours."""
    factories.nurses_alone()
    factories.working_hours(nurse)
    factories.working_hours(doctor, starts=dt.time(13))
    room = factories.room()
    for n in range(5):
        course = factories.confirmed_course(by=nurse, sessions=1)
        slot = Slot(1, NOW + n * dt.timedelta(minutes=90) + dt.timedelta(minutes=30), room.pk)
        key = factories.uuid.uuid4()
        actions.book_course(course, [slot], practitioner=nurse, by=nurse, at=NOW, key=key)


@pytest.fixture
def course(doctor):
    """A whole course, every 21 days at ten."""
    factories.working_hours(doctor, weekdays=range(1, 8))
    row = factories.confirmed_course(by=doctor)
    factories.booked(
        row, factories.room("Behandlungszimmer mit Aussicht auf den Garten"), practitioner=doctor
    )
    return row


def test_a_practitioner_is_ill_and_five_sessions_are_re_planned_at_once_by_keyboard(
    page, live_server, front_desk, five
):
    look = Looker(page)
    log_in(page, live_server.url, front_desk)
    page.goto(f"{live_server.url}/schedule/")
    enter(page, page.get_by_role("button", name="Natalia is ill"))
    enter(page, page.get_by_role("link", name="Find all of them another time"))
    expect(page.locator("fieldset.replan")).to_have_count(5)
    look("replan", schemes=BOTH)
    last = page.locator("fieldset.replan").last
    last.get_by_role("radio", checked=True).press("ArrowDown")  # somebody else, at the same time
    enter(page, page.get_by_role("button", name="Move what is chosen"))
    expect(page.get_by_text("5 sessions are moved.")).to_be_visible()
    expect(page.get_by_text("No session stands in it")).to_be_visible()
    rows = Session.objects.booked().order_by("pk")
    assert [row.practitioner.name for row in rows] == ["Natalia"] * 4 + ["Dorota"]
    assert rows.filter(starts_at__date=NOW.date()).count() == 1
    assert wrong() == []
    assert not look.found, "\n".join(look.found)


def test_a_session_moves_and_the_later_ones_follow(page, live_server, front_desk, course):
    look, second = Looker(page), course.sessions.get(number=2)
    log_in(page, live_server.url, front_desk)
    page.goto(f"{live_server.url}/schedule/sessions/{second.pk}/")
    enter(page, page.get_by_role("link", name="Move it"))
    page.wait_for_url("**/move/**")
    with answered(page, r"/move/\?"):
        page.get_by_label("Around").fill((second.starts_at + 13 * DAY).date().isoformat())
    with answered(page, r"/move/\?"):
        enter(page, page.get_by_role("button", name="Show times"))
    expect(page.get_by_text("later sessions follow").first).to_be_visible()
    look("move-followed")
    page.locator("input[name=to]").first.press("Space")
    enter(page, page.get_by_role("button", name="Move the session"))
    expect(page.get_by_role("heading", name="1 later session has to follow")).to_be_visible()
    look("move-word", schemes=BOTH)
    enter(page, page.get_by_role("button", name="Move these 2 sessions"))
    expect(page.get_by_text("2 sessions are moved.")).to_be_visible()
    assert list(course.sessions.order_by("number").values_list("version", flat=True)) == [1, 2, 2, 1, 1]
    assert not look.found, "\n".join(look.found)


def test_two_sessions_swap(page, live_server, front_desk, doctor, course):
    look, first = Looker(page), course.sessions.get(number=1)
    other = factories.confirmed_course(by=doctor, sessions=1)
    [theirs] = factories.booked(other, first.room, practitioner=doctor, hour=14)
    log_in(page, live_server.url, front_desk)
    page.goto(f"{live_server.url}/schedule/sessions/{first.pk}/")
    look("session-to-move")
    enter(page, page.get_by_role("link", name="Swap it"))
    expect(page.get_by_role("link", name="See what it means")).to_be_visible()
    look("swap", schemes=BOTH)
    enter(page, page.get_by_role("link", name="See what it means"))
    expect(page.get_by_role("heading", name="What would change")).to_be_visible()
    look("swap-word", schemes=BOTH)
    enter(page, page.get_by_role("button", name="Swap these two"))
    expect(page.get_by_text("The two sessions have changed places.")).to_be_visible()
    theirs.refresh_from_db()
    assert theirs.starts_at == first.starts_at
    assert not look.found, "\n".join(look.found)


def test_a_session_is_cancelled_and_the_gap_closed(page, live_server, front_desk, course):
    look, third = Looker(page), course.sessions.get(number=3)
    log_in(page, live_server.url, front_desk)
    page.goto(f"{live_server.url}/schedule/sessions/{third.pk}/")
    page.get_by_text("Cancel this session").click()
    page.get_by_label("Reason").fill("On a journey")
    page.get_by_role("button", name="Cancel the session").click()
    expect(page.get_by_role("heading", name="The missing session, booked again")).to_be_visible()
    look("gap", schemes=BOTH)
    enter(page, page.get_by_role("button", name="Close the gap"))
    expect(page.get_by_text("The gap is closed: all sessions of the course are booked.")).to_be_visible()
    assert course.sessions.standing().count() == 5
    assert not look.found, "\n".join(look.found)
