"""The cast: who comes through the door in tests. Factories of an app are in its `tests/factories.py`."""

import datetime as dt
import os

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.utils import timezone
from hypothesis import HealthCheck, settings

from clinic.models import User
from clinic.roles import Role
from clinic.tests.thorough import TIMES, examples
from clinic.translations import compile_all

# The browser's driver runs an event loop in the thread of the test; Django would refuse the database there.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

# Pages of patients are tested in their languages.
compile_all()

# Slow is not wrong: no test is timed, nor the making of its examples. The suite tries the same examples each time, so
# that what fails was just changed; `make thorough` tries others, and more.
settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=examples(100),
    derandomize=TIMES == 1,
)
settings.load_profile("house")

# A Monday at half past nine in the clinic; tests pass it on as `at`.
NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=timezone.get_default_timezone())


def person(name: str, *roles: Role, **fields) -> User:
    """A member of staff with these roles."""
    user = User.objects.create_user(
        email=f"{name.lower()}@clinic.example", password="pw", name=name, **fields
    )
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


# The documented data, loaded once per test database; the order of the tests; how they are run in less time.
pytest_plugins = ["treatments.catalogue.tests.fixtures", "clinic.tests.order", "clinic.tests.garbage"]


@pytest.fixture
def at() -> dt.datetime:
    """The moment of the test."""
    return NOW


@pytest.fixture
def day(at) -> dt.date:
    """The clinic's day of the test."""
    return timezone.localdate(at)


@pytest.fixture
def on_the_day():
    """The clock of the doors stands at `NOW`, for tests that come through one."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def doctor(db):
    return person("Dorota", Role.DOCTOR)


@pytest.fixture
def nurse(db, doctor):
    return person("Natalia", Role.NURSE, cooperating_doctor=doctor)


@pytest.fixture
def front_desk(db):
    return person("Felicja", Role.FRONT_DESK)


@pytest.fixture
def catalogue_admin(db):
    return person("Kasia", Role.CATALOGUE_ADMIN, is_staff=True)


@pytest.fixture
def clinic_admin(db):
    return person("Celina", Role.CLINIC_ADMIN)


@pytest.fixture
def stranger(db):
    """Somebody who can log in and holds no role."""
    return person("Stefan")


@pytest.fixture
def as_(client):
    """`as_(doctor)` is a browser in which the doctor is logged in."""

    def login(user):
        client.force_login(user)
        return client

    return login
