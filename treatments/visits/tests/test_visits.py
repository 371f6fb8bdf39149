"""Performing a session: the record, the refusals, the end of the course."""

import datetime as dt

import pytest
from django.db import InternalError, transaction
from django.urls import reverse
from django.utils import timezone

from clinic import events
from clinic.models import AccessLog, User
from conftest import NOW
from contraindications.actions import decide
from contraindications.models import RuleSet
from patients.actions import set_aside
from patients.models import Interview
from patients.tests.factories import clear_interview, interview, patient, reported
from treatments.courses.actions import confirm
from treatments.courses.events import CourseFinished
from treatments.courses.models import Course
from treatments.courses.tests.factories import course
from treatments.schedule.actions import cancel_session, move_session
from treatments.schedule.models import Session
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_races import at_once
from treatments.visits import actions
from treatments.visits.events import SessionPerformed
from treatments.visits.models import Visit
from treatments.visits.rules import Refusal
from treatments.visits.tests.factories import checked_in

pytestmark = pytest.mark.django_db


def booked(doctor, sessions=2):
    factories.working_hours(doctor)
    course = factories.confirmed_course(by=doctor, sessions=sessions)
    return factories.booked(course, factories.room(), practitioner=doctor)


@pytest.fixture
def sessions(doctor):
    return booked(doctor)


@pytest.fixture
def on_the_day(sessions, time_machine):
    """It is the hour of the first session."""
    time_machine.move_to(sessions[0].starts_at, tick=False)
    return sessions[0].starts_at


def perform(session, by, at=None, note=""):
    return actions.perform(session, note=note, by=by, at=at or session.starts_at)


def check_in_and_perform(session, by, note=""):
    checked_in(session, by=by)
    return perform(session, by, note=note)


def test_record_holds_who_when_what_and_the_screening_of_the_day(sessions, doctor):
    visit = check_in_and_perform(sessions[0], doctor, note=" no pain ")
    sessions[0].refresh_from_db()
    assert sessions[0].state == "performed"
    assert (visit.performed_by, visit.performed_at, visit.note) == (doctor, sessions[0].starts_at, "no pain")
    assert [part["code"] for part in visit.cocktail] == ["hyaluronic_acid"]
    assert visit.screening.as_of == dt.date(2026, 11, 24)
    assert visit.cooperating_doctor is None
    assert visit.check_in.screening == visit.screening


def test_a_performed_session_leads_to_the_screening_that_it_was_performed_on(as_, sessions, doctor):
    visit = check_in_and_perform(sessions[0], doctor)
    page = as_(doctor).get(reverse("schedule:session", args=[sessions[0].pk])).content.decode()

    assert reverse("contraindications:why", args=[visit.screening_id]) in page


def test_nurse_performs_with_the_cooperating_doctor_named(sessions, doctor, nurse):
    assert check_in_and_perform(sessions[0], nurse).cooperating_doctor == doctor


def test_record_is_never_changed(sessions, doctor):
    visit = check_in_and_perform(sessions[0], doctor)
    for change in (lambda: Visit.objects.update(note="x"), visit.delete):
        with pytest.raises(InternalError), transaction.atomic():
            change()


def test_last_session_finishes_the_course(sessions, doctor, monkeypatch):
    heard = []
    told = (SessionPerformed, CourseFinished)
    course = sessions[0].course
    checked_in(sessions[0], by=doctor)
    monkeypatch.setattr(
        events, "announce", lambda event: heard.append(event) if isinstance(event, told) else None
    )
    perform(sessions[0], doctor)
    course.refresh_from_db()
    assert (course.state, heard) == ("confirmed", [SessionPerformed(sessions[0].pk, sessions[0].starts_at)])
    check_in_and_perform(sessions[1], doctor)
    course.refresh_from_db()
    assert course.state == "finished"
    assert heard[-1] == CourseFinished(course.pk, sessions[1].starts_at)


def refused(session, by, why, at=None):
    with pytest.raises(actions.NotPerformable) as caught:
        perform(session, by, at)
    assert caught.value.why == why
    assert not Visit.objects.exists()


def test_other_days_are_refused(sessions, doctor):
    refused(sessions[0], doctor, Refusal.TOO_EARLY, sessions[0].starts_at - dt.timedelta(days=1))
    refused(sessions[0], doctor, Refusal.DAY_OVER, sessions[0].starts_at + dt.timedelta(days=8))


def test_a_forgotten_session_is_recorded_for_its_own_day(sessions, doctor):
    morning_after = sessions[0].starts_at + dt.timedelta(days=1)
    visit = perform(sessions[0], doctor, morning_after)
    assert (visit.performed_at, visit.recorded_at) == (sessions[0].ends_at, morning_after)
    assert visit.screening.as_of == timezone.localdate(sessions[0].starts_at)


def test_what_was_asked_afterwards_does_not_clear_a_forgotten_session(sessions, doctor):
    session, patient = sessions[0], sessions[0].course.patient
    morning_after = session.starts_at + dt.timedelta(days=1)
    interview(patient, by=doctor, at=session.starts_at, answers={"stroke": "unsure"})
    clear_interview(patient, doctor, morning_after)
    refused(session, doctor, Refusal.NOT_CLEARED, morning_after)


def test_what_was_told_afterwards_does_not_bar_the_record_of_a_forgotten_session(sessions, doctor):
    session, patient = sessions[0], sessions[0].course.patient
    stood = Interview.objects.standing(patient)
    morning_after = session.starts_at + dt.timedelta(days=1)
    interview(patient, by=doctor, at=morning_after, answers={"pregnancy": "current"})
    reported(patient, by=doctor, at=morning_after, answers={"nsaid": "current"})

    visit = perform(session, doctor, morning_after)
    assert (visit.screening.interview, visit.screening.report) == (stood, None)
    course = Course.objects.get(pk=session.course_id)
    assert course.screening.verdict == "stop"  # the course goes on standing on what is known now


def test_what_was_reported_by_then_and_not_confirmed_bars_the_record_of_a_forgotten_session(sessions, doctor):
    session, patient = sessions[0], sessions[0].course.patient
    reported(patient, by=doctor, at=session.starts_at)
    refused(session, doctor, Refusal.UNCONFIRMED, session.starts_at + dt.timedelta(days=1))


def test_who_was_not_asked_again_today_is_refused(sessions, doctor):
    refused(sessions[0], doctor, Refusal.NOT_CHECKED_IN)


def test_a_check_in_of_another_day_does_not_count(sessions, doctor):
    checked_in(sessions[0], by=doctor)
    moved = move_session(
        sessions[0],
        starts_at=sessions[0].starts_at + dt.timedelta(days=1),
        practitioner=doctor,
        room=sessions[0].room,
        version=1,
        by=doctor,
        at=sessions[0].starts_at,
    )
    refused(moved, doctor, Refusal.NOT_CHECKED_IN)


def test_a_report_that_nobody_confirmed_bars_performing(sessions, doctor):
    session, patient = sessions[0], sessions[0].course.patient
    checked_in(session, by=doctor)
    report = reported(patient, by=doctor, at=session.starts_at)
    refused(session, doctor, Refusal.UNCONFIRMED)
    set_aside(report, reason="Her sister filled it in.", by=doctor, at=session.starts_at)
    assert perform(session, doctor)


def test_cancelled_session_is_refused(sessions, doctor):
    cancel_session(sessions[0], reason="ill", version=1, by=doctor, at=sessions[0].starts_at)
    refused(sessions[0], doctor, Refusal.NOT_BOOKED)


def test_who_may_not_treat_is_refused(sessions, doctor, nurse, front_desk):
    refused(sessions[0], front_desk, Refusal.MAY_NOT_TREAT)
    User.objects.filter(pk=doctor.pk).update(is_active=False)
    refused(sessions[0], nurse, Refusal.MAY_NOT_TREAT)


@pytest.mark.parametrize("answers", [{"pregnancy": "current"}, {"pregnancy": "unsure"}, {"nsaid": "current"}])
def test_what_the_patient_told_us_since_is_screened_again(sessions, doctor, answers):
    checked_in(sessions[0], by=doctor)
    interview(sessions[0].course.patient, by=doctor, at=sessions[0].starts_at, answers=answers)
    refused(sessions[0], doctor, Refusal.NOT_CLEARED)


@pytest.fixture
def careful(doctor, nurse):
    """The first session of a patient whose history asks for care: the doctor acknowledged it."""
    who = patient(by=doctor)
    interview(who, by=doctor, answers={"stroke": "current"})
    plan = course(by=doctor, patient=who, confirmed=False, sessions=1)
    acknowledge(plan, doctor, NOW)
    plan = confirm(plan, version=plan.version, by=doctor, at=NOW)
    factories.working_hours(doctor)
    (session,) = factories.booked(plan, factories.room(), practitioner=doctor)
    checked_in(session, by=nurse)
    return session


def acknowledge(plan, by, at):
    plan.refresh_from_db()
    decide(
        plan.screening,
        kind="acknowledge",
        goes_ahead=True,
        items=["S4-C03"],
        reason="informed",
        text="We watch.",
        by=by,
        at=at,
    )


def test_who_treats_acknowledges_themselves(careful, doctor, nurse):
    refused(careful, nurse, Refusal.NOT_CLEARED)
    acknowledge(careful.course, nurse, careful.starts_at)
    assert perform(careful, nurse).performed_by == nurse


def test_who_acknowledged_before_needs_not_do_it_again(careful, doctor):
    assert perform(careful, doctor).performed_by == doctor


def test_the_page_offers_the_acknowledgement_right_there(as_, careful, nurse, time_machine):
    time_machine.move_to(careful.starts_at, tick=False)
    here = reverse("visits:perform", args=[careful.pk])
    answer = as_(nurse).get(here).content
    for said in (b"it has not been acknowledged by you", b"Record the decision"):
        assert said in answer
    assert b"Record as performed" not in answer
    acknowledge(careful.course, nurse, careful.starts_at)
    assert b"Record as performed" in as_(nurse).get(here).content


def test_what_cannot_be_screened_is_refused(sessions, doctor, monkeypatch):
    checked_in(sessions[0], by=doctor)
    monkeypatch.setattr("contraindications.querysets.RuleSetQuerySet.in_force", lambda self: None)
    assert RuleSet.objects.in_force() is None
    refused(sessions[0], doctor, Refusal.NOT_CLEARED)


def test_second_record_of_a_session_is_refused(sessions, doctor):
    visit = check_in_and_perform(sessions[0], doctor)
    with pytest.raises(actions.AlreadyPerformed) as caught:
        perform(sessions[0], doctor)
    assert caught.value.visit == visit


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_record_at_once_one_does(doctor):
    [session] = booked(doctor, sessions=1)
    checked_in(session, by=doctor)
    results = at_once(*[lambda: perform(session, doctor) for _ in range(8)])
    assert [type(outcome) for outcome, _took in results].count(Visit) == 1
    assert Visit.objects.count() == 1


# The page


@pytest.fixture
def url(sessions):
    return reverse("visits:perform", args=[sessions[0].pk])


@pytest.fixture
def asked(sessions, doctor, on_the_day):
    """The patient is checked in, and nothing has changed."""
    return checked_in(sessions[0], by=doctor)


@pytest.mark.parametrize("who", ["doctor", "nurse"])
def test_page_shows_the_verdict_and_records(as_, request, url, asked, who):
    browser = as_(request.getfixturevalue(who))
    page = browser.get(url).content.decode()
    assert "No listed contraindication reported" in page
    assert "Hyaluronic acid" in page
    assert browser.post(url, {"note": "fine"}).status_code == 302
    assert Visit.objects.get().note == "fine"
    assert AccessLog.objects.filter(view="visits:perform").count() == 2


def test_page_keeps_in_sight_what_the_patient_told_us(as_, doctor, url, on_the_day, sessions):
    interview(sessions[0].course.patient, by=doctor, at=sessions[0].starts_at, allergies=("latex gloves",))
    assert "allergy: latex gloves" in as_(doctor).get(url).content.decode()


def test_posting_twice_records_once_and_answers_the_same(as_, doctor, nurse, url, asked):
    assert [as_(doctor).post(url).status_code for _ in range(2)] == [302, 302]
    assert as_(nurse).post(url).status_code == 409
    assert Visit.objects.count() == 1


def test_page_of_another_day_has_no_form(as_, doctor, url, sessions, time_machine):
    time_machine.move_to(sessions[0].starts_at - dt.timedelta(days=1), tick=False)
    assert "Record as performed" not in as_(doctor).get(url).content.decode()
    assert as_(doctor).post(url).status_code == 409
    assert not Visit.objects.exists()


def test_what_is_missing_is_decided_there_and_then(as_, doctor, url, on_the_day, sessions):
    done = checked_in(sessions[0], by=doctor, answers={"corticosteroid": {"state": "current"}})
    page = as_(doctor).get(url).content.decode()
    assert "Record as performed" not in page
    assert as_(doctor).post(url).status_code == 409
    said = {
        "kind": "decide",
        "items": list(done.screening.finding_digests),
        "goes_ahead": "yes",
        "reason": "clarified",
        "text": "Letter seen.",
        "seen": 0,
        "next": url,
    }
    answer = as_(doctor).post(reverse("contraindications:decide", args=[done.screening_id]), said)
    assert answer["Location"] == url
    assert "Record as performed" in as_(doctor).get(url).content.decode()


@pytest.mark.parametrize("name", ["schedule:session", "visits:check_in", "visits:perform"])
def test_pages_lead_to_the_report_that_nobody_confirmed(
    as_, doctor, front_desk, url, on_the_day, sessions, name
):
    patient, page = sessions[0].course.patient, reverse(name, args=[sessions[0].pk])
    reported(patient, by=doctor, at=on_the_day, answers={"nsaid": "current"})
    confirm = reverse("patients:confirm_report", args=[patient.pk])
    assert confirm in as_(doctor).get(page).content.decode()
    assert confirm in as_(doctor).get(reverse("schedule:day")).content.decode()
    for address in (page, reverse("schedule:day")):
        assert confirm not in as_(front_desk).get(address).content.decode()


def test_page_leads_to_the_check_in_first(as_, doctor, url, on_the_day, sessions):
    page = as_(doctor).get(url).content.decode()
    assert reverse("visits:check_in", args=[sessions[0].pk]) in page
    assert "Record as performed" not in page
    assert as_(doctor).post(url).status_code == 409
    assert not Visit.objects.exists()


def test_page_says_that_nobody_asked_again_on_the_day(as_, doctor, url, sessions, time_machine):
    time_machine.move_to(sessions[0].starts_at + dt.timedelta(days=1), tick=False)
    assert "not re-asked on that day" in as_(doctor).get(url).content.decode()
    assert as_(doctor).post(url).status_code == 302
    assert Visit.objects.get().check_in is None


def test_who_comes_too_late_reads_why(as_, doctor, url, on_the_day, monkeypatch):
    """The session was given up between opening the page and pressing the button."""

    def given_up(*args, **kwargs):
        raise actions.NotPerformable(Refusal.NOT_BOOKED)

    monkeypatch.setattr(actions, "perform", given_up)
    answer = as_(doctor).post(url)
    assert answer.status_code == 409
    assert "This session is not booked any more." in answer.content.decode()


def test_overlong_note_is_422_and_nul_400(as_, doctor, url, on_the_day):
    assert as_(doctor).post(url, {"note": "x" * 2001}).status_code == 422
    assert as_(doctor).post(url, {"note": "\x00"}).status_code == 400
    assert not Visit.objects.exists()


@pytest.mark.parametrize("who", ["front_desk", "stranger", "clinic_admin", "catalogue_admin"])
def test_nobody_else_performs(as_, request, url, on_the_day, sessions, who):
    browser = as_(request.getfixturevalue(who))
    assert browser.get(url).status_code == 403
    assert browser.post(url).status_code == 403
    assert Session.objects.booked().count() == 2


def test_wrong_method_is_405_and_bad_id_404(as_, doctor, url):
    assert as_(doctor).delete(url).status_code == 405
    assert as_(doctor).get(reverse("visits:perform", args=[10**17])).status_code == 404
