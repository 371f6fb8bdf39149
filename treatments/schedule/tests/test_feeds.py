"""Calendars at secret addresses, and files for patients, as calendar programs read them."""

import datetime as dt
import logging

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from icalendar import Calendar

from clinic.logs import redacted
from clinic.models import AccessLog, Clinic
from conftest import NOW
from treatments.schedule import actions
from treatments.schedule.away import absences
from treatments.schedule.feeds import actions as feeds
from treatments.schedule.models import Feed, Session
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_absences import TUESDAY, away, closed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
DAY = dt.timedelta(days=1)


@pytest.fixture
def sessions(doctor):
    factories.working_hours(doctor, weekdays=range(1, 8))
    course = factories.confirmed_course(by=doctor)
    return factories.booked(course, factories.room(), practitioner=doctor)


@pytest.fixture
def address(doctor):
    return reverse("feeds:feed", args=[feeds.make(by=doctor, at=NOW)])


def read(address, **headers):
    answer = Client().get(address, headers=headers)
    return Calendar.from_ical(answer.content)


def events(calendar):
    return {str(event["uid"]): event for event in calendar.walk("VEVENT")}


def uid(session):
    return f"session-{session.pk}@{Clinic.installed().installation}"


# What is in it


def test_a_calendar_has_every_session_with_its_time_on_the_clinics_clock(address, sessions):
    found = events(read(address))
    for session in sessions:
        event = found[uid(session)]
        assert (event.start, event.end) == (session.starts_at, session.ends_at)
        assert event.start.hour == 10  # on either side of a change of the clock
        assert (event["summary"], event["status"]) == (f"Session {session.number} of 5, Room 1", "CONFIRMED")
    assert len(found) == 5


def test_no_name_is_in_it_unless_the_clinic_says_so(address, sessions):
    patient = sessions[0].course.patient
    assert patient.name not in Client().get(address).content.decode()
    Clinic.objects.update(feed_names=True)
    assert events(read(address))[uid(sessions[0])]["summary"] == f"{patient.name}, session 1 of 5, Room 1"


def test_nothing_clinical_is_in_any_file_names_or_not(as_, doctor, address, sessions):
    course = sessions[0].course
    Clinic.objects.update_or_create(pk=1, defaults={"feed_names": True})
    pages = [address, ics("session", sessions[0].pk), ics("course", course.pk)]
    for page in pages:
        said = as_(doctor).get(page).content.decode().replace("\r\n ", "")
        assert "BEGIN:VEVENT" in said
        for word in (course.goal.label, course.area.label, course.technique.label, "anaesthetic", "Held"):
            assert word.lower() not in said.lower(), page


def test_a_moved_session_keeps_its_uid_and_its_sequence_rises(address, sessions, doctor):
    first, [before] = sessions[0], [events(read(address))[uid(sessions[0])]]
    actions.move_session(
        first,
        starts_at=first.starts_at + dt.timedelta(hours=2),
        practitioner=doctor,
        room=first.room,
        version=first.version,
        by=doctor,
        at=NOW,
    )
    after = events(read(address))[uid(first)]

    assert after["sequence"] > before["sequence"]
    assert after.start - before.start == dt.timedelta(hours=2)
    assert after["last-modified"].dt >= before["last-modified"].dt


def test_who_only_came_in_changes_nothing(address, sessions):
    before = Client().get(address).content
    Session.objects.filter(pk=sessions[0].pk).update(arrived_at=NOW, arrived_by=sessions[0].practitioner)
    assert Client().get(address).content == before


def test_a_cancelled_session_says_so_for_a_month_and_then_is_gone(address, sessions, doctor, time_machine):
    last = sessions[-1]
    actions.cancel_session(last, reason="Away", version=last.version, by=doctor, at=NOW)
    event = events(read(address))[uid(last)]
    assert (event["status"], event["transp"], event["sequence"]) == ("CANCELLED", "TRANSPARENT", 2)

    time_machine.move_to(NOW + 31 * DAY, tick=False)
    assert uid(last) not in events(read(address))


def test_it_reaches_from_a_month_back_to_a_year_ahead(address, sessions, time_machine):
    time_machine.move_to(sessions[0].starts_at + 31 * DAY, tick=False)
    assert uid(sessions[0]) not in events(read(address))
    assert uid(sessions[1]) in events(read(address))
    time_machine.move_to(sessions[0].starts_at - 367 * DAY, tick=False)
    assert events(read(address)) == {}


def test_absences_and_closing_days_are_busy_and_do_not_say_why(address, doctor, nurse, clinic_admin):
    ill = away(doctor, *absences.days_span(TUESDAY, TUESDAY + DAY), by=clinic_admin)
    other = away(nurse, *absences.days_span(TUESDAY, TUESDAY), by=clinic_admin)
    shut = closed(*absences.days_span(TUESDAY + 7 * DAY, TUESDAY + 7 * DAY), by=clinic_admin)
    found = {name.partition("@")[0]: event for name, event in events(read(address)).items()}

    assert found.keys() == {f"absence-{ill.pk}", f"absence-{shut.pk}"}
    assert f"absence-{other.pk}" not in found
    event = found[f"absence-{ill.pk}"]
    assert (event["summary"], event["transp"]) == ("Away", "OPAQUE")
    assert (event.start, event.end) == (TUESDAY, TUESDAY + 2 * DAY)
    assert found[f"absence-{shut.pk}"]["summary"] == "Clinic closed"


def test_another_practitioners_sessions_are_not_in_it(sessions, nurse):
    token = feeds.make(by=nurse, at=NOW)
    assert events(read(reverse("feeds:feed", args=[token]))) == {}


def test_a_longer_calendar_asks_no_more_questions(address, sessions, doctor, clinic_admin):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            Client().get(address)
        return len([one for one in queries if "django_cache" not in one["sql"] and "cache" not in one["sql"]])

    Clinic.installed()
    before = asked()
    factories.booked(
        factories.confirmed_course(by=doctor), Session.objects.first().room, practitioner=doctor, hour=14
    )
    away(doctor, *absences.days_span(TUESDAY, TUESDAY), by=clinic_admin)
    assert asked() == before


# The address


def test_what_was_read_already_is_not_sent_again(address, sessions, doctor):
    first = Client().get(address)
    again = Client().get(address, headers={"If-None-Match": first["ETag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert again["Cache-Control"] == first["Cache-Control"] == "no-cache, private"

    last = sessions[-1]
    actions.cancel_session(last, reason="Away", version=last.version, by=doctor, at=NOW)
    assert Client().get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_a_calendar_says_what_it_is_and_how_often_to_come_back(address, sessions):
    answer = Client().get(address)
    calendar = Calendar.from_ical(answer.content)
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert calendar["refresh-interval"].dt == dt.timedelta(hours=1)
    assert "method" not in calendar


def test_wrong_revoked_and_old_addresses_and_those_of_people_who_left_get_the_same_answer(doctor, nurse, as_):
    old = feeds.make(by=doctor, at=NOW)
    feeds.make(by=doctor, at=NOW)
    gone = feeds.make(by=nurse, at=NOW)
    nurse.is_active = False
    nurse.save()
    answers = [
        Client().get(reverse("feeds:feed", args=[token])) for token in ("x", "A" * 43, old, gone, "é" * 99)
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_who_tries_addresses_is_slowed_down_and_who_has_one_is_not_by_them(address):
    tries = [Client().get("/feeds/wrong.ics").status_code for _ in range(12)]
    assert tries == [404] * 10 + [429] * 2
    assert Client().get(address).status_code == 200


def test_one_address_is_not_read_all_the_time(address):
    assert [Client().get(address).status_code for _ in range(11)] == [200] * 10 + [429]


def test_nothing_is_sent_to_a_calendar_but_by_reading(address):
    assert Client().post(address).status_code == 405


def test_only_a_digest_of_the_address_is_kept_and_no_log_holds_it(address, caplog):
    token = address.removeprefix("/feeds/").removesuffix(".ics")
    assert token not in str(Feed.objects.values()) + str(Feed.objects.get().events.values())
    assert token not in redacted(f'"GET {address} HTTP/1.1" 200')
    with caplog.at_level(logging.INFO):
        Client().get(address.replace(token, token + "x"))
    assert token not in redacted(caplog.text)


# The page


def test_a_practitioner_makes_an_address_that_is_shown_once(as_, doctor, sessions):
    page = as_(doctor).post("/feeds/new/").content.decode()
    shown = [word for word in page.split('"') if word.endswith(".ics")]
    secret = shown[0].rpartition("/")[2]

    assert "/feeds/" in shown[0]
    assert {word.partition(":")[0] for word in shown} >= {"http", "webcal"}
    assert len(events(read(f"/feeds/{secret}"))) == 5
    assert secret not in as_(doctor).get("/feeds/").content.decode()


def test_a_new_address_takes_the_old_one_back(doctor):
    feeds.make(by=doctor, at=NOW)
    feeds.make(by=doctor, at=NOW + DAY)
    old, new = Feed.objects.order_by("made_at")
    assert (old.revoked_at, old.revoked_by, new.revoked_at) == (NOW + DAY, doctor, None)


def test_practitioners_take_back_their_own_address_and_no_other(as_, doctor, nurse, address):
    row = Feed.objects.get()
    assert as_(nurse).post(f"/feeds/{row.pk}/revoke/").status_code == 404
    assert Client().get(address).status_code == 200
    assert as_(doctor).post(f"/feeds/{row.pk}/revoke/").status_code == 302
    assert Client().get(address).status_code == 404


def test_the_clinic_admin_sees_everybodys_and_takes_any_back(as_, clinic_admin, doctor, address):
    assert "Dorota" in as_(clinic_admin).get("/feeds/").content.decode()
    as_(clinic_admin).post(f"/feeds/{Feed.objects.get().pk}/revoke/")
    assert Client().get(address).status_code == 404
    assert Feed.objects.get().revoked_by == clinic_admin


def test_a_practitioner_sees_nobody_elses(as_, nurse, address):
    assert "Dorota" not in as_(nurse).get("/feeds/").content.decode()


@pytest.mark.parametrize("path", ["", "new/", "1/revoke/"])
def test_the_front_desk_has_no_address(as_, front_desk, path):
    assert as_(front_desk).post(f"/feeds/{path}").status_code in {403, 405}
    assert not Feed.objects.exists()


def test_the_clinic_admin_makes_none(as_, clinic_admin):
    assert as_(clinic_admin).post("/feeds/new/").status_code == 403
    assert not Feed.objects.exists()


def test_looking_is_not_making(as_, doctor):
    assert as_(doctor).get("/feeds/new/").status_code == 405
    assert as_(doctor).post("/feeds/").status_code == 405
    assert as_(doctor).post(f"/feeds/{10**17}/revoke/").status_code == 404


# For the patient


def ics(what, pk):
    return reverse(f"schedule:{what}_ics", args=[pk])


def test_the_patients_file_has_all_sessions_of_the_course_and_where_the_clinic_is(as_, front_desk, sessions):
    Clinic.objects.update_or_create(
        pk=1, defaults={"name": "Mezo, Łódź", "address": "Main Street 1; Łódź", "phone": "+48 42 000 00 00"}
    )
    answer = as_(front_desk).get(ics("course", sessions[0].course_id))
    calendar = Calendar.from_ical(answer.content)
    found = events(calendar)

    assert calendar["method"] == "PUBLISH"
    assert [found[uid(one)].start for one in sessions] == [one.starts_at for one in sessions]
    event = found[uid(sessions[0])]
    assert (event["summary"], event["location"]) == ("Appointment at Mezo, Łódź", "Main Street 1; Łódź")
    assert event["description"] == "Telephone: +48 42 000 00 00"
    assert "attachment" in answer["Content-Disposition"]


def test_the_patients_file_of_one_session_has_the_uid_of_the_other_files(as_, front_desk, sessions):
    answer = as_(front_desk).get(ics("session", sessions[1].pk))
    assert list(events(Calendar.from_ical(answer.content))) == [uid(sessions[1])]


def test_a_file_handed_out_again_tells_what_was_cancelled_since(as_, doctor, sessions):
    last = sessions[-1]
    actions.cancel_session(last, reason="Away", version=last.version, by=doctor, at=NOW)
    answer = as_(doctor).get(ics("course", last.course_id))
    event = events(Calendar.from_ical(answer.content))[uid(last)]
    assert (event["status"], event["sequence"]) == ("CANCELLED", 2)


def test_handing_a_file_out_is_logged_as_a_read(as_, front_desk, sessions):
    as_(front_desk).get(ics("session", sessions[0].pk))
    as_(front_desk).get(ics("course", sessions[0].course_id))
    read = AccessLog.objects.values_list("actor_id", "patient_id", "view")
    patient = sessions[0].course.patient_id
    assert set(read) == {
        (front_desk.pk, patient, "schedule:session_ics"),
        (front_desk.pk, patient, "schedule:course_ics"),
    }


@pytest.mark.parametrize("what", ["session", "course"])
def test_files_are_for_who_books(as_, doctor, clinic_admin, sessions, what):
    pk = sessions[0].pk if what == "session" else sessions[0].course_id
    assert as_(clinic_admin).get(ics(what, pk)).status_code == 403
    assert as_(doctor).post(ics(what, pk)).status_code == 405
    assert as_(doctor).get(ics(what, 10**17)).status_code == 404
    assert Client().get(ics(what, pk)).status_code == 302


def test_the_page_of_a_session_and_of_a_patient_lead_to_the_files(as_, front_desk, sessions):
    page = as_(front_desk).get(f"/schedule/sessions/{sessions[0].pk}/").content.decode()
    assert ics("session", sessions[0].pk) in page
    assert ics("course", sessions[0].course_id) in page
    patient = as_(front_desk).get(f"/patients/{sessions[0].course.patient_id}/").content.decode()
    assert ics("course", sessions[0].course_id) in patient


def test_the_installation_stays_the_same(sessions):
    assert Clinic.installed().installation == Clinic.installed().installation == Clinic.current().installation
