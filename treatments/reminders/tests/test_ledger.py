"""What can be asked of the ledger, and one patient's messages with what was sent."""

import datetime as dt
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic.models import AccessLog
from treatments.reminders import actions
from treatments.reminders.actions import NotFailed
from treatments.reminders.forms import LedgerFilter
from treatments.reminders.models import Message, Wording
from treatments.reminders.tests.factories import reminder, someone
from treatments.reminders.views import paging

PAGE = "/messages/"
HTMX = {"HX-Request": "true"}
SENT = {"sent_to": "ana@mail.example", "sent_subject": "A reminder", "sent_text": "Hello Ana,\n\nit is time."}


def record(patient):
    return reverse("reminders:patient", args=[patient.pk])


@pytest.fixture
def sent(doctor, at):
    return reminder(doctor, state="sent", sent_at=at, maybe_twice=True, **SENT)


@pytest.fixture
def bounced(doctor, at):
    later = at + dt.timedelta(days=10_000)
    fields = {
        "state": "bounced",
        "sent_at": at,
        "bounced_at": at,
        "not_after": later,
        "why": "No such mailbox.",
    }
    return reminder(doctor, **fields, **SENT)


@pytest.fixture
def shown(as_, front_desk):
    def ask(**asked):
        return {row.pk for row in as_(front_desk).get(PAGE, asked).context["rows"]}

    return ask


def test_found_by_what_may_have_arrived_twice_and_what_can_be_tried_again(shown, sent, bounced):
    assert shown(state="twice") == {sent.pk}
    assert shown(state="retriable") == shown(state="bounced") == {bounced.pk}
    assert shown(state="delivered") == set()


def test_found_by_kind_and_channel(shown, sent, doctor):
    sms = reminder(doctor, channel="sms")
    assert shown(kind="maintenance") == {sent.pk, sms.pk}
    assert shown(kind="booked") == set()
    assert shown(channel="sms", kind="maintenance") == {sms.pk}


def test_found_by_the_clinics_days_both_ends_included(shown, doctor):
    last_minute = dt.datetime(2027, 3, 27, 22, 59, 59, tzinfo=dt.UTC)  # a second before midnight in Warsaw
    message = reminder(doctor, due_at=last_minute, not_after=last_minute)
    assert shown(since="2027-03-27", until="2027-03-27") == {message.pk}
    assert shown(since="2027-03-28") == shown(until="2027-03-26") == set()


@pytest.mark.parametrize(
    "asked",
    [{"kind": "x"}, {"channel": "x"}, {"since": "soon"}, {"until": "9999-12-31"}, {"since": "0001-01-01"}],
    ids=str,
)
def test_what_makes_no_sense_is_answered_in_words(as_, front_desk, asked):
    page = as_(front_desk).get(PAGE, asked)
    assert page.status_code == 422
    assert 'role="alert"' in page.text


def test_the_next_page_asks_the_same_and_goes_on_after_what_was_sent_meanwhile(
    as_, front_desk, doctor, monkeypatch
):
    monkeypatch.setattr(paging, "ON_A_PAGE", 1)
    reminder(doctor)
    second = reminder(doctor).pk
    page = as_(front_desk).get(PAGE, {"state": "due", "kind": "maintenance"})
    assert "state=due" in page.context["more"]
    assert "kind=maintenance" in page.context["more"]
    Message.objects.filter(pk=page.context["rows"][0].pk).update(state="sent", sent_at=timezone.now())
    following = as_(front_desk).get(f"{PAGE}?{page.context['more']}").context
    assert [row.pk for row in following["rows"]] == [second]


@pytest.fixture
def spread(doctor, at, on_the_day):
    """{hours from now: key} of messages from the day before yesterday to the day after tomorrow, newest key first."""
    moments = {hours: at + dt.timedelta(hours=hours) for hours in (48, -48, 24, -24, 3, 0, -3)}
    return {hours: reminder(doctor, due_at=due_at).pk for hours, due_at in moments.items()}


def pages(browser, **asked):
    """The keys of each page, as one goes on from page to page."""
    address = f"{PAGE}?{urlencode(asked)}"
    while address:
        context = browser.get(address).context
        yield [row.pk for row in context["rows"]]
        address = context["more"] and f"{PAGE}?{context['more']}"


NEAREST = [-3, 0, 3, 24, 48, -24, -48]  # today by time, what is to come, then what was, newest first


@pytest.mark.parametrize("on_a_page", [1, 2, 3, 5, 7, 50])
def test_what_is_due_today_comes_first_then_what_is_to_come_then_what_was(
    as_, front_desk, spread, monkeypatch, on_a_page
):
    monkeypatch.setattr(paging, "ON_A_PAGE", on_a_page)
    found = list(pages(as_(front_desk)))
    assert [pk for page in found for pk in page] == [spread[hours] for hours in NEAREST]
    assert len(found) == -(-len(NEAREST) // on_a_page)


def test_the_days_are_named(as_, front_desk, spread):
    days = as_(front_desk).get(PAGE).context["days"]
    assert [(title, len(some)) for title, some in days] == [
        ("Today", 3),
        ("After today", 2),
        ("Before today", 2),
    ]


def test_pages_that_are_turned_at_midnight_show_every_message_once(
    as_, front_desk, spread, monkeypatch, time_machine, at
):
    monkeypatch.setattr(paging, "ON_A_PAGE", 2)
    found, midnight = [], at.replace(hour=0, minute=0) + dt.timedelta(days=1)
    time_machine.move_to(midnight - dt.timedelta(minutes=1), tick=False)
    for page in pages(as_(front_desk)):
        found += page
        time_machine.move_to(midnight, tick=False)
    assert found == [spread[hours] for hours in NEAREST]


@pytest.mark.parametrize(
    ("state", "order"),
    [
        pytest.param("due", [-48, -24, -3, 0, 3, 24, 48], id="what waits: what waits longest"),
        pytest.param("suppressed", NEAREST, id="not needed: what is nearest"),
        pytest.param("expired", [48, 24, 3, 0, -3, -24, -48], id="over: the newest"),
        pytest.param("failed", [48, 24, 3, 0, -3, -24, -48], id="failed: the newest"),
    ],
)
def test_each_state_is_shown_in_the_order_of_what_it_is_asked_for(as_, front_desk, spread, state, order):
    Message.objects.update(state=state, why="because")
    [found] = pages(as_(front_desk), state=state)
    assert found == [spread[hours] for hours in order]


def test_with_days_it_keeps_to_them(as_, front_desk, spread, day):
    browser, yesterday = as_(front_desk), day - dt.timedelta(days=1)
    assert list(pages(browser, until=yesterday)) == [[spread[-24], spread[-48]]]
    assert list(pages(browser, since=yesterday, until=day)) == [[spread[h] for h in (-3, 0, 3, -24)]]


@pytest.mark.parametrize("asked", [{}, {"state": "due"}, {"state": "sent"}, {"kind": "maintenance"}], ids=str)
def test_no_page_sorts_the_whole_ledger(as_, front_desk, doctor, spread, asked):
    with CaptureQueriesContext(connection) as ledger, connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "sort"):  # so that a small table is read like a large one
            cursor.execute(f"SET LOCAL enable_{way} = off")
        as_(front_desk).get(PAGE, asked)
        found = [one["sql"] for one in ledger if "LIMIT 51" in one["sql"] and "ORDER BY" in one["sql"]]
        assert found
        for sql in found:
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Sort" not in plan, plan
            assert "message_by_" in plan


def test_the_ledger_of_all_does_not_show_what_was_sent(as_, front_desk, sent):
    assert "it is time" not in as_(front_desk).get(PAGE).text


def test_what_came_back_is_tried_again(doctor, front_desk, bounced, at):
    actions.put_back(bounced, by=front_desk, at=at)
    bounced.refresh_from_db()
    assert (bounced.state, bounced.sent_at, bounced.put_back_by) == ("due", None, front_desk)
    assert bounced.bounced_at == at
    assert bounced.sent_text == SENT["sent_text"]
    with pytest.raises(NotFailed):
        actions.put_back(bounced, by=front_desk, at=at)


@pytest.mark.parametrize("who", ["doctor", "nurse", "front_desk"])
def test_the_patients_messages_show_what_was_sent_and_the_read_is_logged(as_, request, sent, who):
    page = as_(request.getfixturevalue(who)).get(record(sent.patient))
    for said in ("Maintenance reminder", "A reminder", "<p>Hello Ana,</p>", "comes with the program"):
        assert said in page.text
    assert AccessLog.objects.filter(patient_id=sent.patient_id, view="reminders:patient").count() == 1


def test_the_version_of_the_clinics_text_is_named(as_, front_desk, doctor, sent, at):
    fields = {"kind": "maintenance", "channel": "email", "language": "en", "subject": "x", "body": "y"}
    wording = Wording.objects.create(**fields, number=3, made_at=at, made_by=doctor)
    Message.objects.update(wording=wording)
    assert "version 3" in as_(front_desk).get(record(sent.patient)).text


def test_only_their_own_newest_first(as_, front_desk, doctor, sent):
    reminder(doctor)
    newer = reminder(doctor, patient=sent.patient, due_at=sent.due_at + dt.timedelta(days=1))
    rows = as_(front_desk).get(record(sent.patient)).context["rows"]
    assert [row.pk for row in rows] == [newer.pk, sent.pk]


@pytest.mark.parametrize("who", ["clinic_admin", "catalogue_admin", "stranger"])
def test_others_do_not_read_them(as_, request, sent, who):
    assert as_(request.getfixturevalue(who)).get(record(sent.patient)).status_code == 403
    assert not AccessLog.objects.exists()


def test_a_patient_that_is_not_there_and_a_place_that_is_not_theirs(as_, front_desk, doctor, sent):
    browser, other = as_(front_desk), reminder(doctor)
    assert browser.get("/messages/of/999999999/").status_code == 404
    assert browser.get(record(sent.patient), {"after": other.pk}).status_code == 404
    assert browser.get(record(sent.patient), {"after": "x"}).status_code == 422
    assert browser.post(record(sent.patient)).status_code == 405


def test_nobody_was_written_to_yet(as_, front_desk, doctor):
    assert "No message yet" in as_(front_desk).get(record(someone(doctor))).text


def test_page_after_page_of_a_patient(as_, front_desk, doctor, sent, monkeypatch):
    monkeypatch.setattr(paging, "ON_A_PAGE", 1)
    reminder(doctor, patient=sent.patient)
    browser = as_(front_desk)
    first = browser.get(record(sent.patient)).context
    second = browser.get(f"{record(sent.patient)}?{first['more']}").context
    assert len({first["rows"][0].pk, second["rows"][0].pk}) == 2
    assert second["more"] == ""


def test_more_messages_ask_no_more_questions(as_, front_desk, doctor, sent):
    browser = as_(front_desk)

    def queries(more):
        for _ in range(more):
            reminder(doctor, patient=sent.patient, put_back_at=timezone.now(), put_back_by=doctor)
        with CaptureQueriesContext(connection) as asked:
            browser.get(record(sent.patient))
        return len(asked)

    queries(1)
    assert queries(1) == queries(6)


def test_tried_again_on_the_patients_page_the_row_keeps_its_letter(as_, front_desk, bounced):
    back = reverse("reminders:put_back", args=[bounced.pk])
    row = as_(front_desk).post(back, {"record": 1}, headers=HTMX)
    assert "Waiting" in row.text
    assert "it is time" in row.text
    assert AccessLog.objects.filter(view="reminders:put_back", patient_id=bounced.patient_id).exists()


def test_without_htmx_it_leads_back_to_the_patients_page(as_, front_desk, bounced):
    back = reverse("reminders:put_back", args=[bounced.pk])
    assert as_(front_desk).post(back, {"record": 1})["Location"] == record(bounced.patient)


def test_the_clinic_admin_may_try_again_but_not_read(as_, clinic_admin, bounced):
    back = reverse("reminders:put_back", args=[bounced.pk])
    assert as_(clinic_admin).post(back, {"record": 1}, headers=HTMX).status_code == 404
    bounced.refresh_from_db()
    assert bounced.state == "bounced"
    row = as_(clinic_admin).post(back, headers=HTMX)
    assert row.status_code == 200
    assert "it is time" not in row.text


def test_whom_the_ledger_names_is_in_the_access_log(as_, front_desk, doctor):
    named = {reminder(doctor).patient_id for _one in range(2)}
    as_(front_desk).get("/messages/")
    rows = AccessLog.objects.filter(view="reminders:messages", listed=True)
    assert set(rows.values_list("patient_id", flat=True)) == named


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        pytest.param("", None, id="nothing"),
        pytest.param("after=1", None, id="a place in the list is nothing that was asked"),
        pytest.param("state=failed&kind=booked", "State: Failed · Kind: Sessions booked", id="two choices"),
        pytest.param("q=Zoë&since=2026-11-03", "Patient: Zoë · Due from: 3 Nov 2026", id="words and a day"),
        pytest.param("state=nonsense", None, id="what there is not"),
    ],
)
def test_what_is_asked_is_said_in_one_line(asked, said):
    assert (" · ".join(LedgerFilter(QueryDict(asked)).said()) or None) == said


def test_the_list_says_what_is_shown_also_as_a_part_of_its_page(as_, front_desk):
    for part in ({}, {"HX-Request": "true"}):
        for address in ("/messages/?kind=booked", "/messages/maintenance/?standing=all"):
            assert "Shown:" in as_(front_desk).get(address, headers=part).text
            assert "Shown:" not in as_(front_desk).get(address.partition("?")[0], headers=part).text
