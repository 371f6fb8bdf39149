"""What the clinic admin changes, and what never happens whoever asks."""

import datetime as dt
from threading import Barrier, Thread

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction

from clinic import actions, rules
from clinic.errors import last_change
from clinic.models import Clinic, Room, User, Weekday, WorkingHours
from clinic.roles import Role
from clinic.versions import ChangedMeanwhile
from conftest import NOW, person

MORNING = (Weekday.MONDAY, dt.time(8), dt.time(12))
AFTERNOON = (Weekday.MONDAY, dt.time(12), dt.time(16))
LUNCH = (Weekday.MONDAY, dt.time(11, 59), dt.time(13))


def roles_of(user) -> set[str]:
    return set(user.groups.values_list("name", flat=True))


@pytest.mark.parametrize(
    ("spans", "days"),
    [
        pytest.param([], set(), id="an empty week"),
        pytest.param([MORNING, AFTERNOON], set(), id="one after the other"),
        pytest.param([AFTERNOON, LUNCH], {1}, id="one into the other"),
        pytest.param([MORNING, (Weekday.TUESDAY, dt.time(8), dt.time(12))], set(), id="the same on two days"),
        pytest.param([MORNING, MORNING], {1}, id="twice the same"),
    ],
)
def test_overlapping_hours(spans, days):
    assert rules.overlapping(spans) == days


@pytest.mark.parametrize(
    ("roles", "needed"),
    [
        ({"nurse"}, True),
        ({"nurse", "doctor"}, False),
        ({"doctor"}, False),
        ({"front_desk"}, False),
        (set(), False),
    ],
)
def test_who_needs_a_cooperating_doctor(roles, needed):
    assert rules.needs_cooperating_doctor(roles) is needed


def test_a_new_person_has_no_password_that_anybody_knows(clinic_admin, at):
    new = actions.add_person(
        User(name="Zofia Mak", email=" Zofia@Clinic.example "),
        roles=[Role.FRONT_DESK],
        by=clinic_admin,
        at=at,
    )
    assert (new.email, new.has_usable_password(), new.is_staff) == ("zofia@clinic.example", False, False)
    assert roles_of(new) == {"front_desk"}
    assert last_change(new)[1] == clinic_admin


def test_only_a_clinic_admin_changes_staff(doctor, nurse, at):
    with pytest.raises(PermissionDenied):
        actions.change_person(nurse, roles=[Role.CLINIC_ADMIN], version=1, by=doctor, at=at)
    assert roles_of(nurse) == {"nurse"}


def test_nobody_logs_in_twice_with_one_e_mail(clinic_admin, doctor, at):
    with pytest.raises(ValidationError) as refused:
        actions.add_person(User(name="X", email="DOROTA@clinic.example"), roles=[], by=clinic_admin, at=at)
    assert "email" in refused.value.message_dict
    assert User.objects.count() == 2


def test_a_nurse_needs_a_cooperating_doctor(clinic_admin, nurse, at):
    nurse.cooperating_doctor = None
    with pytest.raises(ValidationError, match="choose one"):
        actions.change_person(nurse, roles=[Role.NURSE], version=1, by=clinic_admin, at=at)


@pytest.mark.parametrize("who", ["stranger", "front_desk", "retired"])
def test_the_cooperating_doctor_is_an_active_doctor(request, clinic_admin, nurse, at, who):
    other = (
        person("Roman", Role.DOCTOR, is_active=False) if who == "retired" else request.getfixturevalue(who)
    )
    nurse.cooperating_doctor = other
    with pytest.raises(ValidationError, match="is a doctor who may log in"):
        actions.change_person(nurse, roles=[Role.NURSE], version=1, by=clinic_admin, at=at)


@pytest.mark.parametrize("change", ["role", "login"])
def test_a_doctor_with_nurses_stays_one_until_they_have_another(clinic_admin, nurse, doctor, at, change):
    doctor.is_active = change == "role"
    roles = [Role.FRONT_DESK] if change == "role" else [Role.DOCTOR]
    with pytest.raises(ValidationError, match="Natalia"):
        actions.change_person(doctor, roles=roles, version=1, by=clinic_admin, at=at)
    assert roles_of(doctor) == {"doctor"}


@pytest.mark.parametrize("change", ["role", "login"])
def test_there_is_always_a_clinic_admin(clinic_admin, at, change):
    clinic_admin.is_active = change == "role"
    roles = [] if change == "role" else [Role.CLINIC_ADMIN]
    with pytest.raises(ValidationError, match="somebody else"):
        actions.change_person(clinic_admin, roles=roles, version=1, by=clinic_admin, at=at)
    assert User.objects.with_role(Role.CLINIC_ADMIN).get() == clinic_admin


def test_an_admin_may_stop_being_one_when_there_is_another(clinic_admin, at):
    person("Cezary", Role.CLINIC_ADMIN)
    actions.change_person(clinic_admin, roles=[], version=1, by=clinic_admin, at=at)
    assert roles_of(clinic_admin) == set()


def test_the_catalogue_admin_may_open_the_catalogue_and_loses_it_with_the_role(clinic_admin, stranger, at):
    actions.change_person(stranger, roles=[Role.CATALOGUE_ADMIN], version=1, by=clinic_admin, at=at)
    assert User.objects.get(pk=stranger.pk).is_staff
    actions.change_person(stranger, roles=[], version=2, by=clinic_admin, at=at)
    assert not User.objects.get(pk=stranger.pk).is_staff


def test_a_changed_e_mail_ends_the_old_one_as_a_way_in(client, clinic_admin, front_desk, at):
    EmailAddress.objects.create(user=front_desk, email=front_desk.email, primary=True, verified=True)
    front_desk.email = "new@clinic.example"
    actions.change_person(front_desk, roles=[Role.FRONT_DESK], version=1, by=clinic_admin, at=at)
    client.post("/accounts/login/", {"login": "felicja@clinic.example", "password": "pw"})
    assert client.get("/accounts/2fa/").status_code == 302
    client.post("/accounts/login/", {"login": "new@clinic.example", "password": "pw"})
    assert client.get("/accounts/2fa/").status_code == 200


def test_two_admins_edit_the_same_person_and_the_second_is_told(clinic_admin, stranger, at):
    actions.change_person(stranger, roles=[Role.FRONT_DESK], version=1, by=clinic_admin, at=at)
    with pytest.raises(ChangedMeanwhile):
        actions.change_person(stranger, roles=[Role.DOCTOR], version=1, by=clinic_admin, at=at)
    assert roles_of(stranger) == {"front_desk"}


def test_roles_have_a_history(clinic_admin, stranger, at):
    actions.change_person(stranger, roles=[Role.FRONT_DESK], version=1, by=clinic_admin, at=at)
    actions.change_person(stranger, roles=[], version=2, by=clinic_admin, at=at)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pgh_label, metadata->>'user' FROM clinic_roleheldevent e"
            " JOIN pghistory_context c ON c.id = e.pgh_context_id WHERE user_id = %s ORDER BY pgh_id",
            [stranger.pk],
        )
        assert cursor.fetchall() == [("insert", str(clinic_admin.pk)), ("delete", str(clinic_admin.pk))]


def test_a_lost_second_factor_is_taken_away(clinic_admin, doctor, at):
    Authenticator.objects.create(user=doctor, type="totp", data={})
    actions.remove_second_factor(doctor, by=clinic_admin, at=at)
    assert not Authenticator.objects.exists()


def test_a_week_is_replaced_whole(clinic_admin, doctor, at):
    actions.set_week(doctor, [MORNING], version=1, by=clinic_admin, at=at)
    actions.set_week(doctor, [AFTERNOON], version=2, by=clinic_admin, at=at)
    assert [str(hours) for hours in doctor.working_hours.all()] == ["Monday 12:00–16:00"]
    assert User.objects.get(pk=doctor.pk).version == 3


@pytest.mark.parametrize(
    "spans",
    [
        pytest.param([AFTERNOON, LUNCH], id="overlapping"),
        pytest.param([(9, dt.time(8), dt.time(9))], id="no such weekday"),
    ],
)
def test_a_week_that_cannot_be_is_refused_whole(clinic_admin, doctor, at, spans):
    actions.set_week(doctor, [MORNING], version=1, by=clinic_admin, at=at)
    with pytest.raises(ValidationError):
        actions.set_week(doctor, spans, version=2, by=clinic_admin, at=at)
    assert [str(hours) for hours in doctor.working_hours.all()] == ["Monday 08:00–12:00"]


@pytest.mark.parametrize(
    "hours",
    [LUNCH, (1, dt.time(13), dt.time(13)), (1, dt.time(15), dt.time(14)), (8, dt.time(1), dt.time(2))],
)
def test_the_database_refuses_such_hours_too(doctor, hours):
    WorkingHours.objects.create(practitioner=doctor, weekday=1, starts=dt.time(12), ends=dt.time(16))
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkingHours.objects.create(practitioner=doctor, weekday=hours[0], starts=hours[1], ends=hours[2])


def test_the_same_hours_suit_two_people(doctor, nurse):
    for who in (doctor, nurse):
        WorkingHours.objects.create(practitioner=who, weekday=1, starts=dt.time(12), ends=dt.time(16))
    assert WorkingHours.objects.count() == 2


def test_no_two_rooms_of_a_name(clinic_admin, at):
    actions.add_room(Room(name="Blue"), by=clinic_admin, at=at)
    with pytest.raises(ValidationError, match="of this name"):
        actions.add_room(Room(name="BLUE"), by=clinic_admin, at=at)


def test_settings_are_one_row_from_the_first_save(clinic_admin, at):
    clinic = Clinic.current()
    clinic.name = "Derma"
    actions.change_clinic(clinic, version=1, by=clinic_admin, at=at)
    assert (Clinic.objects.get().name, Clinic.objects.get().version) == ("Derma", 2)
    with pytest.raises(ChangedMeanwhile):
        actions.change_clinic(Clinic(pk=1, name="Other"), version=1, by=clinic_admin, at=at)
    assert Clinic.current().name == "Derma"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False], ids=["with the lock", "without it the race is lost"])
def test_two_admins_who_resign_at_once_leave_one(locked, monkeypatch):
    admins = [person("Celina", Role.CLINIC_ADMIN), person("Cezary", Role.CLINIC_ADMIN)]
    both_checked = Barrier(2, timeout=60)
    if not locked:
        monkeypatch.setattr("django.db.models.query.QuerySet.select_for_update", lambda query: query)
        check = actions._check

        def check_and_wait(*args):
            check(*args)
            both_checked.wait()

        monkeypatch.setattr(actions, "_check", check_and_wait)
    outcomes = _at_once([lambda who=who: _resign(who) for who in admins])
    left = User.objects.with_role(Role.CLINIC_ADMIN).count()
    assert (left, outcomes.count("refused")) == ((1, 1) if locked else (0, 0))


def _resign(who):
    try:
        actions.change_person(who, roles=[], version=1, by=User.objects.get(pk=who.pk), at=NOW)
    except (ValidationError, PermissionDenied):
        return "refused"
    return "done"


def _at_once(jobs):
    outcomes = []

    def run(job):
        try:
            outcomes.append(job())
        finally:
            connection.close()

    threads = [Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
