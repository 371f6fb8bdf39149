"""A session is to be elsewhere: which later ones follow, what that changes, and what is wrong with it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from clinic.models import User
from treatments.schedule import actions, rules, words
from treatments.schedule.actions import Change
from treatments.schedule.changing.shifts import Shift, objection, other_devices
from treatments.schedule.equipment import who_could_treat
from treatments.schedule.models import Session, SessionState
from treatments.schedule.occupations import clock, series_of
from treatments.schedule.overlapping.encounters import over_whom
from treatments.schedule.proposing import other_times
from treatments.schedule.proposing.desk import Desk, desk
from treatments.schedule.rules import Before, Chain, Clock, Seat, Series, Slot, Stuck


@dataclass(frozen=True, slots=True)
class Word:
    """What the server says to a change before it is made.

    `said`: what is wrong with it; `needs_reason`: a doctor may have it so all the same, with a reason; `over`: the
    sessions over which whoever asks may have it so, with a reason; `devices`: which others would be used.
    """

    shifts: list[Shift]
    staying: list[Session] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    needs_reason: bool = False
    over: list[Session] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)

    @property
    def may_go(self) -> bool:
        return not self.said or self.needs_reason

    @property
    def following(self) -> list[Shift]:
        """The later sessions that move too."""
        return self.shifts[1:]

    @property
    def staying_numbers(self) -> str:
        return get_text_list([str(one.number) for one in self.staying], _("and"))

    @property
    def minutes(self) -> int:
        return self.shifts[0].change.added_minutes

    @property
    def device(self) -> int | None:
        """The key of the device that is asked for."""
        device = self.shifts[0].change.device
        return device.pk if device else None


def word(change: Change, *, by: User, at: dt.datetime, alone: bool = False) -> Word:
    """What this change means for the later sessions of its course, unless it is to be made `alone`."""
    later = later_of(change.session)
    found = None if alone else follow(change, later, at=at)
    if isinstance(found, Stuck):
        return _alone(change, later, stuck_said(found, by), by=by, at=at)
    changes = [change, *(found or [])]
    devices: list[str] = []
    deed = other_devices(lambda: actions.rearrange(changes, by=by, at=at), changes, devices)
    wrong = objection(deed, changes, by=by, at=at)
    moved = {one.session.pk for one in changes}
    staying = [one for one in later if one.pk not in moved]
    shifts = [Shift(one) for one in changes]
    if wrong is None:
        return Word(shifts, staying, devices=devices)
    over = _over(changes, by=by, at=at) if wrong.taken else []
    return Word(shifts, staying, wrong.said, wrong.lawful, over)


def _alone(change: Change, later: list[Session], said: str, *, by: User, at: dt.datetime) -> Word:
    """The word where the later ones cannot follow: for a doctor, unless more is wrong than the interval."""
    wrong = objection(lambda: actions.rearrange([change], by=by, at=at), [change], by=by, at=at)
    if wrong and not wrong.outside:
        return Word([Shift(change)], later, [said, *wrong.said])
    return Word([Shift(change)], later, [said], needs_reason=by.is_doctor)


def _over(changes: Sequence[Change], *, by: User, at: dt.datetime) -> list[Session]:
    return over_whom(lambda: actions.rearrange(changes, by=by, at=at, squeeze_reason="?"), by=by)


def later_of(session: Session) -> list[Session]:
    """The sessions of the course after this one that stand, in order."""
    rows = session.course.sessions.standing().filter(number__gt=session.number)
    return list(rows.select_related("practitioner", "room").order_by("number"))


def follow(change: Change, later: Sequence[Session], *, at: dt.datetime) -> list[Change] | Stuck | None:
    """Which of the later sessions have to follow, and whereto; None where none has to."""
    course, time = change.session.course, clock()
    series = replace(series_of(course), standing={one.number: one.starts_at for one in later})
    disturbed = rules.interval_faults({change.session.number: change.starts_at}, series, time)
    if not disturbed or not at <= change.starts_at <= at + rules.farthest(series):
        return None
    at_desk = chain_desk(later, [change.session], start=change.starts_at, at=at)
    before = Before(change.session.number, change.starts_at)
    found = rules.chain(at_desk.question(), seats(at_desk, later), before=before, earliest=at)
    return changes_of(found, later, at_desk) if isinstance(found, Chain) else found


def chain_desk(
    later: Sequence[Session], moving: Sequence[Session], *, start: dt.datetime, at: dt.datetime
) -> Desk:
    """Everybody's free time for as long as the later sessions of a course can be put off."""
    course, last = moving[0].course, last_day(later, moving, start=start)
    booked = [one for one in [*moving, *later] if one.state == SessionState.BOOKED]
    return desk(course, list(who_could_treat(course)), at=at, last=last, moving=booked)


def last_day(later: Sequence[Session], moving: Sequence[Session], *, start: dt.datetime) -> dt.date:
    """How long the later sessions of a course can be put off."""
    latest = max([start, *(one.starts_at for one in later)])
    numbers = max(one.number for one in [*moving, *later]) - min(one.number for one in moving)
    days = numbers * moving[0].course.interval_max + rules.FIRST_WITHIN_DAYS
    return rules.day_of(latest, timezone.get_default_timezone()) + dt.timedelta(days=days)


def seats(
    at_desk: Desk,
    sessions: Sequence[Session],
    *,
    leaving: Sequence[Session] = (),
    zone: dt.tzinfo | None = None,
) -> list[Seat]:
    """The sessions as the rules see them; those `leaving` cannot stay, and with a `zone` not be on their day either."""
    return [_seat(at_desk, one, one in leaving, zone) for one in sessions]


def _seat(at_desk: Desk, row: Session, leaves: bool, zone: dt.tzinfo | None) -> Seat:
    return Seat(
        number=row.number,
        starts_at=row.starts_at,
        practitioner=row.practitioner_id,
        room=row.room_id,
        takes=at_desk.takes.longer(row.added_minutes),
        may_stay=not leaves,
        may_move=row.state != SessionState.PERFORMED,
        not_on=rules.day_of(row.starts_at, zone) if leaves and zone else None,
    )


def changes_of(found: Chain, sessions: Sequence[Session], at_desk: Desk) -> list[Change]:
    """The changes that a chain means."""
    rows = {one.number: one for one in sessions}
    return [change_to(rows[slot.number], slot, at_desk) for slot in found.slots]


def change_to(row: Session, slot: Slot, at_desk: Desk) -> Change:
    who, room = at_desk.people[slot.practitioner or 0], at_desk.rooms[slot.room]
    return Change(row, row.version, slot.starts_at, who, room, row.added_minutes)


def stuck_said(stuck: Stuck, by: User) -> str:
    """Which session finds no time, and what can be done."""
    said = words.stuck_said(stuck)
    if by.is_doctor:
        return _("%(said)s As a doctor you may move this one alone, with a reason.") % {"said": said}
    return _("%(said)s Choose another time; a doctor may move it outside the interval, with a reason.") % {
        "said": said
    }


def times(
    at_desk: Desk, now: Slot, around: dt.date, later: Sequence[Session], *, doctor: bool
) -> list[other_times.DayOfChoices]:
    """Times to choose from: outside the interval to earlier sessions for doctors only; `later` ones can follow.

    `at_desk` knows none of those as standing, and what they take as free.
    """
    days = other_times.choices(at_desk, now, around, others=(), doctor=doctor)
    series = replace(at_desk.series, standing={one.number: one.starts_at for one in later})
    return [replace(day, followed=_followed(day, series, now.number, at_desk.clock)) for day in days]


def _followed(day: other_times.DayOfChoices, series: Series, number: int, time: Clock) -> bool:
    """Do later sessions have to follow to a time of this day?"""
    starts = [choice.slot.starts_at for choice in day.choices[:1]]
    return any(rules.interval_faults({number: start}, series, time) for start in starts)
