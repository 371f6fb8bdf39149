"""What the clinic admin changes: staff and their roles and hours, rooms, settings.

Every change is one transaction, signed in the history, and made by one person at a time: what was checked
(there is still a clinic admin, no two rooms of a name) then still holds when it is written.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

import pghistory
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from clinic.events import SettingsChanged, announce
from clinic.models import Clinic, DayHours, Room, RoomHours, User, WeeklyHours, WorkingHours
from clinic.roles import Role
from clinic.rules import DaySpan, Span, needs_cooperating_doctor, overlapping
from clinic.versions import ChangedMeanwhile, save_version

P = ParamSpec("P")
R = TypeVar("R")
Subject = TypeVar("Subject")


def by_clinic_admin(action: Callable[Concatenate[Subject, P], R]) -> Callable[Concatenate[Subject, P], R]:
    """One transaction under one lock, signed; PermissionDenied for everybody but a clinic admin."""

    @wraps(action)
    def signed(subject: Subject, *args: P.args, **kwargs: P.kwargs) -> R:
        by, at = kwargs["by"], kwargs["at"]
        if not by.has_role(Role.CLINIC_ADMIN):  # type: ignore[attr-defined]
            raise PermissionDenied
        with transaction.atomic(), pghistory.context(user=by.pk, at=at.isoformat()):  # type: ignore[attr-defined]
            Group.objects.select_for_update().get(name=Role.CLINIC_ADMIN)
            return action(subject, *args, **kwargs)

    return signed


@by_clinic_admin
def add_person(person: User, *, roles: Collection[str], by: User, at: dt.datetime) -> User:
    """Save a new member of staff, who has no password until they choose one. Raises ValidationError in words."""
    person.email = person.email.strip().lower()
    person.date_joined = at
    person.is_staff = Role.CATALOGUE_ADMIN in roles  # may open the catalogue
    person.set_unusable_password()
    _check(person, roles)
    person.save()
    _hold(person, roles)
    return person


@by_clinic_admin
def change_person(person: User, *, roles: Collection[str], version: int, by: User, at: dt.datetime) -> User:
    """Save name, e-mail, cooperating doctor, roles, whether they may book over others and whether they may log in.

    Raises ChangedMeanwhile if the row is not at `version` any more, ValidationError in words. A change of the e-mail
    ends the old address as a way to log in; who may not log in any more is out at their next click.
    """
    person.email = person.email.strip().lower()
    person.is_staff = Role.CATALOGUE_ADMIN in roles
    _check(person, roles)
    fields = ["name", "email", "cooperating_doctor", "may_overlap", "is_active", "is_staff"]
    save_version(person, version=version, fields=fields)
    EmailAddress.objects.filter(user=person).exclude(email=person.email).delete()
    _hold(person, roles)
    return person


@by_clinic_admin
def remove_second_factor(person: User, *, by: User, at: dt.datetime) -> None:
    """Take away authenticator and recovery codes of somebody who lost them; they set up new ones at the next login."""
    Authenticator.objects.filter(user=person).delete()


@by_clinic_admin
def set_week(person: User, spans: Iterable[Span], *, version: int, by: User, at: dt.datetime) -> None:
    """Replace the weekly working hours. Raises ChangedMeanwhile, ValidationError in words."""
    week = [WorkingHours(practitioner=person, weekday=day, starts=a, ends=b) for day, a, b in spans]
    _replace(person, person.working_hours, week, version)


@by_clinic_admin
def set_room_week(room: Room, spans: Iterable[Span], *, version: int, by: User, at: dt.datetime) -> None:
    """Replace the weekly hours of a room; without any it can be used at all times.

    Raises ChangedMeanwhile, ValidationError in words.
    """
    week = [RoomHours(room=room, weekday=day, starts=a, ends=b) for day, a, b in spans]
    _replace(room, room.opening_hours, week, version)


def _replace(owner: User | Room, hours: Any, week: Sequence[WeeklyHours], version: int) -> None:
    if overlapping((row.weekday, row.starts, row.ends) for row in week):
        raise ValidationError(_("Working hours of one day do not overlap."))
    save_version(owner, version=version, fields=[])
    hours.all().delete()
    for row in week:
        row.full_clean(validate_constraints=False)
    hours.bulk_create(week)


@by_clinic_admin
def set_day(
    person: User, spans: Collection[DaySpan] | None, *, day: dt.date, by: User, at: dt.datetime
) -> None:
    """On this day `person` works `spans` and not the weekly hours: () is a day off, None the weekly hours again.

    Raises ValidationError in words.
    """
    person.day_hours.filter(day=day).delete()
    if spans is None:
        return
    rows = [DayHours(practitioner=person, day=day, starts=starts, ends=ends) for starts, ends in spans]
    if overlapping((day.isoweekday(), starts, ends) for starts, ends in spans):
        raise ValidationError(_("Working hours of one day do not overlap."))
    for row in rows or [DayHours(practitioner=person, day=day)]:
        row.full_clean(validate_constraints=False)
        row.save()


@by_clinic_admin
def add_room(room: Room, *, by: User, at: dt.datetime) -> Room:
    """Save a new room. Raises ValidationError if there is one of this name."""
    room.full_clean()
    room.save()
    return room


@by_clinic_admin
def change_room(room: Room, *, version: int, by: User, at: dt.datetime) -> Room:
    """Rename a room, take it out of use or back into it. Raises ChangedMeanwhile, ValidationError."""
    room.full_clean()
    save_version(room, version=version, fields=["name", "active"])
    return room


class ClinicSaved(NamedTuple):
    """The clinic as it is now, and in sentences what else changed with its settings."""

    clinic: Clinic
    followed: list[str]

    def __str__(self) -> str:
        return str(self.clinic)


@by_clinic_admin
def change_clinic(clinic: Clinic, *, version: int, by: User, at: dt.datetime) -> ClinicSaved:
    """Save the clinic's settings, and say what followed. Raises ChangedMeanwhile, ValidationError."""
    clinic.full_clean(validate_unique=False)  # that there is one row is settled by its version
    if not Clinic.objects.filter(pk=1).exists():
        if version != 1:
            raise ChangedMeanwhile(None)
        Clinic(pk=1).save(force_insert=True)
    names = [field.name for field in Clinic._meta.concrete_fields if field.editable and not field.primary_key]
    stood = Clinic.objects.get(pk=1)
    save_version(clinic, version=version, fields=names)
    changed = frozenset(name for name in names if getattr(stood, name) != getattr(clinic, name))
    return ClinicSaved(clinic, announce(SettingsChanged(changed, at)))


def _check(person: User, roles: Collection[str]) -> None:
    """Raise ValidationError, by field, for everything that would not hold after this change."""
    person.full_clean(exclude=["password"])
    wrong: dict[str, Any] = {}
    if needs_cooperating_doctor(roles) and person.cooperating_doctor is None:
        wrong["cooperating_doctor"] = _("A nurse treats with a cooperating doctor: choose one.")
    if (
        person.cooperating_doctor
        and not User.objects.doctors().filter(pk=person.cooperating_doctor.pk).exists()
    ):
        wrong["cooperating_doctor"] = _("The cooperating doctor is a doctor who may log in.")
    if (
        person.pk
        and not (person.is_active and Role.CLINIC_ADMIN in roles)
        and not _other_clinic_admin(person)
    ):
        wrong["roles"] = _("There must be a clinic admin: make somebody else one first.")
    if person.pk and not (person.is_active and Role.DOCTOR in roles):
        nurses = person.cooperating_nurses.with_role(Role.NURSE)
        if names := ", ".join(str(nurse) for nurse in nurses):
            wrong["roles"] = _("Choose another cooperating doctor first for: %(names)s.") % {"names": names}
    if wrong:
        raise ValidationError(wrong)


def _other_clinic_admin(person: User) -> bool:
    return User.objects.with_role(Role.CLINIC_ADMIN).exclude(pk=person.pk).exists()


def _hold(person: User, roles: Collection[str]) -> None:
    person.groups.set(Group.objects.filter(name__in=roles))
    person.__dict__.pop("roles", None)  # forget what was read before
