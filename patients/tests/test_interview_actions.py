"""Drafting and submitting interviews."""

import datetime as dt
from threading import Barrier, Thread

import pytest
from django.core.exceptions import ValidationError
from django.db import InternalError, connection, transaction

from clinic import events
from conftest import NOW
from patients.actions import InterviewMoved, Seen, discard_draft, save_draft, seen, submit_interview
from patients.events import FactsChanged
from patients.models import Interview
from patients.tests.factories import clear_interview, interview, patient
from patients.tests.fixtures import facts, ship_facts

__all__ = ["facts"]
LATER = NOW + dt.timedelta(days=30)


@pytest.fixture
def ana(facts, nurse):
    return patient(by=nurse)


def submit(ana, by, at=NOW, allergies=None, on=None, **answers):
    given = {code: {"state": a} if isinstance(a, str) else a for code, a in answers.items()}
    return submit_interview(ana, answers=given, allergies=allergies, by=by, at=at, on=on)


def test_an_answer_carries_the_clinics_day_it_was_given(ana, nurse):
    assert submit(ana, nurse, herpes="no").answers == {"herpes": {"state": "no", "on": "2026-11-23"}}


def test_late_in_the_evening_the_day_is_the_clinics_and_not_utcs(ana, nurse):
    late = dt.datetime(2026, 11, 23, 23, 30, tzinfo=dt.UTC)
    assert submit(ana, nurse, at=late, herpes="no").answers["herpes"]["on"] == "2026-11-24"


def test_what_was_not_asked_again_stands_with_its_former_day(ana, nurse):
    submit(ana, nurse, herpes="no", eczema="no")
    second = submit(ana, nurse, at=LATER, herpes="current")
    assert second.number == 2
    assert second.answers["eczema"] == {"state": "no", "on": "2026-11-23"}
    assert second.answers["herpes"] == {"state": "current", "on": "2026-12-23"}


def test_allergies_that_were_not_asked_again_stand_as_they_stood(ana, nurse):
    submit(ana, nurse, allergies={"substances": ["lidocaine"], "texts": []})
    second = submit(ana, nurse, at=LATER, herpes="no")
    assert second.allergies == {"substances": ["lidocaine"], "texts": [], "on": "2026-11-23"}


def test_an_answer_of_the_draft_keeps_the_day_it_was_given(ana, nurse):
    save_draft(ana, answers={"herpes": {"state": "no"}}, allergies=None, by=nurse, at=NOW)
    done = submit(ana, nurse, at=LATER, herpes="no", eczema="no")
    assert (done.answers["herpes"]["on"], done.answers["eczema"]["on"]) == ("2026-11-23", "2026-12-23")
    assert Interview.objects.count() == 1


@pytest.mark.parametrize(
    "text", ["Vitamin C", "vitamin c ", "VITAMIN_C", "vitamin-c", "vítamin  C", "vitaminc"]
)
def test_free_text_that_names_a_substance_becomes_it(ana, nurse, text):
    done = submit(ana, nurse, allergies={"substances": [], "texts": [text, "bee venom"]})
    assert (done.allergies["substances"], done.allergies["texts"]) == (["vitamin_c"], ["bee venom"])


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"state": "ended", "until": "2026-11-24"}, "future"),
        ({"state": "ended", "until": "1989-05-01"}, "before_birth"),
        ({"state": "no", "until": "2026-11-01"}, "not_ended"),
        ({"state": "maybe"}, "not_offered"),
    ],
)
def test_an_answer_that_cannot_be_is_refused_and_nothing_is_kept(ana, nurse, answer, why):
    with pytest.raises(ValidationError) as refused:
        submit(ana, nurse, herpes=answer)
    assert refused.value.message_dict == {"herpes": [why]}
    assert not Interview.objects.exists()


def test_ended_is_not_offered_where_it_makes_no_sense(ana, nurse):
    with pytest.raises(ValidationError):
        submit(ana, nurse, diabetes_type1="ended")


def test_unknown_facts_and_substances_are_refused(ana, nurse):
    with pytest.raises(ValidationError):
        submit(ana, nurse, dragon_pox="no")
    with pytest.raises(ValidationError):
        submit(ana, nurse, allergies={"substances": ["dragon_blood"], "texts": []})
    assert not Interview.objects.exists()


def test_a_submitted_interview_is_announced_and_a_draft_is_not(ana, nurse, monkeypatch):
    heard = []
    monkeypatch.setitem(events._listeners, FactsChanged, [heard.append])
    save_draft(ana, answers={}, allergies=None, by=nurse, at=NOW)
    assert heard == []
    submit(ana, nurse)
    assert heard == [FactsChanged(ana.pk, NOW)]


def test_a_listener_that_fails_undoes_the_interview(ana, nurse, monkeypatch):
    def fail(event):
        raise RuntimeError

    monkeypatch.setitem(events._listeners, FactsChanged, [fail])
    with pytest.raises(RuntimeError):
        submit(ana, nurse, herpes="no")
    assert not Interview.objects.exists()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE patients_interview SET answers = '{}'",
        "UPDATE patients_interview SET submitted_at = NULL, submitted_by_id = NULL, number = NULL",
        "DELETE FROM patients_interview",
    ],
)
def test_the_database_refuses_to_change_a_submitted_interview(ana, nurse, sql):
    clear_interview(ana, nurse)
    with pytest.raises(InternalError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert Interview.objects.standing(ana).answers["herpes"]["state"] == "no"


def test_a_draft_saved_by_somebody_else_is_not_overwritten(ana, nurse, doctor):
    nothing = Seen(0, 0)
    save_draft(ana, answers={"herpes": {"state": "current"}}, allergies=None, by=doctor, at=NOW, on=nothing)
    with pytest.raises(InterviewMoved) as moved:
        save_draft(ana, answers={"herpes": {"state": "no"}}, allergies=None, by=nurse, at=NOW, on=nothing)
    assert moved.value.draft.saved_by == doctor
    assert Interview.objects.draft_of(ana).answers["herpes"]["state"] == "current"


def test_the_same_form_sent_twice_is_one_version(ana, nurse):
    first = submit(ana, nurse, herpes="no", on=Seen(0, 0))
    assert submit(ana, nurse, herpes="no", on=Seen(0, 0)) == first
    assert Interview.objects.count() == 1


def test_another_interview_submitted_meanwhile_is_a_conflict(ana, nurse, doctor):
    submit(ana, doctor, herpes="no", on=Seen(0, 0))
    with pytest.raises(InterviewMoved):
        submit(ana, nurse, herpes="no", on=Seen(0, 0))
    with pytest.raises(InterviewMoved):
        submit(ana, doctor, herpes="current", on=Seen(0, 0))
    assert Interview.objects.count() == 1


def test_a_draft_can_be_thrown_away(ana, nurse):
    draft = save_draft(ana, answers={"herpes": {"state": "no"}}, allergies=None, by=nurse, at=NOW)
    with pytest.raises(InterviewMoved):
        discard_draft(ana, by=nurse, on=Seen(0, 7))
    discard_draft(ana, by=nurse, on=seen(draft, None))
    assert not Interview.objects.exists()


def test_the_factory_answers_all_that_is_asked_and_no_more(facts, nurse):
    woman = interview(
        patient(by=nurse), by=nurse, answers={"herpes": "unsure", "eczema": None}, allergies=["lidocaine"]
    )
    man = clear_interview(patient(by=nurse, sex="male"), nurse)
    assert (len(woman.answers), len(man.answers)) == (43, 42)
    assert woman.answers["herpes"]["state"] == "unsure"
    assert woman.allergies["substances"] == ["lidocaine"]
    assert man.allergies == {"substances": [], "texts": [], "on": "2026-11-23"}


@pytest.mark.django_db(transaction=True)
def test_of_two_who_submit_at_once_one_is_told(nurse, doctor):
    ship_facts()
    ana, start, outcomes = patient(by=nurse), Barrier(2), []

    def attempt(by):
        start.wait()
        try:
            outcomes.append(submit(ana, by, herpes="no", on=Seen(0, 0)).number)
        except InterviewMoved:
            outcomes.append("moved")
        finally:
            connection.close()

    threads = [Thread(target=attempt, args=[by]) for by in (nurse, doctor)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [1, "moved"]
    assert Interview.objects.count() == 1
