"""Sessions that cannot stay where they are: for each course two ways out, and doing what was chosen of them."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.versions import ChangedMeanwhile
from treatments.courses.models import Course
from treatments.courses.rescreening import bookable
from treatments.schedule import actions, refusals, rules, words
from treatments.schedule.actions import Change
from treatments.schedule.changing.affected import Affected, Leaving
from treatments.schedule.changing.moving import change_to, changes_of, seats
from treatments.schedule.changing.shifts import Shift
from treatments.schedule.models import Session
from treatments.schedule.proposing.desk import Desk
from treatments.schedule.rules import Before, Chain, Free, Slot, Stuck, Taken

DAY, PERSON = "day", "person"
KINDS = (DAY, PERSON)
SHOWN = 25  # courses on a page


@dataclass(frozen=True, slots=True)
class Way:
    """One way out for a course: another time with the least change, or somebody else at the same."""

    kind: str
    shifts: list[Shift]


@dataclass(frozen=True, slots=True)
class Plan:
    """A course with its sessions that cannot stay, the ways out, and in words why there is none or why one failed."""

    course: Course
    sessions: Leaving
    ways: list[Way] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def chosen(self, preferred: str) -> str:
        """The kind of way that is chosen before anybody chooses."""
        kinds = [way.kind for way in self.ways]
        return preferred if preferred in kinds else next(iter(kinds), "")


def plans(sessions: Iterable[Session], *, at: dt.datetime) -> list[Plan]:
    """For each course in the order of its first session. What is proposed for one is not proposed for the next.

    Nothing is proposed for a course that may not be booked as things stand, or whose patient's record has ended. As
    many SQL queries for many courses as for one.
    """
    ordered = sorted(sessions, key=lambda one: (one.course_id, one.number))
    courses = [list(own) for _pk, own in groupby(ordered, key=lambda one: one.course_id)]
    courses.sort(key=lambda own: own[0].starts_at)
    shown = courses[:SHOWN]
    may = _bookable(shown, at=at)
    found = dict(_plans([own for own in shown if own[0].course_id in may], at=at))
    return [found.get(own[0].course_id) or _held(own) for own in shown]


def _bookable(shown: Sequence[Leaving], *, at: dt.datetime) -> set[int]:
    courses = [own[0].course for own in shown]
    asked = Course.objects.filter(pk__in=[course.pk for course in courses if not course.patient.has_ended])
    return bookable(asked, day=timezone.localdate(at)) if shown else set()


def _held(leaving: Leaving) -> Plan:
    course = leaving[0].course
    if course.patient.has_ended:
        return Plan(course, leaving, said=[_("This record has ended: it can only be cancelled.")])
    return Plan(course, leaving, said=[_("Held: a doctor or nurse must look at it first.")])


def _plans(several: Sequence[Leaving], *, at: dt.datetime) -> Iterator[tuple[int, Plan]]:
    """(course, plan): each leaves room for those after it."""
    taken: dict[str, list[Taken]] = {kind: [] for kind in KINDS}
    if not several:
        return
    affected = Affected.gather(several, at=at)
    for leaving in several:
        yield leaving[0].course_id, _plan(leaving, affected, taken, at=at)


def _plan(leaving: Leaving, affected: Affected, taken: Mapping[str, list[Taken]], *, at: dt.datetime) -> Plan:
    at_desk = affected.desk(leaving)
    found = _another_time(at_desk, leaving, affected, taken[DAY], at=at)
    if isinstance(found, Stuck):
        ways, said = [], [words.stuck_said(found)]
    else:
        ways, said = [Way(DAY, [Shift(one) for one in found])], []
    if others := _somebody_else(at_desk, leaving, less=taken[PERSON], at=at):
        ways.append(Way(PERSON, [Shift(one) for one in others]))
    for way in ways:
        for shift in way.shifts:
            taken[way.kind].append(_takes(at_desk, shift, taken[way.kind]))
    return Plan(leaving[0].course, leaving, ways, [] if ways else said)


def _takes(at_desk: Desk, shift: Shift, taken: Iterable[Taken]) -> Taken:
    longer = shift.change.added_minutes
    free = rules.less(at_desk.free, taken)
    return Taken.by(
        shift.slot, at_desk.takes.longer(longer), free, patient=at_desk.course.patient_id, longer=longer
    )


def _left(at_desk: Desk, taken: Iterable[Taken]) -> Free:
    return rules.less(at_desk.free, taken, patient=at_desk.course.patient_id)


def _another_time(
    at_desk: Desk, leaving: Leaving, affected: Affected, taken: Iterable[Taken], *, at: dt.datetime
) -> list[Change] | Stuck:
    """The least change of the rest of the course in which none of those `leaving` stays where it is."""
    rest, last = affected.rest(leaving), affected.before(leaving)
    before = Before(last.number, last.starts_at, stood=True) if last else None
    question = replace(at_desk.question(), free=_left(at_desk, taken))
    found = rules.chain(question, seats(at_desk, rest, leaving=leaving), before=before, earliest=at)
    return changes_of(found, rest, at_desk) if isinstance(found, Chain) else found


def _somebody_else(
    at_desk: Desk, leaving: Iterable[Session], *, less: Iterable[Taken], at: dt.datetime
) -> list[Change]:
    """Each at its hour with somebody else, in its room if that is free; nothing unless it can be had for all."""
    free = _left(at_desk, less)
    found = [(row, _other(at_desk, free, row, at=at)) for row in leaving]
    return [change_to(row, slot, at_desk) for row, slot in found if slot] if all(s for _r, s in found) else []


def _other(at_desk: Desk, free: Free, row: Session, *, at: dt.datetime) -> Slot | None:
    if row.starts_at < at:
        return None
    rooms = sorted(at_desk.rooms, key=lambda room: room != row.room_id)
    slots = (
        Slot(row.number, row.starts_at, room, who)
        for room in rooms
        for who in at_desk.people
        if who != row.practitioner_id
    )
    takes = at_desk.takes.longer(row.added_minutes)
    return next((slot for slot in slots if rules.could_start(free, takes, slot)), None)


# Doing it


def changed() -> str:
    """That what was shown is not what stands any more."""
    return _("Somebody changed one of these sessions meanwhile.")


def carry_out(changes: Sequence[Change], *, by: User, at: dt.datetime) -> list[str]:
    """Make the changes of one course, or say why not. One transaction."""
    try:
        actions.rearrange(changes, by=by, at=at)
    except refusals.WrongTimes as wrong:
        return words.faults_said(wrong.faults, changes[0].session.course)
    except ChangedMeanwhile:
        return [changed()]
    except refusals.SlotTaken:
        return [_("The time has just been taken.")]
    except refusals.NotBookable as refused:
        actions.keep_verdict(refused, changes[0].session.course, by=by, at=at)
        return [str(refused)]
    return []
