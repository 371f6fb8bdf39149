"""Nurses only while the doctor is at work, rooms only in their hours; what a change leaves outside is listed."""

import datetime as dt
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import actions as clinic_actions
from clinic.models import Clinic, DayHours, NursesWith, RoomHours, WorkingHours
from clinic.roles import Role
from clinic.tests.test_views import CLINIC
from conftest import NOW, person
from treatments.schedule import actions, refusals, rules
from treatments.schedule.away import absences, presence
from treatments.schedule.calendar.columns import By
from treatments.schedule.calendar.feed import week_or_day
from treatments.schedule.calendar.spans import Days
from treatments.schedule.models import Session
from treatments.schedule.proposing.desk import desk
from treatments.schedule.rules import Fault
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_absences import TUESDAY, away
from treatments.schedule.tests.test_free_time import clock, free

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
WEEK = dt.timedelta(days=7)


def asks(setting):
    Clinic.objects.update_or_create(pk=1, defaults={"nurses_with_doctor": setting})


@pytest.fixture
def other(db):
    return person("Olga", Role.DOCTOR)


@pytest.fixture
def room(db):
    return factories.room()


@pytest.fixture
def hers(nurse, doctor, room):
    """A course that the nurse treats, booked; her doctor works on Tuesdays, she from Monday to Friday."""
    factories.working_hours(nurse)
    factories.working_hours(doctor)
    course = factories.confirmed_course(by=doctor)
    return factories.booked(course, room, practitioner=nurse)


def hours(whom, *spans):
    WorkingHours.objects.filter(practitioner=whom).delete()
    for day, starts, ends in spans:
        factories.working_hours(whom, weekdays=[day], starts=dt.time(starts), ends=dt.time(ends))


# When a nurse is free


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (NursesWith.HERS, [(9, 12)]),
        (NursesWith.ANY, [(9, 12), (14, 18)]),
        (NursesWith.NEVER, [(8, 18)]),
    ],
)
def test_a_nurse_is_free_while_the_doctor_is_at_work_whom_the_clinic_asks_for(
    nurse, doctor, other, setting, expected
):
    asks(setting)
    hours(nurse, (2, 8, 18))
    hours(doctor, (2, 9, 12))
    hours(other, (2, 14, 20))
    assert free(nurse, TUESDAY) == [(clock(TUESDAY, a), clock(TUESDAY, b)) for a, b in expected]
    assert free(doctor, TUESDAY) == [(clock(TUESDAY, 9), clock(TUESDAY, 12))]


def test_nobody_set_it_and_it_is_the_careful_side(nurse, doctor):
    Clinic.objects.all().delete()
    hours(nurse, (2, 8, 18))
    assert free(nurse, TUESDAY) == []


def test_two_doctors_one_after_the_other_are_enough_where_any_will_do(nurse, doctor, other):
    asks(NursesWith.ANY)
    hours(nurse, (2, 8, 18))
    hours(doctor, (2, 8, 12))
    hours(other, (2, 12, 18))
    assert free(nurse, TUESDAY) == [(clock(TUESDAY, 8), clock(TUESDAY, 18))]


def test_a_doctor_who_treats_is_at_work_and_one_who_is_away_is_not(nurse, doctor, room, clinic_admin):
    factories.working_hours(nurse)
    factories.working_hours(doctor)
    factories.booked(factories.confirmed_course(by=doctor), room, practitioner=doctor)
    assert free(nurse, TUESDAY) == [(clock(TUESDAY, 8), clock(TUESDAY, 18))]
    away(doctor, clock(TUESDAY, 12), clock(TUESDAY, 15), by=clinic_admin)
    assert free(nurse, TUESDAY) == [
        (clock(TUESDAY, 8), clock(TUESDAY, 12)),
        (clock(TUESDAY, 15), clock(TUESDAY, 18)),
    ]


def test_other_hours_of_the_doctor_on_a_day_hold_for_the_nurse_too(nurse, doctor):
    factories.working_hours(nurse)
    factories.working_hours(doctor)
    DayHours.objects.create(practitioner=doctor, day=TUESDAY, starts=dt.time(10), ends=dt.time(11))
    assert free(nurse, TUESDAY) == [(clock(TUESDAY, 10), clock(TUESDAY, 11))]


def test_who_is_a_doctor_as_well_needs_nobody(doctor, other):
    both = person("Basia", Role.NURSE, Role.DOCTOR, cooperating_doctor=doctor)
    hours(both, (2, 8, 18))
    assert free(both, TUESDAY) == [(clock(TUESDAY, 8), clock(TUESDAY, 18))]


def test_a_doctor_who_may_not_log_in_any_more_backs_nobody(nurse, doctor, other):
    asks(NursesWith.ANY)
    hours(nurse, (2, 8, 18))
    hours(other, (2, 8, 18))
    other.is_active = False
    other.save()
    assert free(nurse, TUESDAY) == []


# When a room is free


def test_a_room_is_free_in_its_hours_and_without_any_always(room):
    midnights = (clock(TUESDAY, 0), clock(TUESDAY + dt.timedelta(days=1), 0))
    assert free(room, TUESDAY) == [midnights]
    RoomHours.objects.create(room=room, weekday=2, starts=dt.time(9), ends=dt.time(13))
    assert free(room, TUESDAY) == [(clock(TUESDAY, 9), clock(TUESDAY, 13))]
    assert free(room, TUESDAY + dt.timedelta(days=1)) == []


# Booking and moving


def slot(course, room, hour):
    return factories.slots(course, room, hour=hour)[:1]


def book(course, room, who, hour=10, *, by):
    return actions.book_course(course, slot(course, room, hour), practitioner=who, by=by, at=NOW, key=uuid4())


def test_a_nurse_is_not_booked_without_the_doctor_and_it_is_said_in_words(nurse, doctor, room, front_desk):
    factories.working_hours(nurse)
    hours(doctor, (2, 8, 9))
    course = factories.confirmed_course(by=doctor, sessions=1)
    with pytest.raises(refusals.WrongTimes) as wrong:
        book(course, room, nurse, by=front_desk)
    assert set(wrong.value.faults) == {(1, Fault.DOCTOR)}
    assert not Session.objects.exists()
    asks(NursesWith.NEVER)
    assert book(course, room, nurse, by=front_desk)


def test_outside_her_own_hours_it_is_only_that(nurse, doctor, room):
    hours(nurse, (3, 8, 18))
    course = factories.confirmed_course(by=doctor, sessions=1)
    with pytest.raises(refusals.WrongTimes) as wrong:
        book(course, room, nurse, by=doctor)
    assert set(wrong.value.faults) == {(1, Fault.HOURS)}


def test_a_room_is_not_booked_while_it_is_closed(doctor, room):
    factories.working_hours(doctor)
    RoomHours.objects.create(room=room, weekday=2, starts=dt.time(8), ends=dt.time(11))
    course = factories.confirmed_course(by=doctor, sessions=1)
    with pytest.raises(refusals.WrongTimes) as wrong:
        book(course, room, doctor, by=doctor)  # 75 minutes from 10 on
    assert set(wrong.value.faults) == {(1, Fault.ROOM)}
    assert book(course, room, doctor, hour=9, by=doctor)


def test_where_nothing_is_to_be_booked_nothing_is_wrong(doctor, room):
    factories.working_hours(doctor)
    sessions = factories.booked(factories.confirmed_course(by=doctor), room, practitioner=doctor)
    again = actions.book_course(sessions[0].course, [], practitioner=doctor, by=doctor, at=NOW, key=uuid4())
    assert again == sessions


def test_what_is_proposed_can_be_booked(nurse, doctor, room):
    """Free time and the check before booking know the same: all that opens for a nurse, and no more, passes."""
    factories.working_hours(nurse)
    hours(doctor, (2, 9, 12), (4, 13, 17))
    RoomHours.objects.create(room=room, weekday=2, starts=dt.time(10), ends=dt.time(18))
    course = factories.confirmed_course(by=doctor, sessions=1)
    found = desk(course, [nurse], at=NOW, last=TUESDAY + WEEK)
    starts = {clock(TUESDAY, hour, minute) for hour in range(7, 18) for minute in (0, 15, 30, 45)}
    offered = {start for start in starts if found.is_free(rules.Slot(1, start, room.pk, nurse.pk))}
    assert offered == {clock(TUESDAY, 10, minute) for minute in (0, 15, 30, 45)}


# What lies outside by now


def test_a_doctors_absence_lists_the_sessions_of_her_nurse(hers, doctor, clinic_admin):
    absence = away(doctor, *absences.days_span(TUESDAY, TUESDAY + WEEK), by=clinic_admin)
    assert list(presence.met_by(absence)) == hers[:1]
    [row] = absences.listed(NOW)
    assert row.sessions_left == 1


@pytest.mark.parametrize(
    ("setting", "listed"), [(NursesWith.NEVER, 0), (NursesWith.ANY, 0), (NursesWith.HERS, 1)]
)
def test_it_lists_them_where_nobody_else_will_do(hers, doctor, other, clinic_admin, setting, listed):
    asks(setting)
    factories.working_hours(other)
    absence = away(doctor, *absences.days_span(TUESDAY, TUESDAY + WEEK), by=clinic_admin)
    assert len(presence.met_by(absence)) == listed
    assert absences.listed(NOW)[0].sessions_left == listed


def test_another_doctors_absence_lists_none_of_hers(hers, other, clinic_admin):
    absence = away(other, *absences.days_span(TUESDAY, TUESDAY + WEEK), by=clinic_admin)
    assert not presence.met_by(absence)


def test_it_is_shown_before_the_absence_is_saved(as_, clinic_admin, doctor, hers):
    form = {"practitioner": doctor.pk, "kind": "leave", "first": TUESDAY, "last": TUESDAY}
    answer = as_(clinic_admin).post(reverse("absences:add"), form)
    assert (answer.status_code, "Natalia" in answer.text) == (200, True)
    assert not doctor.absences.exists()


def test_sessions_outside_hours_are_listed_until_they_are_moved(as_, front_desk, hers, doctor, nurse):
    assert list(presence.outside(NOW)) == []
    hours(doctor, (2, 13, 18))
    assert list(presence.outside(NOW)) == hers
    page = as_(front_desk).get(reverse("absences:outside")).text
    assert "5 sessions to come" in page
    assert f"/schedule/sessions/{hers[0].pk}/move/?left=hours" in page
    actions.move_session(
        hers[0],
        starts_at=clock(TUESDAY, 14),
        practitioner=nurse,
        room=hers[0].room,
        version=hers[0].version,
        by=front_desk,
        at=NOW,
    )
    assert list(presence.outside(NOW)) == hers[1:]


def test_a_longer_list_asks_no_more_questions(as_, front_desk, hers, doctor, room):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            as_(front_desk).get(reverse("absences:outside"))
        return len(queries)

    hours(doctor, (2, 13, 18))
    asked()
    before = asked()
    Session.objects.filter(pk=hers[0].pk).update(state="performed")
    assert asked() == before


# Weekly hours


def week(version, **spans):
    """The form of a week: `d2=(9, 12)` is Tuesday from 9 to 12."""
    form = {"version": version}
    for day, (starts, ends) in spans.items():
        form |= {f"from_{day[1:]}_1": f"{starts:02}:00", f"to_{day[1:]}_1": f"{ends:02}:00"}
    return form


def sure(answer):
    return answer.text.partition('name="sure" value="')[2].partition('"')[0]


def test_hours_that_leave_sessions_outside_are_shown_before_they_are_saved(as_, clinic_admin, doctor, hers):
    browser, url = as_(clinic_admin), reverse("staff_hours", args=[doctor.pk])
    form = week(doctor.version, d2=(13, 18))
    answer = browser.post(url, form)
    assert (answer.status_code, "5 sessions to come would lie outside" in answer.text) == (200, True)
    assert "Natalia" in answer.text
    assert hers[0].course.patient.name not in answer.text  # a clinic admin sees no patient
    assert doctor.working_hours.count() == 5

    answer = browser.post(url, form | {"sure": sure(answer)})
    assert answer["Location"] == reverse("absences:outside")
    assert doctor.working_hours.count() == 1
    assert Session.objects.booked().count() == 5


def test_what_was_seen_is_not_what_is_left_by_now(as_, clinic_admin, doctor, hers):
    browser, url = as_(clinic_admin), reverse("staff_hours", args=[doctor.pk])
    form = week(doctor.version, d2=(13, 18))
    seen = sure(browser.post(url, form))
    actions.cancel_session(hers[-1], reason="Away", version=1, by=doctor, at=NOW)
    assert "4 sessions to come would lie outside" in browser.post(url, form | {"sure": seen}).text
    assert doctor.working_hours.count() == 5


def test_hours_that_leave_nothing_are_saved_at_once(as_, clinic_admin, doctor, hers):
    url = reverse("staff_hours", args=[doctor.pk])
    assert as_(clinic_admin).post(url, week(doctor.version, d2=(8, 12))).status_code == 302
    assert doctor.working_hours.count() == 1


def test_weekly_hours_again_are_previewed_too(as_, clinic_admin, doctor, hers):
    hours(doctor, (2, 13, 18))
    DayHours.objects.create(practitioner=doctor, day=TUESDAY, starts=dt.time(8), ends=dt.time(18))
    browser, url = as_(clinic_admin), reverse("absences:weekly_again", args=[doctor.pk])
    answer = browser.post(url, {"day": TUESDAY})
    assert "1 session to come would lie outside" in answer.text
    assert doctor.day_hours.exists()
    assert browser.post(url, {"day": TUESDAY, "sure": "1"}).status_code == 302
    assert not doctor.day_hours.exists()


def test_another_day_of_the_doctor_shows_the_nurses_sessions(as_, clinic_admin, doctor, hers):
    form = {"day": TUESDAY, "from_1": "13:00", "to_1": "18:00"}
    answer = as_(clinic_admin).post(reverse("absences:hours", args=[doctor.pk]), form)
    assert (answer.status_code, "Natalia" in answer.text) == (200, True)
    assert not doctor.day_hours.exists()


# Hours of a room


def test_whom_nurses_need_is_set_once_it_was_seen_whom_that_leaves(
    as_, clinic_admin, nurse, doctor, other, room
):
    """The nurse works while her doctor does not, which nobody asks for as yet."""
    asks(NursesWith.NEVER)
    factories.working_hours(nurse)
    factories.working_hours(doctor, weekdays=[5])
    [session] = factories.booked(factories.confirmed_course(by=doctor, sessions=1), room, practitioner=nurse)
    browser, url = as_(clinic_admin), reverse("settings")
    form = CLINIC | {"nurses_with_doctor": "hers"}
    answer = browser.post(url, form)
    assert (answer.status_code, "1 session to come would lie outside" in answer.text) == (200, True)
    assert session.course.patient.name not in answer.text
    assert Clinic.current().nurses_with_doctor == NursesWith.NEVER
    assert presence.outside(NOW).count() == 0
    answer = browser.post(url, form | {"sure": sure(answer)})
    assert answer["Location"] == reverse("absences:outside")
    assert Clinic.current().nurses_with_doctor == NursesWith.HERS
    assert list(presence.outside(NOW)) == [session]


def test_settings_that_leave_nobody_are_saved_at_once(as_, clinic_admin, hers):
    asks(NursesWith.NEVER)
    browser, url = as_(clinic_admin), reverse("settings")
    assert browser.post(url, CLINIC | {"nurses_with_doctor": "hers"})["Location"] == url
    assert Clinic.current().nurses_with_doctor == NursesWith.HERS


def person_form(who, **said):
    roles = list(who.groups.values_list("name", flat=True))
    rows = {"name": who.name, "email": who.email, "roles": roles, "version": who.version, "is_active": "on"}
    if who.cooperating_doctor_id:
        rows["cooperating_doctor"] = who.cooperating_doctor_id
    return rows | said


def test_another_doctor_for_a_nurse_is_saved_once_it_was_seen_whom_that_leaves(
    as_, clinic_admin, nurse, other, hers
):
    browser, url = as_(clinic_admin), reverse("staff_edit", args=[nurse.pk])
    form = person_form(nurse, cooperating_doctor=other.pk)
    answer = browser.post(url, form)
    assert (answer.status_code, "5 sessions to come would lie outside" in answer.text) == (200, True)
    nurse.refresh_from_db()
    assert (nurse.cooperating_doctor == other, nurse.version) == (False, form["version"])
    answer = browser.post(url, form | {"sure": sure(answer)})
    assert answer["Location"] == reverse("absences:outside")
    nurse.refresh_from_db()
    assert (nurse.cooperating_doctor == other, nurse.version) == (True, form["version"] + 1)


def test_a_doctor_who_may_not_log_in_any_more_leaves_the_nurses_who_need_any(
    as_, clinic_admin, nurse, doctor, other, room
):
    asks(NursesWith.ANY)
    for who in (nurse, other):
        factories.working_hours(who)
    factories.booked(factories.confirmed_course(by=doctor, sessions=1), room, practitioner=nurse)
    browser, url = as_(clinic_admin), reverse("staff_edit", args=[other.pk])
    form = person_form(other)
    del form["is_active"]
    assert "1 session to come would lie outside" in browser.post(url, form).text
    other.refresh_from_db()
    assert other.is_active
    assert browser.post(url, person_form(other, name="Olga B"))["Location"] == reverse("staff")


def test_hours_of_a_room_are_saved_and_shown(as_, clinic_admin, room):
    browser, url = as_(clinic_admin), reverse("room_hours", args=[room.pk])
    assert browser.post(url, week(room.version, d2=(9, 12))).status_code == 302
    assert [str(row) for row in room.opening_hours.all()] == ["Tuesday 09:00–12:00"]
    assert 'value="09:00"' in browser.get(url).text
    assert url in browser.get(reverse("room_edit", args=[room.pk])).text


def test_a_room_that_is_closed_leaves_its_sessions_listed(as_, clinic_admin, room, hers):
    browser, url = as_(clinic_admin), reverse("room_hours", args=[room.pk])
    form = week(room.version, d3=(9, 12))
    answer = browser.post(url, form)
    assert "5 sessions to come would lie outside" in answer.text
    assert not room.opening_hours.exists()
    browser.post(url, form | {"sure": sure(answer)})
    assert list(presence.outside(NOW, of=room)) == hers


def test_hours_of_a_room_changed_meanwhile_are_not_written_over(as_, clinic_admin, room):
    spans = [(1, dt.time(8), dt.time(9))]
    clinic_actions.set_room_week(room, spans, version=room.version, by=clinic_admin, at=NOW)
    answer = as_(clinic_admin).post(reverse("room_hours", args=[room.pk]), week(1, d2=(9, 12)))
    assert answer.status_code == 409
    assert room.opening_hours.get().weekday == 1


@pytest.mark.parametrize("form", [{}, {"version": 1, "from_1_1": "10:00"}, {"version": 1, "from_1_1": "x"}])
def test_hours_of_a_room_that_are_none_are_refused(as_, clinic_admin, room, form):
    url = reverse("room_hours", args=[room.pk])
    assert as_(clinic_admin).post(url, form).status_code == 422
    assert not room.opening_hours.exists()


def test_only_the_clinic_admin_sets_the_hours_of_rooms(as_, doctor, front_desk, clinic_admin, room):
    url = reverse("room_hours", args=[room.pk])
    for who in (doctor, front_desk):
        assert as_(who).post(url, week(1, d2=(9, 12))).status_code == 403
    assert as_(clinic_admin).delete(url).status_code == 405
    assert as_(clinic_admin).get(reverse("room_hours", args=[10**17])).status_code == 404
    assert not room.opening_hours.exists()


def test_the_calendar_shows_when_a_room_is_closed(room):
    def closed():
        shown = week_or_day(Days(TUESDAY, 1), By.ROOM, who=None, clinical=False, at=NOW).said
        return [(e["start"], e["end"]) for e in shown["events"] if "is-off" in e["classNames"]]

    assert closed() == []
    RoomHours.objects.create(room=room, weekday=2, starts=dt.time(9), ends=dt.time(12))
    assert closed() == [
        ("2026-11-24T00:00", "2026-11-24T09:00"),
        ("2026-11-24T12:00", "2026-11-25T00:00"),
    ]


# Whose pages


@pytest.mark.parametrize("name", ["outside", "outside_replan"])
def test_the_list_is_for_who_books_and_replanning_too(as_, front_desk, stranger, clinic_admin, name):
    url = reverse(f"absences:{name}")
    assert as_(front_desk).get(url).status_code == 200
    assert as_(stranger).get(url).status_code == 403
    assert as_(clinic_admin).get(url).status_code == (200 if name == "outside" else 403)
    assert as_(front_desk).delete(url).status_code == 405
