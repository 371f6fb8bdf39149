"""The calendar in a real Chromium: dragged, resized, refused, live, by keyboard, on a phone, in another zone."""

import datetime as dt
import re
from uuid import uuid4

import pytest
import time_machine
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import expect

from clinic.tests.browser.looking import Looker, complaints, enter, log_in, settle, shoot
from clinic.tests.processes import until
from conftest import NOW
from patients.tests.factories import clear_interview, interview, patient
from treatments.schedule import actions
from treatments.schedule.away import absences
from treatments.schedule.equipment import devices_of
from treatments.schedule.models import Device, DeviceKind, Requirement, Session
from treatments.schedule.rules import Slot
from treatments.schedule.tests.factories import confirmed_course, room, working_hours
from treatments.schedule.tests.test_absences import away

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BOTH = ("light", "dark")
BOX = "which => document.querySelector(which)?.getBoundingClientRect().toJSON()"
# For how long a page means to wait before it asks again.
PAUSES = """window.pauses = [];
const later = setTimeout;
window.setTimeout = (what, wait = 0, ...more) => { pauses.push(wait); return later(what, wait, ...more); };"""
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
TUESDAY = NOW + DAY
LONG = "Wolfeschlegelsteinhausenbergerdorff-Szczęśniewicz-Konstantopoulou von und zu Hohenstein-Sonderburg"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def clinic(doctor, nurse):
    """Two practitioners and two rooms."""
    working_hours(doctor)
    working_hours(nurse, starts=dt.time(9), ends=dt.time(17))
    return [room(), room("Room 2")]


def booked(by, starts_at, where, *, who=None, **named):
    course = confirmed_course(by=by, sessions=1, **({"patient": named["patient"]} if named else {}))
    slot = Slot(1, starts_at, where.pk, (who or by).pk)
    return actions.book_course(course, [slot], by=by, at=NOW, key=uuid4())[0]


@pytest.fixture
def session(doctor, clinic):
    """A session on Tuesday from 10:00 to 11:15."""
    return booked(doctor, TUESDAY.replace(hour=10, minute=0), clinic[0])


@pytest.fixture
def busy(doctor, nurse, clinic, clinic_admin, session):
    """A Tuesday with everything that a day can show."""
    booked(nurse, TUESDAY.replace(hour=12), clinic[1])
    held = booked(nurse, TUESDAY.replace(hour=14, minute=0), clinic[1])
    interview(held.course.patient, by=doctor, answers={"pregnancy": "current"})
    long = patient(by=doctor, name=LONG)
    clear_interview(long, by=doctor)
    squeezed = booked(doctor, TUESDAY.replace(hour=13, minute=0), clinic[0], patient=long)
    squeezed.reservations.update(squeezed=True, squeezed_by=nurse, squeeze_reason="no other day")
    away(nurse, TUESDAY.replace(hour=9, minute=0), TUESDAY.replace(hour=11, minute=0), by=clinic_admin)


def calendar(page, base, query):
    page.goto(f"{base}/schedule/?{query}")
    expect(page.locator(".ec-main")).to_be_visible()
    settle(page)


def block(page, session):
    return page.locator(f".ec-event.session-{session.pk}").first


def place(page, session):
    """Where the session stands. The calendar draws it anew now and then: it is looked for until it is there."""

    def seen():
        box = page.evaluate(BOX, f".ec-event.session-{session.pk}")
        return box if box and box["height"] else None

    return until(seen)


def stands(page, session, y) -> bool:
    """Does it stand at `y`, or come to, at its head?"""
    return until(lambda: abs(place(page, session)["y"] - y) < 3)


def point(page, column, clock):
    """Where `clock` (hours) is in the so-and-so-many-th column."""
    day = page.locator(".ec-body .ec-day").nth(column).bounding_box()
    return day["x"] + day["width"] / 2, day["y"] + (clock - 8) * 72


def drag(page, session, column, clock):
    """With a real mouse: take the session by its head and let go of it elsewhere."""
    box = place(page, session)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 2)
    page.mouse.down()
    x, y = point(page, column, clock)
    page.mouse.move(x, y - 40, steps=4)
    page.mouse.move(x, y + 2, steps=4)
    page.mouse.up()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_session_is_dragged_to_another_practitioner_and_time_once_the_server_said_what_follows(
    page, live_server, front_desk, nurse, session
):
    look = Looker(page)
    log_in(page, live_server.url, front_desk)
    calendar(page, live_server.url, "day=2026-11-24")
    drag(page, session, 1, 13)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("13:00")
    expect(dialog).to_contain_text("Natalia")
    session.refresh_from_db()
    assert session.version == 1
    look("calendar-dialog", schemes=BOTH)
    dialog.get_by_role("button", name="Move the session").click()
    expect(dialog).not_to_be_visible()
    expect(block(page, session)).to_contain_text("13:00–14:15")
    expect(page.locator("#listed")).to_contain_text("13:00–14:15")
    session.refresh_from_db()
    assert (session.starts_at, session.practitioner, session.version) == (
        TUESDAY.replace(hour=13, minute=0),
        nurse,
        2,
    )
    assert not look.found, "\n".join(look.found)


def test_a_session_is_made_longer_at_its_lower_edge(page, live_server, front_desk, session):
    log_in(page, live_server.url, front_desk)
    calendar(page, live_server.url, "day=2026-11-24")
    box = place(page, session)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] - 3
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 20, steps=4)
    page.mouse.move(x, y + 36, steps=4)
    page.mouse.up()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("11:45")
    dialog.get_by_role("button", name="Move the session").click()
    expect(block(page, session)).to_contain_text("10:00–11:45")
    session.refresh_from_db()
    assert session.added_minutes == 30


def test_what_cannot_be_is_said_in_words_and_goes_back(
    page, live_server, front_desk, doctor, clinic, session
):
    other = booked(doctor, TUESDAY.replace(hour=14, minute=0), clinic[1])
    log_in(page, live_server.url, front_desk)
    calendar(page, live_server.url, "day=2026-11-24")
    drag(page, session, 0, 14)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(dialog.get_by_role("button", name="Move the session")).to_have_count(0)
    shoot(page, "calendar-refused")
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    at = point(page, 0, 10)[1]
    assert stands(page, session, at)
    drag(page, session, 1, 15)
    dialog.get_by_role("button", name="Leave it as it was").click()
    expect(dialog).not_to_be_visible()
    assert stands(page, session, at)
    assert {row.version for row in (session, other) if row.refresh_from_db() is None} == {1}


def test_in_a_week_it_goes_to_another_day_and_in_a_room_column_to_another_room(
    page, live_server, front_desk, clinic, session
):
    log_in(page, live_server.url, front_desk)
    calendar(page, live_server.url, "day=2026-11-24&show=week")
    drag(page, session, 3, 12)
    expect(page.get_by_role("dialog")).to_contain_text("26 Nov")
    page.get_by_role("dialog").get_by_role("button", name="Move the session").click()
    expect(block(page, session)).to_contain_text("12:00–13:15")
    calendar(page, live_server.url, "day=2026-11-26&by=room")
    drag(page, session, 1, 12)
    page.get_by_role("dialog").get_by_role("button", name="Move the session").click()
    expect(page.locator(f"#session-{session.pk}")).to_contain_text("Room 2")
    session.refresh_from_db()
    assert (session.starts_at, session.room) == (NOW.replace(day=26, hour=12, minute=0), clinic[1])


def test_it_goes_to_another_device_and_to_a_free_room_where_only_the_room_is_taken(
    page, live_server, front_desk, doctor, nurse, clinic
):
    look = Looker(page)
    course = confirmed_course(by=doctor, sessions=1)
    kind = DeviceKind.objects.create(name="Gun")
    Requirement.objects.create(technique=course.technique, kind=kind)
    guns = [Device.objects.create(kind=kind, name=name) for name in ("Gun 1", "Gun 2")]
    Device.objects.create(kind=DeviceKind.objects.create(name="Laser"), name="Laser")
    slot = Slot(1, TUESDAY.replace(hour=10, minute=0), clinic[0].pk, doctor.pk)
    [session] = actions.book_course(course, [slot], by=doctor, at=NOW, key=uuid4())
    booked(nurse, TUESDAY.replace(hour=14, minute=0), clinic[0])
    log_in(page, live_server.url, front_desk)
    calendar(page, live_server.url, "day=2026-11-24&by=device")
    dialog = page.get_by_role("dialog")
    drag(page, session, 2, 12)
    expect(dialog).to_contain_text("not done with this device")
    look("calendar-other-kind", schemes=BOTH)
    calendar(page, live_server.url, "day=2026-11-24&by=device")
    drag(page, session, 1, 12)
    expect(dialog).to_contain_text("with Gun 2 instead of Gun 1")
    look("calendar-other-device", schemes=BOTH)
    dialog.get_by_role("button", name="Move the session").click()
    expect(dialog).not_to_be_visible()
    assert devices_of([session]) == {session.pk: [guns[1].name]}
    calendar(page, live_server.url, "day=2026-11-24")
    drag(page, session, 0, 14)
    expect(dialog).to_contain_text("Room 2")
    expect(dialog).to_contain_text("another room")
    look("calendar-other-room", schemes=BOTH)
    dialog.get_by_role("button", name="Move the session").click()
    expect(dialog).not_to_be_visible()
    session.refresh_from_db()
    assert session.room == clinic[1]
    assert not look.found, "\n".join(look.found)


def test_a_day_on_which_nobody_works_is_no_empty_grid(page, live_server, front_desk, clinic):
    look = Looker(page)
    log_in(page, live_server.url, front_desk)
    page.goto(f"{live_server.url}/schedule/?day=2026-11-29")
    expect(page.get_by_text("Nobody is at work on this day.")).to_be_visible()
    expect(page.locator("#calendar")).not_to_be_visible()
    look("calendar-nobody", schemes=BOTH)
    calendar(page, live_server.url, "day=2026-11-24")
    expect(page.locator("#nobody")).not_to_be_visible()
    assert not look.found, "\n".join(look.found)


def test_what_is_past_or_performed_stays_where_it_is(page, live_server, front_desk, doctor, clinic, session):
    Session.objects.filter(pk=session.pk).update(state="performed")
    log_in(page, live_server.url, front_desk)
    calendar(page, live_server.url, "day=2026-11-24")
    box = place(page, session)
    page.mouse.move(box["x"] + 40, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 40, box["y"] + 200, steps=5)
    assert page.locator(".ec-preview").count() == 0
    page.mouse.up()
    expect(page.get_by_role("dialog")).not_to_be_visible()


def test_a_click_opens_the_session(page, live_server, front_desk, session):
    log_in(page, live_server.url, front_desk)
    calendar(page, live_server.url, "day=2026-11-24")
    block(page, session).click(position={"x": 60, "y": 5})
    page.wait_for_url(f"**/schedule/sessions/{session.pk}/")


def test_all_the_same_by_keyboard_through_the_list(page, live_server, front_desk, session):
    log_in(page, live_server.url, front_desk)
    calendar(page, live_server.url, "day=2026-11-24")
    enter(page, page.get_by_label("How much").get_by_role("link", name="Week"))
    page.wait_for_url("**show=week**")
    settle(page)
    reached = "#calendar :is(a, button, [tabindex]:not([tabindex='-1']))"
    expect(page.locator(reached)).to_have_count(0)
    enter(page, page.get_by_role("link", name=re.compile("Move.*Ana")))
    page.wait_for_url("**/move/**")
    page.go_back()
    enter(page, page.get_by_role("link", name=re.compile("Cancel.*Ana")))
    expect(page.get_by_label("Reason")).to_be_visible()


def test_without_javascript_the_list_is_the_page(new_context, live_server, front_desk, session):
    page = new_context(java_script_enabled=False).new_page()
    log_in(page, live_server.url, front_desk)
    page.goto(f"{live_server.url}/schedule/?day=2026-11-24&show=week")
    expect(page.locator("#calendar")).not_to_be_visible()
    expect(page.get_by_role("link", name="10:00–11:15")).to_be_visible()


def test_what_another_person_does_appears_within_five_seconds_and_keeps_nobody_logged_in(
    page, new_context, live_server, front_desk, doctor, nurse, clinic, session
):
    log_in(page, live_server.url, front_desk)
    page.add_init_script(PAUSES)
    calendar(page, live_server.url, "day=2026-11-24")
    page.evaluate("window.stayed = true")
    key = next(one["value"] for one in page.context.cookies() if "session" in one["name"])
    clock = SessionStore(session_key=key)["clock"]
    other = new_context().new_page()
    log_in(other, live_server.url, nurse)
    calendar(other, live_server.url, "day=2026-11-24")
    page.get_by_role("link", name=re.compile("Move.*Ana")).focus()
    mine = booked(doctor, TUESDAY.replace(hour=15, minute=0), clinic[1])
    for one in (page, other):
        expect(block(one, mine)).to_contain_text("15:00–16:15")
        expect(one.locator("#listed")).to_contain_text("15:00–16:15")
    expect(page.get_by_role("link", name=re.compile("Move.*Ana")).first).to_be_focused()
    interview(mine.course.patient, by=doctor, answers={"pregnancy": "current"})
    expect(block(page, mine)).to_contain_text("Held")
    mine.refresh_from_db()
    actions.cancel_session(mine, reason="ill", version=mine.version, by=nurse, at=NOW)
    expect(page.locator(f".ec-event.session-{mine.pk}")).to_have_count(0)
    absences.ill_today(nurse, by=doctor, at=TUESDAY)
    expect(page.locator(".ec-bg-event.is-away")).to_be_visible()
    assert page.evaluate("window.stayed")
    assert 0 < max(page.evaluate("pauses")) <= 4000  # milliseconds: a slow machine takes as long as it takes
    assert SessionStore(session_key=key)["clock"] == clock
    SessionStore(session_key=key).delete()
    page.wait_for_url("**/accounts/login/**")


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
def test_times_are_the_clinics_in_every_zone(new_context, live_server, front_desk, session, zone):
    page = new_context(timezone_id=zone).new_page()
    log_in(page, live_server.url, front_desk)
    calendar(page, live_server.url, "day=2026-11-24")
    assert stands(page, session, point(page, 0, 10)[1])
    drag(page, session, 0, 12)
    expect(page.get_by_role("dialog")).to_contain_text("12:00")
    page.get_by_role("dialog").get_by_role("button", name="Move the session").click()
    expect(block(page, session)).to_contain_text("12:00–13:15")
    session.refresh_from_db()
    assert session.starts_at == TUESDAY.replace(hour=12, minute=0)


def at_night(session, moment):
    """The session as if it had been booked for that moment, whatever the hours of the clinic."""
    later = moment - session.starts_at
    for row in session.reservations.all():
        row.period = (row.starts_at + later, row.ends_at + later)
        row.save(update_fields=["period"])
    Session.objects.filter(pk=session.pk).update(starts_at=moment, ends_at=session.ends_at + later)


@pytest.mark.parametrize(
    ("day", "moment", "clock", "said", "zone"),
    [
        (
            "2027-10-31",
            dt.datetime(2027, 10, 31, 1, 30, tzinfo=dt.UTC),
            2.5,
            "02:30 CET–03:45",
            "Europe/Warsaw",
        ),
        (
            "2027-10-31",
            dt.datetime(2027, 10, 31, 0, 30, tzinfo=dt.UTC),
            2.5,
            "02:30 CEST",
            "America/New_York",
        ),
        ("2027-03-28", dt.datetime(2027, 3, 28, 0, 30, tzinfo=dt.UTC), 1.5, "01:30–03:45", "Europe/Warsaw"),
        (
            "2027-03-14",
            dt.datetime(2027, 3, 14, 1, 30, tzinfo=dt.UTC),
            2.5,
            "02:30–03:45",
            "America/Los_Angeles",
        ),
    ],
    ids=[
        "the second half past two",
        "the first",
        "before the missing hour",
        "the browser's own missing hour",
    ],
)
def test_nights_in_which_a_clock_changes_lose_and_shift_nothing(
    new_context, live_server, front_desk, session, day, moment, clock, said, zone
):
    at_night(session, moment)
    page = new_context(timezone_id=zone).new_page()
    log_in(page, live_server.url, front_desk)
    calendar(page, live_server.url, f"day={day}&by=room")
    page.locator(".ec-main").evaluate("main => main.scrollTop = 0")
    expect(block(page, session)).to_contain_text(said)
    column = page.locator(".ec-body .ec-day").first.bounding_box()
    box = place(page, session)
    assert abs(box["y"] - column["y"] - 72 * (clock - int(clock))) < 3
    assert abs(box["height"] - 90) < 3
    page.mouse.move(box["x"] + 60, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 60, steps=4)
    page.mouse.move(box["x"] + 60, column["y"] + 72 * (6 - int(clock)) + 2, steps=4)
    page.mouse.up()
    expect(page.get_by_role("dialog").locator(".to")).to_contain_text("06:00–07:15")


def test_look(page, live_server, doctor, front_desk, busy):
    look = Looker(page)
    log_in(page, live_server.url, doctor)
    for name, query in (
        ("day", "day=2026-11-24"),
        ("day-room", "day=2026-11-24&by=room"),
        ("week", "day=2026-11-24&show=week"),
        ("week-all", "day=2026-11-24&show=week&who=0"),
    ):
        calendar(page, live_server.url, query)
        look(f"calendar-{name}", schemes=BOTH)
    page.goto(f"{live_server.url}/schedule/?day=2026-11-24&show=month")
    look("calendar-month", schemes=BOTH)
    assert not look.found, "\n".join(look.found)


def test_free_time_for_a_course_is_highlighted_and_a_click_proposes_it(
    page, live_server, front_desk, doctor, clinic
):
    course = confirmed_course(by=doctor, sessions=2)
    look = Looker(page)
    log_in(page, live_server.url, front_desk)
    page.goto(f"{live_server.url}/schedule/courses/{course.pk}/book/")
    page.get_by_role("link", name="See it in the calendar").click()
    expect(page.locator(".ec-bg-event.is-free").first).to_be_visible()
    look("calendar-free", schemes=BOTH)
    page.mouse.click(*point(page, 3, 11))
    page.wait_for_url("**/book/?slot-1=**")
    expect(page.locator("#slot-1")).to_contain_text("11:00–12:15")
    assert not look.found, "\n".join(look.found)


def test_on_a_phone_the_list_comes_first_and_one_column_fills_the_calendar(
    new_context, live_server, doctor, busy
):
    page = new_context(viewport={"width": 390, "height": 844}, color_scheme="dark").new_page()
    log_in(page, live_server.url, doctor)
    calendar(page, live_server.url, "day=2026-11-24")
    listed, drawn = (page.locator(one).bounding_box() for one in ("#listed", "#calendar"))
    assert listed["y"] < drawn["y"]
    assert page.locator(".ec-body .ec-day").first.bounding_box()["width"] > 250
    shoot(page, "calendar-on-a-phone")
    assert complaints(page) == []
