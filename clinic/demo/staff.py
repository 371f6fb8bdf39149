"""Who works in the demo clinic, when and where."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.models import Group

from clinic import actions
from clinic.models import Clinic, Room, User
from clinic.roles import CLINICAL, Role
from clinic.rules import Span

PASSWORD = "mesotherapy-demo"  # noqa: S105 (printed for everybody; never seeded where the clinic is reached over TLS)
DOMAIN = "demo.example"
ROOMS = ["Room 1 (garden)", "Room 2 (street)", "Room 3"]


@dataclass(frozen=True, slots=True)
class Member:
    """One of the staff. `works`: {ISO weekday: (from, to)} in whole hours."""

    login: str
    name: str
    roles: tuple[Role, ...]
    works: dict[int, tuple[int, int]]
    with_doctor: str = ""
    may_overlap: bool = False

    @property
    def email(self) -> str:
        return f"{self.login}@{DOMAIN}"

    @property
    def treats(self) -> bool:
        return not set(CLINICAL).isdisjoint(self.roles)

    def spans(self) -> list[Span]:
        return [(day, dt.time(starts), dt.time(ends)) for day, (starts, ends) in self.works.items()]


WEEK = dict.fromkeys(range(1, 6), (8, 16))
LATE = dict.fromkeys(range(1, 6), (10, 18))
STAFF = [
    Member("admin", "Adaeze Lindqvist", (Role.CLINIC_ADMIN, Role.FRONT_DESK), {}),
    Member("doctor", "Dr Helena Brandt", (Role.DOCTOR,), {**WEEK, 3: (8, 12)}, may_overlap=True),
    Member("doctor2", "Dr Tomasz Okoye", (Role.DOCTOR, Role.CATALOGUE_ADMIN), {**LATE, 6: (9, 14)}),
    Member("nurse", "Nina Castellanos", (Role.NURSE,), {**WEEK, 3: (8, 12)}, with_doctor="doctor"),
    Member("nurse2", "Mateusz Żółkiewski", (Role.NURSE,), {**LATE, 6: (9, 14)}, with_doctor="doctor2"),
    Member("desk", "Felicity Ng", (Role.FRONT_DESK,), {}),
    Member("catalogue", "Katarzyna Ó Briain", (Role.CATALOGUE_ADMIN,), {}),
]


def open_clinic(at: dt.datetime) -> dict[str, User]:
    """Settings, rooms, staff and their hours. Returns the staff by login."""
    chief = _chief(at)
    _settle(chief, at)
    for name in ROOMS:
        actions.add_room(Room(name=name), by=chief, at=at)
    people = {STAFF[0].login: chief}
    for member in STAFF[1:]:
        doctor = people.get(member.with_doctor)
        person = User(name=member.name, email=member.email, cooperating_doctor=doctor)
        person.may_overlap = member.may_overlap
        actions.add_person(person, roles=member.roles, by=chief, at=at)
        people[member.login] = person
        if member.works:
            actions.set_week(person, member.spans(), version=person.version, by=chief, at=at)
    _let_in(people.values())
    return people


def _chief(at: dt.datetime) -> User:
    """The first clinic admin, who cannot be added by one."""
    chief = User.objects.create_user(STAFF[0].email, None, name=STAFF[0].name, date_joined=at)
    chief.groups.set(Group.objects.filter(name__in=STAFF[0].roles))
    return chief


def _settle(chief: User, at: dt.datetime) -> None:
    clinic = Clinic.current()
    clinic.name, clinic.address = "Lipowa Clinic (demo)", "ul. Lipowa 7, Kraków"
    clinic.phone, clinic.email = "+48 12 000 00 00", f"clinic@{DOMAIN}"
    actions.change_clinic(clinic, version=clinic.version, by=chief, at=at)


def _let_in(people) -> None:
    """One password for all: hashed once, since hashing is slow on purpose."""
    first, *others = people
    first.set_password(PASSWORD)
    for person in (first, *others):
        person.password = first.password
        person.save(update_fields=["password"])


def is_open() -> bool:
    """Is the demo clinic in this database?"""
    return User.objects.filter(email__in=[member.email for member in STAFF]).exists()


def real_staff() -> bool:
    """Is anybody in this database who does not belong to the demo?"""
    return User.objects.exclude(email__endswith=f"@{DOMAIN}").exists()


def logins() -> Iterator[tuple[str, str, str]]:
    """(e-mail, password, roles) of each demo login that still lets somebody in."""
    active = set(User.objects.filter(is_active=True).values_list("email", flat=True))
    for member in STAFF:
        if member.email in active:
            yield member.email, PASSWORD, " + ".join(str(role.label) for role in member.roles)
