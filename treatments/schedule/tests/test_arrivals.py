"""The patient is here: who may say so, when, and what happens when two say it at once."""

import datetime as dt

import pytest
from django.urls import reverse

from clinic.models import AccessLog
from clinic.versions import ChangedMeanwhile
from treatments.schedule import actions, arrivals
from treatments.schedule.models import Session
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_races import at_once

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def booked(doctor) -> Session:
    factories.working_hours(doctor)
    course = factories.confirmed_course(by=doctor, sessions=1)
    [session] = factories.booked(course, factories.room(), practitioner=doctor)
    return session


@pytest.fixture
def session(doctor):
    return booked(doctor)


@pytest.fixture
def that_morning(session, time_machine):
    time_machine.move_to(session.starts_at, tick=False)
    return session.starts_at


@pytest.fixture
def url(session):
    return reverse("schedule:arrived", args=[session.pk])


def here(session):
    session.refresh_from_db()
    return session.arrived_at is not None


@pytest.mark.parametrize("who", ["front_desk", "nurse", "doctor"])
def test_everybody_at_the_desk_notes_that_the_patient_is_here(as_, request, session, url, that_morning, who):
    person = request.getfixturevalue(who)
    answer = as_(person).post(url, {"version": 1, "here": "yes"})
    assert answer["Location"] == reverse("schedule:session", args=[session.pk])
    session.refresh_from_db()
    assert (session.arrived_at, session.arrived_by, session.version) == (that_morning, person, 2)
    assert AccessLog.objects.filter(view="schedule:arrived").exists()


def test_it_can_be_taken_back(as_, front_desk, session, url, that_morning):
    as_(front_desk).post(url, {"version": 1, "here": "yes"})
    as_(front_desk).post(url, {"version": 2, "here": "no"})
    assert not here(session)
    assert session.arrived_by is None


def test_the_list_of_the_day_has_the_button_and_leads_back_to_it(as_, front_desk, session, url, that_morning):
    page = reverse("schedule:day")
    assert url in as_(front_desk).get(page).content.decode()
    answer = as_(front_desk).post(url, {"version": 1, "here": "yes", "back": "day"})
    assert answer["Location"] == f"{page}?day=2026-11-24#session-{session.pk}"
    assert "here since 10:00" in as_(front_desk).get(page).content.decode()
    Session.objects.filter(pk=session.pk).update(state="performed")
    assert "here since" not in as_(front_desk).get(page).content.decode()


def test_saying_it_twice_is_saying_it_once(as_, front_desk, session, url, that_morning):
    assert [as_(front_desk).post(url, {"version": 1, "here": "yes"}).status_code for _ in "ab"] == [302, 302]
    assert here(session)
    assert session.version == 2


def test_the_second_of_two_people_reads_who_was_first(as_, front_desk, nurse, session, url, that_morning):
    as_(nurse).post(url, {"version": 1, "here": "yes"})
    answer = as_(front_desk).post(url, {"version": 1, "here": "yes"})
    assert answer.status_code == 409
    assert "Natalia changed this" in answer.content.decode()


@pytest.mark.parametrize("days", [-1, 1])
def test_nobody_arrives_on_another_day(as_, front_desk, session, url, time_machine, days):
    time_machine.move_to(session.starts_at + days * DAY, tick=False)
    assert as_(front_desk).post(url, {"version": 1, "here": "yes"}).status_code == 409
    assert not here(session)


def test_nobody_arrives_for_a_session_given_up(as_, front_desk, session, url, that_morning):
    actions.cancel_session(session, reason="ill", version=1, by=front_desk, at=that_morning)
    assert as_(front_desk).post(url, {"version": 2, "here": "yes"}).status_code == 409
    assert not here(session)


def test_who_came_on_another_day_has_to_come_again(doctor, session):
    row = arrivals.mark(session, here=True, version=1, by=doctor, at=session.starts_at)
    moved = actions.move_session(
        row,
        starts_at=row.starts_at + DAY,
        practitioner=doctor,
        room=row.room,
        version=2,
        by=doctor,
        at=row.starts_at,
    )
    assert not here(moved)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"version": "x", "here": "yes"},
        {"version": 1, "here": "maybe"},
        {"version": 10**20, "here": "yes"},
    ],
)
def test_broken_forms_note_nothing(as_, front_desk, session, url, that_morning, said):
    assert as_(front_desk).post(url, said).status_code == 422
    assert not here(session)


@pytest.mark.parametrize("who", ["stranger", "clinic_admin", "catalogue_admin"])
def test_nobody_else_notes_it(as_, request, session, url, that_morning, who):
    assert as_(request.getfixturevalue(who)).post(url, {"version": 1, "here": "yes"}).status_code == 403
    assert not here(session)


def test_wrong_method_is_405_and_bad_id_404(as_, front_desk, url):
    assert as_(front_desk).get(url).status_code == 405
    assert as_(front_desk).post(reverse("schedule:arrived", args=[10**17])).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_two_who_say_it_at_once_one_does(doctor, nurse):
    session = booked(doctor)
    results = at_once(
        *[
            lambda who=who: arrivals.mark(session, here=True, version=1, by=who, at=session.starts_at)
            for who in (doctor, nurse)
        ]
    )
    assert sorted(type(outcome).__name__ for outcome, _took in results) == [
        ChangedMeanwhile.__name__,
        Session.__name__,
    ]
    assert here(session)
