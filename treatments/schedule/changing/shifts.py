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
from treatments.schedule.forms import slot_value
from treatments.schedule.models import Reservation, Session
from treatments.schedule.occupations import occupation_of
from treatments.schedule.places import Place
from treatments.schedule.rules import MINUTE, Fault, Slot

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


def objection(deed: Callable[[], object], changes: Sequence[Change], *, by: User) -> Objection | None:
    """Why the deed, which makes these changes, would be refused now, or None. Nothing is written."""
    try:
        actions.rehearse(deed)
    except refusals.WrongTimes as wrong:
        outside = {fault for _number, fault in wrong.faults} <= OUTSIDE
        said = words.faults_said(wrong.faults, changes[0].session.course)
        return Objection(said, by.is_doctor and outside, outside)
    except refusals.SlotTaken as taken:
        return Objection(taken_said(changes) or [str(taken)], taken=True)
    except refusals.NotBookable as refused:
        return Objection([str(refused)])
    except ChangedMeanwhile:
        return Objection([_("Somebody changed this meanwhile.")])
    return None


def taken_said(changes: Sequence[Change]) -> list[str]:
    """Who or what is not free when these sessions would be; a device is not named. Five SQL queries a session."""
    but, found = [one.session.pk for one in changes], []
    for one in changes:
        takes = occupation_of(one.session.course).longer(one.added_minutes)
        place = Place.of(one.practitioner, one.room, one.session.course.patient)
        spans = place.spans(one.starts_at, takes)
        taken = Reservation.objects.taken(((n, *span) for n, span in enumerate(spans)), but=but)
        names = dict(
            zip(place.resources, (one.practitioner, one.room, one.session.course.patient), strict=True)
        )
        found += _not_free(one, (names[spans[index][0]] for index in taken))
    return found


def _not_free(change: Change, things: Iterable[object]) -> list[str]:
    said = {"number": change.session.number, "when": words.when(change.starts_at)}
    return [
        _("Session %(number)s: %(name)s is not free on %(when)s.") % {**said, "name": name}
        for name in dict.fromkeys(map(str, things))
    ]
