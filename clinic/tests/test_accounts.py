"""Logging in, the second factor, and sessions that end."""

import datetime as dt
import re
import time
from types import SimpleNamespace

import pytest
import time_machine
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.accesslog import record_read
from clinic.models import AccessLog
from clinic.roles import Role
from clinic.tests.unchanged import nothing_changes

SECRET = "JBSWY3DPEHPK3PXP"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _no_failed_logins_yet(db):
    cache.clear()


@pytest.fixture
def strict(settings):
    """The clinic asks for a second factor."""
    settings.REQUIRE_SECOND_FACTOR = True


@pytest.fixture
def with_app(doctor):
    """The doctor has an authenticator app and recovery codes."""
    TOTP.activate(doctor, SECRET)
    RecoveryCodes.activate(doctor)
    return doctor


@pytest.fixture(autouse=True)
def _app_has_just_changed_its_code():
    """So that a code is not over before it is typed."""
    with time_machine.travel(time.time() // app_settings.TOTP_PERIOD * app_settings.TOTP_PERIOD):
        yield


def code(secret=SECRET):
    """What the app shows now."""
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def log_in(client, email="dorota@clinic.example", **said):
    headers = said.pop("headers", {})
    return client.post("/accounts/login/", {"login": email, "password": "pw"} | said, headers=headers)


def is_in(client):
    return client.get("/accounts/2fa/", headers={"X-Background": "1"}).status_code == 200


def test_staff_log_in_by_e_mail_and_begin_at_their_page(client, doctor):
    answer = log_in(client, email="Dorota@Clinic.example")
    assert answer.status_code == 302
    assert answer["Location"] == "/"
    assert is_in(client)


def test_logging_in_gives_a_new_session(client, doctor):
    client.get("/accounts/login/")
    client.session["x"] = 1
    client.session.save()
    before = client.session.session_key
    log_in(client)
    assert client.session.session_key != before


def test_logging_out_takes_a_post_and_ends_the_session(client, doctor):
    log_in(client)
    assert client.get("/accounts/logout/").status_code == 200
    assert is_in(client)
    client.post("/accounts/logout/")
    assert not is_in(client)


@pytest.mark.parametrize("email", ["dorota@clinic.example", "nobody@clinic.example"])
def test_a_wrong_password_and_an_unknown_e_mail_sound_the_same(client, doctor, email):
    answer = log_in(client, email=email, password="wrong")
    assert "not correct" in answer.text
    assert not is_in(client)


def test_many_wrong_passwords_are_stopped_whatever_address_they_claim_to_come_from(client, doctor):
    answers = [log_in(client, password="wrong", headers={"X-Forwarded-For": f"10.0.0.{n}"}) for n in range(8)]
    assert "Too many" in answers[-1].text
    log_in(client)
    assert not is_in(client)


def test_another_person_at_the_desk_still_logs_in(client, doctor, nurse):
    for _n in range(6):
        log_in(client, password="wrong")
    log_in(client, email=nurse.email)
    assert is_in(client)


def test_logging_in_needs_no_redis(client, doctor, settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    assert "redis" not in settings.CACHES["default"]["BACKEND"]
    log_in(client)
    assert is_in(client)


def test_roles_are_those_held_at_this_click_and_come_with_the_person(client, doctor):
    client.force_login(doctor)
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/accounts/2fa/").wsgi_request.user.roles == {Role.DOCTOR}
    assert not [one for one in asked if one["sql"].startswith('SELECT "auth_group"')]
    doctor.groups.clear()
    assert client.get("/accounts/2fa/").wsgi_request.user.roles == frozenset()


def test_who_is_disabled_is_out_at_the_next_click(client, doctor):
    log_in(client)
    doctor.is_active = False
    doctor.save()
    assert not is_in(client)
    assert log_in(client)["Location"] == "/accounts/inactive/"
    assert not is_in(client)


def test_a_changed_password_ends_the_other_sessions(client, doctor):
    log_in(client)
    doctor.set_password("another one entirely")
    doctor.save()
    assert not is_in(client)


def test_the_password_is_changed_with_the_old_one(client, doctor):
    log_in(client)
    new = {"password1": "a calm blue drop", "password2": "a calm blue drop"}
    client.post("/accounts/password/change/", {"oldpassword": "wrong", **new})
    doctor.refresh_from_db()
    assert doctor.check_password("pw")
    client.post("/accounts/password/change/", {"oldpassword": "pw", **new})
    doctor.refresh_from_db()
    assert doctor.check_password("a calm blue drop")


def test_a_forgotten_password_is_chosen_anew_by_a_link_that_works_once(client, doctor):
    client.post("/accounts/password/reset/", {"email": doctor.email})
    link = re.search(r"https?://[^/]+(/\S+)", mail.outbox[0].body)[1]
    new = {"password1": "a calm blue drop", "password2": "a calm blue drop"}
    page = client.get(link)
    assert page["Location"].endswith("-set-password/")  # the secret is out of the address
    client.post(page["Location"], new)
    doctor.refresh_from_db()
    assert doctor.check_password("a calm blue drop")
    assert not is_in(client)
    assert "does not work any more" in client.get(link, follow=True).text


def test_an_unknown_e_mail_gets_no_mail_and_the_same_answer(client, doctor):
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@clinic.example"})
    assert (unknown.status_code, unknown["Location"]) == (302, "/accounts/password/reset/done/")
    assert mail.outbox == []


def test_the_catalogue_has_no_login_of_its_own(client, catalogue_admin):
    answer = client.get("/catalogue/login/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")
    with nothing_changes():
        client.post("/catalogue/login/", {"username": catalogue_admin.email, "password": "pw"})
    assert not is_in(client)


# The second factor


def test_a_password_alone_is_not_enough_for_who_has_a_second_factor(client, with_app):
    answer = log_in(client)
    assert answer["Location"] == "/accounts/2fa/authenticate/"
    assert not is_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code()})
    assert is_in(client)


def test_a_code_works_once(client, with_app):
    used = code()
    log_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": used})
    client.post("/accounts/logout/")
    log_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": used})
    assert not is_in(client)


def test_a_recovery_code_works_once(client, with_app):
    recovery = RecoveryCodes(Authenticator.objects.get(user=with_app, type="recovery_codes"))
    spare = recovery.get_unused_codes()[0]
    for expected in (True, False):
        log_in(client)
        client.post("/accounts/2fa/authenticate/", {"code": spare})
        assert is_in(client) is expected
        client.post("/accounts/logout/")


def test_the_secrets_are_stored_encrypted(with_app):
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert SECRET not in kept
    assert "gAAAA" in kept


def test_a_password_chosen_anew_does_not_get_round_the_second_factor(client, with_app):
    client.post("/accounts/password/reset/", {"email": with_app.email})
    link = re.search(r"https?://[^/]+(/\S+)", mail.outbox[0].body)[1]
    page = client.get(link)["Location"]
    client.post(page, {"password1": "a calm blue drop", "password2": "a calm blue drop"})
    log_in(client, password="a calm blue drop")
    assert not is_in(client)


@pytest.mark.parametrize(
    "page", ["/", "/patients/", "/accounts/password/change/", "/accounts/2fa/", "/catalogue/"]
)
def test_who_has_no_second_factor_sets_one_up_first(client, strict, doctor, page):
    log_in(client)
    answer = client.get(page)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/2fa/totp/activate/")


@pytest.mark.django_db(transaction=True)
def test_setting_it_up_opens_the_house(client, strict, doctor):
    log_in(client)
    page = client.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    assert secret in page.text
    wrong = client.post("/accounts/2fa/totp/activate/", {"code": "000000"})
    assert "ncorrect" in wrong.text
    client.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
    assert client.get("/accounts/2fa/recovery-codes/").status_code == 200
    assert is_in(client)


def test_a_session_that_has_not_passed_it_goes_nowhere_else(client, strict, with_app):
    client.force_login(with_app)
    answer = client.get("/patients/?q=a")
    assert answer["Location"] == "/accounts/2fa/reauthenticate/?next=%2Fpatients%2F%3Fq%3Da"
    client.post("/accounts/2fa/reauthenticate/", {"code": code()})
    assert is_in(client)


def test_who_removes_the_second_factor_sets_up_a_new_one(client, strict, with_app):
    log_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code()})
    assert is_in(client)
    Authenticator.objects.all().delete()
    assert client.get("/patients/")["Location"].startswith("/accounts/2fa/totp/activate/")


def test_removing_the_second_factor_asks_who_is_there(client, with_app):
    with time_machine.travel(dt.datetime.now(dt.UTC)) as clock:
        log_in(client)
        client.post("/accounts/2fa/authenticate/", {"code": code()})
        clock.shift(6 * MINUTE)
        answer = client.post("/accounts/2fa/totp/deactivate/")
    assert "reauthenticate" in answer["Location"]
    assert Authenticator.objects.filter(type="totp").exists()


# Sessions end


def test_a_session_ends_when_nobody_is_there(client, doctor):
    with time_machine.travel(dt.datetime.now(dt.UTC)) as clock:
        log_in(client)
        assert is_in(client)
        clock.shift(31 * MINUTE)
        answer = client.get("/accounts/2fa/")
        assert answer["Location"] == "/accounts/login/?next=/accounts/2fa/"
        assert "nobody was here for a while" in client.get(answer["Location"]).text
        assert not is_in(client)


def test_somebody_who_works_stays_in(client, doctor):
    with time_machine.travel(dt.datetime.now(dt.UTC)) as clock:
        log_in(client)
        for _n in range(4):
            clock.shift(20 * MINUTE)
            assert client.get("/accounts/2fa/").status_code == 200


@pytest.mark.parametrize(
    ("stood_on", "back"),
    [
        ("http://testserver/schedule/?day=2026-11-24", "%2Fschedule%2F%3Fday%3D2026-11-24"),
        ("https://elsewhere.example/schedule/", "%2F"),
        ("", "%2F"),
    ],
)
def test_whoever_sent_a_form_too_late_comes_back_to_its_page_and_is_told(client, doctor, stood_on, back):
    with time_machine.travel(dt.datetime.now(dt.UTC)) as clock:
        log_in(client)
        client.get("/accounts/2fa/")
        clock.shift(31 * MINUTE)
        address = f"/absences/ill-today/{doctor.pk}/"  # takes forms alone, and has no page to come back to
        answer = client.post(address, headers={"Referer": stood_on})
    assert answer["Location"] == f"/accounts/login/?next={back}"
    assert "What you sent was not done" in client.get(answer["Location"]).text


@pytest.mark.parametrize("trick", [{}, {"skip_timeout_reset": "1"}])
def test_a_page_that_asks_by_itself_keeps_nothing_alive(client, doctor, trick):
    with time_machine.travel(dt.datetime.now(dt.UTC)) as clock:
        log_in(client)
        client.get("/accounts/2fa/")
        for _n in range(29):
            clock.shift(MINUTE)
            assert client.get("/accounts/2fa/", trick, headers={"X-Background": "1"}).status_code == 200
        clock.shift(2 * MINUTE)
        poll = {
            "X-Background": "1",
            "HX-Request": "true",
            "HX-Current-URL": "http://testserver/patients/?q=a",
        }
        answer = client.get("/accounts/2fa/", trick, headers=poll)
    assert answer.status_code == 401
    assert answer["HX-Redirect"] == "/accounts/login/?next=%2Fpatients%2F%3Fq%3Da"


def test_a_session_ends_after_twelve_hours_whatever_happens(client, doctor):
    with time_machine.travel(dt.datetime.now(dt.UTC)) as clock:
        log_in(client)
        client.get("/accounts/2fa/")
        for _n in range(12 * 60 // 20 - 1):
            clock.shift(20 * MINUTE)
            assert client.get("/accounts/2fa/").status_code == 200
        clock.shift(21 * MINUTE)
        assert not is_in(client)


def test_a_session_is_not_written_for_every_click(client, doctor):
    client.force_login(doctor)
    client.get("/accounts/2fa/")
    writes = [q for q in _queries(client, "/accounts/2fa/") if q.startswith(("UPDATE", "INSERT"))]
    assert writes == []


def _queries(client, address):
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return [query["sql"] for query in asked.captured_queries]


def test_the_cookies_are_for_this_site_and_out_of_reach_of_scripts(client, doctor):
    log_in(client)
    client.get("/accounts/password/change/")
    for name in ("session", "csrf"):
        cookie = client.cookies[name]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"


def test_the_access_log_believes_no_claimed_address(client, doctor, rf):
    request = rf.get("/", headers={"X-Forwarded-For": "6.6.6.6"}, REMOTE_ADDR="10.1.2.3")
    request.user, request.resolver_match = doctor, SimpleNamespace(view_name="patients:patient")
    record_read(request, 7)
    assert AccessLog.objects.get().address == "10.1.2.3"
