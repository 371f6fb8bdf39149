"""Personal links and what patients answer through them: one purpose, counted tries, signed once."""

import datetime as dt
import threading

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from clinic import events
from clinic.models import Clinic
from conftest import NOW
from patients import actions, interviews, tokens
from patients.events import FactsChanged, InterviewAsked
from patients.models import InterviewLink, Patient, Report
from patients.tests.factories import patient
from patients.tests.fixtures import facts, ship_facts

__all__ = ["facts"]

BORN = dt.date(1989, 5, 2)
WRONG = dt.date(1989, 2, 5)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def ana(facts, front_desk):
    return patient(by=front_desk, email="ana@mail.example", birth_date=BORN)


@pytest.fixture
def link(ana, front_desk):
    return actions.show_code(ana, by=front_desk, at=NOW)[0]


@pytest.fixture
def heard(monkeypatch):
    """What was announced."""
    said = []
    for kind in (FactsChanged, InterviewAsked):
        monkeypatch.setitem(events._listeners, kind, [said.append])
    return said


def everything(person, state="no"):
    return {fact.code: {"state": state} for fact in interviews.questions(person)}


def answer_all(link, at=NOW, allergies=None, **changes):
    answers = everything(link.patient) | changes
    told = allergies or {"substances": [], "texts": []}
    return actions.save_answers(
        link.pk, asked=answers, answers=answers, allergies=told, asks_allergies=True, at=at
    )


def signed(link, at=NOW):
    answer_all(link, at)
    return actions.submit_report(link.pk, signature="Ana Nowak", at=at)


# Making links


def test_a_code_is_found_by_its_token_and_nothing_of_the_token_is_stored(ana, front_desk):
    link, token = actions.show_code(ana, by=front_desk, at=NOW)
    assert len(token) == 43  # 256 bits
    assert InterviewLink.objects.by_token(token).get() == link
    assert link.token_hashes == [tokens.hashed(token)]
    assert link.expires_at == NOW + dt.timedelta(days=7)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, '') FROM patients_interviewlink t")
        assert token not in cursor.fetchone()[0]


def test_the_clinic_says_how_many_days_a_link_works(ana, front_desk):
    Clinic.objects.update_or_create(pk=1, defaults={"interview_link_days": 3})
    link, _token = actions.show_code(ana, by=front_desk, at=NOW)
    assert link.expires_at == NOW + dt.timedelta(days=3)


def test_asked_by_mail_there_is_no_token_yet_and_it_is_announced_once(ana, front_desk, heard):
    links = {actions.send_link(ana, by=front_desk, at=NOW).pk for _press in range(2)}
    assert heard == [InterviewAsked(*links, at=NOW)]
    assert InterviewLink.objects.get().token_hashes == []


def test_asked_again_a_minute_later_it_is_another_request(ana, front_desk, heard):
    for minutes in (0, 1):
        actions.send_link(ana, by=front_desk, at=NOW + dt.timedelta(minutes=minutes))
    assert len(heard) == InterviewLink.objects.count() == 2


def test_a_later_link_does_not_end_an_earlier_one(ana, front_desk):
    first, earlier = actions.show_code(ana, by=front_desk, at=NOW)
    actions.show_code(ana, by=front_desk, at=NOW + HOUR)
    assert actions.links.working(NOW + HOUR).by_token(earlier).get() == first


def test_a_mail_written_twice_has_two_tokens_and_both_open(ana, front_desk):
    link = actions.send_link(ana, by=front_desk, at=NOW)
    both = [actions.mint(link.pk, at=NOW) for _attempt in range(2)]
    assert {InterviewLink.objects.by_token(token).get() for token in both} == {link}


def test_without_an_address_there_is_no_mail(ana, front_desk):
    Patient.objects.filter(pk=ana.pk).update(email="", phone="")
    with pytest.raises(actions.NoAddress):
        actions.send_link(ana, by=front_desk, at=NOW)
    assert not InterviewLink.objects.exists()


def test_a_link_that_was_taken_back_writes_no_mail_and_opens_nothing(ana, front_desk):
    link = actions.send_link(ana, by=front_desk, at=NOW)
    actions.revoke_link(link, by=front_desk, at=NOW)
    for refused in (
        lambda: actions.mint(link.pk, at=NOW),
        lambda: actions.check_birth_date(link.pk, BORN, at=NOW),
        lambda: answer_all(link),
        lambda: actions.revoke_link(link, by=front_desk, at=NOW),
    ):
        with pytest.raises(actions.LinkDead):
            refused()


def test_after_its_days_a_link_is_dead_to_the_second(link):
    last = link.expires_at - dt.timedelta(seconds=1)
    actions.check_birth_date(link.pk, BORN, at=last)
    answer_all(link, last)
    for refused in (
        lambda: actions.check_birth_date(link.pk, BORN, at=link.expires_at),
        lambda: actions.submit_report(link.pk, signature="Ana", at=link.expires_at),
    ):
        with pytest.raises(actions.LinkDead):
            refused()


# The date of birth


def test_five_wrong_dates_close_the_link_and_the_right_one_comes_too_late(link):
    left = []
    for _try in range(5):
        with pytest.raises(actions.WrongBirthDate) as wrong:
            actions.check_birth_date(link.pk, WRONG, at=NOW)
        left.append(wrong.value.left)
    assert left == [4, 3, 2, 1, 0]
    with pytest.raises(actions.LinkDead):
        actions.check_birth_date(link.pk, BORN, at=NOW)
    link.refresh_from_db()
    assert (link.tries, link.opened_at) == (5, None)


def test_the_right_date_opens_and_does_not_give_the_tries_back(link):
    with pytest.raises(actions.WrongBirthDate):
        actions.check_birth_date(link.pk, WRONG, at=NOW)
    actions.check_birth_date(link.pk, BORN, at=NOW)
    actions.check_birth_date(link.pk, BORN, at=NOW + HOUR)
    link.refresh_from_db()
    assert (link.tries, link.opened_at) == (1, NOW)


def test_the_clinic_says_how_many_tries(link):
    Clinic.objects.update_or_create(pk=1, defaults={"interview_link_tries": 1})
    with pytest.raises(actions.WrongBirthDate):
        actions.check_birth_date(link.pk, WRONG, at=NOW)
    with pytest.raises(actions.LinkDead):
        actions.check_birth_date(link.pk, BORN, at=NOW)


def at_once(count, work):
    """What `work(number)` returned or raised, each in a thread and on a connection of its own."""
    together, said = threading.Barrier(count), []

    def run(number):
        together.wait()
        try:
            said.append(work(number))
        except Exception as error:
            said.append(type(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


@pytest.fixture
def shared(transactional_db, front_desk):
    """A link that other connections see."""
    ship_facts()
    return actions.show_code(patient(by=front_desk, birth_date=BORN), by=front_desk, at=NOW)[0]


@pytest.mark.django_db(transaction=True)
def test_of_twelve_guesses_at_once_five_are_heard(shared):
    said = at_once(12, lambda n: actions.check_birth_date(shared.pk, WRONG, at=NOW))
    assert said.count(actions.WrongBirthDate) == 5
    assert said.count(actions.LinkDead) == 7
    shared.refresh_from_db()
    assert shared.tries == 5


@pytest.mark.django_db(transaction=True)
def test_counted_without_the_lock_more_guesses_are_heard(shared, monkeypatch):
    """The negative control: what the lock is for."""
    all_have_read = threading.Barrier(12)

    def unlocked(pk, *, at):
        found = actions.links.working(at).select_related("patient").get(pk=pk)
        all_have_read.wait()
        return found

    monkeypatch.setattr(actions.links, "locked_link", unlocked)
    said = at_once(12, lambda n: actions.check_birth_date(shared.pk, WRONG, at=NOW))
    assert said.count(actions.WrongBirthDate) == 12


# Answering


def test_answers_are_kept_as_they_come_and_an_unanswered_question_is_taken_out(link):
    actions.save_answers(
        link.pk,
        asked=["herpes", "eczema"],
        answers={"herpes": {"state": "no"}, "eczema": {"state": "unsure"}},
        allergies=None,
        asks_allergies=False,
        at=NOW,
    )
    actions.save_answers(
        link.pk, asked=["herpes"], answers={}, allergies=None, asks_allergies=False, at=NOW + HOUR
    )
    draft = Report.objects.get()
    assert draft.answers == {"eczema": {"state": "unsure", "on": "2026-11-23"}}
    assert (draft.version, draft.allergies) == (2, None)


def test_answers_go_on_through_another_link(link, front_desk):
    answer_all(link)
    other = actions.hand_over_tablet(link.patient, by=front_desk, at=NOW + HOUR)
    report = actions.submit_report(other.pk, signature="Ana", at=NOW + HOUR)
    assert (report.link, len(report.answers)) == (other, 44)


def test_answers_left_alone_for_a_week_are_begun_afresh(link, front_desk):
    answer_all(link)
    later = NOW + dt.timedelta(days=7, minutes=1)
    other = actions.hand_over_tablet(link.patient, by=front_desk, at=later)
    assert actions.reports.draft_of(link.patient, at=later) is None
    kept = actions.save_answers(
        other.pk, asked=[], answers={}, allergies=None, asks_allergies=False, at=later
    )
    assert (kept.answers, kept.started_at, Report.objects.count()) == ({}, later, 1)


@pytest.mark.parametrize("left_out", ["herpes", "allergies"])
def test_a_form_with_a_gap_cannot_be_signed(link, left_out, heard):
    with pytest.raises(actions.Unfinished):
        actions.submit_report(link.pk, signature="Ana", at=NOW)
    answers = {code: a for code, a in everything(link.patient).items() if code != left_out}
    told = None if left_out == "allergies" else {"substances": [], "texts": []}
    actions.save_answers(link.pk, asked=[], answers=answers, allergies=told, asks_allergies=True, at=NOW)
    with pytest.raises(actions.Unfinished):
        actions.submit_report(link.pk, signature="Ana", at=NOW)
    assert (Report.objects.get().submitted_at, heard) == (None, [])


def test_not_sure_is_an_answer_that_can_be_signed(link):
    answer_all(link, herpes={"state": "unsure"})
    assert actions.submit_report(link.pk, signature="Ana", at=NOW).answers["herpes"]["state"] == "unsure"


def test_signed_it_is_announced_and_the_link_is_used(link, heard):
    report = signed(link)
    assert (report.signature, report.submitted_at) == ("Ana Nowak", NOW)
    assert heard == [FactsChanged(link.patient_id, NOW)]
    assert Report.objects.pending(link.patient) == report
    with pytest.raises(actions.AlreadyReceived):
        actions.submit_report(link.pk, signature="Ana Nowak", at=NOW)
    with pytest.raises(actions.LinkDead):
        actions.check_birth_date(link.pk, BORN, at=NOW)


def test_a_listener_that_fails_undoes_the_signature(link, monkeypatch):
    def fail(event):
        raise RuntimeError

    answer_all(link)
    monkeypatch.setitem(events._listeners, FactsChanged, [fail])
    with pytest.raises(RuntimeError):
        actions.submit_report(link.pk, signature="Ana", at=NOW)
    assert Report.objects.get().submitted_at is None


def test_while_a_report_waits_no_other_is_taken_and_no_link_is_made(link, ana, front_desk):
    other = actions.show_code(ana, by=front_desk, at=NOW)[0]
    signed(link)
    for refused in (
        lambda: answer_all(other),
        lambda: actions.submit_report(other.pk, signature="Ana", at=NOW),
        lambda: actions.show_code(ana, by=front_desk, at=NOW),
    ):
        with pytest.raises(actions.AlreadyReceived):
            refused()


def test_what_was_signed_never_changes(link):
    report = signed(link)
    with pytest.raises(InternalError, match="never changes"), transaction.atomic():
        Report.objects.filter(pk=report.pk).update(signature="Somebody")
    with pytest.raises(IntegrityError), transaction.atomic():
        Report.objects.filter(pk=report.pk).update(settled_at=NOW)


@pytest.mark.django_db(transaction=True)
def test_parts_kept_on_several_devices_at_once_are_one_draft(shared):
    codes = list(everything(shared.patient))[:8]

    def keep(number):
        code = codes[number]
        return actions.save_answers(
            shared.pk,
            asked=[code],
            answers={code: {"state": "no"}},
            allergies=None,
            asks_allergies=False,
            at=NOW,
        )

    at_once(8, keep)
    draft = Report.objects.get()
    assert (set(draft.answers), draft.version) == (set(codes), 8)


@pytest.mark.django_db(transaction=True)
def test_signed_on_two_devices_at_once_it_is_one_report(shared, heard):
    answer_all(shared)
    said = at_once(4, lambda n: actions.submit_report(shared.pk, signature=f"Ana {n}", at=NOW))
    assert said.count(actions.AlreadyReceived) == 3
    assert Report.objects.filter(submitted_at__isnull=False).count() == 1
    assert len(heard) == 1
