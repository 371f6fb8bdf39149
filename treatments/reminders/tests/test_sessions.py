"""Sessions that are booked, moved and cancelled: which letters follow, and what goes before a session."""

import datetime as dt
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from icalendar import Calendar

from clinic.models import Clinic
from conftest import NOW
from patients.events import PatientChanged
from treatments.courses import actions as courses
from treatments.reminders import actions, kinds, writing
from treatments.reminders.actions.journal import begin
from treatments.reminders.actions.outcomes import ended
from treatments.reminders.actions.sessions import CONCERNED
from treatments.reminders.models import Message, MessageState, MessageWish
from treatments.reminders.tests.factories import announce, reminder
from treatments.schedule import actions as schedule
from treatments.schedule.actions.common import told
from treatments.schedule.models import Session
from treatments.schedule.rules import Slot
from treatments.schedule.tests import factories

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def room(doctor):
    factories.working_hours(doctor)
    return factories.room()


@pytest.fixture
def course(doctor, at, room):
    return factories.confirmed_course(by=doctor, at=at)


@pytest.fixture
def sessions(course, doctor, at, room):
    """Five sessions, the first a week ahead at ten, booked at `at`."""
    return factories.booked(course, room, practitioner=doctor, at=at, first=at.date() + 7 * DAY)


def letters(**about):
    return list(Message.objects.filter(**about).order_by("pk"))


def waiting(session, *kinds_of):
    rows = Message.objects.filter(session=session, state="due", kind__in=kinds_of or ["reminder"])
    return [(row.kind, row.step) for row in rows.order_by("kind", "step")]


def move(session, doctor, to, *, at):
    session.refresh_from_db()
    return schedule.move_session(
        session,
        starts_at=to,
        practitioner=doctor,
        room=session.room,
        version=session.version,
        by=doctor,
        at=at,
        interval_reason="as agreed",
    )


def cancel(session, doctor, *, at):
    session.refresh_from_db()
    return schedule.cancel_session(session, reason="as agreed", version=session.version, by=doctor, at=at)


def read(message, at):
    """The letter as it would be written now."""
    values = kinds.values([message], at=at)[message.pk]
    return writing.write(message, values, Clinic.current(), at=at).letter


def appointments(letter):
    [file] = letter.attachments
    return Calendar.from_ical(file.content)


# Booked


def test_one_letter_tells_of_all_sessions_two_minutes_later(sessions, course, at):
    [letter] = letters(kind="booked")
    assert (letter.course_id, letter.about) == (course.pk, [one.pk for one in sessions])
    assert (letter.due_at, letter.state, letter.subject_version) == (at + 2 * MINUTE, "due", 1)
    text = read(letter, at).text
    for session in sessions:
        assert timezone.localtime(session.starts_at).strftime("%H:%M") in text
    assert text.count("10:00") == 5


def test_the_letter_carries_the_sessions_for_a_calendar(sessions, at):
    [letter] = letters(kind="booked")
    file = appointments(read(letter, at))
    assert file["METHOD"] == "PUBLISH"
    events = file.walk("VEVENT")
    assert [event["DTSTART"].dt for event in events] == [one.starts_at for one in sessions]
    assert {event["STATUS"] for event in events} == {"CONFIRMED"}


def test_the_letter_says_nothing_clinical(sessions, course, at):
    [letter] = letters(kind="booked")
    written = read(letter, at)
    said = "\n".join([written.subject, written.text, written.html, appointments(written).to_ical().decode()])
    for word in (course.area.label, course.goal.label, course.technique.label, "hyaluronic"):
        assert word.lower() not in said.lower()


def test_what_follows_a_booking_costs_the_same_for_one_session_and_for_five(doctor, at, room):
    def queries(sessions):
        course = factories.confirmed_course(by=doctor, at=at, sessions=sessions)
        first = at.date() + (7 if sessions == 1 else 8) * DAY
        factories.booked(course, room, practitioner=doctor, at=at, first=first)
        rows = course.sessions.order_by("number")
        booked = [told(row) for row in rows]
        Message.objects.filter(course__isnull=True, session__course=course).delete()
        Message.objects.filter(course=course).delete()
        with CaptureQueriesContext(connection) as ctx:
            actions.sessions_booked(course.pk, course.patient_id, booked, at=at)
        return len([one for one in ctx if "SAVEPOINT" not in one["sql"]])

    assert queries(1) == queries(5) == 4


def test_a_booking_holds_up_no_letters_about_the_patients_other_courses(sessions, course, doctor, at):
    other = factories.confirmed_course(by=doctor, at=at, patient=course.patient)
    patient = course.patient_id
    assert CONCERNED.objects(patient=patient, course=other.pk) == []
    assert [one.kind for one in CONCERNED.objects(patient=patient, course=course.pk)] == ["booked"]


def test_what_is_booked_within_two_minutes_is_told_in_one_letter(doctor, course, room, at):
    slots = factories.slots(course, room, first=at.date() + 7 * DAY)
    for n, some in enumerate([slots[:2], slots[2:]]):
        schedule.book_course(
            course, some, practitioner=doctor, by=doctor, at=at + n * MINUTE, key=uuid4(), some=True
        )
    [letter] = letters(kind="booked")
    assert len(letter.about) == 5
    assert letter.due_at == at + 3 * MINUTE


def test_what_is_booked_after_the_letter_went_is_told_in_another(sessions, course, at):
    Message.objects.filter(kind="booked").update(state="sent", sent_at=at)
    Message.objects.filter(session__isnull=False).delete()
    actions.sessions_booked(course.pk, course.patient_id, [told(sessions[0])], at=at + HOUR)
    assert [(one.subject_version, one.state) for one in letters(kind="booked")] == [(1, "sent"), (2, "due")]


def test_a_letter_that_is_being_sent_is_not_extended(sessions, course, at):
    [letter] = letters(kind="booked")
    [claimed] = actions.claim("email", at=letter.due_at, only=letter.pk).messages
    assert begin(claimed)[1]
    Message.objects.filter(session__isnull=False).delete()
    actions.sessions_booked(course.pk, course.patient_id, [told(sessions[0])], at=at + HOUR)
    assert [one.state for one in letters(kind="booked")] == ["sending", "due"]


def test_a_letter_that_is_extended_after_it_was_claimed_is_not_sent_as_it_was(sessions, course, at):
    [letter] = letters(kind="booked")
    [claimed] = actions.claim("email", at=letter.due_at, only=letter.pk).messages
    Message.objects.filter(pk=letter.pk).update(about=[*letter.about, 10**6])
    assert not begin(claimed)[1]


def test_a_letter_that_was_claimed_before_a_session_was_moved_is_written_anew(sessions, doctor, at):
    [letter] = letters(kind="booked")
    [claimed] = actions.claim("email", at=letter.due_at, only=letter.pk).messages
    move(sessions[4], doctor, sessions[4].starts_at + HOUR, at=letter.due_at)
    assert not begin(claimed)[1]
    assert not letters(kind="moved")
    assert list(actions.claim("email", at=letter.due_at, only=letter.pk).messages) == [letter]


def test_a_letter_that_was_claimed_before_a_session_was_cancelled_is_written_anew(sessions, doctor, at):
    [letter] = letters(kind="booked")
    [claimed] = actions.claim("email", at=letter.due_at, only=letter.pk).messages
    cancel(sessions[4], doctor, at=letter.due_at)
    assert not begin(claimed)[1]


def test_a_letter_is_not_sent_to_an_address_that_was_changed_after_it_was_claimed(sessions, at):
    [letter] = letters(kind="booked")
    [claimed] = actions.claim("email", at=letter.due_at, only=letter.pk).messages
    announce(PatientChanged(letter.patient_id, letter.due_at))
    assert not begin(claimed)[1]


def test_a_recall_that_is_being_sent_is_left_to_whoever_sends_it(sessions, course, doctor, at):
    recall = reminder(doctor, at=at - 300 * DAY, patient=course.patient)
    ours = {"state": "sending", "lease_token": uuid4(), "lease_until": at + MINUTE}
    Message.objects.filter(pk=recall.pk).update(**ours)
    move(sessions[4], doctor, sessions[4].starts_at + HOUR, at=at)
    cancel(sessions[4], doctor, at=at)
    assert Message.objects.values(*ours).get(pk=recall.pk) == ours


def test_booked_in_the_evening_it_is_told_in_the_morning(doctor, course, room, at):
    evening = at.replace(hour=20, minute=30)
    factories.booked(course, room, practitioner=doctor, at=evening, first=at.date() + 7 * DAY)
    [letter] = letters(kind="booked")
    assert timezone.localtime(letter.due_at).strftime("%d %H:%M") == "24 08:00"


# Before a session


def test_each_session_gets_its_reminders_at_the_wall_time(sessions):
    for session in sessions:
        due = {one.step: one.due_at for one in letters(session=session, kind="reminder")}
        local = timezone.localtime(session.starts_at)
        assert timezone.localtime(due[1]).time() == local.time()
        assert timezone.localtime(due[1]).date() == local.date() - 2 * DAY
        seven = timezone.localtime(session.starts_at).replace(hour=7)  # quiet, and eight is soon enough
        assert due[2] == seven + HOUR


def test_a_session_of_tomorrow_has_no_reminder_on_the_heels_of_the_booking(doctor, course, room, at):
    [first, *_rest] = factories.booked(course, room, practitioner=doctor, at=at)
    assert waiting(first) == [("reminder", 2)]


def test_what_to_mind_and_the_questions_go_days_before(sessions, at):
    clinic = Clinic.current()
    for kind, days in (("precare", clinic.precare_days), ("recheck", clinic.recheck_days)):
        [message] = letters(session=sessions[0], kind=kind)
        local = timezone.localtime(message.due_at)
        assert local.date() == timezone.localdate(sessions[0].starts_at) - days * DAY
        assert local.time() == clinic.messages_at


# Moved


def test_moved_before_the_letter_went_it_is_told_rightly_in_it(sessions, doctor, at):
    to = sessions[0].starts_at + DAY
    move(sessions[0], doctor, to, at=at + MINUTE)
    [letter] = letters(course__isnull=False)
    assert letter.kind == "booked"
    text = read(letter, at + 2 * MINUTE).text
    assert timezone.localtime(to).strftime("%-d %B") in text
    assert timezone.localtime(sessions[0].starts_at - DAY).strftime("%-d %B") not in text


def test_moved_later_it_is_told_and_what_goes_before_it_moves_along(sessions, doctor, at):
    Message.objects.filter(kind="booked").update(state="sent", sent_at=at)
    moved = move(sessions[0], doctor, sessions[0].starts_at + DAY, at=at + HOUR)
    [letter] = letters(kind="moved")
    assert (letter.about, letter.due_at) == ([moved.pk], at + HOUR + 2 * MINUTE)
    assert waiting(moved) == [("reminder", 1), ("reminder", 2)]
    new = letters(session=moved, state="due", kind="reminder")
    assert {one.subject_version for one in new} == {moved.version}
    old = letters(session=moved, subject_version=moved.version - 1)
    assert {(one.state, one.why) for one in old} == {("suppressed", "The session was moved.")}


def test_moved_back_again_each_reminder_still_waits_once(sessions, doctor, at):
    first = sessions[0].starts_at
    for n, to in enumerate([first + DAY, first], start=1):
        moved = move(sessions[0], doctor, to, at=at + n * HOUR)
    announce(PatientChanged(moved.course.patient_id, at + 3 * HOUR))
    assert waiting(moved) == [("reminder", 1), ("reminder", 2)]


@pytest.fixture
def moved_and_back(sessions, doctor, at):
    """The patient knows where it is; it was elsewhere for a minute."""
    Message.objects.filter(kind="booked").update(state="sent", sent_at=at)
    first = sessions[0].starts_at
    for n, to in enumerate([first + DAY, first + HOUR, first]):
        moved = move(sessions[0], doctor, to, at=at + HOUR + n * MINUTE)
    return moved


def test_moved_and_back_before_the_letter_went_no_letter_speaks_of_a_change(moved_and_back, at):
    [letter] = letters(kind="moved")
    assert actions.deliver(letter.pk, at=letter.due_at) == "suppressed"


def test_moved_away_again_the_letter_says_where_it_is(moved_and_back, doctor, at):
    to = moved_and_back.starts_at + 2 * DAY
    move(moved_and_back, doctor, to, at=at + HOUR + 3 * MINUTE)
    [letter] = letters(kind="moved")
    assert timezone.localtime(to).strftime("%-d %B") in read(letter, letter.due_at).text
    assert kinds.needless([letter], at=letter.due_at) == {}


def test_found_needless_by_who_sends_it_tells_of_what_has_moved_since(moved_and_back, doctor, at):
    [letter] = letters(kind="moved")
    [claimed] = actions.claim("email", at=letter.due_at, only=letter.pk).messages
    assert kinds.needless([claimed], at=letter.due_at)
    move(moved_and_back, doctor, moved_and_back.starts_at + DAY, at=letter.due_at)
    actions.settle(claimed, ended(claimed, MessageState.SUPPRESSED, "back"))
    letter.refresh_from_db()
    assert letter.state == "due"
    assert kinds.needless([letter], at=letter.due_at) == {}


def test_given_up_before_the_letter_of_its_move_went_it_is_named_as_the_patient_knows_it(
    sessions, doctor, at
):
    Message.objects.filter(kind="booked").update(state="sent", sent_at=at)
    first = sessions[0].starts_at
    for nth in range(2):
        move(sessions[0], doctor, first + (nth + 1) * DAY, at=at + HOUR)
    cancel(sessions[0], doctor, at=at + HOUR + MINUTE)
    [letter] = letters(kind="cancelled", state="due")
    text = read(letter, letter.due_at).text
    assert timezone.localtime(first).strftime("%-d %B") in text
    assert timezone.localtime(first + 2 * DAY).strftime("%-d %B") not in text


def test_moved_and_back_and_given_up_it_is_told(moved_and_back, doctor, at):
    cancel(moved_and_back, doctor, at=at + HOUR + 4 * MINUTE)
    [letter] = letters(kind="cancelled", state="due")
    assert kinds.needless([letter], at=letter.due_at) == {}


def test_who_moved_it_by_their_link_is_told_that_it_is_back(sessions, doctor, at):
    Message.objects.filter(kind="booked").update(state="sent", sent_at=at)
    session, first = sessions[0], sessions[0].starts_at
    there = Slot(session.number, first + DAY, session.room_id, doctor.pk)
    schedule.move_by_patient(session, there, version=session.version, at=at + HOUR)
    move(session, doctor, first, at=at + HOUR + MINUTE)
    [letter] = letters(kind="moved")
    assert kinds.needless([letter], at=letter.due_at) == {}
    assert timezone.localtime(first).strftime("%-d %B") in read(letter, letter.due_at).text


def test_the_letter_that_went_is_followed_by_one_that_takes_it_back(sessions, doctor, at):
    Message.objects.filter(kind="booked").update(state="sent", sent_at=at)
    first = sessions[0].starts_at
    move(sessions[0], doctor, first + DAY, at=at + HOUR)
    Message.objects.filter(kind="moved").update(state="sent", sent_at=at)
    move(sessions[0], doctor, first, at=at + 2 * HOUR)
    letter = letters(kind="moved", state="due")[0]
    assert timezone.localtime(first).strftime("%-d %B") in read(letter, letter.due_at).text
    assert kinds.needless([letter], at=letter.due_at) == {}


def test_of_two_moved_the_one_that_is_back_is_left_out(sessions, doctor, at):
    Message.objects.filter(kind="booked").update(state="sent", sent_at=at)
    first, second = sessions[:2]
    for session, to in (
        (first, first.starts_at + DAY),
        (second, second.starts_at + DAY),
        (first, first.starts_at),
    ):
        move(session, doctor, to, at=at + HOUR)
    [letter] = letters(kind="moved")
    text = read(letter, letter.due_at).text
    assert timezone.localtime(second.starts_at + DAY).strftime("%-d %B") in text
    assert timezone.localtime(first.starts_at).strftime("%-d %B") not in text


def test_another_room_changes_no_letter(sessions, doctor, at):
    before = letters()
    session = sessions[0]
    schedule.move_session(
        session,
        starts_at=session.starts_at,
        practitioner=doctor,
        room=factories.room("Room 2"),
        version=session.version,
        by=doctor,
        at=at + HOUR,
    )
    assert [(one.pk, one.state) for one in letters()] == [(one.pk, one.state) for one in before]
    reminder = letters(session=session, kind="reminder")[0]
    assert reminder.pk not in kinds.needless([reminder], at=reminder.due_at)


def test_several_moved_at_once_are_one_letter(sessions, doctor, at):
    Message.objects.filter(kind="booked").update(state="sent", sent_at=at)
    changes = [
        schedule.Change(one, one.version, one.starts_at + HOUR, doctor, one.room) for one in sessions[:3]
    ]
    schedule.rearrange(changes, by=doctor, at=at + HOUR, interval_reason="as agreed")
    [letter] = letters(kind="moved")
    assert letter.about == [one.pk for one in sessions[:3]]


def test_what_to_mind_is_not_sent_twice_for_a_session_moved_to_the_next_hour(sessions, doctor, at):
    session = sessions[0]
    sent = session.starts_at - 2 * DAY
    Message.objects.filter(kind__in=["booked", "precare"]).update(state="sent", sent_at=at)
    move(session, doctor, session.starts_at + HOUR, at=sent)
    assert waiting(session, "precare") == []
    assert waiting(session, "recheck") == [("recheck", 1)]


# Cancelled


def test_cancelled_nothing_goes_before_it_and_it_is_told(sessions, doctor, at):
    Message.objects.filter(kind="booked").update(state="sent", sent_at=at)
    cancel(sessions[1], doctor, at=at + HOUR)
    assert waiting(sessions[1], "reminder", "precare", "recheck") == []
    [letter] = letters(kind="cancelled")
    written = read(letter, at + HOUR)
    file = appointments(written)
    assert (file["METHOD"], file.walk("VEVENT")[0]["STATUS"]) == ("CANCEL", "CANCELLED")
    assert "with/" not in written.text.partition("Which messages do you want")[0]


def test_given_up_while_the_booking_settles_nobody_hears_of_it(sessions, doctor, at):
    for session in sessions:
        cancel(session, doctor, at=at + MINUTE)
    assert {(one.kind, one.state) for one in letters(course__isnull=False)} == {("booked", "suppressed")}
    assert not Message.objects.filter(state="due").exists()


@pytest.mark.parametrize(
    ("letter", "told"),
    [
        pytest.param({"state": "sent", "sent_at": NOW}, 1, id="it went"),
        pytest.param({"state": "sending"}, 1, id="it goes just now"),
        pytest.param({"state": "due", "maybe_twice": True}, 1, id="it may have gone"),
        pytest.param({"state": "failed", "why": "no"}, 0, id="it came to nobody"),
        pytest.param({"state": "due"}, 0, id="it waits"),
    ],
)
def test_given_up_by_a_slow_clock_when_the_letter_is_out_it_is_told(sessions, doctor, at, letter, told):
    leased = {"lease_token": uuid4(), "lease_until": at + MINUTE} if letter["state"] == "sending" else {}
    Message.objects.filter(kind="booked").update(**letter, **leased)
    cancel(sessions[1], doctor, at=at + MINUTE)
    promised = letters(kind="cancelled")
    assert [one.about for one in promised] == [[sessions[1].pk]] * told
    assert kinds.needless(promised, at=at + HOUR) == {}


def test_moved_and_then_cancelled_only_the_cancellation_is_told(sessions, doctor, at):
    Message.objects.filter(kind="booked").update(state="sent", sent_at=at)
    move(sessions[0], doctor, sessions[0].starts_at + DAY, at=at + HOUR)
    cancel(sessions[0], doctor, at=at + HOUR + MINUTE)
    states = {one.kind: (one.state, one.why) for one in letters(course__isnull=False)}
    assert states["moved"] == ("suppressed", "Nothing of it holds any more.")
    assert states["cancelled"] == ("due", "")


def test_a_course_given_up_is_one_letter(sessions, course, doctor, at):
    Message.objects.filter(kind="booked").update(state="sent", sent_at=at)
    course.refresh_from_db()
    courses.cancel(course, version=course.version, by=doctor, at=at + HOUR)
    [letter] = letters(kind="cancelled")
    assert letter.about == [one.pk for one in sessions]
    assert letters(state="due") == [letter]


def test_missed_nothing_goes_before_it_any_more(sessions, doctor, at):
    session = sessions[0]
    schedule.miss(session, version=session.version, by=doctor, at=session.starts_at + HOUR)
    assert waiting(session, "reminder", "precare", "recheck") == []


# At the very sending


def test_truth_is_asked_again_at_the_sending(sessions, at):
    """Past every listener: as if it had changed after the tick had looked."""
    Session.objects.filter(pk=sessions[0].pk).update(
        state="missed", missed_at=at, missed_by=sessions[0].booked_by
    )
    for message in letters(session=sessions[0]):
        assert actions.deliver(message.pk, at=message.due_at) == "suppressed"
    [letter] = letters(kind="booked")
    text = read(letter, at).text
    assert timezone.localtime(sessions[0].starts_at).strftime("%-d %B") not in text
    assert text.count("10:00") == 4


def test_a_moved_session_takes_back_what_was_promised_for_its_old_time(sessions, at):
    reminder = letters(session=sessions[0], kind="reminder")[0]
    row = sessions[0]
    row.starts_at, row.ends_at, row.version = row.starts_at + DAY, row.ends_at + DAY, row.version + 1
    row.save()
    assert actions.deliver(reminder.pk, at=reminder.due_at) == "suppressed"


# Another channel, and wishes


def test_the_other_channel_takes_over_and_gives_back(sessions, course, at):
    patient = course.patient
    before = {(m.kind, m.session_id, m.step) for m in letters(state="due")}
    for channel, other in (("sms", "email"), ("email", "sms"), ("sms", "email")):
        patient.channel, patient.phone, patient.email = channel, "+48602000111", "ana@mail.example"
        patient.save()
        announce(PatientChanged(patient.pk, at))
        assert {(m.kind, m.session_id, m.step) for m in letters(state="due", channel=channel)} == before
        assert not Message.objects.filter(state="due", channel=other).exists()


def test_a_letter_that_was_due_already_comes_back_by_its_first_way(sessions, course, at):
    patient, later = course.patient, at + HOUR  # the booked letter should have gone by then
    for channel in ("sms", "email"):
        patient.channel, patient.phone, patient.email = channel, "+48602000111", "ana@mail.example"
        patient.save()
        announce(PatientChanged(patient.pk, later))
    [letter] = letters(kind="booked", state="due")
    assert letter.channel == "email"


def test_opted_out_of_reminders_the_letters_about_sessions_still_come(course, doctor, room, at):
    MessageWish.objects.create(
        patient=course.patient, topic="reminders", wanted=False, how="link", said_at=at - DAY
    )
    factories.booked(course, room, practitioner=doctor, at=at, first=at.date() + 7 * DAY)
    assert {one.state for one in letters(kind="reminder")} == {"suppressed"}
    assert {one.state for one in letters(kind="booked")} == {"due"}


def test_opted_out_then_by_another_way_then_in_again_nothing_is_lost(sessions, course, at):
    patient = course.patient
    for fields in ({"reminders": False}, {"channel": "sms", "phone": "+48602000111"}, {"reminders": True}):
        for name, value in fields.items():
            setattr(patient, name, value)
        patient.save()
        announce(PatientChanged(patient.pk, at))
    assert {(m.kind, m.channel) for m in letters(state="due", session=sessions[0])} == {
        (kind, "sms") for kind in ("reminder", "precare", "recheck")
    }
