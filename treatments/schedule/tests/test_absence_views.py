"""The pages of absences: each works, and each refuses the wrong person, role, method and id."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import DayHours
from conftest import NOW
from treatments.schedule import actions
from treatments.schedule.away import absences
from treatments.schedule.models import Absence, AbsenceKind, Session
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_absences import TUESDAY, away, closed, wrong

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def sessions(doctor):
    factories.working_hours(doctor, weekdays=range(1, 8))
    course = factories.confirmed_course(by=doctor)
    return factories.booked(course, factories.room(), practitioner=doctor)


@pytest.fixture
def absence(doctor, clinic_admin):
    return away(doctor, *absences.days_span(TUESDAY, TUESDAY + 30 * DAY), by=clinic_admin)


def url(name, *args):
    return reverse(f"absences:{name}", args=args)


def period(first=TUESDAY, last=TUESDAY, **fields):
    return {"first": first.isoformat(), "last": last.isoformat(), **fields}


# Record


def test_an_absence_that_meets_nothing_is_saved_at_once(as_, doctor, clinic_admin):
    form = period(practitioner=doctor.pk, kind="leave", note="Oslo")
    answer = as_(clinic_admin).post(url("add"), form)
    row = Absence.objects.get()
    assert answer["Location"] == row.get_absolute_url()
    assert (row.practitioner, row.kind, row.note) == (doctor, "leave", "Oslo")
    assert (row.starts_at, row.ends_at) == absences.days_span(TUESDAY, TUESDAY)
    assert (row.recorded_by, row.recorded_at) == (clinic_admin, NOW)


def test_sessions_that_it_meets_are_shown_before_it_is_saved(as_, sessions, doctor, clinic_admin):
    browser, form = as_(clinic_admin), period(practitioner=doctor.pk, kind="training")
    page = browser.post(url("add"), form)
    assert page.status_code == 200
    assert page.context["sessions"] == sessions[:1]
    assert "Nothing is saved yet" in page.text
    assert not Absence.objects.exists()
    answer = browser.post(url("add"), form | {"sure": page.context["seen"]}, follow=True)
    assert "1 session still stands in it" in answer.text
    assert Session.objects.booked().count() == 5
    assert wrong() == []


def test_another_time_than_the_one_previewed_is_previewed_anew(as_, sessions, doctor, clinic_admin):
    browser, form = as_(clinic_admin), period(practitioner=doctor.pk, kind="training")
    seen = browser.post(url("add"), form).context["seen"]
    longer = period(last=TUESDAY + 60 * DAY, practitioner=doctor.pk, kind="training", sure=seen)
    assert len(browser.post(url("add"), longer).context["sessions"]) == 3
    assert not Absence.objects.exists()


def test_a_clinic_admin_sees_times_and_who_books_sees_patients(
    as_, sessions, absence, clinic_admin, front_desk
):
    patient = sessions[0].course.patient.name
    for page in (
        as_(clinic_admin).get(absence.get_absolute_url()),
        as_(clinic_admin).post(url("close"), period()),
    ):
        assert "10:00–11:15" in page.text
        assert patient not in page.text
        assert "Find another time" not in page.text
    page = as_(front_desk).get(absence.get_absolute_url())
    assert patient in page.text
    assert f"{reverse('schedule:move', args=[sessions[0].pk])}?absence={absence.pk}" in page.text


def test_the_clinic_is_closed_from_a_time_to_a_time(as_, clinic_admin):
    form = period(last=TUESDAY + DAY, starts="12:00", ends="10:00", note="Inventory")
    assert as_(clinic_admin).post(url("close"), form).status_code == 302
    row = Absence.objects.get()
    assert (row.kind, row.practitioner, row.whole_days) == (AbsenceKind.CLOSED, None, False)
    assert row.ends_at - row.starts_at == dt.timedelta(hours=22)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"last": (TUESDAY - DAY).isoformat()}, "last"),
        ({"first": "2026-11-01", "last": "2026-11-22"}, "last"),
        ({"last": "2031-01-01"}, "last"),
        ({"starts": "12:00", "ends": "12:00"}, "ends"),
        ({"first": "soon"}, "first"),
        ({"first": "0001-01-01"}, "last"),
        ({"last": "9999-12-31"}, "last"),
        ({"first": "2062-11-22", "last": "2062-11-22"}, "first"),
        ({"first": "9999-12-31", "last": "9999-12-31"}, "first"),
        ({"practitioner": "9" * 25}, "practitioner"),
        ({"practitioner": ""}, "practitioner"),
        ({"kind": "closed"}, "kind"),
        ({"note": "x" * 121}, "note"),
    ],
    ids=str,
)
def test_an_absence_that_cannot_be_is_refused_in_words(as_, doctor, clinic_admin, typed, field):
    answer = as_(clinic_admin).post(url("add"), period(practitioner=doctor.pk, kind="leave") | typed)
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {field})
    assert not Absence.objects.exists()


def test_the_front_desk_is_no_practitioner(as_, front_desk, clinic_admin):
    form = period(practitioner=front_desk.pk, kind="leave")
    assert as_(clinic_admin).post(url("add"), form).status_code == 422


@pytest.mark.parametrize("name", ["add", "close"])
@pytest.mark.parametrize("who", ["front_desk", "doctor", "stranger"])
def test_only_the_clinic_admin_records_what_is_to_come(as_, request, doctor, name, who):
    form = period(practitioner=doctor.pk, kind="leave")
    assert as_(request.getfixturevalue(who)).post(url(name), form).status_code == 403
    assert not Absence.objects.exists()


# Ill today


@pytest.mark.parametrize("who", ["front_desk", "nurse", "doctor", "clinic_admin"])
def test_ill_today_is_one_click_from_the_calendar(as_, request, doctor, who):
    factories.working_hours(doctor)
    browser = as_(request.getfixturevalue(who))
    if who != "clinic_admin":
        assert url("ill_today", doctor.pk) in browser.get(reverse("schedule:day")).text
    answer = browser.post(url("ill_today", doctor.pk))
    assert answer["Location"] == Absence.objects.get().get_absolute_url()
    browser.post(url("ill_today", doctor.pk))
    assert Absence.objects.get().kind == "ill"


def test_who_is_away_stands_on_the_day_and_is_not_ill_once_more(as_, doctor, front_desk, clinic_admin):
    factories.working_hours(doctor)
    absences.ill_today(doctor, by=front_desk, at=NOW)
    closed(NOW.date(), NOW.date(), by=clinic_admin)
    page = as_(front_desk).get(reverse("schedule:day")).text
    assert "Clinic closed" in page
    assert "Dorota</a>: away" in page
    assert url("ill_today", doctor.pk) not in page


def test_ill_today_of_nobody_who_treats_is_not_found(as_, front_desk, clinic_admin):
    for pk in (front_desk.pk, 10**17):
        assert as_(clinic_admin).post(url("ill_today", pk)).status_code == 404
    assert not Absence.objects.exists()


# List, one, lift


def test_the_list_shows_what_is_left_to_re_plan(as_, sessions, absence, clinic_admin, front_desk):
    page = as_(clinic_admin).get(url("list"))
    assert [row.sessions_left for row in page.context["absences"]] == [2]
    assert url("add") in page.text
    assert url("add") not in as_(front_desk).get(url("list")).text


def test_a_longer_list_asks_no_more_questions(as_, sessions, nurse, doctor, clinic_admin):
    browser = as_(clinic_admin)

    def questions(n):
        away(doctor, *absences.days_span(TUESDAY + n * DAY, TUESDAY + n * DAY), by=clinic_admin)
        DayHours.objects.create(practitioner=nurse, day=TUESDAY + n * DAY)
        with CaptureQueriesContext(connection) as asked:
            browser.get(url("list"))
        return len(asked)

    questions(0)
    assert questions(1) == questions(2)


def test_a_longer_absence_asks_no_more_questions(as_, sessions, doctor, front_desk, clinic_admin):
    browser = as_(front_desk)

    def questions(last):
        row = away(doctor, *absences.days_span(TUESDAY, last), by=clinic_admin)
        with CaptureQueriesContext(connection) as asked:
            browser.get(row.get_absolute_url())
        return len(asked)

    questions(TUESDAY)
    assert questions(TUESDAY + DAY) == questions(TUESDAY + 90 * DAY)


def test_a_session_found_another_time_leads_back_until_none_is_left(
    as_, sessions, doctor, front_desk, clinic_admin
):
    row = away(doctor, *absences.days_span(TUESDAY, TUESDAY), by=clinic_admin)
    browser, move = as_(front_desk), reverse("schedule:move", args=[sessions[0].pk])
    page = browser.get(move, {"absence": row.pk, "day": (TUESDAY + DAY).isoformat()})
    assert f'name="absence" value="{row.pk}"' in page.text
    choice = next(choice for day in page.context["days"] for choice in day.choices)
    form = {"absence": row.pk, "to": choice.value, "version": 1}
    answer = browser.post(move, form, follow=True)
    assert answer.redirect_chain[-1][0] == row.get_absolute_url()
    assert "No session stands in it" in answer.text
    assert wrong() == []


def test_a_day_of_an_absence_offers_no_time_to_its_own_session(as_, sessions, absence, doctor, front_desk):
    page = as_(front_desk).get(reverse("schedule:move", args=[sessions[0].pk]))
    assert [day.choices for day in page.context["days"] if day.day == TUESDAY] == [[]]


def test_lifted_it_says_so(as_, sessions, absence, clinic_admin):
    answer = as_(clinic_admin).post(url("lift", absence.pk), follow=True)
    assert "It does not hold any more" in answer.text
    assert not Absence.objects.standing().exists()
    assert as_(clinic_admin).post(url("lift", absence.pk)).status_code == 302
    assert list(as_(clinic_admin).get(url("list")).context["absences"]) == []


def test_who_books_does_not_lift_what_the_admin_recorded(as_, absence, front_desk):
    assert "Not away after all" not in as_(front_desk).get(absence.get_absolute_url()).text
    assert as_(front_desk).post(url("lift", absence.pk)).status_code == 403
    assert Absence.objects.standing().get() == absence


@pytest.mark.parametrize("name", ["absence", "lift"])
def test_a_stranger_and_a_wrong_id_see_nothing(as_, stranger, clinic_admin, absence, name):
    method = "get" if name == "absence" else "post"
    assert getattr(as_(stranger), method)(url(name, absence.pk)).status_code == 403
    assert getattr(as_(clinic_admin), method)(url(name, absence.pk + 1)).status_code == 404
    assert Absence.objects.standing().get() == absence


def test_wrong_methods_are_refused(as_, doctor, absence, clinic_admin):
    browser = as_(clinic_admin)
    for name, args in [("lift", [absence.pk]), ("ill_today", [doctor.pk]), ("weekly_again", [doctor.pk])]:
        assert browser.get(url(name, *args)).status_code == 405
    for name, args in [("list", []), ("absence", [absence.pk])]:
        assert browser.post(url(name, *args)).status_code == 405
    for name, args in [("add", []), ("close", []), ("hours", [doctor.pk])]:
        assert browser.delete(url(name, *args)).status_code == 405


# Hours of single days


def on(**times):
    return {"day": TUESDAY.isoformat(), **times}


def test_hours_of_a_single_day_are_kept_and_taken_back(as_, doctor, clinic_admin):
    factories.working_hours(doctor, weekdays=[2])
    browser = as_(clinic_admin)
    page = browser.get(url("hours", doctor.pk), on())
    assert page.context["form"].initial["from_1"] == dt.time(8)
    browser.post(url("hours", doctor.pk), on(from_1="12:00", to_1="16:00", from_2="16:30", to_2="20:00"))
    assert [str(row) for row in doctor.day_hours.all()] == ["12:00–16:00", "16:30–20:00"]
    browser.post(url("hours", doctor.pk), on())
    assert [str(row) for row in doctor.day_hours.all()] == ["not at work"]
    answer = browser.post(url("weekly_again", doctor.pk), on(), follow=True)
    assert not doctor.day_hours.exists()
    assert "the weekly hours hold again" in answer.text


def test_sessions_outside_the_new_hours_are_shown_before_and_after(as_, sessions, doctor, clinic_admin):
    browser, form = as_(clinic_admin), on(from_1="12:00", to_1="20:00")
    page = browser.post(url("hours", doctor.pk), form)
    assert page.context["sessions"] == sessions[:1]
    assert not DayHours.objects.exists()
    answer = browser.post(url("hours", doctor.pk), form | {"sure": page.context["seen"]}, follow=True)
    assert "1 session is booked outside these hours" in answer.text
    assert Session.objects.booked().count() == 5
    actions.cancel_session(sessions[0], reason="hours", version=1, by=doctor, at=NOW)
    assert "outside these hours" not in browser.get(url("hours", doctor.pk), on()).text


def test_hours_that_cover_what_is_booked_are_saved_at_once(as_, sessions, doctor, clinic_admin):
    form = on(from_1="10:00", to_1="10:10", from_2="10:40", to_2="11:15")
    assert as_(clinic_admin).post(url("hours", doctor.pk), form).status_code == 302
    assert DayHours.objects.count() == 2


@pytest.mark.parametrize(
    "typed",
    [
        {"day": "2026-11-01"},
        {"day": "soon"},
        {"day": "9999-12-31"},
        {"from_1": "09:00", "to_1": ""},
        {"from_1": "09:00", "to_1": "08:00"},
        {"from_1": "09:00", "to_1": "12:00", "from_2": "11:00", "to_2": "13:00"},
        {"from_1": "late", "to_1": "12:00"},
    ],
    ids=str,
)
def test_hours_of_a_day_that_cannot_be_are_refused(as_, doctor, clinic_admin, typed):
    assert as_(clinic_admin).post(url("hours", doctor.pk), on() | typed).status_code == 422
    assert not DayHours.objects.exists()


@pytest.mark.parametrize("name", ["hours", "weekly_again"])
def test_hours_of_a_day_are_the_admins_and_of_people_who_treat(as_, doctor, front_desk, clinic_admin, name):
    assert as_(front_desk).post(url(name, doctor.pk), on()).status_code == 403
    for pk in (front_desk.pk, 10**17):
        assert as_(clinic_admin).post(url(name, pk), on()).status_code == 404
    assert as_(clinic_admin).post(url("weekly_again", doctor.pk), {"day": "x"}).status_code == 422
    assert not DayHours.objects.exists()
