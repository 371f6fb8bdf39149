"""The difference that a change of the calendar makes, session by session, and what stands in its way in words."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import Room, User
from clinic.versions import ChangedMeanwhile
from treatments.schedule import actions, refusals, words
from treatments.schedule.actions import Change
from treatments.schedule.equipment import devices_of, pools_of
from treatments.schedule.forms import slot_value
from treatments.schedule.models import Reservation, Session
from treatments.schedule.occupations import occupation_of
from treatments.schedule.places import Place
from treatments.schedule.rules import MINUTE, Fault, Slot, Span, shifted

OUTSIDE = {Fault.INTERVAL}  # what a doctor may want, with a reason


@dataclass(frozen=True, slots=True)
class Shift:
    """One session with where it stands and where it would be."""

    change: Change

    @property
    def session(self) -> Session:
        return self.change.session

    @property
    def starts_at(self) -> dt.datetime:
        return self.change.starts_at

    @property
    def ends_at(self) -> dt.datetime:
        minutes = self.session.course.session_minutes + self.change.added_minutes
        return self.change.starts_at + minutes * MINUTE

    @property
    def practitioner(self) -> User:
        return self.change.practitioner

    @property
    def room(self) -> Room:
        return self.change.room

    @property
    def slot(self) -> Slot:
        """Where it would be."""
        return Slot(self.session.number, self.starts_at, self.room.pk, self.practitioner.pk)

    @property
    def value(self) -> str:
        """The same as a form carries it."""
        return slot_value(self.slot)

    @property
    def said(self) -> list[str]:
        """What is different, each in a few words."""
        old, new = timezone.localtime(self.session.starts_at), timezone.localtime(self.starts_at)
        said = [words.days_said((new.date() - old.date()).days)] if old.date() != new.date() else []
        if old.weekday() != new.weekday():
            said.append(_("another weekday"))
        if old.time() != new.time():
            said.append(_("another hour"))
        if self.practitioner != self.session.practitioner:
            said.append(_("somebody else"))
        if self.room != self.session.room:
            said.append(_("another room"))
        return said + words.length_said(self.change.added_minutes - self.session.added_minutes)


@dataclass(frozen=True, slots=True)
class Objection:
    """What is wrong with a change; `lawful`: a doctor may have it so all the same, with a reason.

    `outside`: nothing but the interval is wrong. `taken`: others are there, whom somebody may book over on purpose.
    """

    said: list[str]
    lawful: bool = False
    outside: bool = False
    taken: bool = False


def objection(
    deed: Callable[[], object], changes: Sequence[Change], *, by: User, at: dt.datetime
) -> Objection | None:
    """Why the deed, which makes these changes, would be refused now, or None. Nothing is written."""
    try:
        actions.rehearse(deed)
    except refusals.WrongTimes as wrong:
        outside = {fault for _number, fault in wrong.faults} <= OUTSIDE
        said = words.faults_said(wrong.faults, changes[0].session.course)
        return Objection(said, by.is_doctor and outside, outside)
    except refusals.SlotTaken as taken:
        return Objection(taken_said(changes, at=at) or [str(taken)], taken=True)
    except refusals.NotBookable as refused:
        return Objection([str(refused)])
    except ChangedMeanwhile:
        return Objection([_("Somebody changed this meanwhile.")])
    return None


def other_devices(
    deed: Callable[[], Iterable[Session]], changes: Sequence[Change], into: list[str]
) -> Callable[[], None]:
    """The deed; it says `into` the list with which other devices the sessions are done. Two SQL queries more."""

    def do() -> None:
        before = devices_of(one.session for one in changes)
        after = devices_of(deed())
        into.extend(
            _device_said(one.session.number, before.get(one.session.pk, []), after.get(one.session.pk, []))
            for one in changes
            if before.get(one.session.pk) != after.get(one.session.pk)
        )

    return do


def _device_said(number: int, before: Iterable[str], after: Iterable[str]) -> str:
    said = {"number": number, "before": ", ".join(before), "after": ", ".join(after)}
    if not said["before"]:
        return _("Session %(number)s: with %(after)s.") % said
    if not said["after"]:
        return _("Session %(number)s: without %(before)s.") % said
    return _("Session %(number)s: with %(after)s instead of %(before)s.") % said


def taken_said(changes: Sequence[Change], *, at: dt.datetime) -> list[str]:
    """Who or what is not free when these sessions would be; of devices only one that is asked for is named.

    Up to nine SQL queries a session.
    """
    but, found = [one.session.pk for one in changes], []
    for one in changes:
        wants = _wants(one)
        asked = ((n, resource, span) for n, (_thing, resource, span) in enumerate(wants))
        found += _not_free(one, (wants[n][0] for n in Reservation.objects.taken(asked, but=but, at=at)))
    return found


def _wants(one: Change) -> list[tuple[object, int, Span]]:
    """(who or what, its resource, span) of all that the session takes."""
    course = one.session.course
    takes = occupation_of(course).longer(one.added_minutes)
    place = Place.of(one.practitioner, one.room, course.patient)
    named = dict(zip(place.resources, (one.practitioner, one.room, course.patient), strict=True))
    wants = [(named[resource], resource, span) for resource, span in place.spans(one.starts_at, takes)]
    devices = [
        (device, resource, shifted(one.starts_at, pool.part(takes)))
        for pool in (pools_of(course) if one.device else [])
        for device, resource in pool.devices
        if device == one.device
    ]
    return [*wants, *devices]


def _not_free(change: Change, things: Iterable[object]) -> list[str]:
    said = {"number": change.session.number, "when": words.when(change.starts_at)}
    return [
        _("Session %(number)s: %(name)s is not free on %(when)s.") % {**said, "name": name}
        for name in dict.fromkeys(map(str, things))
    ]
