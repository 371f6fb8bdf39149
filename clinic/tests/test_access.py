"""Every URL of the project, for everybody: who is let in, who is not, and what every answer carries."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from clinic.tests.access_table import ACCESS, ADMIN_SITE, ANYBODY, BY_LINK, FROM_ELSEWHERE, PUBLIC, SIGNED
from clinic.tests.unchanged import nothing_changes

OURS = re.compile(r"(clinic|patients|contraindications|treatments)\.")
NOT_THERE = {
    "id": str(10**17),
    "str": "x",
    "slug": "x",
    "int": "1",
    "path": "x",
    "url": "x",
    "uuid": "0" * 32,
    "digest": "0" * 64,
}


@dataclass(frozen=True)
class Door:
    """A URL pattern: its full name, an address that leads to it, its view."""

    name: str
    address: str
    view: object
    bound: bool  # the address names a row

    def __str__(self) -> str:
        return self.name or self.address

    @property
    def is_admin_site(self) -> bool:
        return self.name.startswith("admin:")

    @property
    def allowed(self) -> tuple[str, ...]:
        return ADMIN_SITE if self.is_admin_site else ACCESS.get(self.name, ())


def doors(resolver: URLResolver, prefix: str = "/", space: str = "") -> Iterator[Door]:
    """All URL patterns, with made-up values for the parts that name a row."""
    for pattern in resolver.url_patterns:
        route = str(pattern.pattern).lstrip("^").rstrip("$")
        plain = re.sub(r"\(\?P<uidb36>.*", "1-x-y/", route)
        plain = re.sub(r"<(?:(\w+):)?\w+>", lambda m: NOT_THERE[m[1] or "str"], plain)
        plain = re.sub(r"\(\?P<\w+>(.*?)\)", "x", plain)
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from doors(pattern, prefix + plain, inner)
        elif isinstance(pattern, URLPattern):
            yield Door(f"{space}{pattern.name or ''}", prefix + plain, pattern.callback, bound=plain != route)


DOORS = list(doors(get_resolver()))
SITE = [door for door in DOORS if door.is_admin_site]
OWN = [door for door in DOORS if not door.is_admin_site]
# A door of Django's admin stays its own when we add something to it: the site's permissions keep it.
HOUSE = [
    door
    for door in DOORS
    if OURS.match(door.view.__module__)
    and not (door.is_admin_site and hasattr(ModelAdmin, door.view.__name__))
]
each_door = pytest.mark.parametrize("door", OWN, ids=str)


# Whoever may come in finds nothing behind an address that names no row.
WELCOME_BUT_NOT_THERE = {True: {404}, False: set()}
NOT_READY = {"readyz": {503}}  # no worker runs beside these tests


@pytest.fixture
def people(doctor, nurse, front_desk, catalogue_admin, clinic_admin, stranger):
    return [doctor, nurse, front_desk, catalogue_admin, clinic_admin, stranger]


def test_the_walk_finds_the_doors():
    assert {"start", "staff_edit", "account_login", "admin:index"} <= {door.name for door in DOORS}


@each_door
def test_every_url_is_in_the_access_table(door):
    assert door.name in ACCESS, f"add {door.name!r} to clinic/tests/access_table.py"


def test_the_access_table_names_no_url_that_is_gone():
    assert set(ACCESS) - {door.name for door in DOORS} == set()


@pytest.mark.parametrize("door", [d for d in HOUSE if d.allowed not in (PUBLIC, BY_LINK, SIGNED)], ids=str)
def test_every_view_of_ours_states_its_roles(door):
    stated = getattr(door.view, "allowed_roles", None)
    assert stated == (frozenset("*") if door.allowed == ANYBODY else frozenset(door.allowed))


@each_door
def test_anonymous_people_get_to_the_login(client, db, door):
    for answer in (client.get(door.address), client.post(door.address)):
        if door.allowed == PUBLIC:
            assert answer.status_code in {200, 302, 405} | NOT_READY.get(door.name, set())
        elif door.allowed == BY_LINK:
            assert answer.status_code in {404, 405, 429}
        elif door.allowed == SIGNED:
            assert answer.status_code in {403, 404, 405}
        else:
            assert answer.status_code in {302, 405}
            assert answer.status_code == 405 or "/login/" in answer["Location"]


@each_door
def test_each_role_is_let_in_or_refused_as_the_table_says(people, door):
    for person in people:
        answer = logged_in(person).get(door.address)
        if door.allowed == BY_LINK:
            assert answer.status_code in {404, 405}, person
        elif door.allowed == SIGNED:
            assert answer.status_code == 405, person
        elif door.allowed in {PUBLIC, ANYBODY} or person.has_role(*door.allowed):
            assert answer.status_code in {200, 302, 405, 422} | WELCOME_BUT_NOT_THERE[
                door.bound or "2fa" in door.address
            ] | NOT_READY.get(door.name, set())
        else:
            assert answer.status_code in {403, 405}, person


def test_the_catalogues_site_is_for_the_catalogue_admin_alone(doctor, clinic_admin, catalogue_admin):
    browsers = {person: logged_in(person) for person in (doctor, clinic_admin, catalogue_admin)}
    for door in SITE:
        assert Client().get(door.address).status_code in {302, 404}, door.address
        for person, browser in browsers.items():
            answer = browser.get(door.address)
            if person.has_role(*ADMIN_SITE):
                assert answer.status_code in {200, 302, 403, 404, 405}, door.address
            else:
                assert answer.status_code != 200 or "logout" in door.address, door.address


def test_looking_at_the_catalogues_site_changes_nothing(catalogue_admin):
    browser = logged_in(catalogue_admin)
    with nothing_changes():
        for door in SITE:
            browser.get(door.address)


@each_door
def test_looking_changes_nothing(people, door):
    browsers = [logged_in(person) for person in people]
    with nothing_changes():
        for browser in browsers:
            browser.get(door.address)
            browser.head(door.address)


@each_door
def test_a_form_from_elsewhere_is_refused(doctor, clinic_admin, catalogue_admin, door):
    assert getattr(door.view, "csrf_exempt", False) == (door.name in FROM_ELSEWHERE)
    for person in (doctor, clinic_admin, catalogue_admin):
        browser = logged_in(person, enforce_csrf_checks=True)
        refused = (
            {403, 404} if door.name in FROM_ELSEWHERE else {403, 405}
        )  # their proof is a token or signature
        assert browser.post(door.address).status_code in refused


def logged_in(person, **options) -> Client:
    browser = Client(**options)
    browser.force_login(person)
    return browser


@pytest.mark.parametrize(
    "address", [*(d.address for d in OWN), "/catalogue/", "/nothing/", "/staff/99/", "/%00"]
)
def test_every_answer_carries_the_security_headers(client, clinic_admin, address):
    for who in (None, clinic_admin):
        if who:
            client.force_login(who)
        answer = client.get(address)
        policy = answer["Content-Security-Policy"]
        assert {"default-src 'none'", "script-src 'self'", "style-src 'self'"} <= set(policy.split("; "))
        assert "frame-ancestors 'none'" in policy
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        gone = address.startswith(("/interview/", "/offer/", "/my/")) and answer.status_code in {404, 429}
        assert answer["Referrer-Policy"] == ("no-referrer" if gone else "same-origin")
        assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("door", [d for d in HOUSE if NOT_THERE["id"] in d.address], ids=str)
def test_an_id_that_is_too_long_is_not_found(client, people, door):
    for person in people[:5]:
        client.force_login(person)
        assert client.get(door.address.replace(str(10**17), "9" * 19)).status_code in {404, 403}


@pytest.mark.parametrize("name", ["signup", "email", "confirm-email", "password/set", "login/code", "social"])
def test_what_allauth_offers_beside_that_is_closed(client, doctor, name):
    client.force_login(doctor)
    assert client.get(f"/accounts/{name}/").status_code == 404


def test_a_role_that_is_taken_away_is_gone_at_the_next_click(client, clinic_admin):
    client.force_login(clinic_admin)
    assert client.get("/staff/").status_code == 200
    clinic_admin.groups.clear()
    assert client.get("/staff/").status_code == 403


def test_the_catalogues_site_knows_neither_people_nor_roles():
    shown = {model._meta.app_label for model in admin.site._registry}
    assert shown.isdisjoint({"auth", "account", "mfa", "clinic", "patients"})
