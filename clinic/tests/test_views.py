"""The first page of each role, and the pages of the clinic admin."""

import datetime as dt
import re
import smtplib

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.forms import ClinicForm
from clinic.models import AccessLog, Clinic, Room, User, WorkingHours
from clinic.provenance import ORIGINS
from clinic.roles import Role
from clinic.tests.unchanged import nothing_changes
from conftest import NOW, person

STAFF = {"name": "Zofia Mak", "email": "zofia@clinic.example", "roles": ["front_desk"], "version": 1}
CLINIC = {
    "name": "Derma",
    "grid_minutes": 15,
    "buffer_before": 5,
    "buffer_after": 0,
    "messages_at": "08:30",
    "quiet_from": "20:00",
    "quiet_until": "08:00",
    "reminder_hours": "48,3",
    "precare_days": 3,
    "recheck_days": 5,
    "recall_times": 3,
    "recall_every_days": 21,
    "late_message_minutes": 10,
    "few_days_hours": 48,
    "interview_link_days": 3,
    "interview_link_tries": 4,
    "late_cancel_hours": 12,
    "offer_minutes": 20,
    "offer_to": 2,
    "nurses_with_doctor": "any",
    "version": 1,
}


@pytest.fixture
def admin(as_, clinic_admin):
    """A browser in which the clinic admin is logged in."""
    return as_(clinic_admin)


def queries(client, address):
    client.get(address)  # the session has been written
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


@pytest.mark.parametrize(
    ("roles", "start"),
    [
        pytest.param([Role.CATALOGUE_ADMIN], "/catalogue/", id="catalogue admin"),
        pytest.param([Role.CLINIC_ADMIN], "/staff/", id="clinic admin"),
        pytest.param([Role.CLINIC_ADMIN, Role.CATALOGUE_ADMIN], "/catalogue/", id="both"),
    ],
)
def test_each_role_starts_its_day_somewhere(as_, db, roles, start):
    assert as_(person("Anna", *roles, is_staff=True)).get("/")["Location"] == start


@pytest.mark.parametrize("role", [Role.DOCTOR, Role.NURSE, Role.FRONT_DESK])
def test_who_treats_or_books_starts_at_the_calendar(as_, db, role):
    answer = as_(person("Anna", role, Role.CLINIC_ADMIN)).get("/")
    assert answer["Location"].startswith("/schedule/")


def test_who_has_no_role_is_told_whom_to_ask(as_, stranger, clinic_admin):
    answer = as_(stranger).get("/")
    assert answer.status_code == 200
    assert clinic_admin.email in answer.text


# Staff


def test_the_list_of_staff_asks_the_same_number_of_questions_however_long(admin, nurse):
    few = queries(admin, "/staff/")
    for name in ("Ada", "Bea", "Cyd"):
        who = person(name, Role.NURSE, Role.FRONT_DESK, cooperating_doctor=nurse.cooperating_doctor)
        WorkingHours.objects.create(practitioner=who, weekday=1, starts=dt.time(8), ends=dt.time(9))
    assert queries(admin, "/staff/") == few


def test_a_new_person_gets_a_link_and_chooses_a_password(admin, client):
    assert admin.post("/staff/add/", STAFF)["Location"] == "/staff/"
    new = User.objects.get(email="zofia@clinic.example")
    assert new.roles == {"front_desk"}
    [letter] = mail.outbox
    assert letter.to == ["zofia@clinic.example"]
    link = re.search(r"https?://[^/]+(/\S+)", letter.body)[1]
    client.logout()
    page = client.get(link)["Location"]
    client.post(page, {"password1": "a calm blue drop", "password2": "a calm blue drop"})
    new.refresh_from_db()
    assert new.check_password("a calm blue drop")


def test_a_mail_server_that_is_down_loses_nobody(admin, monkeypatch):
    def down(self, fail_silently=False):
        raise smtplib.SMTPConnectError(421, "try later")

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", down)
    monkeypatch.setattr("django.core.mail.EmailMessage.send", down)
    answer = admin.post("/staff/add/", STAFF, follow=True)
    assert "could not be sent" in answer.text
    assert User.objects.filter(email="zofia@clinic.example").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "celina@clinic.example"},
        {"email": "no"},
        {"name": ""},
        {"name": "x" * 151},
        {"roles": ["emperor"]},
        {"roles": ["nurse"]},
        {"cooperating_doctor": "999"},
        {"cooperating_doctor": "9" * 30},
        {"version": "x"},
    ],
    ids=str,
)
def test_a_person_that_cannot_be_is_refused(admin, wrong):
    assert admin.post("/staff/add/", STAFF | wrong).status_code == 422
    assert User.objects.count() == 1
    assert mail.outbox == []


def test_nobody_smuggles_in_more_than_the_form_shows(admin):
    admin.post("/staff/add/", STAFF | {"is_superuser": "on", "is_staff": "on", "password": "x", "id": 7})
    new = User.objects.get(email="zofia@clinic.example")
    assert (new.is_superuser, new.is_staff, new.has_usable_password()) == (False, False, False)


def test_a_person_is_changed(admin, stranger):
    form = {
        "name": "Stefan Żak",
        "email": "s@clinic.example",
        "roles": ["doctor"],
        "is_active": "on",
        "version": 1,
    }
    assert admin.post(f"/staff/{stranger.pk}/", form).status_code == 302
    stranger = User.objects.get(pk=stranger.pk)
    assert (stranger.name, stranger.email, stranger.roles) == ("Stefan Żak", "s@clinic.example", {"doctor"})


def test_two_admins_and_what_the_second_typed_is_kept(admin, stranger):
    form = {
        "name": "Stefan Żak",
        "email": stranger.email,
        "roles": ["doctor"],
        "is_active": "on",
        "version": 1,
    }
    admin.post(f"/staff/{stranger.pk}/", form)
    answer = admin.post(f"/staff/{stranger.pk}/", form | {"name": "Stefan Źak"})
    assert answer.status_code == 409
    assert "Celina changed this at" in answer.text
    assert "Stefan Źak" in answer.text  # what was typed
    assert "Stefan Żak" in answer.text  # what is saved
    assert User.objects.get(pk=stranger.pk).name == "Stefan Żak"
    again = admin.post(f"/staff/{stranger.pk}/", form | {"name": "Stefan Źak", "version": 2})
    assert again.status_code == 302


def test_the_last_clinic_admin_stays_one(admin, clinic_admin):
    form = {
        "name": "Celina",
        "email": clinic_admin.email,
        "roles": ["doctor"],
        "is_active": "on",
        "version": 1,
    }
    answer = admin.post(f"/staff/{clinic_admin.pk}/", form)
    assert answer.status_code == 422
    assert "There must be a clinic admin" in answer.text
    assert admin.get("/staff/").status_code == 200


def test_a_link_is_sent_again_but_not_to_who_may_not_log_in(admin, stranger):
    admin.post(f"/staff/{stranger.pk}/link/")
    assert len(mail.outbox) == 1
    User.objects.filter(pk=stranger.pk).update(is_active=False)
    assert admin.post(f"/staff/{stranger.pk}/link/").status_code == 404
    assert len(mail.outbox) == 1


def test_a_lost_second_factor_is_removed(admin, stranger):
    Authenticator.objects.create(user=stranger, type="totp", data={})
    admin.post(f"/staff/{stranger.pk}/second-factor/")
    assert not Authenticator.objects.exists()


# Hours


def hours(person):
    return [str(h) for h in WorkingHours.objects.filter(practitioner=person)]


def test_working_hours_are_kept(admin, doctor):
    week = {"from_1_1": "08:00", "to_1_1": "12:00", "from_1_2": "12:30", "to_1_2": "16:00", "version": 1}
    assert admin.post(f"/staff/{doctor.pk}/hours/", week).status_code == 302
    assert hours(doctor) == ["Monday 08:00–12:00", "Monday 12:30–16:00"]
    assert 'value="12:30"' in admin.get(f"/staff/{doctor.pk}/hours/").text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"from_1_1": "08:00"}, "Give both times"),
        ({"from_1_1": "09:00", "to_1_1": "08:00"}, "Ends after it starts"),
        ({"from_1_1": "09:00", "to_1_1": "09:00"}, "Ends after it starts"),
        ({"from_1_1": "soon", "to_1_1": "09:00"}, "valid time"),
        ({"from_1_1": "08:00", "to_1_1": "12:00", "from_1_2": "11:00", "to_1_2": "13:00"}, "overlap"),
        ({"from_1_1": "00:00", "to_1_1": ""}, "Give both times"),
    ],
    ids=str,
)
def test_hours_that_cannot_be_are_refused_in_words(admin, doctor, typed, said):
    answer = admin.post(f"/staff/{doctor.pk}/hours/", typed | {"version": 1})
    assert answer.status_code == 422
    assert said in answer.text
    assert hours(doctor) == []


def test_hours_changed_by_somebody_else_meanwhile(admin, doctor):
    first = {"from_1_1": "08:00", "to_1_1": "12:00", "version": 1}
    admin.post(f"/staff/{doctor.pk}/hours/", first)
    answer = admin.post(f"/staff/{doctor.pk}/hours/", first | {"to_1_1": "15:00"})
    assert answer.status_code == 409
    assert 'value="15:00"' in answer.text
    assert 'name="version" value="2"' in answer.text
    assert hours(doctor) == ["Monday 08:00–12:00"]


def test_only_who_treats_has_hours(admin, front_desk):
    assert admin.get(f"/staff/{front_desk.pk}/hours/").status_code == 404


# Rooms and settings


def test_a_room_is_added_renamed_and_taken_out_of_use(admin):
    admin.post("/rooms/add/", {"name": "Blue", "active": "on", "version": 1})
    room = Room.objects.get()
    admin.post(f"/rooms/{room.pk}/", {"name": "Green", "version": 1})
    room.refresh_from_db()
    assert (room.name, room.active, room.version) == ("Green", False, 2)
    assert "out of use" in admin.get("/rooms/").text


@pytest.mark.parametrize("name", ["", "BLUE", "x" * 61])
def test_a_room_that_cannot_be_is_refused(admin, name):
    Room.objects.create(name="Blue")
    assert admin.post("/rooms/add/", {"name": name, "active": "on", "version": 1}).status_code == 422
    assert Room.objects.count() == 1


def test_a_room_changed_meanwhile(admin):
    room = Room.objects.create(name="Blue", version=2)
    answer = admin.post(f"/rooms/{room.pk}/", {"name": "Green", "active": "on", "version": 1})
    assert answer.status_code == 409
    assert "Green" in answer.text
    assert Room.objects.get().name == "Blue"


def test_no_rooms_yet_says_what_to_do(admin):
    assert "No rooms yet" in admin.get("/rooms/").text


def test_the_settings_are_saved(admin):
    assert admin.post("/settings/", CLINIC).status_code == 302
    clinic = Clinic.objects.get()
    assert (clinic.name, clinic.grid_minutes, clinic.messages_at) == ("Derma", 15, dt.time(8, 30))
    assert (clinic.interview_link_days, clinic.interview_link_tries) == (3, 4)
    assert (clinic.late_cancel_hours, clinic.offer_minutes, clinic.offer_to) == (12, 20, 2)
    assert clinic.nurses_with_doctor == "any"
    assert "Derma" in admin.get("/rooms/").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"grid_minutes": 7},
        {"messages_at": "25:00"},
        {"few_days_hours": 0},
        {"name": ""},
        {"interview_link_days": 0},
        {"interview_link_days": 61},
        {"interview_link_tries": 0},
        {"interview_link_tries": 21},
        {"late_cancel_hours": 169},
        {"offer_minutes": 4},
        {"offer_minutes": 1441},
        {"offer_to": 0},
        {"offer_to": 21},
    ],
)
def test_settings_that_cannot_be_are_refused(admin, wrong):
    with nothing_changes():
        assert admin.post("/settings/", CLINIC | wrong).status_code == 422


def test_a_list_of_hours_is_refused_in_words_that_are_not_a_programmers(admin):
    page = admin.post("/settings/", CLINIC | {"reminder_hours": "48,x"}).text
    assert "Number 2: Enter a whole number." in page


def test_every_setting_says_its_default_and_where_that_comes_from(admin):
    page = admin.get("/settings/").text
    fields = ClinicForm().visible_fields()
    said = [f"Default: {default}" for default in ("5.", "09:00.", "72.", "no.", "7.", "5.")]
    assert page.count("Default: ") == len(fields) == len(ORIGINS)
    assert all(text in page for text in said)
    assert "Default: 7. Set by us; no document says." in page
    assert "gives no number; the number is ours" in page


def test_settings_changed_meanwhile(admin):
    admin.post("/settings/", CLINIC)
    answer = admin.post("/settings/", CLINIC | {"name": "Other"})
    assert answer.status_code == 409
    assert Clinic.objects.get().name == "Derma"


# The access log


def read(patient=1, actor=1, at=NOW):
    return AccessLog(
        at=at, actor_id=actor, actor=f"Reader {actor}", roles="doctor", patient_id=patient, view="v"
    )


def shown(client, **asked):
    return [row.patient_id for row in client.get("/access-log/", asked).context["rows"]]


def test_the_log_is_filtered_by_person_patient_and_the_clinics_day(admin, doctor):
    late, early = NOW.replace(hour=23, minute=59), NOW.replace(hour=0, minute=0)
    AccessLog.objects.bulk_create(
        [read(1, doctor.pk), read(2, at=late), read(3, at=early), read(4, at=early - dt.timedelta(seconds=1))]
    )
    assert shown(admin, person=doctor.pk) == [1]
    assert shown(admin, patient=2) == [2]
    assert shown(admin, day="2026-11-23") == [2, 1, 3]


def test_the_log_is_turned_page_by_page_and_nothing_is_shown_twice(admin):
    AccessLog.objects.bulk_create([read(n) for n in range(1, 121)])  # all at one moment
    seen, address = [], "/access-log/?day=2026-11-23"
    while address:
        context = admin.get(address).context
        seen += [row.patient_id for row in context["rows"]]
        address = context["older"] and f"/access-log/?{context['older']}"
    assert seen == list(range(120, 0, -1))


def test_a_longer_log_asks_no_more_questions(admin):
    AccessLog.objects.bulk_create([read(n) for n in range(1, 3)])
    few = queries(admin, "/access-log/")
    AccessLog.objects.bulk_create([read(n) for n in range(3, 200)])
    assert queries(admin, "/access-log/") == few


@pytest.mark.parametrize(
    "asked",
    [
        {"day": "tomorrow"},
        {"day": "9999-12-31"},
        {"person": "0"},
        {"patient": "9" * 30},
        {"last": "x"},
        {"last": "2026-11-23,1"},
        {"last": "0001-01-01T00:00:00+14:00,1"},
        {"last": "2026-11-23T00:00:00+00:00," + "9" * 5000},
    ],
    ids=lambda asked: str(asked)[:60],
)
def test_nonsense_asked_of_the_log_is_refused_or_finds_nothing(admin, asked):
    answer = admin.get("/access-log/", asked)
    assert answer.status_code in {200, 422}
    assert answer.context["rows"] == []
