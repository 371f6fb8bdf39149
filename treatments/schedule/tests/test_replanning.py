"""All sessions that an absence meets find another time at once: two ways for each course, chosen row by row."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from clinic.models import AccessLog, DayHours, WorkingHours
from conftest import NOW
from patients.tests.factories import interview
from treatments.schedule import actions
from treatments.schedule.away import absences
from treatments.schedule.changing import replanning
from treatments.schedule.models import Ability, Device, DeviceKind, Requirement, Session
from treatments.schedule.rules import Free, Occupation, Slot, Taken, less
from treatments.schedule.rules.openings import either
from treatments.schedule.rules.taking import without
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_absences import away, wrong
from treatments.schedule.tests.test_rules import moment, span

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def five(doctor, nurse):
    """Five sessions of five patients with the nurse today, one after the other; the doctor could treat too."""
    factories.working_hours(nurse)
    factories.working_hours(doctor)
    room, rows = factories.room(), []
    for n in range(5):
        course = factories.confirmed_course(by=nurse, sessions=1)
        slot = Slot(1, NOW + n * dt.timedelta(minutes=90) + dt.timedelta(minutes=30), room.pk)
        key = factories.uuid.uuid4()
        rows += actions.book_course(course, [slot], practitioner=nurse, by=nurse, at=NOW, key=key)
    return rows


@pytest.fixture
def ill(five, nurse, front_desk):
    return absences.ill_today(nurse, by=front_desk, at=NOW)


def url(absence):
    return reverse("absences:replan", args=[absence.pk])


def chosen(page, kind=None):
    """What the form posts, with this way for all or what was chosen before anybody chose."""
    fields = {}
    for plan, usual in page.context["plans"]:
        fields[f"way-{plan.course.pk}"] = usual if kind is None else kind
        for way in plan.ways:
            for shift in way.shifts:
                fields[f"{way.kind}-{plan.course.pk}-{shift.session.pk}"] = shift.value
                fields[f"version-{shift.session.pk}"] = shift.session.version
    return fields


def booked():
    return list(Session.objects.booked().order_by("pk"))


def test_each_gets_its_hour_on_another_day_with_the_same_practitioner(as_, front_desk, five, ill, nurse):
    page = as_(front_desk).get(url(ill))
    ways = [plan.ways[0] for plan, _usual in page.context["plans"]]
    assert [way.kind for way in ways] == ["day"] * 5
    found = [way.shifts[0] for way in ways]
    assert {one.practitioner for one in found} == {nurse}
    assert [one.starts_at.timetz() for one in found] == [one.starts_at.timetz() for one in five]
    assert {one.starts_at.date() for one in found} == {NOW.date() + 7 * DAY}
    assert booked() == five


def test_or_the_same_time_with_somebody_else(as_, front_desk, five, ill, doctor):
    page = as_(front_desk).get(url(ill), {"prefer": "person"})
    assert [usual for _plan, usual in page.context["plans"]] == ["person"] * 5
    answer = as_(front_desk).post(url(ill), chosen(page), follow=True)
    assert "5 sessions are moved." in answer.text
    assert "No session stands in it" in answer.text
    assert {(one.practitioner, one.version) for one in booked()} == {(doctor, 2)}
    assert [one.starts_at for one in booked()] == [one.starts_at for one in five]
    assert wrong() == []


def test_one_click_moves_all_of_them_and_a_row_can_be_left_out(as_, front_desk, five, ill):
    browser = as_(front_desk)
    fields = chosen(browser.get(url(ill)))
    fields[f"way-{five[2].course_id}"] = ""
    answer = browser.post(url(ill), fields, follow=True)
    assert answer.redirect_chain[-1][0] == ill.get_absolute_url()
    assert "4 sessions are moved." in answer.text
    assert "1 session still stands in it" in answer.text
    assert [one.version for one in booked()] == [2, 2, 1, 2, 2]
    assert wrong() == []


def test_proposals_of_one_page_never_meet(as_, front_desk, five, ill, nurse):
    """Nobody else treats, and the nurse has only two half days left."""

    factories.nurses_alone()
    WorkingHours.objects.all().delete()
    for n in (7, 8):
        day = NOW.date() + n * DAY
        DayHours.objects.create(practitioner=nurse, day=day, starts=dt.time(8), ends=dt.time(12))
    browser = as_(front_desk)
    page = browser.get(url(ill))
    assert [len(plan.ways) for plan, _usual in page.context["plans"]] == [1] * 5
    assert "5 sessions are moved." in browser.post(url(ill), chosen(page), follow=True).text


def test_who_lost_is_told_in_its_row_and_the_others_are_moved(as_, front_desk, doctor, five, ill):
    browser = as_(front_desk)
    fields = chosen(browser.get(url(ill)))
    other = factories.confirmed_course(by=doctor, sessions=1)
    there = Slot(1, five[0].starts_at + 7 * DAY, five[0].room_id)
    actions.book_course(other, [there], practitioner=doctor, by=doctor, at=NOW, key=factories.uuid.uuid4())
    page = browser.post(url(ill), fields)
    assert page.status_code == 409
    [(plan, _usual)] = page.context["plans"]
    assert (plan.course.pk, plan.said) == (five[0].course_id, ["The time has just been taken."])
    assert plan.ways[0].shifts[0].starts_at != there.starts_at
    assert "4 sessions are moved." in page.text
    assert browser.post(url(ill), chosen(page)).status_code == 302
    assert wrong() == []


def test_a_session_that_was_moved_meanwhile_stays_where_it_was_put(as_, front_desk, nurse, five, ill):
    browser = as_(front_desk)
    fields = chosen(browser.get(url(ill)))
    there = {"practitioner": nurse, "room": five[0].room, "version": 1, "by": nurse, "at": NOW}
    actions.move_session(five[0], starts_at=five[0].starts_at + 3 * DAY, **there)
    page = browser.post(url(ill), fields)
    assert page.status_code == 409
    name = five[0].course.patient.name
    assert f"{name}: Somebody changed one of these sessions meanwhile." in page.text
    assert booked()[0].starts_at == five[0].starts_at + 3 * DAY


def test_the_rest_of_a_course_follows_where_the_interval_asks_for_it(doctor, front_desk, clinic_admin):
    factories.working_hours(doctor, weekdays=range(1, 8))
    course = factories.confirmed_course(by=doctor)
    rows = factories.booked(course, factories.room(), practitioner=doctor, every=14)
    begin = rows[1].starts_at.date()
    absence = away(doctor, *absences.days_span(begin, begin + 6 * DAY), by=clinic_admin)
    [plan] = replanning.plans(Session.objects.met_by(absence), at=NOW)
    assert [shift.session.number for shift in plan.ways[0].shifts] == [2, 3, 4, 5]
    assert replanning.carry_out([s.change for s in plan.ways[0].shifts], by=doctor, at=NOW) == []
    assert wrong() == []


def test_where_there_is_no_time_it_is_said_and_the_session_stays(as_, front_desk, doctor, clinic_admin):
    factories.working_hours(doctor)
    course = factories.confirmed_course(by=doctor, sessions=2)
    rows = factories.booked(course, factories.room(), practitioner=doctor)
    begin = rows[1].starts_at.date() - 8 * DAY
    absence = away(doctor, *absences.days_span(begin, begin + 40 * DAY), by=clinic_admin)
    page = as_(front_desk).get(url(absence))
    [(plan, _usual)] = page.context["plans"]
    assert plan.ways == []
    assert "has no free time from" in plan.said[0]
    assert "Look for a time" in page.text
    assert "Move what is chosen" not in page.text


def test_what_lacks_something_finds_it_at_its_own_time_where_it_can(as_, front_desk, doctor, nurse, five):
    for person in (nurse, doctor):
        technique = type(five[0].course.technique).objects.exclude(pk=five[0].course.technique_id).first()
        own = five[0].course.technique if person == doctor else technique
        Ability.objects.create(practitioner=person, technique=own)
    address, browser = reverse("equipment:replan"), as_(front_desk)
    page = browser.get(address)
    found = [plan.ways[0].shifts[0] for plan, _usual in page.context["plans"]]
    assert [(one.starts_at, one.practitioner) for one in found] == [(one.starts_at, doctor) for one in five]
    answer = browser.post(address, chosen(page), follow=True)
    assert answer.redirect_chain[-1][0] == reverse("equipment:left")
    assert "No session lacks anything" in answer.text


def test_what_lies_outside_the_hours_of_a_day_comes_inside(as_, front_desk, five, nurse, clinic_admin):
    begin, end = dt.time(14), dt.time(20)
    day = DayHours.objects.create(practitioner=nurse, day=NOW.date(), starts=begin, ends=end)
    address, browser = reverse("absences:replan_day", args=[day.pk]), as_(front_desk)
    assert address in browser.get(reverse("absences:list")).text
    page = browser.get(address)
    assert [plan.sessions for plan, _usual in page.context["plans"]] == [[row] for row in five[:3]]
    answer = browser.post(address, chosen(page), follow=True)
    assert "3 sessions are moved." in answer.text
    assert absences.outside_hours(nurse, day.day) == []
    assert as_(clinic_admin).get(address).status_code == 403
    assert browser.get(reverse("absences:replan_day", args=[10**17])).status_code in (403, 404)


def test_what_is_held_is_told_when_it_is_shown_and_nothing_is_proposed_for_it(
    as_, front_desk, doctor, five, ill
):
    interview(five[0].course.patient, by=doctor, answers={"pregnancy": "current"})
    page = as_(front_desk).get(url(ill))
    [held, *others] = [plan for plan, _usual in page.context["plans"]]
    assert (held.course, held.ways) == (five[0].course, [])
    assert held.said == ["Held: a doctor or nurse must look at it first."]
    assert held.said[0] in page.text
    assert "pregnan" not in page.text.lower()
    assert [len(plan.ways) for plan in others] == [2] * 4


def test_one_device_is_proposed_to_one_at_a_time(as_, front_desk, nurse, doctor, clinic_admin):
    factories.working_hours(nurse)
    factories.working_hours(doctor)
    kind = DeviceKind.objects.create(name="Gun", cleanup_minutes=10)
    rows = []
    for n in range(2):
        course = factories.confirmed_course(by=doctor, sessions=1)
        Requirement.objects.get_or_create(technique=course.technique, kind=kind)
        Device.objects.create(kind=kind, name=f"Gun {n}")
        who = (nurse, doctor)[n]
        rows += factories.booked(course, factories.room(f"Room {n}"), practitioner=who)
    Device.objects.filter(name="Gun 1").update(active=False)
    for who in (nurse, doctor):
        away(who, rows[0].starts_at, rows[0].ends_at, by=clinic_admin)
    found = replanning.plans(rows, at=NOW)
    starts = [plan.ways[0].shifts[0].starts_at for plan in found]
    assert abs(starts[0] - starts[1]) >= dt.timedelta(minutes=85), "they would have it at the same time"
    for plan in found:
        changes = [shift.change for shift in plan.ways[0].shifts]
        assert replanning.carry_out(changes, by=doctor, at=NOW) == []
    assert wrong() == []


def test_one_patient_is_not_proposed_to_be_in_two_places(doctor, nurse, front_desk, clinic_admin):
    factories.working_hours(nurse)
    factories.working_hours(doctor)
    first = factories.confirmed_course(by=doctor, sessions=1)
    second = factories.confirmed_course(by=doctor, sessions=1, patient=first.patient)
    one = factories.booked(first, factories.room(), practitioner=doctor, hour=10)
    two = factories.booked(second, factories.room("Two"), practitioner=nurse, hour=12)
    span = (one[0].starts_at, two[0].ends_at)
    for who in (doctor, nurse):
        away(who, *span, by=clinic_admin)
    found = replanning.plans([*one, *two], at=NOW)
    starts = sorted(plan.ways[0].shifts[0].starts_at for plan in found)
    assert starts[1] - starts[0] >= dt.timedelta(minutes=75)
    for plan in found:
        assert replanning.carry_out([plan.ways[0].shifts[0].change], by=doctor, at=NOW) == []


def test_what_came_to_be_held_meanwhile_is_told_in_its_row_and_stays(as_, front_desk, doctor, five, ill):
    browser = as_(front_desk)
    fields = chosen(browser.get(url(ill)))
    interview(five[0].course.patient, by=doctor, answers={"pregnancy": "current"})
    page = browser.post(url(ill), fields)
    assert page.status_code == 409
    [(plan, _usual)] = page.context["plans"]
    assert "a doctor or nurse must look at it first." in plan.said[0]
    assert [row.version for row in booked()] == [1, 2, 2, 2, 2]


def test_nothing_to_re_plan_is_said(as_, front_desk, nurse):
    factories.working_hours(nurse)
    absence = absences.ill_today(nurse, by=front_desk, at=NOW)
    assert "No session needs another time" in as_(front_desk).get(url(absence)).text
    assert as_(front_desk).post(url(absence)).status_code == 302


@pytest.mark.parametrize(
    "fields",
    [
        {"way-1": "x"},
        {"way-" + "9" * 18: "day"},
        {"way-1": "day", "day-1-1": "nothing"},
        {"way-1": "(", "(-1-1": "20261125T0900Z-1-1"},
    ],
)
def test_a_broken_form_moves_nothing(as_, front_desk, five, ill, fields):
    assert as_(front_desk).post(url(ill), fields).status_code == 409
    assert [one.version for one in booked()] == [1] * 5


def test_sessions_of_another_course_cannot_be_slipped_in(as_, front_desk, five, ill):
    browser = as_(front_desk)
    fields = chosen(browser.get(url(ill)))
    one, other = five[0], five[1]
    there = fields[f"day-{other.course_id}-{other.pk}"]
    slipped = {
        f"way-{one.course_id}": "day",
        f"day-{one.course_id}-{other.pk}": there,
        f"version-{other.pk}": 1,
    }
    assert browser.post(url(ill), slipped).status_code == 409
    assert [row.version for row in booked()] == [1] * 5


@pytest.mark.parametrize("who", ["stranger", "catalogue_admin", "clinic_admin"])
def test_nobody_else_re_plans(as_, request, five, ill, who):
    browser = as_(request.getfixturevalue(who))
    for address in (url(ill), reverse("equipment:replan")):
        assert browser.get(address).status_code == 403
        assert browser.post(address).status_code == 403
    assert as_(request.getfixturevalue("front_desk")).delete(url(ill)).status_code == 405
    assert browser.get(reverse("absences:replan", args=[10**17])).status_code in (403, 404)
    assert [one.version for one in booked()] == [1] * 5


def test_whom_the_page_names_is_logged(as_, front_desk, five, ill):
    browser = as_(front_desk)
    for address, view in ((url(ill), "absences:replan"), (ill.get_absolute_url(), "absences:absence")):
        browser.get(address)
        rows = AccessLog.objects.filter(actor_id=front_desk.pk, listed=True, view=view)
        assert sorted(rows.values_list("patient_id", flat=True)) == sorted(
            row.course.patient_id for row in five
        )


def test_who_reads_no_names_is_not_logged(as_, clinic_admin, ill):
    as_(clinic_admin).get(ill.get_absolute_url())
    assert not AccessLog.objects.filter(actor_id=clinic_admin.pk).exists()


def test_many_courses_are_asked_for_with_as_few_questions_as_two(as_, front_desk, five, ill, nurse):
    browser = as_(front_desk)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(url(ill)).status_code == 200
        return len(queries)

    for row in five[2:]:
        Session.objects.filter(pk=row.pk).update(starts_at=row.starts_at + DAY, ends_at=row.ends_at + DAY)
    asked()  # the first in a process asks more
    two = asked()
    for row in five[2:]:
        Session.objects.filter(pk=row.pk).update(starts_at=row.starts_at, ends_at=row.ends_at)
    assert asked() == two


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 6)), max_size=5),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9)), max_size=5),
)
def test_what_is_gone_is_gone_minute_by_minute_and_nothing_else(there, gone):
    spans = either([[(lo, lo + length) for lo, length in there]])
    cuts = [(lo, lo + length) for lo, length in gone]

    def minutes(some):
        return {minute for lo, hi in some for minute in range(lo, hi)}

    left = without(spans, cuts)
    assert minutes(left) == minutes(spans) - minutes(cuts)
    assert left == sorted(left)
    assert all(lo < hi for lo, hi in left)


def test_what_is_taken_for_one_is_not_free_for_the_next():
    having = Free({9: [span(0, 8, 12)], 8: [span(0, 8, 12)]}, [span(0, 0, 23)], {1: [span(0, 8, 12)]})
    cream = Occupation(60, ((0, 10), (40, 60)), 5, 5)
    left = less(having, [Taken.by(Slot(1, moment(0, 9), 1, 9), cream, having)])
    assert left.practitioners == {
        9: [
            (moment(0, 8), moment(0, 9)),
            (moment(0, 9, 10), moment(0, 9, 40)),
            (moment(0, 10), moment(0, 12)),
        ],
        8: [span(0, 8, 12)],
    }
    assert left.rooms == {1: [(moment(0, 8), moment(0, 8, 55)), (moment(0, 10, 5), moment(0, 12))]}
