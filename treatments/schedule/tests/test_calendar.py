"""The page of the calendar: a day, a week, a month; the list beside it that can do all the same."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import accesslog
from clinic.models import AccessLog, Clinic
from conftest import NOW
from treatments.schedule import actions
from treatments.schedule.away import absences
from treatments.schedule.calendar.spans import Days, Show
from treatments.schedule.models import Device, DeviceKind, Requirement
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_absences import away

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
PAGE = "/schedule/"
DAY = dt.timedelta(days=1)
TUESDAY = dt.date(2026, 11, 24)


@pytest.fixture
def room(db):
    return factories.room()


@pytest.fixture
def sessions(doctor, room):
    factories.working_hours(doctor)
    return factories.booked(factories.confirmed_course(by=doctor), room, practitioner=doctor)


# Which days


@pytest.mark.parametrize(
    ("show", "first", "last"),
    [
        (Show.DAY, dt.date(2026, 2, 11), dt.date(2026, 2, 11)),
        (Show.WEEK, dt.date(2026, 2, 9), dt.date(2026, 2, 15)),
        (Show.MONTH, dt.date(2026, 2, 1), dt.date(2026, 2, 28)),
    ],
)
def test_days_around_a_day(show, first, last):
    days = Days.around(dt.date(2026, 2, 11), show)
    assert (days.first, days.last, len(list(days))) == (first, last, days.count)
    assert (days.before, days.after) == (first - DAY, last + DAY)
    assert Days.around(days.after, show).first == days.after


@pytest.mark.parametrize(("day", "hours"), [(dt.date(2026, 3, 29), 23), (dt.date(2026, 10, 25), 25)])
def test_a_day_on_which_the_clock_changes_is_as_long_as_it_is(day, hours):
    begin, until = Days.around(day, Show.DAY).span
    assert until - begin == dt.timedelta(hours=hours)


# The list


def test_the_list_of_a_day_leads_to_all_that_can_be_done(as_, front_desk, sessions):
    page = as_(front_desk).get(PAGE, {"day": TUESDAY.isoformat()}).text
    assert page.count(sessions[0].course.patient.name) == 3  # once to be read, twice for who hears the links
    for name in ("session", "move"):
        assert f'href="{reverse(f"schedule:{name}", args=[sessions[0].pk])}"' in page
    assert f"{reverse('schedule:session', args=[sessions[0].pk])}#cancel" in page


def test_a_week_has_each_day_under_its_name(as_, front_desk, sessions):
    page = as_(front_desk).get(PAGE, {"day": "2026-11-27", "show": "week"}).text
    assert "23 Nov – 29 Nov 2026" in page
    assert "Tuesday 24 November" in page
    assert page.count("nothing booked") == 6


@pytest.mark.parametrize("show", ["day", "week"])
def test_the_list_is_of_one_practitioner_room_or_device_alone(as_, doctor, nurse, room, sessions, show):
    factories.working_hours(nurse)
    kind = DeviceKind.objects.create(name="Gun")
    device, unused = (Device.objects.create(kind=kind, name=name) for name in ("Gun 1", "Gun 2"))
    course = factories.confirmed_course(by=nurse, sessions=1)
    Requirement.objects.create(technique=course.technique, kind=kind)
    factories.booked(course, room, practitioner=nurse, hour=13)

    def listed(by, who):
        asked = {"day": TUESDAY.isoformat(), "show": show, "by": by, "who": who}
        days = as_(doctor).get(PAGE, asked).context["days"]
        return [session.practitioner.name for _day, rows in days for session, _step in rows]

    assert listed("practitioner", 0) == listed("room", room.pk) == ["Dorota", "Natalia"]
    assert listed("practitioner", nurse.pk) == listed("device", device.pk) == ["Natalia"]
    assert listed("device", unused.pk) == []


def test_a_number_of_a_practitioner_is_not_taken_for_that_of_a_room(as_, doctor, room, sessions):
    asked = {"by": "room", "who": room.pk, "of": "practitioner"}
    assert as_(doctor).get(PAGE, asked).context["shown"].who is None
    assert as_(doctor).get(PAGE, asked | {"of": "room"}).context["shown"].who == room.pk


def test_a_week_is_the_readers_own_and_of_the_first_for_who_does_not_treat(
    as_, doctor, nurse, front_desk, sessions
):
    shown = {
        who.name: as_(who).get(PAGE, {"show": "week"}).context["shown"].who
        for who in (doctor, nurse, front_desk)
    }
    assert shown == {"Dorota": doctor.pk, "Natalia": nurse.pk, "Felicja": doctor.pk}


def test_who_is_away_stands_on_the_day_and_is_not_ill_once_more(as_, doctor, front_desk, clinic_admin):
    factories.working_hours(doctor)
    ill = reverse("absences:ill_today", args=[doctor.pk])
    assert ill in as_(front_desk).get(PAGE).text
    assert ill in as_(front_desk).get(PAGE, {"by": "room"}).text
    absences.ill_today(doctor, by=front_desk, at=NOW)
    page = as_(front_desk).get(PAGE).text
    assert "Dorota</a>: away" in page
    assert ill not in page


def test_cancelled_sessions_are_gone(as_, doctor, sessions):
    actions.cancel_session(sessions[0], reason="ill", version=1, by=doctor, at=NOW)
    assert "Nothing is booked on this day" in as_(doctor).get(PAGE, {"day": TUESDAY.isoformat()}).text


def test_htmx_is_given_the_list_alone(as_, doctor, sessions):
    page = as_(doctor).get(PAGE, {"day": TUESDAY.isoformat()}, headers={"HX-Request": "true"}).text
    assert page.strip().startswith('<div id="listed">')
    assert "<html" not in page


@pytest.mark.parametrize(
    "asked",
    [{"day": day} for day in ("x", "9999-12-31", "0001-01-01", "2026-02-30")]
    + [{"show": "year"}, {"by": "patient"}, {"who": "-1"}, {"who": "9" * 30}],
)
def test_what_there_is_no_calendar_for_is_422(as_, doctor, asked):
    assert as_(doctor).get(PAGE, asked).status_code == 422


@pytest.mark.parametrize("show", ["day", "week", "month"])
@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2000-01-01", "2200-12-31"])
def test_days_of_a_clock_change_and_the_first_and_last_are_shown(as_, doctor, day, show):
    assert as_(doctor).get(PAGE, {"day": day, "show": show}).status_code == 200


@pytest.mark.parametrize("by", ["practitioner", "room", "device"])
@pytest.mark.parametrize("show", ["day", "week", "month"])
def test_the_page_asks_as_many_questions_when_it_is_full(as_, doctor, room, by, show):
    factories.working_hours(doctor, weekdays=range(1, 8), starts=dt.time(0), ends=dt.time(23, 59))
    Clinic(pk=1).save()
    browser = as_(doctor)

    def questions(hours):
        for hour in hours:
            row = factories.confirmed_course(by=doctor, sessions=1)
            factories.booked(row, room, practitioner=doctor, hour=hour)
        with CaptureQueriesContext(connection) as asked:
            browser.get(PAGE, {"day": TUESDAY.isoformat(), "by": by, "show": show})
        return len(asked)

    questions([0, 2])  # the first answer asks once for all of the process
    assert questions([4]) == questions(range(6, 22, 2)) <= 18


# The month


def test_a_month_says_how_much_is_booked_and_free_and_leads_to_the_day(
    as_, doctor, front_desk, clinic_admin, sessions
):
    away(
        None,
        *absences.days_span(dt.date(2026, 11, 26), dt.date(2026, 11, 26)),
        by=clinic_admin,
        kind="closed",
    )
    page = as_(front_desk).get(PAGE, {"day": TUESDAY.isoformat(), "show": "month"})
    cells = {cell.day: cell for week in page.context["weeks"] for cell in week if cell}
    assert len(cells) == 30
    assert (cells[TUESDAY].sessions, cells[TUESDAY].free) == (1, 92)  # 45 of 600 minutes
    assert (cells[TUESDAY + DAY].sessions, cells[TUESDAY + DAY].free) == (0, 100)
    assert cells[dt.date(2026, 11, 28)].free is None
    assert cells[dt.date(2026, 11, 26)].closed == "Clinic closed"
    assert "?day=2026-11-24&amp;by=practitioner" in page.text
    assert "92% free" in page.text


def test_the_free_share_of_a_month_counts_who_was_never_booked(as_, doctor, nurse, sessions):
    factories.working_hours(nurse)
    weeks = as_(doctor).get(PAGE, {"day": TUESDAY.isoformat(), "show": "month"}).context["weeks"]
    assert {cell.free for week in weeks for cell in week if cell and cell.day == TUESDAY} == {96}


# Whom it names


def listed(who):
    rows = AccessLog.objects.filter(actor_id=who.pk, listed=True, view="schedule:day")
    return list(rows.values_list("patient_id", flat=True))


def test_whom_the_list_names_is_logged_and_when_it_renews_itself_only_who_is_new(
    as_, front_desk, doctor, room, sessions, time_machine, monkeypatch
):
    time_machine.move_to(NOW, tick=False)
    browser, first = as_(front_desk), sessions[0].course.patient_id
    browser.get("/schedule/?day=2026-11-24")
    assert listed(front_desk) == [first]
    course = factories.confirmed_course(by=doctor, sessions=1)
    factories.booked(course, room, practitioner=doctor, hour=14)
    again = {"HX-Request": "true", "X-Background": "1"}
    for _ in range(2):
        browser.get("/schedule/?day=2026-11-24", headers=again)
        assert sorted(listed(front_desk)) == sorted([first, course.patient_id])
    browser.get("/schedule/?day=2026-11-24")
    assert len(listed(front_desk)) == 4, "opened again, read again"
    browser.get("/schedule/?show=month&day=2026-11-24")
    assert len(listed(front_desk)) == 4, "the month names nobody"
    monkeypatch.setattr(accesslog, "ONE_READING", dt.timedelta(minutes=5))
    for minutes, rows in ((4, 4), (2, 6)):
        time_machine.shift(dt.timedelta(minutes=minutes))
        browser.get("/schedule/?day=2026-11-24", headers=again)
        assert len(listed(front_desk)) == rows, "what was shown lately is one reading"
