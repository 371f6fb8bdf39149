"""The patient did not come: who may say so and when, what follows, and what happens when they come after all."""

import datetime as dt
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic import events
from clinic.models import AccessLog, Clinic, RoomHours, User, WorkingHours
from clinic.versions import ChangedMeanwhile
from conftest import NOW
from patients.tests.factories import interview
from treatments.courses import actions as courses
from treatments.schedule import actions, aftermath, arrivals, refusals, rules
from treatments.schedule.events import SessionMissed, TimeFreed
from treatments.schedule.models import Hold, Reservation, Session, Standing
from treatments.schedule.resources import resource_of
from treatments.schedule.rules import Fault, Slot
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_races import at_once

pytestmark = pytest.mark.django_db
DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)


def course_of(doctor, **fields):
    factories.working_hours(doctor)
    return factories.confirmed_course(by=doctor, **fields)


@pytest.fixture
def sessions(doctor):
    """Five sessions, every 21 days at ten, 14 to 35 days apart; the second is looked at."""
    return factories.booked(course_of(doctor), factories.room(), practitioner=doctor)


@pytest.fixture
def session(sessions):
    return sessions[1]


@pytest.fixture
def begun(session, time_machine):
    """Twenty minutes after the second session should have begun."""
    at = session.starts_at + 20 * MINUTE
    time_machine.move_to(at, tick=False)
    return at


@pytest.fixture
def url(session):
    return reverse("schedule:missed", args=[session.pk])


@pytest.fixture
def here(session):
    return reverse("schedule:session", args=[session.pk])


def miss(session, *, by, at):
    return actions.miss(session, version=session.version, by=by, at=at)


def stands(session) -> str:
    session.refresh_from_db()
    return session.state


# What is written


def test_a_missed_session_is_marked_and_its_time_is_free_again(session, doctor, begun, monkeypatch):
    heard = []
    monkeypatch.setattr(events, "announce", heard.append)
    held = set(session.reservations.values_list("resource", flat=True))
    row = miss(session, by=doctor, at=begun)
    assert (row.state, row.missed_at, row.missed_by, row.version) == ("missed", begun, doctor, 2)
    assert not Reservation.objects.filter(session=session).exists()
    assert not Standing.objects.filter(session=session).exists()
    assert heard == [
        SessionMissed(session.pk, begun),
        TimeFreed(tuple(sorted(held)), begun, session.ends_at, begun),
    ]


def test_what_is_over_is_not_announced_as_free(session, doctor, monkeypatch):
    heard = []
    monkeypatch.setattr(events, "announce", heard.append)
    later = session.ends_at + DAY
    miss(session, by=doctor, at=later)
    assert heard == [SessionMissed(session.pk, later)]


def test_the_same_person_says_it_twice_and_it_is_said_once(session, doctor, begun):
    first, again = miss(session, by=doctor, at=begun), miss(session, by=doctor, at=begun + MINUTE)
    assert (again.version, again.missed_at) == (first.version, begun)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda s, by: actions.cancel_session(s, reason="ill", version=1, by=by, at=NOW), id="given up"
        ),
        pytest.param(lambda s, by: arrivals.mark(s, here=True, version=1, by=by, at=s.starts_at), id="here"),
    ],
)
def test_what_was_given_up_or_began_was_not_missed(session, doctor, begun, change):
    change(session, doctor)
    state = stands(session)
    with pytest.raises(ChangedMeanwhile):
        miss(session, by=doctor, at=begun)
    assert stands(session) == state


def test_nothing_is_missed_before_it_begins(session, doctor):
    with pytest.raises(ChangedMeanwhile):
        miss(session, by=doctor, at=session.starts_at - MINUTE)
    assert miss(session, by=doctor, at=session.starts_at).state == "missed"


def test_the_number_is_missing_and_can_be_booked_in_the_time_that_is_free(sessions, session, doctor, begun):
    miss(session, by=doctor, at=begun)
    again = Slot(2, session.starts_at + 30 * MINUTE, session.room_id)
    actions.book_course(session.course, [again], practitioner=doctor, by=doctor, at=begun, key=uuid4())
    standing = list(session.course.sessions.standing().order_by("number"))
    assert [one.number for one in standing] == [1, 2, 3, 4, 5]
    assert standing[1].pk != session.pk


# What follows, in words


def test_what_follows_is_said(session, doctor, begun):
    said = aftermath.aftermath(miss(session, by=doctor, at=begun), at=begun)
    assert said.to_book
    assert said.said == [
        "Dorota and Room 1 are free again until 11:15.",
        "Session 2 is missing. It can be had from 15 December 2026 to 22 December 2026.",
        "Until it is booked, sessions 1 and 3 are 42 days apart; at most 35 are intended.",
    ]


def test_time_that_is_held_or_given_to_others_is_not_said_to_be_free(session, doctor, begun):
    row = miss(session, by=doctor, at=begun)
    hold = Hold.objects.create(
        practitioner=doctor,
        room=row.room,
        begin=row.starts_at,
        until=row.ends_at,
        made_at=begun,
        lapses_at=begun + 30 * MINUTE,
    )
    resource = resource_of(doctor)
    taken = Reservation.objects.create(
        resource=resource, why="offer", hold=hold, period=(hold.begin, hold.until)
    )
    until = timezone.localtime(hold.lapses_at)
    held = f"Dorota and Room 1 are held for the waiting list until {until:%H:%M}."
    assert aftermath.aftermath(row, at=begun).said[0] == held
    lapsed = aftermath.aftermath(row, at=hold.lapses_at).said[0]
    assert lapsed == "Dorota and Room 1 are free again until 11:15."
    taken.delete()
    other = factories.confirmed_course(by=doctor, sessions=1)
    slot = Slot(1, session.starts_at + 25 * MINUTE, row.room_id)
    actions.book_course(other, [slot], practitioner=doctor, by=doctor, at=begun, key=uuid4())
    assert not [said for said in aftermath.aftermath(row, at=begun).said if "free again" in said]


def test_that_no_day_is_left_is_said_too(session, doctor):
    late = session.starts_at + 8 * DAY
    said = aftermath.aftermath(miss(session, by=doctor, at=late), at=late).said
    assert said[0].startswith("Session 2 is missing, and no day is left 14 to 35 days from its neighbours")


def test_of_what_was_booked_again_nothing_follows(session, doctor, begun):
    row = miss(session, by=doctor, at=begun)
    slots = [Slot(2, session.starts_at + DAY, session.room_id)]
    actions.book_course(row.course, slots, practitioner=doctor, by=doctor, at=begun, key=uuid4())
    found = aftermath.aftermath(row, at=begun + DAY)
    assert (found.said, found.to_book) == ([], False)


@pytest.mark.parametrize(
    ("standing", "today", "found"),
    [
        pytest.param({}, 0, (0, None), id="no neighbour: from today on"),
        pytest.param({1: 0}, 5, (14, 35), id="after the one before"),
        pytest.param({1: 0}, 20, (20, 35), id="not in the past"),
        pytest.param({1: 0}, 36, None, id="too late"),
        pytest.param({3: 42}, 0, (7, 28), id="before the one after"),
        pytest.param({1: 0, 3: 42}, 0, (14, 28), id="between both"),
        pytest.param({1: 0, 3: 21}, 0, None, id="no room between"),
        pytest.param(
            {4: 60}, 0, (0, 46), id="a neighbour that is missing too: the shortest interval to the next"
        ),
    ],
)
def test_days_that_are_left(standing, today, found):
    def day(days):
        return dt.date(2026, 1, 1) + days * DAY

    starts = {n: dt.datetime.combine(day(d), dt.time(10), tzinfo=dt.UTC) for n, d in standing.items()}
    series = rules.Series(5, 14, 21, 35, starts)
    left = rules.days_left(2, series, today=day(today), zone=dt.UTC)
    assert left == (None if found is None else (day(found[0]), None if found[1] is None else day(found[1])))


# Came after all


def test_on_the_same_day_it_can_be_taken_back(session, doctor, begun):
    before = sorted(session.reservations.values_list("resource", "starts_at", "ends_at"))
    row = miss(session, by=doctor, at=begun)
    row = actions.come_after_all(row, version=2, by=doctor, at=begun + 5 * MINUTE)
    assert (row.state, row.missed_at, row.missed_by, row.version) == ("booked", None, None, 3)
    assert sorted(row.reservations.values_list("resource", "starts_at", "ends_at")) == before
    assert Session.objects.with_held().get(pk=row.pk).held is False


def test_whoever_may_not_be_treated_any_more_is_not_booked_after_all(
    as_, front_desk, session, url, here, doctor, begun
):
    row = miss(session, by=doctor, at=begun)
    interview(row.course.patient, by=doctor, answers={"pregnancy": "current"}, at=begun)
    with pytest.raises(refusals.NotBookable, match="must look at it first"):
        actions.come_after_all(row, version=2, by=doctor, at=begun)
    answer = as_(front_desk).post(url, {"version": 2, "came": "yes"})
    assert (answer.status_code, "must look at it first" in answer.text) == (409, True)
    assert stands(session) == "missed"


def test_nor_is_it_while_the_practitioner_does_not_work_or_the_room_is_closed(
    as_, front_desk, session, url, here, doctor, begun
):
    row = miss(session, by=doctor, at=begun)
    hours = list(WorkingHours.objects.filter(practitioner=doctor))
    WorkingHours.objects.filter(practitioner=doctor).delete()
    with pytest.raises(refusals.WrongTimes) as wrong:
        actions.come_after_all(row, version=2, by=doctor, at=begun)
    assert wrong.value.faults == [(row.number, Fault.HOURS)]
    answer = as_(front_desk).post(url, {"version": 2, "came": "yes"})
    assert (answer.status_code, f"Session {row.number}: " in answer.text) == (409, True)
    WorkingHours.objects.bulk_create(hours)
    RoomHours.objects.create(room=row.room, weekday=7, starts=dt.time(8), ends=dt.time(9))
    with pytest.raises(refusals.WrongTimes) as wrong:
        actions.come_after_all(row, version=2, by=doctor, at=begun)
    assert wrong.value.faults == [(row.number, Fault.ROOM)]
    assert stands(session) == "missed"
    RoomHours.objects.all().delete()
    assert actions.come_after_all(row, version=2, by=doctor, at=begun).state == "booked"


def test_nor_is_it_while_one_that_comes_before_it_is_booked_for_later(sessions, session, doctor, begun):
    miss(sessions[0], by=doctor, at=begun)
    row = miss(session, by=doctor, at=begun)
    anew = Slot(1, session.starts_at + DAY, row.room_id)
    said = {"interval_reason": "The patient travels", "some": True, "key": uuid4()}
    first, *_rest = actions.book_course(row.course, [anew], practitioner=doctor, by=doctor, at=begun, **said)
    with pytest.raises(refusals.WrongTimes) as wrong:
        actions.come_after_all(row, version=2, by=doctor, at=begun)
    assert wrong.value.faults == [(2, Fault.ORDER)]
    assert stands(session) == "missed"
    actions.cancel_session(first, reason="so", version=1, by=doctor, at=begun)
    assert actions.come_after_all(row, version=2, by=doctor, at=begun).state == "booked"


def test_nor_is_it_with_somebody_who_may_not_treat_any_more(session, doctor, begun):
    row = miss(session, by=doctor, at=begun)
    User.objects.filter(pk=doctor.pk).update(is_active=False)
    with pytest.raises(refusals.NotBookable, match="may not treat"):
        actions.come_after_all(row, version=2, by=doctor, at=begun)
    assert stands(session) == "missed"


def test_a_day_later_it_cannot_be_taken_back(session, doctor, begun):
    row = miss(session, by=doctor, at=begun)
    with pytest.raises(ChangedMeanwhile):
        actions.come_after_all(row, version=2, by=doctor, at=begun + DAY)
    assert stands(session) == "missed"


def test_time_that_others_have_by_now_is_not_taken_back(session, doctor, begun):
    row = miss(session, by=doctor, at=begun)
    other = factories.confirmed_course(by=doctor, sessions=1)
    slot = Slot(1, session.starts_at + 25 * MINUTE, row.room_id)
    actions.book_course(other, [slot], practitioner=doctor, by=doctor, at=begun, key=uuid4())
    with pytest.raises(refusals.SlotTaken):
        actions.come_after_all(row, version=2, by=doctor, at=begun)
    assert stands(session) == "missed"


def test_nor_what_was_booked_anew_or_whose_course_was_given_up(sessions, session, doctor, begun):
    row = miss(session, by=doctor, at=begun)
    slot = Slot(2, session.starts_at + DAY, row.room_id)
    actions.book_course(row.course, [slot], practitioner=doctor, by=doctor, at=begun, key=uuid4())
    with pytest.raises(ChangedMeanwhile):
        actions.come_after_all(row, version=2, by=doctor, at=begun)
    row.course.refresh_from_db()
    courses.cancel(row.course, version=row.course.version, by=doctor, at=begun)
    with pytest.raises(ChangedMeanwhile):
        actions.come_after_all(row, version=2, by=doctor, at=begun)
    assert stands(session) == "missed"


@pytest.mark.django_db(transaction=True)
def test_of_missing_it_and_moving_it_at_once_one_happens(doctor):
    [session] = factories.booked(course_of(doctor, sessions=1), factories.room(), practitioner=doctor)
    at = session.starts_at
    later = {"starts_at": at + 180 * MINUTE, "practitioner": doctor, "room": session.room}
    results = at_once(
        lambda: actions.miss(session, version=1, by=doctor, at=at),
        lambda: actions.move_session(session, **later, version=1, by=doctor, at=at),
    )
    assert sorted(type(outcome).__name__ for outcome, _took in results) == ["ChangedMeanwhile", "Session"]
    assert session.reservations.count() == (0 if stands(session) == "missed" else 4)


# The pages


@pytest.mark.parametrize("who", ["front_desk", "nurse", "doctor"])
def test_everybody_at_the_desk_notes_it_and_reads_what_follows(as_, request, session, url, here, begun, who):
    person = request.getfixturevalue(who)
    browser = as_(person)
    assert "Did not come" in browser.get(here).text
    answer = browser.post(url, {"version": 1, "came": "no"}, follow=True)
    assert answer.redirect_chain == [(here, 302)]
    for words in ("free again until 11:15", "Book the missed session", "Did not come 1 time"):
        assert words in answer.text
    session.refresh_from_db()
    assert (session.state, session.missed_by) == ("missed", person)
    assert AccessLog.objects.filter(view="schedule:missed").exists()


def test_it_is_taken_back_by_one_click(as_, front_desk, session, url, here, begun):
    browser = as_(front_desk)
    browser.post(url, {"version": 1, "came": "no"})
    assert "Came after all" in browser.get(here).text
    assert (
        "The session is booked as it was."
        in browser.post(url, {"version": 2, "came": "yes"}, follow=True).text
    )
    assert stands(session) == "booked"


def test_before_it_begins_the_button_is_not_there_and_the_form_is_refused(
    as_, front_desk, session, url, here, time_machine
):
    time_machine.move_to(session.starts_at - MINUTE, tick=False)
    browser = as_(front_desk)
    assert "Did not come" not in browser.get(here).text
    assert browser.post(url, {"version": 1, "came": "no"}).status_code == 409
    assert stands(session) == "booked"


def test_the_second_of_two_people_reads_who_was_first(as_, front_desk, nurse, session, url, begun):
    as_(nurse).post(url, {"version": 1, "came": "no"})
    answer = as_(front_desk).post(url, {"version": 1, "came": "no"})
    assert answer.status_code == 409
    assert "Natalia changed this" in answer.text


def test_what_was_given_to_others_is_said(as_, front_desk, doctor, session, url, begun):
    as_(front_desk).post(url, {"version": 1, "came": "no"})
    other = factories.confirmed_course(by=doctor, sessions=1)
    slot = Slot(1, session.starts_at + 25 * MINUTE, session.room_id)
    actions.book_course(other, [slot], practitioner=doctor, by=doctor, at=begun, key=uuid4())
    answer = as_(front_desk).post(url, {"version": 2, "came": "yes"})
    assert answer.status_code == 409
    assert "given to others" in answer.text


def test_the_patient_page_counts_and_offers_to_book(as_, front_desk, session, doctor, begun):
    miss(session, by=doctor, at=begun)
    actions.cancel_session(
        Session.objects.get(course=session.course, number=3),
        reason="x",
        version=1,
        by=doctor,
        at=begun + 21 * DAY,
    )
    text = as_(front_desk).get(session.course.patient.get_absolute_url()).text
    assert "Did not come 1 time · cancelled late 1 time" in text
    assert "Book 2 sessions" in text


@pytest.mark.parametrize(
    "said",
    [{}, {"version": "x", "came": "no"}, {"version": 1, "came": "maybe"}, {"version": 10**20, "came": "no"}],
)
def test_broken_forms_note_nothing(as_, front_desk, session, url, begun, said):
    assert as_(front_desk).post(url, said).status_code == 422
    assert stands(session) == "booked"


@pytest.mark.parametrize("who", ["stranger", "clinic_admin", "catalogue_admin"])
def test_nobody_else_notes_it(as_, request, session, url, begun, who):
    answer = as_(request.getfixturevalue(who)).post(url, {"version": 1, "came": "no"})
    assert answer.status_code == 403
    assert stands(session) == "booked"


def test_wrong_method_is_405_and_bad_id_404(as_, front_desk, url):
    assert as_(front_desk).get(url).status_code == 405
    assert as_(front_desk).post(reverse("schedule:missed", args=[10**17])).status_code == 404


# Late cancellations


@pytest.mark.parametrize(
    ("before", "by_clinic", "late"),
    [
        pytest.param(dt.timedelta(hours=24, minutes=1), False, False, id="in time"),
        pytest.param(dt.timedelta(hours=24), False, True, id="late"),
        pytest.param(dt.timedelta(hours=-2), False, True, id="after it began"),
        pytest.param(dt.timedelta(hours=1), True, False, id="the clinic cancels"),
    ],
)
def test_a_cancellation_is_late_by_itself(session, doctor, before, by_clinic, late):
    at = session.starts_at - before
    row = actions.cancel_session(session, reason="x", version=1, by=doctor, at=at, by_clinic=by_clinic)
    assert row.cancelled_late is late


def test_how_many_hours_are_late_is_the_clinics_to_say(session, doctor):
    Clinic.objects.update_or_create(pk=1, defaults={"late_cancel_hours": 48})
    at = session.starts_at - dt.timedelta(hours=40)
    assert actions.cancel_session(session, reason="x", version=1, by=doctor, at=at).cancelled_late


def test_a_course_given_up_late_is_no_late_cancellation(session, doctor, begun):
    session.course.refresh_from_db()
    courses.cancel(session.course, version=session.course.version, by=doctor, at=begun)
    assert not Session.objects.filter(cancelled_late=True).exists()


def test_the_form_says_before_that_it_is_late_and_one_click_does_it(
    as_, front_desk, session, here, time_machine
):
    time_machine.move_to(session.starts_at - 30 * DAY / 24, tick=False)
    cancel = reverse("schedule:cancel", args=[session.pk])
    assert "Late cancellation" not in as_(front_desk).get(here).text
    time_machine.move_to(session.starts_at - DAY / 24, tick=False)
    browser = as_(front_desk)
    text = browser.get(here).text
    assert "this counts as a late cancellation" in text
    browser.post(cancel, {"version": 1, "reason": "Cancelled late by the patient."})
    assert stands(session) == "cancelled"
    assert session.cancelled_late
    assert "cancelled late 1 time" in browser.get(here).text


def test_the_clinic_cancels_late_and_nobody_is_to_blame(as_, front_desk, session, begun):
    cancel = reverse("schedule:cancel", args=[session.pk])
    as_(front_desk).post(cancel, {"version": 1, "reason": "Device broke", "by_clinic": "on"})
    assert stands(session) == "cancelled"
    assert not session.cancelled_late
