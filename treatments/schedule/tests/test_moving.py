"""Moving a session with those that have to follow: the word on it, and doing it."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import Clinic
from conftest import NOW
from patients.tests.factories import interview
from treatments.schedule import actions, equipment, refusals
from treatments.schedule.actions import Change
from treatments.schedule.away import absences
from treatments.schedule.changing import moving
from treatments.schedule.forms import slot_value
from treatments.schedule.models import Device, DeviceKind, Requirement, Reservation, Session
from treatments.schedule.rules import Slot
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_absences import away

pytestmark = pytest.mark.django_db
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
DIALOG = {"HX-Request": "true", "HX-Target": "calendar-dialog"}


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def room():
    return factories.room()


@pytest.fixture
def sessions(doctor, room):
    """Five sessions every 21 days at ten, from the 24th on; 14 to 35 days may lie between."""
    factories.working_hours(doctor, weekdays=range(1, 8))
    return factories.booked(factories.confirmed_course(by=doctor), room, practitioner=doctor)


def url(session):
    return reverse("schedule:move", args=[session.pk])


def later(session, days=0, hours=0):
    """The session as many days later, as an address carries it."""
    start = session.starts_at + days * DAY + hours * HOUR
    return slot_value(Slot(session.number, start, session.room_id, session.practitioner_id))


def numbers(word):
    return [shift.session.number for shift in word.shifts]


def fields(page):
    """What the button of the word posts."""
    word = page.context["word"]
    said = {"to": page.context["to"], "minutes": word.minutes, "version": word.shifts[0].session.version}
    for shift in word.following:
        number = shift.session.number
        said |= {f"later-{number}": shift.value, f"version-{number}": shift.session.version}
    return said


def calendar():
    rows = Session.objects.order_by("pk").values_list("pk", "starts_at", "practitioner", "room", "version")
    return list(rows), Reservation.objects.count()


@pytest.fixture
def guns(sessions):
    """Two devices of the kind that the sessions need, the first of them with every session."""
    kind = DeviceKind.objects.create(name="Gun")
    Requirement.objects.create(technique=sessions[0].course.technique, kind=kind)
    found = [Device.objects.create(kind=kind, name=name) for name in ("Gun 1", "Gun 2")]
    for one in sessions:
        move(one)
    return found


def move(session, *, by=None, device=None, **changed):
    by = by or session.practitioner
    session.refresh_from_db()
    asked = {
        "starts_at": session.starts_at,
        "practitioner": session.practitioner,
        "room": session.room,
    } | changed
    [moved] = actions.rearrange([Change(session, session.version, device=device, **asked)], by=by, at=NOW)
    return moved


def with_device(session):
    return equipment.devices_of([session])[session.pk]


def test_a_session_goes_to_another_device_of_its_kind_and_keeps_it(as_, front_desk, sessions, guns):
    one, browser = sessions[1], as_(front_desk)
    assert with_device(one) == ["Gun 1"]
    page = browser.get(url(one), {"to": later(one), "device": guns[1].pk}, headers=DIALOG)
    assert page.context["word"].devices == ["Session 2: with Gun 2 instead of Gun 1."]
    assert page.context["word"].devices[0] in page.text
    assert with_device(one) == ["Gun 1"], "nothing is saved yet"
    answer = browser.post(url(one), fields(page) | {"device": page.context["word"].device}, headers=DIALOG)
    assert (answer.status_code, with_device(one)) == (204, ["Gun 2"])
    one.refresh_from_db()
    page = browser.get(url(one), {"to": later(one, hours=1)}, headers=DIALOG)
    assert page.context["word"].devices == []
    assert with_device(move(one, starts_at=one.starts_at + HOUR)) == ["Gun 2"], "it takes its device along"


def test_a_device_that_others_have_is_refused_by_name_and_one_of_another_kind_in_words(
    as_, front_desk, doctor, nurse, sessions, guns
):
    factories.working_hours(nurse)
    other = factories.confirmed_course(by=doctor, sessions=1)
    [there] = factories.booked(
        other, factories.room("Two"), practitioner=nurse, first=sessions[1].starts_at.date()
    )
    assert with_device(there) == ["Gun 2"]
    browser, one = as_(front_desk), sessions[1]
    page = browser.get(url(one), {"to": later(one), "device": guns[1].pk}, headers=DIALOG)
    assert ["Gun 2 is not free" in said for said in page.context["word"].said] == [True]
    laser = Device.objects.create(kind=DeviceKind.objects.create(name="Laser"), name="Laser 1")
    for pk in (laser.pk, 10**17):
        page = browser.get(url(one), {"to": later(one), "device": pk}, headers=DIALOG)
        assert (page.status_code, "not done with this device" in page.text) == (422, True)
    with pytest.raises(refusals.NotBookable, match="not done with Laser 1"):
        move(one, device=laser)
    Device.objects.filter(pk=guns[1].pk).update(active=False)
    page = browser.get(url(one), {"to": later(one), "device": guns[1].pk}, headers=DIALOG)
    assert (page.status_code, "not in use" in page.text) == (422, True)
    assert with_device(one) == ["Gun 1"]


def test_another_unit_is_named_where_its_own_is_taken(as_, front_desk, doctor, nurse, sessions, guns):
    factories.working_hours(nurse)
    other = factories.confirmed_course(by=doctor, sessions=1)
    factories.booked(
        other, factories.room("Two"), practitioner=nurse, first=sessions[1].starts_at.date(), hour=14
    )
    page = as_(front_desk).get(url(sessions[1]), {"to": later(sessions[1], hours=4)}, headers=DIALOG)
    assert page.context["word"].said == []
    assert page.context["word"].devices == ["Session 2: with Gun 2 instead of Gun 1."]


def test_a_move_that_disturbs_nothing_is_one_row(as_, front_desk, sessions):
    before = calendar()
    page = as_(front_desk).get(url(sessions[1]), {"to": later(sessions[1], 7)})
    word = page.context["word"]
    assert (page.status_code, numbers(word), word.said) == (200, [2], [])
    assert "7 days later" in page.text
    assert "Sessions 3, 4 and 5 stay where they are." in page.text
    assert calendar() == before


def test_the_word_says_which_later_ones_follow_and_whereto(as_, front_desk, sessions):
    before = calendar()
    page = as_(front_desk).get(url(sessions[1]), {"to": later(sessions[1], 14)})
    word = page.context["word"]
    assert numbers(word) == [2, 3]
    assert word.shifts[1].starts_at == sessions[2].starts_at + 7 * DAY
    assert "1 later session has to follow" in page.text
    assert "Move these 2 sessions" in page.text
    assert calendar() == before


def test_what_was_shown_is_done_in_one_go(as_, front_desk, doctor, room):
    factories.working_hours(doctor, weekdays=range(1, 8))
    sessions = factories.booked(factories.confirmed_course(by=doctor), room, practitioner=doctor, every=14)
    browser = as_(front_desk)
    page = browser.get(url(sessions[1]), {"to": later(sessions[1], 21)})
    assert numbers(page.context["word"]) == [2, 3, 4, 5]
    shown = [shift.starts_at for shift in page.context["word"].shifts]
    answer = browser.post(url(sessions[1]), fields(page), follow=True)
    assert "4 sessions are moved." in answer.text
    assert [one.starts_at for one in Session.objects.order_by("number")][1:] == shown
    assert set(Session.objects.values_list("version", flat=True)) == {1, 2}
    assert Reservation.objects.count() == 20


def test_posted_without_the_later_ones_nothing_moves_and_they_are_shown(as_, front_desk, sessions):
    before = calendar()
    page = as_(front_desk).post(url(sessions[1]), {"to": later(sessions[1], 14), "version": 1})
    assert page.status_code == 422
    assert numbers(page.context["word"]) == [2, 3]
    assert calendar() == before


def test_a_later_one_that_was_moved_meanwhile_is_409_with_the_word_anew(as_, front_desk, doctor, sessions):
    browser = as_(front_desk)
    page = browser.get(url(sessions[1]), {"to": later(sessions[1], 14)})
    third = sessions[2]
    actions.move_session(
        third,
        starts_at=third.starts_at + HOUR,
        practitioner=doctor,
        room=third.room,
        version=1,
        by=doctor,
        at=NOW,
    )
    before = calendar()
    answer = browser.post(url(sessions[1]), fields(page))
    assert answer.status_code == 409
    assert answer.context["word"].shifts[1].starts_at == third.starts_at + 7 * DAY + HOUR
    assert calendar() == before
    assert browser.post(url(sessions[1]), fields(answer)).status_code == 302


def test_in_the_calendar_it_is_a_fragment_and_a_signal(as_, front_desk, sessions):
    browser = as_(front_desk)
    page = browser.get(url(sessions[1]), {"to": later(sessions[1], 1), "minutes": "30"}, headers=DIALOG)
    assert page.text.lstrip().startswith('<div id="server-word">')
    assert "30 minutes longer" in page.text
    done = browser.post(url(sessions[1]), fields(page), headers=DIALOG)
    assert (done.status_code, done["HX-Trigger"]) == (204, "calendar-changed")
    row = Session.objects.get(pk=sessions[1].pk)
    assert (row.added_minutes, row.ends_at - row.starts_at) == (30, dt.timedelta(minutes=105))
    again = browser.post(url(sessions[1]), fields(page), headers=DIALOG)
    assert again.status_code == 409
    assert 'id="server-word"' in again.text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"minutes": "-5"}, "A session is never shorter than its plan."),
        ({"minutes": "300"}, "at most four hours longer"),
        ({"to": "nothing"}, "Choose a time."),
        ({"to": "20261125T0900Z-999999-1"}, "Choose a time."),
        ({"minutes": "9" * 30}, "at most four hours longer"),
    ],
)
def test_what_cannot_be_asked_is_422_in_words(as_, front_desk, sessions, query, said):
    page = as_(front_desk).get(url(sessions[1]), {"to": later(sessions[1]), **query})
    assert page.status_code == 422
    assert said in page.text


def test_who_is_not_free_is_named(as_, front_desk, doctor, room, sessions):
    other = factories.confirmed_course(by=doctor)
    factories.booked(other, room, practitioner=doctor, hour=14)
    page = as_(front_desk).get(url(sessions[1]), {"to": later(sessions[1], 0, 4)})
    assert "Session 2: Dorota is not free" in page.text
    assert "Session 2: Room 1 is not free" in page.text
    assert "Move the session</button>" not in page.text


def test_a_refused_drop_leads_to_other_times_there(as_, front_desk, doctor, sessions):
    browser, to = as_(front_desk), {"to": later(sessions[1], 0, 9)}
    word = browser.get(url(sessions[1]), to, headers=DIALOG).text
    times = re.search(r'href="([^"]+)">Other times</a>', word)[1].replace("&amp;", "&")
    assert times == f"{url(sessions[1])}?practitioner={doctor.pk}&day=2026-12-15&minutes=0"
    assert browser.get(times).status_code == 200
    assert "Other times</a>" not in browser.get(url(sessions[1]), to).text


def test_outside_the_working_hours_is_said(as_, front_desk, sessions):
    page = as_(front_desk).get(url(sessions[1]), {"to": later(sessions[1], 0, 10)})
    assert page.context["word"].said == ["Session 2: outside the working hours."]


@pytest.fixture
def stuck(sessions, clinic_admin, doctor):
    """Nobody treats in the weeks in which session 3 would have to be."""
    begin = sessions[2].starts_at.date() + 2 * DAY
    away(doctor, *absences.days_span(begin, begin + 60 * DAY), by=clinic_admin)
    return sessions


def test_where_no_chain_keeps_the_intervals_it_is_said_which_session_has_no_time(as_, front_desk, stuck):
    page = as_(front_desk).get(url(stuck[1]), {"to": later(stuck[1], 18)})
    [said] = page.context["word"].said
    assert said.startswith("Session 3 would have to move, and has no free time from")
    assert said.endswith("a doctor may move it outside the interval, with a reason.")
    assert "</button>" not in page.text.partition('id="server-word"')[2]


def test_a_doctor_moves_it_alone_with_a_reason(as_, doctor, stuck):
    browser = as_(doctor)
    page = browser.get(url(stuck[1]), {"to": later(stuck[1], 18)})
    assert page.context["word"].needs_reason
    assert browser.post(url(stuck[1]), fields(page)).status_code == 422
    answer = browser.post(url(stuck[1]), {**fields(page), "interval_reason": "A long journey."})
    assert answer.status_code == 302
    row = Session.objects.get(pk=stuck[1].pk)
    assert (row.starts_at, row.interval_reason) == (stuck[1].starts_at + 18 * DAY, "A long journey.")


def test_where_more_than_the_interval_is_wrong_a_doctor_is_told_that_too(as_, doctor, stuck):
    page = as_(doctor).get(url(stuck[1]), {"to": later(stuck[1], 18, 10)})
    assert not page.context["word"].may_go
    assert "Session 2: outside the working hours." in page.context["word"].said


def test_a_doctor_may_also_leave_the_later_ones_where_they_are(as_, doctor, sessions):
    browser = as_(doctor)
    page = browser.get(url(sessions[1]), {"to": later(sessions[1], 14)})
    assert "Move only this one" in page.text
    alone = {"to": page.context["to"], "version": 1, "interval_reason": "So wished."}
    assert browser.post(url(sessions[1]), alone).status_code == 302
    assert Session.objects.filter(version=2).count() == 1


def test_times_say_when_later_sessions_would_follow(as_, front_desk, sessions):
    around = (sessions[1].starts_at + 14 * DAY).date().isoformat()
    page = as_(front_desk).get(url(sessions[1]), {"day": around})
    assert [day.followed for day in page.context["days"]] == [
        True,
        True,
    ]  # 35 days after the first is the most
    assert "later sessions follow" in page.text


def test_the_page_asks_for_a_longer_session_without_a_mouse(as_, front_desk, sessions):
    browser = as_(front_desk)
    query = {"minutes": "60", "day": sessions[1].starts_at.date().isoformat()}
    page = browser.get(url(sessions[1]), query)
    choices = [choice for day in page.context["days"] for choice in day.choices]
    assert max(choice.slot.starts_at.hour for choice in choices) == 14  # 135 minutes before six
    form = {"to": later(sessions[1]), "minutes": page.context["longer"], "version": 1}
    assert browser.post(url(sessions[1]), form).status_code == 302
    row = Session.objects.get(pk=sessions[1].pk)
    assert (row.starts_at, row.added_minutes) == (sessions[1].starts_at, 60)
    assert browser.get(url(row)).context["longer"] == 60


@pytest.mark.parametrize(
    ("answers", "tentative"), [({"pregnancy": "current"}, True), ({"pregnancy": "unsure"}, False)]
)
def test_what_is_held_or_stopped_is_said_and_never_moved(
    as_, front_desk, doctor, sessions, answers, tentative
):
    Clinic(tentative_bookings=tentative, pk=1).save()
    interview(sessions[0].course.patient, by=doctor, answers=answers)
    browser, before = as_(front_desk), calendar()
    page = browser.get(url(sessions[1]), {"to": later(sessions[1], 14)})
    assert "a doctor or nurse must look at it first." in page.text
    assert not page.context["word"].may_go
    assert "pregnan" not in page.text.lower()
    answer = browser.post(url(sessions[1]), fields(page))
    assert answer.status_code == 409
    assert "a doctor or nurse must look at it first." in answer.text
    assert calendar() == before


def test_a_session_that_lacked_something_leads_back_to_that_list(as_, front_desk, sessions):
    browser = as_(front_desk)
    page = browser.get(url(sessions[1]), {"left": "equipment", "to": later(sessions[1], 1)})
    assert 'name="left" value="equipment"' in page.text
    answer = browser.post(url(sessions[1]), {**fields(page), "left": "equipment"})
    assert answer["Location"] == reverse("equipment:left")


def test_the_times_say_first_that_nothing_can_be_moved_while_it_is_held(as_, front_desk, doctor, sessions):
    said = "cannot be moved before a doctor or nurse has looked"
    assert said not in as_(front_desk).get(url(sessions[1])).text
    interview(sessions[1].course.patient, by=doctor, answers={"pregnancy": "current"})
    assert said in as_(front_desk).get(url(sessions[1])).text


def test_trying_out_a_move_leaves_nothing_behind(doctor, sessions):
    change = Change(sessions[1], 1, sessions[1].starts_at + 14 * DAY, doctor, sessions[1].room)
    with CaptureQueriesContext(connection) as asked:
        moving.word(change, by=doctor, at=NOW)
    assert asked.captured_queries[-1]["sql"].startswith(("ROLLBACK", "SELECT", "RELEASE"))
    assert Session.objects.filter(version=1).count() == 5
    assert Session.pgh_event_model.objects.exclude(pgh_label="insert").count() == 0
