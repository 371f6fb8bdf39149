"""Checking a patient in: what is asked, what is kept, who is refused, and two people at once."""

import datetime as dt

import pytest
from django.db import InternalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import AccessLog
from clinic.tests.unchanged import nothing_changes
from contraindications.models import RuleSet
from patients.actions import InterviewMoved, Seen, note_death, save_draft
from patients.models import Interview
from patients.tests.factories import interview
from treatments.schedule.actions import cancel_session
from treatments.schedule.tests.test_races import at_once
from treatments.visits import actions
from treatments.visits.asking import asking
from treatments.visits.models import CheckIn
from treatments.visits.tests.factories import checked_in
from treatments.visits.tests.test_visits import booked

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def session(doctor):
    return booked(doctor, sessions=1)[0]


@pytest.fixture
def on_the_day(session, time_machine):
    time_machine.move_to(session.starts_at, tick=False)
    return session.starts_at


@pytest.fixture
def url(session):
    return reverse("visits:check_in", args=[session.pk])


@pytest.fixture
def patient(session):
    return session.course.patient


def due_codes(patient, at):
    return {fact.code for fact in asking(patient, day=at.date()).facts}


def said(patient, at, *, standing=1, allergies="same", **answers):
    """The form filled in: "no" to everything that is asked but for `answers`."""
    fields = {f"answer.{code}": "no" for code in due_codes(patient, at)}
    fields |= {f"answer.{code}": state for code, state in answers.items()}
    return {**fields, "standing": standing, "allergies": allergies}


# What is asked


def test_what_begins_and_ends_is_asked_again(patient, on_the_day):
    codes = due_codes(patient, on_the_day)
    assert {
        "pregnancy",
        "herpes",
        "inflamed_treatment_site",
        "nsaid",
        "severe_reaction_unknown_trigger",
    } <= codes
    assert codes.isdisjoint({"diabetes_type1", "epilepsy", "stroke", "heart_disease"})
    assert asking(patient, day=on_the_day.date()).asks_allergies


def test_what_is_missing_unsure_or_too_old_is_asked_too(doctor, patient, on_the_day):
    interview(patient, by=doctor, at=on_the_day - DAY, answers={"epilepsy": "unsure"})
    assert "epilepsy" in due_codes(patient, on_the_day)
    late = on_the_day + 91 * DAY
    assert {"stroke", "heart_disease"} <= due_codes(patient, late)


def test_what_was_asked_today_is_not_asked_twice(doctor, patient, on_the_day):
    interview(patient, by=doctor, at=on_the_day, answers={"epilepsy": "unsure"})
    assert not asking(patient, day=on_the_day.date()).needed


def test_page_shows_what_was_said_last_and_chooses_nothing(as_, nurse, doctor, patient, url, on_the_day):
    until = {"state": "ended", "until": "2026-11-01"}
    interview(patient, by=doctor, at=on_the_day - DAY, answers={"herpes": until}, allergies=("latex gloves",))
    page = as_(nurse).get(url).content.decode()
    assert "Last time (23 Nov 2026): ended 1 Nov 2026" in page
    assert 'value="2026-11-01"' in page
    assert "latex gloves" in page
    assert "checked" not in page.split('<form id="interview"')[1].split("</form>")[0]
    assert "Do you have epilepsy" not in page


# What is kept


def test_answers_become_the_next_version_and_what_was_not_asked_stays(as_, nurse, patient, url, on_the_day):
    answer = as_(nurse).post(url, said(patient, on_the_day, nsaid="current"))
    assert answer["Location"] == reverse("visits:perform", args=[CheckIn.objects.get().session_id])
    stands = Interview.objects.standing(patient)
    assert (stands.number, stands.submitted_by, stands.submitted_at) == (2, nurse, on_the_day)
    assert stands.answers["nsaid"] == {"state": "current", "on": "2026-11-24"}
    assert stands.answers["epilepsy"] == {"state": "no", "on": "2026-11-23"}
    assert stands.allergies == {"substances": [], "texts": [], "on": "2026-11-24"}


def test_the_session_is_screened_again_as_of_its_day_and_that_is_kept(as_, nurse, patient, url, on_the_day):
    as_(nurse).post(url, said(patient, on_the_day, pregnancy="current"))
    done = CheckIn.objects.get()
    assert (done.at, done.by, done.interview) == (on_the_day, nurse, Interview.objects.standing(patient))
    assert (done.screening.verdict, done.screening.as_of) == ("stop", on_the_day.date())
    page = as_(nurse).get(reverse("visits:perform", args=[done.session_id])).content.decode()
    assert "Contraindicated" in page
    assert "Record as performed" not in page


def test_one_tap_keeps_what_ended_when(as_, nurse, doctor, patient, url, on_the_day):
    until = {"state": "ended", "until": "2026-11-01"}
    interview(patient, by=doctor, at=on_the_day - DAY, answers={"herpes": until})
    fields = said(patient, on_the_day, standing=2, herpes="ended") | {"until.herpes": "2026-11-01"}
    assert as_(nurse).post(url, fields).status_code == 302
    assert Interview.objects.standing(patient).answers["herpes"] == {**until, "on": "2026-11-24"}


@pytest.mark.parametrize(
    ("chosen", "new", "expected"),
    [
        pytest.param("same", [], (["zinc"], ["latex gloves"]), id="no new one"),
        pytest.param("some", ["Vitamin C"], (["vitamin_c", "zinc"], ["latex gloves"]), id="a new one"),
        pytest.param("none", [], (["zinc"], ["latex gloves"]), id="nothing is taken out here"),
    ],
)
def test_new_allergies_come_to_those_known(
    as_, nurse, doctor, patient, url, on_the_day, chosen, new, expected
):
    interview(patient, by=doctor, at=on_the_day - DAY, allergies=("zinc", "latex gloves"))
    fields = said(patient, on_the_day, standing=2, allergies=chosen) | {"text": new}
    assert as_(nurse).post(url, fields).status_code == 302
    told = Interview.objects.standing(patient).allergies
    assert (told["substances"], told["texts"], told["on"]) == (*expected, "2026-11-24")


def test_allergies_that_nobody_asked_for_are_asked_in_full(as_, nurse, doctor, patient, url, on_the_day):
    Interview.objects.create(
        patient=patient, number=2, answers={}, started_at=on_the_day, started_by=doctor,
        saved_at=on_the_day, saved_by=doctor, submitted_at=on_the_day, submitted_by=doctor,
    )  # fmt: skip
    page = as_(nurse).get(url).content.decode()
    assert 'value="none"' in page
    assert as_(nurse).post(url, said(patient, on_the_day, standing=2, allergies="same")).status_code == 422
    assert as_(nurse).post(url, said(patient, on_the_day, standing=2, allergies="none")).status_code == 302


def test_when_all_was_asked_today_the_version_that_stands_is_kept(
    as_, nurse, doctor, patient, url, on_the_day
):
    stands = interview(patient, by=doctor, at=on_the_day)
    assert "Nothing is left to ask" in as_(nurse).get(url).content.decode()
    assert as_(nurse).post(url, {"standing": 2}).status_code == 302
    assert CheckIn.objects.get().interview == stands


def test_a_draft_is_left_alone(as_, nurse, doctor, patient, url, on_the_day):
    save_draft(patient, answers={"nsaid": {"state": "current"}}, allergies=None, by=doctor, at=on_the_day)
    assert "is not submitted" in as_(nurse).get(url).content.decode()
    assert as_(nurse).post(url, said(patient, on_the_day)).status_code == 302
    assert Interview.objects.draft_of(patient).answers["nsaid"]["state"] == "current"
    assert Interview.objects.standing(patient).answers["nsaid"]["state"] == "no"


def test_check_in_is_never_changed(session, doctor):
    done = checked_in(session, by=doctor)
    for change in (lambda: CheckIn.objects.update(by=doctor), done.delete):
        with pytest.raises(InternalError), transaction.atomic():
            change()


# What is refused


def refused(answer, status):
    assert answer.status_code == status
    assert not CheckIn.objects.exists()
    assert Interview.objects.submitted().count() == 1
    return answer.content.decode()


@pytest.mark.parametrize("left_out", ["answer.pregnancy", "answer.nsaid", "allergies"])
def test_every_question_has_to_be_answered(as_, nurse, patient, url, on_the_day, left_out):
    fields = said(patient, on_the_day)
    del fields[left_out]
    page = refused(as_(nurse).post(url, fields), 422)
    assert "Not checked in yet" in page
    assert "Ask this, too." in page


@pytest.mark.parametrize(
    "changes",
    [
        {"answer.nsaid": "maybe"},
        {"answer.herpes": "ended"},
        {"answer.herpes": "ended", "until.herpes": "2030-01-01"},
        {"allergies": "some"},
        {"allergies": "same", "text": ["kiwi"]},
        {"allergies": "some", "substance": ["unobtainium"]},
        {"allergies": "some", "text": ["x" * 121]},
    ],
)
def test_answers_that_cannot_be_are_422(as_, nurse, patient, url, on_the_day, changes):
    refused(as_(nurse).post(url, {**said(patient, on_the_day), **changes}), 422)


def test_the_action_itself_asks_for_everything(session, doctor, on_the_day):
    with pytest.raises(actions.NotAsked):
        actions.check_in(
            session,
            answers={"nsaid": {"state": "no"}},
            allergies=None,
            on=Seen(1, None),
            by=doctor,
            at=on_the_day,
        )
    assert Interview.objects.count() == 1


@pytest.mark.parametrize("days", [-1, 1])
def test_nobody_is_checked_in_on_another_day(as_, nurse, session, patient, url, time_machine, days):
    at = session.starts_at + days * DAY
    time_machine.move_to(at, tick=False)
    assert "on the day of the session" in as_(nurse).get(url).content.decode()
    refused(as_(nurse).post(url, said(patient, at)), 409)


def test_nobody_is_checked_in_for_a_session_given_up(as_, nurse, session, patient, url, on_the_day):
    cancel_session(session, reason="ill", version=1, by=nurse, at=on_the_day)
    refused(as_(nurse).post(url, said(patient, on_the_day)), 409)


def test_without_a_rule_set_nobody_is_checked_in(as_, nurse, patient, url, on_the_day, monkeypatch):
    fields = said(patient, on_the_day)
    monkeypatch.setattr("contraindications.querysets.RuleSetQuerySet.in_force", lambda self: None)
    assert RuleSet.objects.in_force() is None
    assert "Cannot screen" in refused(as_(nurse).get(url), 409)
    refused(as_(nurse).post(url, fields), 409)


def test_answers_given_elsewhere_meanwhile_are_shown_first(as_, nurse, doctor, patient, url, on_the_day):
    fields = said(patient, on_the_day, nsaid="current")
    interview(patient, by=doctor, at=on_the_day - DAY, answers={"nsaid": "current"})
    answer = as_(nurse).post(url, fields)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Dorota submitted an interview" in page
    assert 'name="standing" value="2"' in page
    assert 'name="answer.nsaid" value="current" checked' in page
    assert not CheckIn.objects.exists()


@pytest.mark.parametrize("standing", ["", "x", "-1", "9" * 30, "0"])
def test_a_page_opened_on_nothing_is_409(as_, nurse, patient, url, on_the_day, standing):
    refused(as_(nurse).post(url, said(patient, on_the_day, standing=standing)), 409)


# Twice, and two people


def test_posting_twice_is_one_check_in(as_, nurse, patient, url, on_the_day):
    fields = said(patient, on_the_day)
    assert [as_(nurse).post(url, fields).status_code for _ in "ab"] == [302, 302]
    assert (CheckIn.objects.count(), Interview.objects.count()) == (1, 2)


def test_the_second_of_two_people_reads_who_was_first(as_, nurse, doctor, patient, url, on_the_day):
    fields = said(patient, on_the_day)
    as_(doctor).post(url, fields)
    answer = as_(nurse).post(url, fields)
    assert answer.status_code == 409
    assert "Dorota" in answer.content.decode()
    answer = as_(nurse).post(url, {"standing": 2})
    assert answer.status_code == 409
    assert "Dorota has checked this patient in already" in answer.content.decode()
    assert CheckIn.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_people_at_once_one_checks_in(doctor, nurse):
    [session] = booked(doctor, sessions=1)
    results = at_once(*[lambda who=who: checked_in(session, by=who) for who in (doctor, nurse)])
    kinds = {type(outcome) for outcome, _took in results}
    assert CheckIn in kinds
    assert kinds <= {CheckIn, InterviewMoved, actions.AlreadyCheckedIn}
    assert (CheckIn.objects.count(), Interview.objects.count()) == (1, 2)


# The door


def test_check_in_is_the_next_step_and_then_performing(as_, nurse, front_desk, session, url, on_the_day):
    page = reverse("schedule:day")
    assert url in as_(nurse).get(page).content.decode()
    assert url not in as_(front_desk).get(page).content.decode()
    checked_in(session, by=nurse)
    after = as_(nurse).get(reverse("schedule:session", args=[session.pk])).content.decode()
    assert url not in after
    assert reverse("visits:perform", args=[session.pk]) in after


def test_looking_is_logged_and_asks_few_questions(as_, nurse, url, on_the_day):
    browser = as_(nurse)
    browser.get(url)
    with CaptureQueriesContext(connection) as asked:
        browser.get(url)
    assert len(asked) <= 24
    assert AccessLog.objects.filter(view="visits:check_in").count() == 2


@pytest.mark.parametrize("who", ["front_desk", "stranger", "clinic_admin", "catalogue_admin"])
def test_nobody_else_checks_in(as_, request, patient, url, on_the_day, who):
    browser = as_(request.getfixturevalue(who))
    assert browser.get(url).status_code == 403
    refused(browser.post(url, said(patient, on_the_day)), 403)


def test_wrong_method_is_405_and_bad_id_404(as_, nurse, url):
    assert as_(nurse).delete(url).status_code == 405
    assert as_(nurse).get(reverse("visits:check_in", args=[10**17])).status_code == 404


# The record has ended


@pytest.fixture
def dead(patient, front_desk, on_the_day):
    return note_death(patient, on_the_day.date(), by=front_desk, at=on_the_day)


def test_who_has_died_is_not_checked_in_and_nothing_is_asked(as_, nurse, dead, session, url, on_the_day):
    browser = as_(nurse)
    for page in (browser.get(url).text, browser.get(reverse("schedule:session", args=[session.pk])).text):
        assert "This record has ended" in page
        assert 'id="interview"' not in page
        assert f'href="{url}"' not in page
    with nothing_changes():
        refused = browser.post(url, said(dead, on_the_day))
    assert refused.status_code == 409
    assert "nobody is asked by it any more" in refused.text


def test_what_was_done_on_the_day_of_the_death_can_still_be_recorded(
    session, patient, nurse, front_desk, on_the_day
):
    checked_in(session, by=nurse)
    note_death(patient, on_the_day.date(), by=front_desk, at=on_the_day)
    assert actions.perform(session, note="", by=nurse, at=on_the_day).session == session


def test_nothing_is_recorded_of_a_day_after_the_death(as_, session, patient, nurse, front_desk, on_the_day):
    checked_in(session, by=nurse)
    note_death(patient, on_the_day.date() - DAY, by=front_desk, at=on_the_day)
    perform, browser = reverse("visits:perform", args=[session.pk]), as_(nurse)
    assert perform not in browser.get(reverse("schedule:session", args=[session.pk])).text
    with nothing_changes():
        refused = browser.post(perform, {"note": ""})
    assert refused.status_code == 409
    assert "had ended before that day" in refused.text
