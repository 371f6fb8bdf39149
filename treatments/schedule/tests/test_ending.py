"""What is booked for a patient whose record ends: shown, and given up in one step when a person says so."""

import datetime as dt

import pytest
from django.urls import reverse

from clinic.models import Clinic
from clinic.tests.unchanged import nothing_changes
from clinic.versions import ChangedMeanwhile
from conftest import NOW
from patients.actions import LinkDead, check_birth_date, note_death, show_code
from patients.models import Patient
from patients.tests.factories import interview
from patients.tests.factories import patient as person_of
from treatments.courses.tests.factories import course
from treatments.reminders.models import Message
from treatments.schedule import actions, held
from treatments.schedule.forms import slot_value
from treatments.schedule.models import Reservation, Session, Waiting
from treatments.schedule.rules import Slot
from treatments.schedule.tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
DAY = dt.timedelta(days=1)


@pytest.fixture
def sessions(doctor):
    """Two, from tomorrow on: nearer than the clinic's limit."""
    factories.working_hours(doctor)
    course = factories.confirmed_course(by=doctor, sessions=2)
    return factories.booked(course, factories.room(), practitioner=doctor)


@pytest.fixture
def dead(sessions, front_desk, day):
    """The patient of these sessions, who has died."""
    return note_death(sessions[0].course.patient, day, by=front_desk, at=NOW)


def shown(sessions):
    return ",".join(f"{row.pk}:{row.version}" for row in sessions)


def address(patient):
    return reverse("schedule:cancel_all", args=[patient.pk])


def own(session):
    return reverse("schedule:session", args=[session.pk])


def test_nothing_is_cancelled_by_itself_and_the_page_says_what_is_booked(as_, front_desk, dead, sessions):
    page = as_(front_desk).get(dead.get_absolute_url()).text
    assert "2 sessions are still booked" in page
    assert shown(sessions) in page
    assert set(Session.objects.values_list("state", flat=True)) == {"booked"}


def test_of_the_living_the_page_says_nothing_but_where_records_are_closed(as_, front_desk, sessions):
    patient = sessions[0].course.patient
    assert "still booked" not in as_(front_desk).get(patient.get_absolute_url()).text
    page = as_(front_desk).get(reverse("patients:closing", args=[patient.pk])).text
    # Who has died is noted first: then nobody is written to that their sessions are cancelled.
    assert page.index("The patient has died") < page.index("still booked") < page.index("has another record")


def test_of_the_living_nothing_is_cancelled_for_a_reason_that_is_not_true(as_, front_desk, sessions):
    patient = sessions[0].course.patient
    page = as_(front_desk).get(reverse("patients:closing", args=[patient.pk])).text
    assert "If the patient has died, save the day first" in page
    assert address(patient) not in page
    with nothing_changes():
        assert as_(front_desk).post(address(patient), {"shown": shown(sessions)}).status_code == 409


def test_whoever_only_shares_the_phone_is_no_reason_to_cancel_anything(as_, front_desk, doctor, sessions):
    row, desk = sessions[0].course.patient, as_(front_desk)
    Patient.objects.filter(pk=row.pk).update(phone="+48601234567", email="home@mail.example")
    contact = {"phone": "+48601234567", "email": "home@mail.example"}
    child = person_of(by=doctor, name="Jan Nowak", birth_date=row.birth_date + 9_000 * DAY, **contact)
    for relative in (row, child):
        assert address(relative) not in desk.get(reverse("patients:closing", args=[relative.pk])).text
        with nothing_changes():
            assert desk.post(address(relative), {"shown": shown(sessions)}).status_code == 409


def test_one_step_cancels_all_with_a_reason_and_writes_to_nobody(as_, front_desk, dead, sessions):
    answer = as_(front_desk).post(address(dead), {"shown": shown(sessions)})
    assert answer.url == dead.get_absolute_url()
    said = Session.objects.values_list("state", "cancel_reason", "cancelled_by", "cancelled_late")
    assert set(said) == {("cancelled", "The patient has died.", front_desk.pk, False)}
    assert not Reservation.objects.filter(session__in=sessions).exists()
    assert not Message.objects.filter(patient=dead, state="due").exists()
    assert "still booked" not in as_(front_desk).get(dead.get_absolute_url()).text


def test_a_duplicate_is_closed_after_what_is_booked_on_it_is_given_up(as_, front_desk, doctor, sessions):
    row, desk = sessions[0].course.patient, as_(front_desk)
    other = person_of(by=doctor, name=row.name, birth_date=row.birth_date)
    close = reverse("patients:duplicate", args=[row.pk])
    refused = desk.post(close, {"of": other.pk})
    assert refused.status_code == 409
    assert shown(sessions) in refused.text
    assert desk.post(address(row), {"shown": shown(sessions)}).url == reverse(
        "patients:closing", args=[row.pk]
    )
    assert desk.post(close, {"of": other.pk}).url == other.get_absolute_url()
    assert {one.cancel_reason for one in Session.objects.all()} == {
        "The record was closed: the same person has another."
    }


def test_no_page_offers_to_book_for_who_has_died(as_, front_desk, dead, sessions):
    desk, course = as_(front_desk), sessions[0].course
    actions.cancel_all_of(dead, {row.pk: 1 for row in sessions}, reason="died", by=front_desk, at=NOW)
    book, gap = (reverse(f"schedule:{name}", args=[course.pk]) for name in ("book", "gap"))
    assert book not in desk.get(dead.get_absolute_url()).text
    for page in (desk.get(book).text, desk.get(gap).text):
        assert "nothing can be booked" in page
        assert "slot-1" not in page
        assert "Bookable" not in page


def test_no_page_offers_to_book_or_to_move_for_who_has_died(as_, doctor, dead, sessions):
    browser, row, course = as_(doctor), sessions[0], sessions[0].course
    named = {"schedule:move": row, "schedule:swap": row, "schedule:book": course, "schedule:gap": course}
    named |= {"courses:edit": course, "courses:screen": course, "waiting:add": course, "courses:new": dead}
    offers = {reverse(name, args=[one.pk]) for name, one in named.items()}
    pages = {
        reverse(name, args=[named[name].pk]) for name in ("schedule:move", "schedule:swap", "waiting:add")
    }
    pages |= {dead.get_absolute_url(), course.get_absolute_url(), own(row)}
    for address in pages:
        page = browser.get(address).text
        assert "This record has ended" in page, address
        assert reverse("patients:closing", args=[dead.pk]) in page, address
        assert [one for one in offers - pages if one in page] == [], address
    day = browser.get(reverse("schedule:day"), {"day": f"{row.starts_at:%Y-%m-%d}", "show": "day"}).text
    assert own(row) in day
    assert reverse("schedule:move", args=[row.pk]) not in day


def test_nothing_is_called_a_late_cancellation_of_who_has_died(as_, front_desk, sessions, day):
    Clinic.objects.update_or_create(pk=1, defaults={"late_cancel_hours": 48})
    browser, row = as_(front_desk), sessions[0]
    assert "Late cancellation" in browser.get(own(row)).text
    note_death(row.course.patient, day, by=front_desk, at=NOW)
    assert "Late cancellation" not in browser.get(own(row)).text


def test_no_session_of_who_has_died_is_moved(as_, front_desk, dead, sessions):
    row = sessions[0]
    there = slot_value(Slot(1, row.starts_at + dt.timedelta(hours=1), row.room_id, row.practitioner_id))
    said = {"to": there, "version": row.version, "minutes": 0}
    answer = as_(front_desk).post(reverse("schedule:move", args=[row.pk]), said)
    assert answer.status_code == 409
    assert "This record has ended" in answer.text
    assert Session.objects.get(pk=row.pk).starts_at == row.starts_at


def test_a_cancelled_session_of_who_has_died_leaves_no_gap_to_close(as_, front_desk, dead, sessions):
    said = {"reason": "died", "version": sessions[0].version}
    answer = as_(front_desk).post(reverse("schedule:cancel", args=[sessions[0].pk]), said)
    assert answer.url == own(sessions[0])


def test_who_has_died_waits_for_no_time(as_, front_desk, sessions, day):
    desk, patient = as_(front_desk), sessions[0].course.patient
    add, wish = reverse("waiting:add", args=[sessions[0].course_id]), {"number": 1}
    assert desk.post(add, wish).url == reverse("waiting:list")
    assert Waiting.objects.standing().count() == 1
    note_death(patient, day, by=front_desk, at=NOW)
    assert not Waiting.objects.standing().exists()
    with nothing_changes():
        assert desk.post(add, wish | {"number": 2}).status_code == 409


def test_all_or_none_of_what_was_shown(dead, sessions, doctor, front_desk):
    first, second = sessions
    someone_elses = factories.booked(
        factories.confirmed_course(by=doctor, sessions=1), first.room, practitioner=doctor, hour=14
    )[0]
    by = {"reason": "died", "by": front_desk, "at": NOW}
    for odd in ({first.pk: 1, second.pk: 7}, {first.pk: 1, someone_elses.pk: 1}, {first.pk: 1, 10**17: 1}):
        with pytest.raises(ChangedMeanwhile):
            actions.cancel_all_of(dead, odd, **by)
    assert set(Session.objects.values_list("state", flat=True)) == {"booked"}


def test_of_what_has_begun_somebody_says_what_became_of_it(as_, front_desk, dead, sessions):
    first, second = sessions
    Session.objects.filter(pk=first.pk).update(starts_at=NOW - DAY, ends_at=NOW - DAY / 2)
    page = as_(front_desk).get(dead.get_absolute_url()).text
    assert "over: say what became of it" in page
    assert f'value="{shown([second])}"' in page
    assert as_(front_desk).post(address(dead), {"shown": shown(sessions)}).status_code == 409
    assert as_(front_desk).post(address(dead), {"shown": shown([second])}).status_code == 302
    assert list(Session.objects.order_by("starts_at").values_list("state", flat=True)) == [
        "booked",
        "cancelled",
    ]


@pytest.mark.parametrize("said", [None, "", "x", "1:1,", "0:1", "9" * 30 + ":1", "1:1:1", "١:1", "7:7"])
def test_what_no_page_showed_is_a_conflict_and_changes_nothing(as_, front_desk, dead, said):
    browser = as_(front_desk)
    with nothing_changes():
        answer = browser.post(address(dead), {} if said is None else {"shown": said})
    assert answer.status_code == 409


def test_the_wrong_role_method_and_patient(as_, front_desk, clinic_admin, dead, sessions):
    assert as_(clinic_admin).post(address(dead), {"shown": shown(sessions)}).status_code == 403
    desk = as_(front_desk)
    assert desk.get(address(dead)).status_code == 405
    assert desk.post(address(Patient(pk=10**17)), {"shown": shown(sessions)}).status_code == 404
    assert set(Session.objects.values_list("state", flat=True)) == {"booked"}


def test_nobody_asks_who_has_died_and_no_draft_is_kept(as_, nurse, dead):
    browser, interview = as_(nurse), reverse("patients:interview", args=[dead.pk])
    assert interview not in browser.get(dead.get_absolute_url()).text
    assert browser.get(interview).url == dead.get_absolute_url()
    for name in ("patients:interview", "patients:draft", "patients:discard"):
        with nothing_changes():
            refused = browser.post(reverse(name, args=[dead.pk]), {"incomplete": "yes"})
        assert (name, refused.status_code) == (name, 409)
        assert "nobody is asked by it any more" in refused.text


def test_by_itself_no_draft_is_kept_either(as_, nurse, dead):
    browser = as_(nurse)
    with nothing_changes():
        refused = browser.post(reverse("patients:draft", args=[dead.pk]), headers={"HX-Request": "true"})
    assert refused.status_code == 409
    assert "nobody is asked by it any more" in refused.text


def test_a_link_to_the_interview_opens_nothing_any_more(sessions, front_desk, day):
    patient = sessions[0].course.patient
    link, _token = show_code(patient, by=front_desk, at=NOW)
    note_death(patient, day, by=front_desk, at=NOW)
    with nothing_changes(), pytest.raises(LinkDead):
        check_birth_date(link.pk, patient.birth_date, at=NOW)


def test_nobody_says_that_who_has_died_is_here(as_, front_desk, sessions, day, time_machine):
    row, arrived = sessions[0], reverse("schedule:arrived", args=[sessions[0].pk])
    time_machine.move_to(row.starts_at, tick=False)
    desk = as_(front_desk)
    pages = (own(row), reverse("schedule:day") + f"?day={row.starts_at:%Y-%m-%d}&show=day")
    assert [arrived in desk.get(page).text for page in pages] == [True, True]
    note_death(row.course.patient, day, by=front_desk, at=row.starts_at)
    assert [arrived in desk.get(page).text for page in pages] == [False, False]
    with nothing_changes():
        assert desk.post(arrived, {"version": row.version, "here": "yes"}).status_code == 409


def test_who_did_not_come_and_has_died_does_not_come_after_all(as_, front_desk, sessions, day, time_machine):
    row = sessions[0]
    time_machine.move_to(row.starts_at, tick=False)
    row, desk = actions.miss(row, version=row.version, by=front_desk, at=row.starts_at), as_(front_desk)
    assert "Came after all" in desk.get(own(row)).text
    note_death(row.course.patient, day, by=front_desk, at=row.starts_at)
    assert "Came after all" not in desk.get(own(row)).text
    refused = desk.post(reverse("schedule:missed", args=[row.pk]), {"version": row.version, "came": "yes"})
    assert refused.status_code == 409
    assert "This patient has died." in refused.text
    assert Session.objects.get(pk=row.pk).state == "missed"
    assert not Reservation.objects.filter(session=row, ends_at__gt=row.starts_at).exists()


def test_nothing_is_planned_for_who_has_died(as_, doctor, front_desk, day):
    row = course(by=doctor, confirmed=False)
    note_death(row.patient, day, by=front_desk, at=NOW)
    refused = as_(doctor).post(reverse("courses:confirm", args=[row.pk]), {"version": row.version})
    assert refused.status_code == 422
    assert "nothing is planned by it any more" in refused.text
    row.refresh_from_db()
    assert (row.state, row.confirmed_at) == ("planned", None)


def test_no_worklist_asks_for_a_decision_on_who_has_died(sessions, doctor, front_desk, day):
    patient = sessions[0].course.patient
    interview(patient, by=doctor, answers={"pregnancy": "current"})
    assert list(held.otherwise()) + list(held.for_a_doctor())
    note_death(patient, day, by=front_desk, at=NOW)
    assert list(held.otherwise()) + list(held.for_a_doctor()) == []
