"""What goes otherwise than booked, by keyboard: nobody comes, somebody is late, somebody is booked over others."""

import datetime as dt

import pytest
import time_machine
from playwright.sync_api import expect

from clinic.models import User
from clinic.tests.browser.looking import Looker, enter, log_in
from conftest import NOW
from treatments.schedule import actions
from treatments.schedule.models import Reservation, Session
from treatments.schedule.rules import Slot
from treatments.schedule.tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BOTH = ("light", "dark")
MINUTE = dt.timedelta(minutes=1)
LONG = "Wolfeschlegelsteinhausenbergerdorff-Szczęśniewicz-Konstantopoulou von und zu Hohenstein-Sonderburg"


@pytest.fixture
def three(nurse):
    """Three sessions today one after the other, the first at ten; somebody with a long name comes second."""
    factories.nurses_alone()
    factories.working_hours(nurse, weekdays=range(1, 8))
    room, found = factories.room(), []
    for n, many in enumerate((3, 1, 1)):
        course = factories.confirmed_course(by=nurse, sessions=many)
        start = NOW + (30 + 75 * n) * MINUTE
        slots = [Slot(1 + k, start + k * dt.timedelta(days=21), room.pk) for k in range(many)]
        key = factories.uuid.uuid4()
        found += actions.book_course(course, slots, practitioner=nurse, by=nurse, at=NOW, key=key)[:1]
    patient = found[1].course.patient
    patient.name = LONG
    patient.save(update_fields=["name"])
    return found


def more(page, session) -> None:
    """Unfold what else can be said of a session in the list of the day."""
    enter(page, page.locator(f"#session-{session.pk} summary"))


def test_nobody_came_and_somebody_is_late(page, live_server, front_desk, three):
    look, base = Looker(page), live_server.url
    first, second, third = three
    with time_machine.travel(NOW + 45 * MINUTE):
        log_in(page, base, front_desk)
        page.goto(f"{base}/schedule/")
        more(page, first)
        look("day-exceptions", schemes=BOTH)
        enter(page, page.locator(f"#session-{first.pk}").get_by_role("button", name="Did not come"))
        expect(page.get_by_role("heading", name="What follows")).to_be_visible()
        expect(page.get_by_text("are free again until 11:15")).to_be_visible()
        expect(page.get_by_role("link", name="Book the missed session")).to_be_visible()
        look("session-missed", schemes=BOTH)
        enter(page, page.get_by_role("button", name="Came after all"))
        expect(page.get_by_text("The session is booked as it was.")).to_be_visible()
        enter(page, page.get_by_role("button", name="Did not come"))
        enter(page, page.get_by_role("link", name="Book the missed session"))
        expect(page.get_by_role("heading", name="Proposals, the best first")).to_be_visible()
        page.goto(f"{base}{first.course.patient.get_absolute_url()}")
        expect(page.get_by_text("Did not come 1 time")).to_be_visible()
        look("patient-missed")
        page.goto(f"{base}/schedule/")
        more(page, second)
        enter(page, page.locator(f"#session-{second.pk}").get_by_role("link", name="Patient is late"))
        expect(page.get_by_text("meets").first).to_be_visible()
        expect(page.get_by_role("heading", name="Other free times today")).to_be_visible()
        look("late", schemes=BOTH)
        page.goto(f"{base}/schedule/sessions/{third.pk}/late/")
        enter(page, page.get_by_role("button", name="15 min late"))
        expect(page.get_by_text("The session is put off to")).to_be_visible()
        look("session-late")
    third.refresh_from_db()
    assert third.starts_at == NOW + (30 + 150 + 15) * MINUTE
    assert Session.objects.get(pk=first.pk).state == "missed"
    assert not look.found, "\n".join(look.found)


def test_somebody_is_booked_over_others_and_it_is_in_the_report(
    page, live_server, front_desk, clinic_admin, three
):
    look, base = Looker(page), live_server.url
    User.objects.filter(pk=front_desk.pk).update(may_overlap=True)
    _first, second, third = three
    with time_machine.travel(NOW):
        log_in(page, base, front_desk)
        page.goto(f"{base}/schedule/sessions/{third.pk}/move/")
        enter(page, page.get_by_role("link", name="A time that is taken"))
        expect(page.get_by_role("heading", name="A time that is taken")).to_be_visible()
        page.get_by_label("Time", exact=False).first.fill("11:30")
        look("taken", schemes=BOTH)
        enter(page, page.get_by_role("button", name="Continue"))
        expect(page.get_by_text("It would be over this session")).to_be_visible()
        look("over-word", schemes=BOTH)
        page.get_by_label("Reason for the overlap").fill("Flies home tonight")
        enter(page, page.get_by_label("Reason for the overlap"))
        expect(page.get_by_text("Flies home tonight")).to_be_visible()
        look("session-over", schemes=BOTH)
        page.goto(f"{base}/schedule/")
        expect(page.locator(f"#session-{third.pk}").get_by_text("Overlap")).to_be_visible()
        look("day-over")
        log_in(page, base, clinic_admin)
        page.goto(f"{base}/schedule/overlaps/")
        expect(page.get_by_text("Flies home tonight")).to_be_visible()
        expect(page.get_by_text(LONG)).to_have_count(0)
        look("overlaps", schemes=BOTH)
        page.goto(f"{base}/schedule/overlaps/?since=2026-01-01&until=2026-01-02")
        look("overlaps-none")
        page.goto(f"{base}/staff/{front_desk.pk}/")
        expect(page.get_by_label("May book over others")).to_be_checked()
        look("person-may-overlap")
    met = Reservation.objects.filter(squeezed=True)
    assert {row.session_id for row in met} == {third.pk}
    assert second.reservations.filter(squeezed=True).count() == 0
    assert not look.found, "\n".join(look.found)
