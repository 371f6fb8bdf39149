"""What patients did by their links, and the desk that ticks it off."""

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import AccessLog
from clinic.tests.unchanged import nothing_changes
from conftest import NOW
from patients.actions import note_death
from treatments.courses.tests.factories import cleared_patient
from treatments.reminders import actions
from treatments.reminders.context import changed_in_words
from treatments.reminders.models import Answer, Deed, DeedKind, LinkPurpose, Message, Topic, WishHow
from treatments.reminders.models.deeds import OF_A_SESSION
from treatments.reminders.tests import letters
from treatments.reminders.tests.factories import reminder
from treatments.reminders.tests.letters import Phone
from treatments.schedule import actions as calendar
from treatments.schedule.actions import offering
from treatments.schedule.models import FreedTime, Offer
from treatments.schedule.rules import Slot
from treatments.schedule.tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
DAY = dt.timedelta(days=1)
PAGE, ALL_WHO_COME = reverse("reminders:changed"), reverse("reminders:seen_confirmed")


@pytest.fixture
def sessions(doctor):
    """Five sessions every 21 days at ten, from tomorrow on; 14 to 35 days may lie between."""
    factories.working_hours(doctor, weekdays=range(1, 8))
    ana = cleared_patient(by=doctor, name="Anna Nowak", email="ana@mail.example", phone="+48601234567")
    row = factories.confirmed_course(by=doctor, patient=ana)
    return factories.booked(row, factories.room(), practitioner=doctor)


@pytest.mark.parametrize("desk", [False, True])
def test_an_offered_time_is_noted_where_the_patient_took_it(sessions, doctor, front_desk, desk):
    _first, second = sessions[:2]
    Message.objects.filter(kind="booked").update(state="sent", sent_at=NOW)
    factories.waiting(second.course, second.number, by=doctor)
    other = factories.confirmed_course(by=doctor, sessions=1)
    given_up = factories.booked(other, second.room, practitioner=doctor, first=NOW.date() + 19 * DAY)[0]
    calendar.cancel_session(given_up, reason="ill", version=1, by=doctor, at=NOW)
    offering.offer_freed(FreedTime.objects.get().pk, at=NOW)
    taken = calendar.say_yes(Offer.objects.get(), desk=front_desk if desk else None, at=NOW)
    noted = list(Deed.objects.values_list("kind", "session"))
    assert noted == ([] if desk else [("took", taken.pk)])
    known = Message.objects.get(kind="moved").told_before[str(taken.pk)]
    assert known == (second.starts_at.isoformat() if desk else None)


def deed(session, kind="cancelled", *, at=NOW, **fields) -> Deed:
    """Straight into the table: how it came about is tested on its own."""
    about = {"session": session} if kind in OF_A_SESSION else {}
    if kind == "moved":
        about["was_at"] = session.starts_at - DAY
    return Deed.objects.create(kind=kind, patient=session.course.patient, done_at=at, **about, **fields)


def seen(row):
    return reverse("reminders:seen", args=[row.pk])


def shown(*rows):
    return {"shown": ",".join(str(row.pk) for row in rows)}


# What is noted


def test_what_a_patient_does_to_a_session_is_noted_once(sessions):
    second, third, fourth = sessions[1:4]
    for session in (second, second):
        Phone(letters.of_session(session)).post("confirm", session.pk, version=1)
        Phone(letters.of_session(third)).post("cancel", third.pk, version=1)
    actions_there = Slot(fourth.number, fourth.starts_at + DAY, fourth.room_id, fourth.practitioner_id)
    calendar.move_by_patient(fourth, actions_there, version=1, at=NOW)
    rows = Deed.objects.order_by("kind").values_list("kind", "session", "was_at", "done_at", "seen_at")
    assert list(rows) == [
        ("cancelled", third.pk, None, NOW, None),
        ("confirmed", second.pk, None, NOW, None),
        ("moved", fourth.pk, fourth.starts_at, NOW, None),
    ]


def test_what_the_clinic_does_or_what_is_refused_is_none_of_it(sessions, doctor):
    first, second, third = sessions[:3]
    calendar.cancel_session(second, reason="ill", version=1, by=doctor, at=NOW)
    there = {"starts_at": third.starts_at + DAY, "practitioner": doctor, "room": third.room}
    calendar.move_session(third, **there, version=1, by=doctor, at=NOW)
    assert Phone(letters.of_session(first)).post("cancel", first.pk, version=7).status_code == 409
    assert not Deed.objects.exists()


def test_answers_to_a_recall_are_noted_unless_the_desk_took_them(doctor, front_desk):
    phone = Phone(reminder(doctor, sent_to=""), LinkPurpose.RECALL)
    for answer in ("call_me", "call_me", "stop"):
        phone.post("answer", answer=answer)
    actions.answer_recall(reminder(doctor), Answer.DECLINED, at=NOW, by=front_desk)
    said = Deed.objects.order_by("pk").values_list("kind", "session")
    assert list(said) == [("call_me", None), ("stopped", None)]


def test_who_wants_no_more_reminders_is_counted_as_people():
    assert changed_in_words({"stopped": 1}) == ["1 patient wants no more reminders"]


def test_of_other_topics_nothing_is_noted(sessions):
    patient = sessions[0].course.patient
    actions.stop_topic(patient, Topic.CARE, how=WishHow.UNSUBSCRIBE, at=NOW)
    assert not Deed.objects.exists()


# The page


def test_the_page_says_who_did_what_newest_first_and_what_can_follow(as_, front_desk, sessions):
    deed(sessions[1], "confirmed", at=NOW - DAY)
    deed(sessions[2], "moved", at=NOW - DAY / 2)
    given_up = calendar.cancel_by_patient(sessions[3], version=1, at=NOW)
    page = as_(front_desk).get(PAGE).text
    order = [page.index(str(kind.label)) for kind in (DeedKind.CANCELLED, DeedKind.MOVED, DeedKind.CONFIRMED)]
    assert order == sorted(order)
    assert "Anna Nowak" in page
    for name in ("schedule:book", "schedule:gap", "waiting:add"):
        assert reverse(name, args=[given_up.course_id]) in page
    assert "tel:+48601234567" in page
    assert str(sessions[0].course.area) not in page
    assert AccessLog.objects.filter(patient_id=given_up.course.patient_id, listed=True).exists()


def test_a_session_that_is_booked_again_leaves_nothing_to_book(as_, front_desk, sessions, doctor):
    given_up = calendar.cancel_by_patient(sessions[3], version=1, at=NOW)
    slot = Slot(given_up.number, given_up.starts_at + DAY, given_up.room_id)
    booking = {"practitioner": doctor, "by": doctor, "at": NOW, "key": uuid.uuid4()}
    calendar.book_course(given_up.course, [slot], **booking)
    page = as_(front_desk).get(PAGE).text
    assert "Booked again for" in page
    assert reverse("schedule:book", args=[given_up.course_id]) not in page


def test_for_the_dead_nothing_is_booked_again(as_, front_desk, sessions, day):
    given_up = calendar.cancel_by_patient(sessions[3], version=1, at=NOW)
    note_death(given_up.course.patient, day, by=front_desk, at=NOW)
    page = as_(front_desk).get(PAGE).text
    assert str(DeedKind.CANCELLED.label) in page
    assert reverse("schedule:book", args=[given_up.course_id]) not in page


def test_nothing_to_see_is_said(as_, front_desk):
    assert "Everything is seen" in as_(front_desk).get(PAGE).text


def test_a_longer_list_asks_no_more_questions(as_, front_desk, sessions):
    browser = as_(front_desk)

    def queries():
        for kind in DeedKind.values:
            deed(sessions[1], kind)
            deed(sessions[2], kind, seen_at=NOW, seen_by=front_desk)
        with CaptureQueriesContext(connection) as asked:
            browser.get(PAGE)
        return len(asked)

    browser.get(PAGE)
    assert queries() == queries()


# Seen


def test_whoever_was_first_has_seen_it(as_, front_desk, nurse, sessions):
    row = deed(sessions[1])
    for person in (front_desk, nurse):
        assert as_(person).post(seen(row), shown(row)).status_code == 302
    row.refresh_from_db()
    assert (row.seen_by, row.seen_at) == (front_desk, NOW)
    assert f"Seen by {front_desk}" in as_(nurse).get(PAGE).text


def test_the_row_says_at_once_who_saw_it(as_, front_desk, sessions):
    row = deed(sessions[1])
    answer = as_(front_desk).post(seen(row), shown(row), headers={"HX-Request": "true"})
    assert f"Seen by {front_desk}" in answer.text
    assert "<html" not in answer.text


def entries(browser):
    """The keys of each entry of the page, in their order."""
    return [[row.pk for row in entry] for entry in browser.get(PAGE).context["entries"]]


def test_what_one_patient_did_about_one_course_is_one_entry_newest_first(as_, front_desk, doctor, sessions):
    patient = sessions[0].course.patient
    oldest, called = deed(sessions[1], at=NOW - DAY), deed(sessions[2], "call_me", at=NOW - DAY / 2)
    other = factories.confirmed_course(by=doctor, sessions=1, patient=patient)
    [apart] = factories.booked(other, sessions[0].room, practitioner=doctor, hour=14)
    between, newest = deed(apart, at=NOW - DAY / 4), deed(sessions[3], "moved", at=NOW)
    assert entries(as_(front_desk)) == [[newest.pk, oldest.pk], [between.pk], [called.pk]]


def test_one_button_ticks_off_exactly_what_was_shown_together(as_, front_desk, nurse, sessions):
    browser = as_(front_desk)
    first, second = deed(sessions[1], at=NOW - DAY), deed(sessions[2], "confirmed")
    page = browser.get(PAGE).text
    assert "All 2 seen" in page
    assert f'value="{second.pk},{first.pk}"' in page
    later = deed(sessions[3], "moved")
    answer = browser.post(seen(second), shown(second, first), headers={"HX-Request": "true"})
    assert answer.text.count(f"Seen by {front_desk}") == 2
    assert entries(as_(nurse)) == [[later.pk]]


def test_what_somebody_else_did_is_not_ticked_off_with_it(as_, front_desk, doctor, sessions):
    other = factories.booked(
        factories.confirmed_course(by=doctor, sessions=1), sessions[0].room, practitioner=doctor, hour=14
    )[0]
    mine, theirs = deed(sessions[1]), deed(other)
    as_(front_desk).post(seen(mine), shown(mine, theirs))
    assert list(Deed.objects.unseen()) == [theirs]


@pytest.mark.parametrize("said", [None, "", "x", "1,", "-1", "1;2", "9" * 19, "١"])
def test_what_no_page_showed_ticks_nothing_off(as_, front_desk, sessions, said):
    browser, row = as_(front_desk), deed(sessions[1], "confirmed")
    with nothing_changes():
        codes = [
            browser.post(there, {} if said is None else {"shown": said}).status_code
            for there in (seen(row), ALL_WHO_COME)
        ]
    assert codes == [422, 422]


def test_all_who_come_are_seen_who_were_shown(as_, front_desk, sessions):
    first, before, later, last = (deed(sessions[n], "confirmed") for n in range(4))
    moved = deed(sessions[3], "moved")
    as_(front_desk).post(ALL_WHO_COME, shown(first, last, moved))
    unseen = set(Deed.objects.unseen())
    assert unseen == {before, later, moved}


def test_who_books_nothing_sees_nothing_and_ticks_off_nothing(as_, clinic_admin, catalogue_admin, sessions):
    row = deed(sessions[1])
    for person in (clinic_admin, catalogue_admin):
        browser = as_(person)
        with nothing_changes():
            codes = [browser.get(PAGE).status_code, browser.post(seen(row), shown(row)).status_code]
        assert codes == [403, 403]


def test_the_wrong_method_and_a_row_that_is_not_there(as_, front_desk, sessions):
    browser, row = as_(front_desk), deed(sessions[1])
    assert browser.post(PAGE).status_code == 405
    assert browser.get(seen(row)).status_code == 405
    assert browser.post(reverse("reminders:seen", args=[10**17])).status_code == 404


# The day


def test_the_days_page_says_that_there_is_something_to_see_until_it_is_seen(as_, front_desk, sessions):
    browser, day = as_(front_desk), reverse("schedule:day")
    deed(sessions[1], "confirmed")
    assert PAGE not in browser.get(day).text.partition("</nav>")[2]  # who comes as booked needs nobody
    rows = [deed(sessions[2]), deed(sessions[3], "moved")]
    assert "1 session given up, 1 session moved" in browser.get(day).text
    for row in rows:
        browser.post(seen(row), shown(row))
    assert "Patients changed:" not in browser.get(day).text
