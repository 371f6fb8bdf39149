"""Who has died or was recorded twice is not written to and not booked."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from clinic.models import AccessLog
from patients.actions import NotADuplicate, StillBooked, close_as_duplicate, note_death
from patients.tests.factories import patient as person_of
from treatments.courses.tests.factories import cleared_patient
from treatments.reminders.models import Message
from treatments.reminders.tests.factories import reminder
from treatments.schedule.refusals import NotBookable
from treatments.schedule.tests import factories

DAY = dt.timedelta(days=1)


@pytest.fixture
def booked(doctor, at):
    factories.working_hours(doctor)
    course = factories.confirmed_course(by=doctor, at=at)
    factories.booked(course, factories.room(), practitioner=doctor, at=at, first=at.date() + 7 * DAY)
    return course


def states():
    return set(Message.objects.values_list("state", "why"))


def test_nothing_is_written_to_the_dead_and_what_was_noted_by_mistake_is_taken_back(
    booked, front_desk, at, day
):
    note_death(booked.patient, day, by=front_desk, at=at)
    assert states() == {("suppressed", "The patient has died.")}
    note_death(booked.patient, None, by=front_desk, at=at)
    assert states() == {("due", "")}


def test_a_day_of_death_lies_between_birth_and_today(booked, front_desk, at, day):
    patient = booked.patient
    for wrong in (day + DAY, patient.birth_date - DAY):
        with pytest.raises(ValidationError):
            note_death(patient, wrong, by=front_desk, at=at)
    patient.refresh_from_db()
    assert (patient.died_on, patient.version) == (None, 1)


def test_nobody_books_for_the_dead(doctor, front_desk, at, day):
    factories.working_hours(doctor)
    course = factories.confirmed_course(by=doctor, at=at)
    note_death(course.patient, day, by=front_desk, at=at)
    course = type(course).objects.get(pk=course.pk)
    with pytest.raises(NotBookable, match="died"):
        factories.booked(course, factories.room(), practitioner=doctor, at=at)
    assert not course.sessions.exists()


def test_a_record_with_sessions_ahead_is_not_closed(booked, doctor, front_desk, at):
    other = person_of(by=doctor)
    with pytest.raises(StillBooked):
        close_as_duplicate(booked.patient, other, by=front_desk, at=at)
    booked.patient.refresh_from_db()
    assert booked.patient.duplicate_of is None


def test_a_closed_record_is_written_to_and_booked_no_more(doctor, front_desk, at):
    message = reminder(doctor, at=at)
    other = person_of(by=doctor)
    closed = close_as_duplicate(message.patient, other, by=front_desk, at=at)
    assert closed.duplicate_of == other
    assert states() == {("suppressed", "This record was closed in favour of another of the same person.")}


def test_records_do_not_lead_in_circles(doctor, front_desk, at):
    one, two, three = (cleared_patient(by=doctor) for _ in range(3))
    close_as_duplicate(one, two, by=front_desk, at=at)
    for row, of in ((two, two), (two, one), (two, three), (three, one), (one, three)):
        with pytest.raises(NotADuplicate):
            close_as_duplicate(row, of, by=front_desk, at=at)


# The page


def test_the_desk_notes_a_death(as_, front_desk, doctor, on_the_day, day):
    patient = person_of(by=doctor)
    page = as_(front_desk).get(f"/patients/{patient.pk}/close/")
    assert page.status_code == 200
    answer = as_(front_desk).post(f"/patients/{patient.pk}/died/", {"died_on": day.isoformat()})
    patient.refresh_from_db()
    assert (answer.status_code, patient.died_on) == (302, day)
    assert "died" in as_(front_desk).get(patient.get_absolute_url()).content.decode()


def test_the_desk_closes_a_duplicate(as_, front_desk, doctor, on_the_day):
    one = person_of(by=doctor, name="Ana Kowalska")
    two = person_of(by=doctor, name="Ana Kowalska", birth_date=one.birth_date)
    stranger = person_of(by=doctor, name="Zoe Zimmer", birth_date=dt.date(1950, 1, 1))
    assert as_(front_desk).post(f"/patients/{one.pk}/duplicate/", {"of": stranger.pk}).status_code == 422
    answer = as_(front_desk).post(f"/patients/{one.pk}/duplicate/", {"of": two.pk})
    one.refresh_from_db()
    assert (answer.url, one.duplicate_of) == (two.get_absolute_url(), two)


def test_whom_the_page_offers_in_place_of_a_record_is_in_the_access_log(as_, front_desk, doctor, on_the_day):
    one, two = (person_of(by=doctor, name="Ola Dwa", birth_date=dt.date(1980, 5, 5)) for _ in range(2))
    assert "Ola Dwa, 1980-05-05" in as_(front_desk).get(f"/patients/{one.pk}/close/").text
    listed = AccessLog.objects.filter(view="patients:closing", listed=True)
    assert set(listed.values_list("patient_id", flat=True)) == {two.pk}


def test_with_sessions_ahead_it_is_a_conflict(as_, front_desk, booked, doctor, on_the_day):
    row = booked.patient
    other = person_of(by=doctor, name=row.name, birth_date=row.birth_date)
    assert as_(front_desk).post(f"/patients/{row.pk}/duplicate/", {"of": other.pk}).status_code == 409
    row.refresh_from_db()
    assert row.duplicate_of is None


def test_nonsense_is_422_wrong_people_403_and_wrong_methods_405(
    as_, front_desk, stranger, doctor, on_the_day
):
    patient = person_of(by=doctor)
    desk = as_(front_desk)
    for url, sent in (
        ("died", {"died_on": "yesterday"}),
        ("died", {"died_on": "2999-01-01"}),
        ("duplicate", {"of": "9" * 40}),
    ):
        assert desk.post(f"/patients/{patient.pk}/{url}/", sent).status_code == 422
    assert desk.get(f"/patients/{patient.pk}/died/").status_code == 405
    assert desk.get(f"/patients/{patient.pk}/duplicate/").status_code == 405
    assert desk.post("/patients/999999/died/", {}).status_code == 404
    for url in ("close", "died", "duplicate"):
        answer = as_(stranger).post(f"/patients/{patient.pk}/{url}/", {})
        assert answer.status_code in (403, 405)
    patient.refresh_from_db()
    assert (patient.died_on, patient.duplicate_of, patient.version) == (None, None, 1)
