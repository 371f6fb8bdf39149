"""The pages of sessions behind the links of letters: seen, confirmed, given up, moved; and what opens nothing."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic.logs import redacted
from clinic.models import Clinic
from clinic.tests.unchanged import nothing_changes
from conftest import NOW
from patients.tests.factories import interview
from treatments.courses.tests.factories import cleared_patient
from treatments.reminders import actions as letter_actions
from treatments.reminders.models import LinkPurpose, LinkToken, Message
from treatments.reminders.own.door import COOKIE
from treatments.reminders.tests import letters
from treatments.reminders.tests.factories import someone
from treatments.reminders.tests.letters import Phone
from treatments.schedule import actions
from treatments.schedule.forms import slot_value
from treatments.schedule.models import Session
from treatments.schedule.rules import Slot
from treatments.schedule.tests import factories

pytestmark = pytest.mark.django_db
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW, tick=False)
    Clinic.objects.update_or_create(
        pk=1, defaults={"name": "Clinic Lipa", "address": "Lipowa 1, Kraków", "phone": "+48 12 345 67 89"}
    )


@pytest.fixture
def ana(doctor):
    return cleared_patient(by=doctor, name="Anna Nowak", called="Ania", email="ana@mail.example")


@pytest.fixture
def sessions(doctor, ana):
    """Five sessions every 21 days at ten, from tomorrow on; 14 to 35 days may lie between."""
    factories.working_hours(doctor, weekdays=range(1, 8))
    row = factories.confirmed_course(by=doctor, patient=ana)
    return factories.booked(row, factories.room(), practitioner=doctor)


@pytest.fixture
def second(sessions):
    return sessions[1]


@pytest.fixture
def phone(second):
    return Phone(letters.of_session(second))


def there(session, delta):
    start = session.starts_at + delta
    return slot_value(Slot(session.number, start, session.room_id, session.practitioner_id))


def row_of(session):
    return Session.objects.get(pk=session.pk)


# The door


def test_the_link_becomes_a_cookie_of_its_own_and_a_clean_address(second):
    token = letters.token(letters.of_session(second))
    browser = Client()
    answer = browser.get(reverse("messages:enter", args=[token]))
    link = LinkToken.objects.get()
    cookie = answer.cookies[COOKIE.key]
    assert answer["Location"] == f"/my/{link.pk}/"
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (f"/my/{link.pk}/", True, "Lax")
    assert answer["Referrer-Policy"] == "no-referrer"
    assert token not in cookie.value
    assert token not in LinkToken.objects.values_list("token_hash", flat=True)
    page = browser.get(answer["Location"])
    assert page.status_code == 200
    assert token not in page.content.decode()


def test_a_scanner_uses_nothing_up(second):
    token = letters.token(letters.of_session(second))
    address = reverse("messages:enter", args=[token])
    with nothing_changes():
        for _time in range(5):
            scanner = Client()
            for method in (scanner.head, scanner.get):
                assert method(address, follow=True).status_code == 200
            link = LinkToken.objects.get()
            for name in ("session", "move", "cancel", "calendar"):
                assert scanner.get(reverse(f"messages:{name}", args=[link.pk, second.pk])).status_code == 200
    assert Client().get(address).status_code == 302


WAYS_TO_BE_GONE = {
    "run out": lambda message: message.tokens.update(made_at=NOW - 2 * HOUR, expires_at=NOW - HOUR),
    "of somebody who died": lambda message: _patient(message, died_on=NOW.date()),
    "of a record that was closed": lambda message: _patient(
        message, duplicate_of=cleared_patient(by=message.patient.created_by)
    ),
    "sent to an address that is theirs no more": lambda message: _patient(message, email="b@mail.example"),
}


def _patient(message, **fields):
    type(message.patient).objects.filter(pk=message.patient_id).update(**fields)


@pytest.mark.parametrize("end", WAYS_TO_BE_GONE.values(), ids=WAYS_TO_BE_GONE)
def test_whatever_opens_nothing_gets_the_same_page(second, end):
    message = letters.of_session(second)
    token, phone = letters.token(message), Phone(message)
    wrong = Client().get(reverse("messages:enter", args=["x" * 43]))
    end(message)
    answers = [Client().get(reverse("messages:enter", args=[token])), phone.get()]
    assert {answer.status_code for answer in answers} == {404}
    assert {_bare(answer) for answer in answers} == {_bare(wrong)}
    assert {answer["Referrer-Policy"] for answer in answers} == {"no-referrer"}


def _bare(answer):
    return re.sub(r"[A-Za-z0-9]{64}", "", answer.content.decode())  # the token of forms


def test_a_letter_that_is_being_sent_or_went_by_sms_opens_too(second, ana):
    ana.phone = "+48600100200"
    ana.save(update_fields=["phone"])
    for fields in ({"sent_to": ""}, {"sent_to": "+48600100200", "channel": "sms"}):
        assert Phone(letters.of_session(second, **fields)).get().status_code == 200, fields


def test_the_number_in_the_address_opens_nothing(phone):
    assert Client().get(phone.url()).status_code == 404
    other = Client(headers={"cookie": f"{COOKIE.key}=forged"})
    assert other.get(phone.url()).status_code == 404


def test_a_page_that_was_left_open_for_long_asks_for_the_link_again(phone, second, time_machine):
    time_machine.shift(61 * 60)
    assert phone.post("confirm", second.pk, version=1).status_code == 404
    assert row_of(second).confirmed_at is None


def test_who_tries_again_and_again_is_slowed_down(db):
    browser = Client()
    codes = [browser.get(reverse("messages:enter", args=[f"{n:043}"])).status_code for n in range(12)]
    assert codes == [404] * 10 + [429] * 2


def test_two_of_a_family_answer_side_by_side_on_one_phone(second, doctor):
    boy = cleared_patient(by=doctor, name="Jan Nowak", email="ana@mail.example")
    other = factories.confirmed_course(by=doctor, patient=boy, sessions=1)
    [his] = factories.booked(other, second.room, practitioner=doctor, hour=14)
    hers, its = Phone(letters.of_session(second)), Phone(letters.of_session(his))
    for phone, shown, hidden in ((hers, "Ania", "Jan"), (its, "Jan", "Ania")):
        assert f"<bdi>{shown}</bdi>" in phone.page()
        assert hidden not in phone.page()
    for name in ("session", "confirm", "cancel", "move", "calendar"):
        assert hers.post(name, his.pk, version=1).status_code in {404, 405}
        assert hers.get(name, his.pk).status_code in {404, 405}
    assert row_of(his).confirmed_at is None


@pytest.mark.parametrize("name", ["session", "confirm", "cancel", "move", "calendar"])
def test_the_link_of_one_of_a_family_opens_no_session_of_another(second, doctor, name):
    """Not even where a letter to them named it by mistake."""
    boy = someone(doctor, name="Jan Nowak", phone="+48601234567")
    his = Phone(letters.letter(boy, session=second))
    there = Slot(second.number, second.starts_at + dt.timedelta(days=1), second.room_id, doctor.pk)
    asked = his.get if name in ("session", "calendar") else his.post
    with nothing_changes():
        assert asked(name, second.pk, version=1, to=slot_value(there)).status_code == 404


@pytest.mark.parametrize("purpose", [LinkPurpose.RECALL, LinkPurpose.WISHES])
def test_a_link_for_something_else_opens_no_session(second, sessions, purpose):
    message = letters.of_course(second.course, sessions, kind="maintenance")
    phone = Phone(message, purpose)
    assert phone.get("session", second.pk).status_code == 404
    assert phone.post("cancel", second.pk, version=1).status_code == 404
    assert row_of(second).state == "booked"


@pytest.mark.parametrize("name", ["session", "confirm", "cancel", "move", "calendar"])
def test_a_session_that_is_not_in_the_letter_is_not_there(phone, sessions, name):
    for pk in (sessions[0].pk, 10**17):
        assert phone.get(name, pk).status_code in {404, 405}
        assert phone.post(name, pk, version=1).status_code in {404, 405}


@pytest.mark.parametrize(("name", "method"), [("confirm", "get"), ("session", "post"), ("calendar", "post")])
def test_the_wrong_method_is_refused(phone, second, name, method):
    assert getattr(phone, method)(name, second.pk).status_code == 405


def test_no_log_holds_the_secret(second, caplog):
    token = letters.token(letters.of_session(second))
    for name in ("enter", "unsubscribe"):
        address = reverse(f"messages:{name}", args=[token])
        assert redacted(f'"GET {address} HTTP/1.1" 302').endswith('/[secret]/ HTTP/1.1" 302')
        Client().get(address)
    assert token not in redacted(caplog.text)


# What is seen


def test_the_page_says_when_and_where_and_nothing_clinical(phone, second):
    page = phone.page()
    for said in ("Hello", "Ania", "15 December 2026", "10:00", "Clinic Lipa", "Lipowa 1, Kraków"):
        assert said in page, said
    course = second.course
    for secret in (course.area, course.technique, course.goal, "Nowak", "acid"):
        assert str(secret).lower() not in page.lower(), secret


def test_a_letter_of_several_sessions_lists_them_and_leads_to_each(second, sessions):
    phone = Phone(letters.of_course(second.course, sessions))
    page = phone.page()
    assert page.count("/session/") == 5
    assert phone.get("session", sessions[3].pk).status_code == 200


def test_a_longer_list_asks_no_more_questions(second, sessions):
    def queries(told):
        phone = Phone(letters.of_course(second.course, told))
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert phone.get().status_code == 200
        return len(asked)

    assert queries(sessions[:2]) == queries(sessions)


def test_an_old_letter_shows_the_session_where_it_is_now(phone, second, doctor):
    actions.move_session(
        second,
        starts_at=second.starts_at + DAY,
        practitioner=doctor,
        room=second.room,
        version=1,
        by=doctor,
        at=NOW,
    )
    page = phone.page()
    assert "16 December 2026" in page
    assert "15 December 2026" not in page


def test_a_page_speaks_the_patients_language(phone, ana, time_machine):
    type(ana).objects.filter(pk=ana.pk).update(language="de")
    answer = phone.get()
    assert answer["Content-Language"] == "de"
    assert "Dezember" in answer.content.decode()


# Answers


def test_a_patient_confirms_and_the_desk_reads_it(phone, second, as_, front_desk):
    answer = phone.post("confirm", second.pk, version=1)
    assert answer["Location"] == phone.url("session", second.pk)
    assert row_of(second).confirmed_at == NOW
    assert "You confirmed it" in phone.page()
    desk = as_(front_desk)
    day = reverse("schedule:day") + f"?day={second.starts_at:%Y-%m-%d}"
    assert "confirmed by the patient" in desk.get(day).content.decode()
    assert "by the patient, with the link" in desk.get(f"/schedule/sessions/{second.pk}/").content.decode()


def test_only_the_time_that_was_shown_is_confirmed(phone, second, doctor):
    actions.move_session(
        second,
        starts_at=second.starts_at + DAY,
        practitioner=doctor,
        room=second.room,
        version=1,
        by=doctor,
        at=NOW,
    )
    answer = phone.post("confirm", second.pk, version=1)
    assert answer.status_code == 409
    assert "16 December 2026" in answer.content.decode()
    assert row_of(second).confirmed_at is None
    assert phone.post("confirm", second.pk, version=2).status_code == 302


@pytest.mark.parametrize("version", ["", "x", "0", str(10**30), "1\x00"])
@pytest.mark.parametrize("name", ["confirm", "cancel", "move"])
def test_what_no_page_posts_is_refused(phone, second, name, version):
    assert phone.post(name, second.pk, version=version).status_code in {400, 422}
    assert row_of(second).version == 1


def test_a_patient_cancels_twice_and_it_is_once(phone, second, as_, front_desk):
    for _press in range(2):
        answer = phone.post("cancel", second.pk, version=1)
        assert answer["Location"] == phone.url("session", second.pk)
    row = row_of(second)
    assert (row.state, row.cancelled_by_patient, row.cancelled_by, row.version) == (
        "cancelled",
        True,
        None,
        2,
    )
    assert "You cancelled it" in phone.page()
    said = as_(front_desk).get(f"/schedule/sessions/{second.pk}/").content.decode()
    assert "by the patient, with the link" in said


def test_what_the_desk_cancelled_is_not_called_the_patients(phone, second, doctor):
    actions.cancel_session(second, reason="The clinic is closed.", version=1, by=doctor, at=NOW)
    answer = phone.post("cancel", second.pk, version=1)
    assert answer.status_code == 409
    assert "it does not take place" in answer.content.decode()
    assert row_of(second).cancelled_by == doctor


@pytest.mark.parametrize("name", ["cancel", "move"])
def test_after_the_limit_it_says_to_call(phone, second, name, time_machine):
    time_machine.move_to(second.starts_at - 24 * HOUR, tick=False)
    late = Phone(letters.of_session(second, at=second.starts_at - 25 * HOUR), at=second.starts_at - 25 * HOUR)
    page = late.page()
    assert re.search(r"Please call us:\s*<a href=\"tel:", page)
    assert "/move/" not in page
    assert late.get(name, second.pk).status_code == 302
    answer = late.post(name, second.pk, version=1, to=there(second, DAY))
    assert answer.status_code == 409
    assert row_of(second).version == 1
    assert late.post("confirm", second.pk, version=1).status_code == 302


# Another time


def offered(phone, session, **data):
    return re.findall(r'name="to" value="([^"]+)"', phone.get("move", session.pk, **data).content.decode())


def test_a_patient_moves_to_a_time_that_is_offered(phone, second, as_, front_desk):
    values = offered(phone, second)
    assert len(values) == 8
    for _press in range(2):
        answer = phone.post("move", second.pk, version=1, to=values[0])
        assert answer["Location"] == phone.url("session", second.pk)
    row = row_of(second)
    assert (row.version, row.moved_by_patient_at) == (2, NOW)
    assert values[0].startswith(row.starts_at.astimezone(dt.UTC).strftime("%Y%m%dT%H%M"))
    assert "You moved it here" in phone.page()
    said = as_(front_desk).get(f"/schedule/sessions/{second.pk}/").content.decode()
    assert "by the patient, with the link" in said


def test_every_time_that_is_offered_can_be_had(phone, second):
    for nth, value in enumerate(offered(phone, second)):
        assert phone.post("move", second.pk, version=1 + nth, to=value).status_code == 302, value


def test_a_time_that_is_gone_leaves_the_session_and_shows_others(phone, second, doctor):
    value = offered(phone, second)[0]
    taken = dt.datetime.strptime(value[:13], "%Y%m%dT%H%M").replace(tzinfo=dt.UTC).astimezone(NOW.tzinfo)
    other = factories.confirmed_course(by=doctor, sessions=1)
    factories.booked(other, second.room, practitioner=doctor, first=taken.date(), hour=taken.hour)
    answer = phone.post("move", second.pk, version=1, to=value)
    assert answer.status_code == 409
    assert "just been taken" in answer.content.decode()
    assert 'name="to"' in answer.content.decode()
    assert value not in offered(phone, second)
    assert row_of(second).version == 1


def test_times_around_another_day(phone, second):
    for day in ("2026-12-10", "2026-12-24"):
        assert offered(phone, second, day=day)[0] != offered(phone, second)[0]
    assert phone.get("move", second.pk, day="2020-01-01").status_code == 422
    assert phone.get("move", second.pk, day="x").status_code == 422


def test_a_day_that_the_interval_leaves_no_room_for_is_called_impossible(phone, second):
    said, near = "That day is not possible here", second.starts_at.date() + DAY
    assert said in phone.get("move", second.pk, day="2027-06-01").text
    assert said not in phone.get("move", second.pk, day=near.isoformat()).text
    assert said not in phone.page("move", second.pk)


@pytest.mark.parametrize("to", ["", "x", "20261216T0900Z-1", "20261216T0900Z-99999999-99999999", "2" * 60])
def test_what_is_no_offered_time_moves_nothing(phone, second, to):
    assert phone.post("move", second.pk, version=1, to=to).status_code in {409, 422}
    assert row_of(second).version == 1


def test_a_held_course_says_to_call_and_not_why(phone, second, doctor):
    value = offered(phone, second)[0]
    interview(second.course.patient, by=doctor, answers={"pregnancy": "current"})
    for answer in (phone.get("move", second.pk), phone.post("move", second.pk, version=1, to=value)):
        page = answer.content.decode()
        assert "We cannot move this session here" in page
        assert not re.search("pregnan|held|doctor|screen", page, re.IGNORECASE)
    assert row_of(second).version == 1


# The calendar


def test_the_calendar_entry_keeps_its_name_and_counts_its_changes(phone, second, doctor):
    answer = phone.get("calendar", second.pk)
    assert answer["Content-Type"].startswith("text/calendar")
    first = answer.content.decode()
    actions.move_session(
        second,
        starts_at=second.starts_at + DAY,
        practitioner=doctor,
        room=second.room,
        version=1,
        by=doctor,
        at=NOW,
    )
    later = phone.get("calendar", second.pk).content.decode()
    uid, sequence = re.compile(r"UID:.*"), re.compile(r"SEQUENCE:(\d+)")
    assert uid.search(first)[0] == uid.search(later)[0]
    assert int(sequence.search(first)[1]) < int(sequence.search(later)[1])
    assert not re.search("Ania|Nowak", first)


def test_a_letters_message_is_not_touched_by_answers(phone, second):
    before = Message.objects.values("pk", "state").get(tokens=phone.link)
    phone.post("confirm", second.pk, version=1)
    assert Message.objects.values("pk", "state").get(tokens=phone.link) == before


# From the house's own letters


def opened(mail):
    """A phone on which the link of a letter was followed."""
    browser = Client()
    answer = browser.get(re.search(r"/my/with/[\w-]{43}/", mail.body)[0])
    return browser, browser.get(answer["Location"]).content.decode(), answer["Location"]


def test_from_the_letter_of_a_booking_to_a_move_and_the_letter_about_it(sessions, mailoutbox):
    told = Message.objects.get(kind="booked")
    assert letter_actions.deliver(told.pk, at=told.due_at) == "sent"
    browser, page, address = opened(mailoutbox[-1])
    assert page.count("/session/") == 5
    there = f"{address}session/{sessions[1].pk}/move/"
    value = re.findall(r'name="to" value="([^"]+)"', browser.get(there).content.decode())[-1]
    assert browser.post(there, {"version": 1, "to": value}).status_code == 302
    moved = Message.objects.get(kind="moved")
    assert letter_actions.deliver(moved.pk, at=moved.due_at) == "sent"
    _browser, page, _address = opened(mailoutbox[-1])
    assert "You moved it here" in page
    assert f"{timezone.localtime(row_of(sessions[1]).starts_at):%H:%M}" in page


def test_a_patient_who_cancels_is_told_so_and_gets_no_reminder(phone, second, time_machine):
    Message.objects.filter(kind="booked").update(state="sent", sent_at=NOW)
    time_machine.shift(30 * 60)  # the booking is no news any more
    phone.post("cancel", second.pk, version=1)
    ahead = Message.objects.filter(session=second, kind__in=["reminder", "precare"]).exclude(state="sent")
    assert set(ahead.values_list("state", flat=True)) == {"suppressed"}
    assert Message.objects.filter(kind="cancelled", about=[second.pk]).exists()
