"""Two sessions of different courses change places."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import NOW
from patients.tests.factories import interview
from treatments.courses.models import Check
from treatments.schedule.changing import swapping
from treatments.schedule.models import Ability, Session
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_absences import wrong

pytestmark = pytest.mark.django_db
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def room(doctor):
    factories.working_hours(doctor, weekdays=range(1, 8))
    return factories.room()


@pytest.fixture
def mine(doctor, room):
    """Every 21 days at ten."""
    return factories.booked(factories.confirmed_course(by=doctor), room, practitioner=doctor)


@pytest.fixture
def theirs(doctor, room):
    """Of another patient, on the same days at two."""
    return factories.booked(factories.confirmed_course(by=doctor), room, practitioner=doctor, hour=14)


def url(session):
    return reverse("schedule:swap", args=[session.pk])


def pair(one, other, **fields):
    return {"other": other.pk, "version": one.version, "other_version": other.version, **fields}


def starts(*sessions):
    return [Session.objects.get(pk=one.pk).starts_at for one in sessions]


def test_sessions_of_the_same_day_are_offered_and_swapped(as_, front_desk, mine, theirs):
    browser = as_(front_desk)
    page = browser.get(url(mine[0]))
    assert [(one.session, one.suits) for one in page.context["partners"]] == [(theirs[0], True)]
    page = browser.get(url(mine[0]), {"other": theirs[0].pk})
    assert page.context["word"].said == []
    assert "another hour" in page.text
    assert starts(mine[0], theirs[0]) == [mine[0].starts_at, theirs[0].starts_at]
    answer = browser.post(url(mine[0]), pair(mine[0], theirs[0]), follow=True)
    assert "The two sessions have changed places." in answer.text
    assert starts(mine[0], theirs[0]) == [theirs[0].starts_at, mine[0].starts_at]
    assert wrong() == []


def test_who_does_not_do_the_treatment_or_leaves_the_interval_is_said_beforehand(
    as_, front_desk, doctor, nurse, room, mine
):
    factories.working_hours(nurse, weekdays=range(1, 8))
    other = factories.confirmed_course(by=doctor)
    day = mine[2].starts_at.date()
    theirs = factories.booked(other, room, practitioner=nurse, first=day, hour=14)
    technique = type(other.technique).objects.exclude(pk=other.technique_id).first()
    Ability.objects.create(practitioner=nurse, technique=technique)
    [one] = as_(front_desk).get(url(mine[0]), {"day": day.isoformat()}).context["partners"]
    assert one.session == theirs[0]
    assert "Natalia does not do this treatment." in one.said
    assert any("for a doctor, with a reason" in said for said in one.said)
    page = as_(front_desk).post(url(mine[0]), pair(mine[0], theirs[0]))
    assert page.status_code == 422
    assert starts(mine[0]) == [mine[0].starts_at]


def test_outside_the_interval_a_doctor_swaps_with_a_reason(as_, doctor, front_desk, room, mine):
    other, day = factories.confirmed_course(by=doctor, sessions=1), mine[0].starts_at.date() + 8 * DAY
    [theirs] = factories.booked(other, room, practitioner=doctor, first=day, hour=14)
    query = {"other": theirs.pk}
    assert "Swap these two" not in as_(front_desk).get(url(mine[1]), query).text
    browser = as_(doctor)
    [one] = browser.get(url(mine[1]), {"day": day.isoformat()}).context["partners"]
    assert (one.for_doctor, one.suits) == (True, False)
    assert browser.get(url(mine[1]), query).context["word"].needs_reason
    assert browser.post(url(mine[1]), pair(mine[1], theirs)).status_code == 422
    form = pair(mine[1], theirs, interval_reason="A journey.")
    assert browser.post(url(mine[1]), form).status_code == 302
    assert starts(mine[1], theirs) == [theirs.starts_at, mine[1].starts_at]


def test_what_was_changed_meanwhile_is_409(as_, front_desk, mine, theirs):
    form = {**pair(mine[0], theirs[0]), "other_version": 7}
    page = as_(front_desk).post(url(mine[0]), form)
    assert page.status_code == 409
    assert "Somebody changed one of them meanwhile." in page.text
    assert starts(mine[0], theirs[0]) == [mine[0].starts_at, theirs[0].starts_at]


def test_two_of_one_course_cannot_change_places(as_, front_desk, mine):
    page = as_(front_desk).get(url(mine[0]), {"other": mine[1].pk})
    assert page.status_code == 409
    assert as_(front_desk).post(url(mine[0]), pair(mine[0], mine[1])).status_code in (409, 422)
    assert starts(mine[0], mine[1]) == [mine[0].starts_at, mine[1].starts_at]


@pytest.mark.parametrize("query", [{"other": "x"}, {"other": "9" * 25}, {"day": "x"}, {"day": "2020-01-01"}])
def test_what_cannot_be_asked_is_422(as_, front_desk, mine, query):
    assert as_(front_desk).get(url(mine[0]), query).status_code == 422


def test_a_full_day_costs_no_more_questions(doctor, room, mine):
    def questions():
        with CaptureQueriesContext(
            connection,
        ) as asked:
            found = swapping.partners(mine[0], mine[0].starts_at.date(), at=NOW)
        return len(asked), len(found)

    factories.booked(factories.confirmed_course(by=doctor, sessions=1), room, practitioner=doctor, hour=8)
    first = questions()
    for hour in (12, 14, 16):
        course = factories.confirmed_course(by=doctor, sessions=1)
        factories.booked(course, room, practitioner=doctor, hour=hour)
    second = questions()
    assert (first[1], second[1]) == (1, 4)
    assert first[0] == second[0]


@pytest.mark.parametrize("who", ["stranger", "catalogue_admin", "clinic_admin"])
def test_nobody_else_swaps(as_, request, mine, theirs, who):
    browser = as_(request.getfixturevalue(who))
    assert browser.get(url(mine[0])).status_code == 403
    assert browser.post(url(mine[0]), pair(mine[0], theirs[0])).status_code == 403
    browser = as_(request.getfixturevalue("front_desk"))
    assert browser.delete(url(mine[0])).status_code == 405
    assert browser.get(reverse("schedule:swap", args=[10**17])).status_code == 404
    assert browser.get(url(mine[0]), {"other": 10**17}).status_code == 404
    assert browser.post(url(mine[0]), {**pair(mine[0], theirs[0]), "other": 10**17}).status_code == 404
    assert starts(mine[0], theirs[0]) == [mine[0].starts_at, theirs[0].starts_at]


def test_what_is_held_changes_no_places_and_its_verdict_is_kept(
    as_, front_desk, doctor, mine, theirs, time_machine
):
    interview(theirs[0].course.patient, by=doctor, answers={"pregnancy": "current"})
    time_machine.move_to(NOW + HOUR, tick=False)
    answer = as_(front_desk).post(url(mine[0]), pair(mine[0], theirs[0]))
    assert answer.status_code == 409
    assert "a doctor or nurse must look at it first." in answer.text
    assert "pregnan" not in answer.text.lower()
    assert starts(mine[0], theirs[0]) == [mine[0].starts_at, theirs[0].starts_at]
    assert Check.objects.get(course=theirs[0].course).at == NOW + HOUR
