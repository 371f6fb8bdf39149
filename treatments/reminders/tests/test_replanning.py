"""The clinic wants messages before sessions at other times: what waits goes then, and nobody gets more or fewer."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic import actions as settings
from clinic.models import Clinic
from patients.events import PatientChanged
from treatments.reminders import actions, kinds
from treatments.reminders.models import Message
from treatments.reminders.rules_plans import Replanned, replanned
from treatments.reminders.tests.factories import announce
from treatments.reminders.tests.test_sessions import DAY, HOUR, cancel, course, move, room, sessions, waiting
from treatments.schedule import actions as schedule
from treatments.schedule.tests import factories

__all__ = ["course", "room", "sessions"]
MINUTE = dt.timedelta(minutes=1)
NOON = dt.datetime(2027, 3, 15, 12, tzinfo=dt.UTC)


def hours(*ahead):
    return [NOON + n * HOUR for n in ahead]


@pytest.mark.parametrize(
    ("plan", "waits", "went", "moved", "dropped", "missing"),
    [
        pytest.param((24, 60), (48, 60), 0, {1: 0, 2: 1}, [], [], id="one goes at another time"),
        pytest.param((60,), (48, 60), 0, {2: 0}, [1], [], id="one less"),
        pytest.param((), (48, 60), 0, {}, [1, 2], [], id="none any more"),
        pytest.param((24, 48, 60), (48, 60), 0, {1: 1, 2: 2}, [], [0], id="one more"),
        pytest.param((-1, 60), (48, 60), 0, {2: 1}, [], [], id="over already: it goes when promised"),
        pytest.param((-1, 60), (60,), 1, {1: 1}, [], [], id="it went"),
        pytest.param((24, 60), (60,), 1, {1: 1}, [], [], id="nobody gets more than the plan has"),
        pytest.param((24,), (-1,), 0, {}, [], [], id="on its way"),
        pytest.param((24,), (), 0, {}, [], [0], id="there was none"),
    ],
)
def test_what_waits_gets_the_moments_of_the_plan(plan, waits, went, moved, dropped, missing):
    waits = dict(enumerate(hours(*waits), start=1))
    assert replanned(hours(*plan), waits, went=went, at=NOON) == Replanned(moved, dropped, missing)


@pytest.fixture
def set_to(clinic_admin, at):
    """`set_to(reminder_hours=[24])`, an hour after the sessions were booked."""

    def change(when=HOUR, **values):
        clinic = Clinic.installed()
        for name, value in values.items():
            setattr(clinic, name, value)
        saved = settings.change_clinic(clinic, version=clinic.version, by=clinic_admin, at=at + when)
        return saved.followed

    return change


def due(session, kind="reminder"):
    rows = Message.objects.filter(session=session, state="due", kind=kind).order_by("due_at")
    return [one.due_at for one in rows]


def test_reminders_of_all_sessions_to_come_go_at_the_new_time(sessions, set_to):
    set_to(reminder_hours=[24, 3])
    for session in sessions:
        first, second = due(session)
        assert first == session.starts_at - DAY
        assert timezone.localtime(second).hour == 8
        assert len(waiting(session)) == 2
    for message in Message.objects.filter(state="due", kind="reminder"):
        assert kinds.needless([message], at=message.due_at) == {}


def test_whoever_changes_the_hours_is_told_how_many_messages_were_planned_anew(sessions, set_to):
    before = set(Message.objects.values_list("pk", "state", "due_at"))
    [said] = set_to(reminder_hours=[24, 3])
    changed = set(Message.objects.values_list("pk", "state", "due_at")) - before
    assert said == f"{len(changed)} messages before sessions to come were planned anew."
    assert set_to(reminder_hours=[24, 3]) == []
    assert set_to(name="Derma") == []


def test_the_page_of_settings_says_it(as_, clinic_admin, sessions, on_the_day):
    browser, page = as_(clinic_admin), reverse("settings")
    form = browser.get(page).context["form"]
    typed = {name: "" if form[name].value() is None else form[name].value() for name in form.fields}
    typed = {name: value for name, value in typed.items() if value is not False}
    answer = browser.post(page, typed | {"reminder_hours": "24, 3"}, follow=True)
    assert "messages before sessions to come were planned anew." in answer.text


@pytest.mark.parametrize(
    ("kind", "setting", "days"), [("precare", "precare_days", 2), ("recheck", "recheck_days", 4)]
)
def test_so_does_what_goes_days_before(sessions, set_to, kind, setting, days):
    set_to(**{setting: days})
    assert [timezone.localdate(one) for one in due(sessions[0], kind)] == [
        timezone.localdate(sessions[0].starts_at) - days * DAY
    ]


def test_a_reminder_less_is_taken_back_and_does_not_come_back(sessions, course, set_to, at):
    set_to(reminder_hours=[3])
    announce(PatientChanged(course.patient_id, at + 2 * HOUR))
    assert [len(due(session)) for session in sessions] == [1] * 5
    gone = Message.objects.filter(session=sessions[0], kind="reminder", state="suppressed").get()
    assert "has changed when messages go" in gone.why


def test_there_and_back_again_is_as_it_was(sessions, set_to):
    before = {session: due(session) for session in sessions}
    for wanted in ([], [72, 24, 3], [48, 3]):
        set_to(reminder_hours=wanted)
        assert [len(due(session)) for session in sessions] == [len(wanted)] * 5
    assert {session: due(session) for session in sessions} == before


def test_what_went_is_not_sent_again_and_what_should_have_gone_by_now_goes_when_promised(
    sessions, set_to, at
):
    first, second = sessions[:2]
    then = first.starts_at - at - 40 * HOUR
    Message.objects.filter(session=first, kind="reminder", step=1).update(state="sent", sent_at=at)
    set_to(when=then, reminder_hours=[24, 3])
    assert len(due(first)) == 1
    promised = due(second)
    set_to(when=second.starts_at - at - 60 * HOUR, reminder_hours=[72, 3])
    assert due(second) == promised


def test_sessions_that_are_cancelled_or_elsewhere_get_none_for_their_old_time(sessions, doctor, set_to, at):
    cancel(sessions[1], doctor, at=at + MINUTE)
    moved = move(sessions[0], doctor, sessions[0].starts_at + DAY, at=at + MINUTE)
    set_to(reminder_hours=[24])
    assert (due(sessions[1]), due(moved)) == ([], [moved.starts_at - DAY])
    assert {one.subject_version for one in Message.objects.filter(session=moved, state="due")} == {
        moved.version
    }


def test_in_another_room_they_are_still_the_ones_that_were_promised(sessions, doctor, set_to, at):
    first, other = sessions[0], factories.room("Two")
    where = {"starts_at": first.starts_at, "practitioner": doctor, "room": other, "version": first.version}
    schedule.move_session(first, **where, by=doctor, at=at + MINUTE)
    for wanted in ([72, 24, 3], [48, 3], [24]):
        set_to(reminder_hours=wanted)
        assert len(due(first)) == len(wanted)


def test_what_went_another_way_went(sessions, course, set_to, at):
    first, patient = sessions[0], course.patient
    Message.objects.filter(session=first, kind="reminder", step=1).update(state="sent", sent_at=at)
    patient.phone, patient.channel = "+48601234567", "sms"
    patient.save()
    announce(PatientChanged(patient.pk, at + HOUR))
    set_to(when=2 * HOUR, reminder_hours=[24, 3])
    assert len(due(first)) == 1


def test_what_is_taken_back_does_not_come_back_with_the_channel(sessions, course, set_to, at):
    patient = course.patient
    patient.phone, patient.email = "+48601234567", "ana@mail.example"
    for nth, channel in enumerate(("sms", "email"), start=1):
        patient.channel = channel
        patient.save()
        announce(PatientChanged(patient.pk, at + nth * HOUR))
        set_to(when=nth * HOUR, reminder_hours=[3])
        assert [len(due(session)) for session in sessions] == [1] * 5


def test_who_wants_none_gets_none_and_in_again_those_of_the_new_plan(sessions, course, set_to, at):
    patient = course.patient
    for wanted, when in ((False, None), (True, at + 2 * HOUR)):
        patient.reminders = wanted
        patient.save()
        announce(PatientChanged(patient.pk, when or at))
        if not wanted:
            set_to(reminder_hours=[24])
            assert due(sessions[0]) == []
    assert due(sessions[0]) == [sessions[0].starts_at - DAY]


def test_a_claimed_one_is_not_begun_for_its_old_time(sessions, set_to, at):
    first = due(sessions[0])[0]
    [message] = Message.objects.filter(session=sessions[0], due_at=first, kind="reminder")
    claimed = actions.claim("email", at=first, only=message.pk)
    set_to(reminder_hours=[24, 3])
    assert actions.begin(claimed.messages[0]) == (False, False)


def test_other_settings_change_no_message(sessions, set_to):
    before = list(Message.objects.order_by("pk").values_list("pk", "due_at", "state"))
    set_to(late_message_minutes=20)
    assert list(Message.objects.order_by("pk").values_list("pk", "due_at", "state")) == before


def test_it_takes_as_many_statements_for_one_session_as_for_five(sessions, at):
    def queries(ahead):
        Clinic.objects.update_or_create(pk=1, defaults={"reminder_hours": [ahead]})
        with CaptureQueriesContext(connection) as asked:
            assert actions.replan(at=at + HOUR)
        return len([one for one in asked if "SAVEPOINT" not in one["sql"]])

    five = queries(24)
    Message.objects.filter(session__in=sessions[1:]).delete()
    for session in sessions[1:]:
        session.delete()
    assert queries(20) == five == 6
