"""The maintenance list: who is due, how they answered, what is next."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.models import AccessLog
from patients.models import Patient
from treatments.catalogue.models import Area, Goal, Protocol, Technique
from treatments.courses.models import Course
from treatments.reminders import actions
from treatments.reminders.models import Answer, Message, MessageWish
from treatments.reminders.tests.factories import (
    booked_session,
    confirmed_course,
    finished_course,
    reminder,
    someone,
)
from treatments.reminders.views import paging

PAGE = "/messages/maintenance/"
HTMX = {"HX-Request": "true"}
DAY = dt.timedelta(days=1)


def due(doctor, days=3, **fields):
    """Somebody overdue by so many days."""
    moment = timezone.now() - days * DAY
    return reminder(doctor, due_at=moment, try_at=moment, not_after=moment + 999 * DAY, **fields)


@pytest.fixture
def shown(as_, front_desk):
    def ask(**asked):
        return [line.first for line in as_(front_desk).post(PAGE, asked, follow=True).context["lines"]]

    return ask


def standings(as_, person):
    lines = as_(person).get(PAGE, {"standing": "all"}).context["lines"]
    return {line.first.pk: str(line.standing) for line in lines}


@pytest.mark.parametrize("who", ["doctor", "nurse", "front_desk"])
def test_who_is_due_and_overdue_by_how_much(as_, request, doctor, who):
    message = due(doctor, days=25, state="sent", sent_at=timezone.now())
    page = as_(request.getfixturevalue(who)).get(PAGE)
    for said in (message.patient.name, "overdue by 3 weeks", "No answer yet"):
        assert said in page.text
    assert AccessLog.objects.filter(patient_id=message.patient_id, listed=True).count() == 1


@pytest.mark.parametrize("who", ["clinic_admin", "catalogue_admin", "stranger"])
def test_others_do_not_see_it(as_, request, doctor, who):
    due(doctor)
    assert as_(request.getfixturevalue(who)).get(PAGE).status_code == 403


def test_it_is_only_read(as_, front_desk):
    assert as_(front_desk).put(PAGE).status_code == 405


@pytest.mark.parametrize(
    "asked", [{"overdue": "x"}, {"standing": "x"}, {"q": "x" * 101}, {"after": "x"}], ids=str
)
def test_what_makes_no_sense_is_answered_in_words(as_, front_desk, asked):
    page = as_(front_desk).post(PAGE, asked, follow=True)
    assert page.status_code == 422
    assert 'role="alert"' in page.text


def test_a_place_that_is_not_there(as_, front_desk):
    assert as_(front_desk).get(PAGE, {"after": 10**17}).status_code == 404


def test_nobody_is_due(as_, front_desk):
    assert "Nobody is due" in as_(front_desk).get(PAGE).text
    assert "Nobody fits" in as_(front_desk).post(PAGE, {"q": "zofia"}, follow=True).text


def test_the_days_that_can_be_asked_for(shown, doctor):
    soon, now, month, year = (due(doctor, days) for days in (-5, 5, 50, 500))
    due(doctor, -50)
    assert shown() == [month, now, soon]
    assert shown(overdue="soon") == [soon]
    assert shown(overdue="overdue") == [month, now]
    assert shown(overdue="month") == [month]
    assert shown(overdue="long") == [year]


def test_found_by_patient(shown, doctor):
    zofia = due(doctor, patient=someone(doctor, name="Zofia Łąka"))
    due(doctor, patient=someone(doctor, name="Maria Dudek"))
    assert shown(q="laka") == [zofia]


def test_how_they_answered(as_, front_desk, doctor, shown):
    at = timezone.now()
    waits, declined, call_me, opted_out, ticked_off, booked, to_book = (due(doctor) for _ in range(7))
    actions.answer_recall(declined, Answer.DECLINED, at=at)
    actions.answer_recall(call_me, Answer.CALL_ME, at=at)
    wish = {"patient": opted_out.patient, "topic": "maintenance", "wanted": False}
    MessageWish.objects.create(**wish, how="link", said_at=at)
    Patient.objects.filter(pk=ticked_off.patient_id).update(reminders=False)
    for message in (booked, to_book):
        row = confirmed_course(message.patient, by=doctor, at=at)
        Course.objects.filter(pk=row.pk).update(created_at=at)
        if message == booked:
            booked_session(row, at + 3 * DAY, by=doctor)
    assert standings(as_, front_desk) == {
        waits.pk: "open",
        declined.pk: "declined",
        call_me.pk: "call_me",
        opted_out.pk: "opted_out",
        ticked_off.pk: "opted_out",
        booked.pk: "booked",
        to_book.pk: "planned",
    }
    assert {row.pk for row in shown()} == {waits.pk, call_me.pk, to_book.pk}
    assert shown(standing="declined") == [declined]


def test_a_later_course_brings_a_day_of_its_own(shown, doctor):
    patient = someone(doctor)
    first = due(doctor, 300, patient=patient)
    again = finished_course(patient, by=doctor, at=timezone.now() - 40 * DAY)
    Course.objects.filter(pk=first.course_id).update(confirmed_at=timezone.now() - 400 * DAY)
    moment = timezone.now() - 2 * DAY
    Message.objects.filter(course=again).update(due_at=moment, not_after=moment + DAY)
    found = shown()
    assert first not in found
    assert [row.course_id for row in found] == [again.pk]


@pytest.mark.parametrize("fields", [{"died_on": "2026-01-01"}, {"duplicate": True}], ids=str)
def test_who_is_not_there_any_more_is_not_due(shown, doctor, fields):
    message = due(doctor)
    if fields.pop("duplicate", False):
        fields["duplicate_of"] = someone(doctor)
    Patient.objects.filter(pk=message.patient_id).update(**fields)
    assert shown() == []


def test_every_step_is_shown(as_, front_desk, doctor):
    message = due(doctor, 30, state="sent", sent_at=timezone.now() - 30 * DAY)
    for step in (2, 3):
        message.pk, message.step, message.state, message.sent_at = None, step, "due", None
        message.save(force_insert=True)
    line = as_(front_desk).get(PAGE).context["lines"][0]
    assert [recall.step for recall in line.recalls] == [1, 2, 3]


def test_one_click_to_the_next_course(as_, front_desk, doctor):
    fresh, planned = due(doctor), due(doctor)
    row = confirmed_course(planned.patient, by=doctor)
    Course.objects.filter(pk=row.pk).update(created_at=timezone.now())
    desk, practitioner = as_(front_desk).get(PAGE).text, as_(doctor).get(PAGE).text
    book = f'href="/schedule/courses/{row.pk}/book/"'
    plan = f'href="/courses/new/{fresh.patient_id}/?like={fresh.course_id}"'
    assert book in desk
    assert book in practitioner
    assert plan in practitioner
    assert plan not in desk


def test_the_plan_starts_as_the_course_was(as_, doctor, nurse):
    message, other = due(doctor), due(doctor)
    page = as_(nurse).get(f"/courses/new/{message.patient_id}/?like={message.course_id}")
    assert page.status_code == 200
    assert f'value="{message.course.goal.code}"' in page.text
    for wrong in (other.course_id, 10**17, "x", ""):
        assert as_(nurse).get(f"/courses/new/{message.patient_id}/?like={wrong}").status_code == 404


def test_nothing_clinical_is_on_the_list(as_, front_desk, doctor):
    due(doctor)
    for clinical in (Goal, Area, Technique, Protocol):
        clinical.objects.update(label="canary")
    assert "canary" not in as_(front_desk).get(PAGE).text


def test_page_after_page_everybody_once(as_, front_desk, doctor, monkeypatch):
    monkeypatch.setattr(paging, "ON_A_PAGE", 2)
    everybody = {due(doctor, days).pk for days in (9, 9, 9, 5, 1)}
    browser, seen, address = as_(front_desk), [], PAGE
    while address:
        context = browser.get(address).context
        seen += [line.first.pk for line in context["lines"]]
        address = context["more"] and f"{PAGE}?{context['more']}"
    assert len(seen) == 5
    assert set(seen) == everybody


def test_a_longer_list_asks_no_more_questions(as_, front_desk, doctor):
    browser = as_(front_desk)

    def queries(more):
        for _ in range(more):
            due(doctor)
        with CaptureQueriesContext(connection) as asked:
            browser.get(PAGE)
        return len(asked)

    queries(1)
    assert queries(1) == queries(6)


def test_htmx_gets_the_list_only(as_, front_desk, doctor):
    message = due(doctor)
    part = as_(front_desk).get(PAGE, headers=HTMX).text
    assert message.patient.name in part
    assert "<html" not in part
