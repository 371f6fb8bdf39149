"""The page of messages and the section of the patient's page."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from patients import panels
from patients.actions import people
from treatments.catalogue.models import Area, Goal, Protocol, Technique
from treatments.reminders.models import Message
from treatments.reminders.tests.factories import reminder, someone, ticked
from treatments.reminders.views import paging

PAGE = "/messages/"
DAY = dt.timedelta(days=1)
HTMX = {"HX-Request": "true"}
READERS = ["doctor", "nurse", "front_desk", "clinic_admin"]
OTHERS = ["catalogue_admin", "stranger"]


@pytest.fixture
def failed(doctor, on_the_day):
    return reminder(doctor, state="failed", why="There is no e-mail address.", attempts=3)


def test_the_page_leads_to_what_came_too_late(as_, front_desk, doctor):
    browser, now = as_(front_desk), timezone.now()
    assert "state=expired" not in browser.get(PAGE).text
    late = reminder(doctor, state="expired", why="so", due_at=now - 2 * DAY, not_after=now - DAY / 2)
    page = browser.get(PAGE)
    assert "One message came too late since yesterday" in page.text
    assert '<a href="/messages/?state=expired">' in page.text
    assert [row.pk for row in browser.get(PAGE, {"state": "expired"}).context["rows"]] == [late.pk]


def back(message):
    return reverse("reminders:put_back", args=[message.pk])


@pytest.mark.parametrize("who", READERS)
def test_those_who_book_and_the_clinic_admin_see_every_message(as_, request, failed, who):
    page = as_(request.getfixturevalue(who)).get(PAGE)
    assert page.status_code == 200
    for said in (failed.patient.name, "Failed", failed.why, "Maintenance reminder"):
        assert said in page.text


@pytest.mark.parametrize("who", OTHERS)
def test_others_see_and_change_nothing(as_, request, failed, who):
    browser = as_(request.getfixturevalue(who))
    assert browser.get(PAGE).status_code == 403
    assert browser.post(back(failed)).status_code == 403
    failed.refresh_from_db()
    assert failed.state == "failed"


def test_who_is_not_logged_in_is_asked_to(client, failed):
    assert client.get(PAGE).status_code == client.post(back(failed)).status_code == 302


def test_wrong_methods(as_, front_desk, failed):
    browser = as_(front_desk)
    assert browser.put(PAGE).status_code == 405
    assert browser.get(back(failed)).status_code == 405


@pytest.mark.parametrize("after", ["999999", "999999999999999999"])
def test_a_place_in_the_list_that_is_not_there(as_, front_desk, after):
    assert as_(front_desk).get(PAGE, {"after": after}).status_code == 404


def test_a_message_that_is_not_there(as_, front_desk):
    assert as_(front_desk).post("/messages/999999999999999999/put-back/").status_code == 404


@pytest.mark.parametrize(
    "asked",
    [{"state": "lost"}, {"q": "x" * 101}, {"after": "-1"}, {"after": "9" * 40}, {"after": "x"}],
    ids=str,
)
def test_a_question_that_makes_no_sense_is_answered_in_words(as_, front_desk, failed, asked):
    page = as_(front_desk).post(PAGE, asked, follow=True)
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert failed.patient.name not in page.text


def test_nothing_clinical_is_on_the_page(as_, front_desk, failed):
    for clinical in (Goal, Area, Technique, Protocol):
        clinical.objects.update(label="canary")
    assert "canary" not in as_(front_desk).get(PAGE).text


def test_found_by_state_and_by_patient(as_, front_desk, doctor):
    zofia = reminder(doctor, patient=someone(doctor, name="Zofia Łąka-Świt", phone="+48600100200"))
    maria = reminder(
        doctor, patient=someone(doctor, name="Maria Dudek"), state="sent", sent_at=timezone.now()
    )

    def shown(**asked):
        text = as_(front_desk).post(PAGE, asked, follow=True).text
        return {message for message in (zofia, maria) if f'id="message-{message.pk}"' in text}

    assert shown() == {zofia, maria}
    assert shown(state="due") == {zofia}
    assert shown(q="swit zof") == shown(q="600 100 200") == {zofia}
    assert shown(q="dudek", state="sent") == {maria}
    assert shown(q="dudek", state="due") == shown(q="%") == set()


@pytest.mark.usefixtures("on_the_day")
def test_page_after_page_every_message_once(as_, front_desk, doctor, monkeypatch):
    monkeypatch.setattr(paging, "ON_A_PAGE", 2)
    same_moment = [reminder(doctor).pk for _ in range(5)]
    browser, seen, address = as_(front_desk), [], PAGE
    while address:
        context = browser.get(address).context
        seen += [row.pk for row in context["rows"]]
        address = context["more"] and f"{PAGE}?{context['more']}"
    assert seen == same_moment


def test_a_longer_list_asks_no_more_questions(as_, front_desk, doctor):
    browser = as_(front_desk)

    def queries(more):
        for _ in range(more):
            reminder(doctor, state="failed", why="because", put_back_at=timezone.now(), put_back_by=doctor)
        with CaptureQueriesContext(connection) as asked:
            browser.get(PAGE)
        return len(asked)

    queries(1)
    assert queries(1) == queries(8)


def test_htmx_gets_the_list_only(as_, front_desk, failed):
    part = as_(front_desk).get(PAGE, headers=HTMX).text
    assert failed.patient.name in part
    assert "<html" not in part


def test_names_are_shown_as_text(as_, front_desk, doctor):
    reminder(doctor, patient=someone(doctor, name="<script>alert(1)</script>"))
    assert "<script>alert(1)" not in as_(front_desk).get(PAGE).text


@pytest.mark.parametrize(
    ("ago", "says"),
    [(None, "never been seen"), (10, "Messages are late"), (1, "Sending works")],
    ids=["never", "ten minutes ago", "a minute ago"],
)
def test_the_page_says_whether_sending_works(as_, front_desk, ago, says):
    if ago:
        ticked(timezone.now() - dt.timedelta(minutes=ago))
    assert says in as_(front_desk).get(PAGE).text


def test_failed_messages_are_pointed_out_until_it_is_too_late(as_, front_desk, failed):
    assert "One message failed" in as_(front_desk).get(PAGE).text
    past = timezone.now() - dt.timedelta(days=1)
    Message.objects.update(due_at=past, not_after=past)
    assert "One message failed" not in as_(front_desk).get(PAGE).text


def test_a_failed_message_is_put_back(as_, front_desk, failed):
    assert as_(front_desk).post(back(failed)).status_code == 302
    failed.refresh_from_db()
    assert (failed.state, failed.attempts, failed.put_back_by) == ("due", 0, front_desk)
    assert "Felicja wanted it tried again" in as_(front_desk).get(PAGE).text


def test_with_htmx_the_row_comes_back_as_it_stands(as_, front_desk, failed):
    row = as_(front_desk).post(back(failed), headers=HTMX)
    assert row.status_code == 200
    assert "Waiting" in row.text
    assert "<html" not in row.text


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_put_back_twice_is_a_conflict(as_, front_desk, doctor, failed, headers):
    as_(doctor).post(back(failed))
    again = as_(front_desk).post(back(failed), headers=headers)
    assert again.status_code == 409
    assert "not a failed one any more" in again.text
    failed.refresh_from_db()
    assert failed.put_back_by == doctor


def test_what_would_come_too_late_has_no_button_and_is_refused(as_, front_desk, failed):
    past = timezone.now() - dt.timedelta(days=1)
    Message.objects.update(due_at=past, not_after=past)
    assert back(failed) not in as_(front_desk).get(PAGE).text
    assert as_(front_desk).post(back(failed)).status_code == 409


def test_the_patients_page_shows_their_messages(rf, front_desk, clinic_admin, doctor):
    mine, _other = reminder(doctor), reminder(doctor)
    request = rf.get("/")
    request.user = front_desk
    shown = {panel.name: context for panel, context in panels.for_page(request, mine.patient)}
    assert list(shown["messages"]["patient_messages"]) == [mine]
    request.user = clinic_admin
    assert "messages" not in {panel.name for panel, _context in panels.for_page(request, mine.patient)}


def test_a_missing_address_is_seen_before_the_day(as_, front_desk, doctor):
    message = reminder(doctor, patient=someone(doctor, email=""))
    for address in (PAGE, message.patient.get_absolute_url()):
        assert "No e-mail address yet" in as_(front_desk).get(address).text


def test_the_section_stands_on_the_real_page(as_, front_desk, doctor):
    message = reminder(doctor, state="failed", why="There is no e-mail address.")
    page = as_(front_desk).get(message.patient.get_absolute_url())
    assert "Maintenance reminder" in page.text
    assert message.why in page.text


def test_unticked_in_the_patients_form_the_reminder_is_taken_back(doctor, at):
    message = reminder(doctor, at=at)
    patient = message.patient
    fields = {name: getattr(patient, name) for name in people.FIELDS} | {"reminders": False}
    people.edit_patient(patient, fields=fields, version=patient.version, by=doctor, at=at)
    message.refresh_from_db()
    assert message.state == "suppressed"
