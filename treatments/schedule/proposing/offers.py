"""What the page of booking shows: proposals for all missing sessions, or why there are none."""

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from clinic.models import Room, User
from contraindications.clearance import Clearance, clearance
from contraindications.screening import CannotScreen, rules_in_force
from treatments.courses.dossiers import load_one
from treatments.courses.models import Course
from treatments.schedule import rules, words
from treatments.schedule.forms import slot_value
from treatments.schedule.models import Session
from treatments.schedule.proposing.desk import Desk
from treatments.schedule.rules import Lacking, Slot, Wish, Wishes


@dataclass(frozen=True, slots=True)
class Row:
    """One session of the course as the page lists it: it stands, or it is proposed."""

    number: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    practitioner: User
    room: Room
    days: int | None = None  # since the session before
    session: Session | None = None
    slot: Slot | None = None
    fault: str = ""

    @property
    def value(self) -> str:
        return slot_value(self.slot) if self.slot else ""

    @property
    def day(self) -> str:
        return words.short_day(self.starts_at)

    @property
    def hour(self) -> str:
        return words.hour(self.starts_at)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Times for all missing sessions, what of them is not as preferred, or in words what is lacking."""

    rows: list[Row]
    lacking: str = ""
    deviations: list[str] = field(default_factory=list)

    @property
    def first(self) -> Row:
        """The first session that is proposed."""
        return next(row for row in self.rows if row.slot)

    @property
    def face(self) -> str:
        """The weekday and hour that a receptionist reads out."""
        return words.face(self.first.starts_at)

    @property
    def who(self) -> list[str]:
        """Who treats in what is proposed, each once."""
        return list(dict.fromkeys(str(row.practitioner) for row in self.rows if row.slot))

    @property
    def where(self) -> list[str]:
        return list(dict.fromkeys(str(row.room) for row in self.rows if row.slot))

    @property
    def slots(self) -> list[Slot]:
        return [row.slot for row in self.rows if row.slot]

    @property
    def complete(self) -> bool:
        return bool(self.slots) and not self.lacking

    @property
    def needs_reason(self) -> bool:
        return any(row.fault for row in self.rows)


@dataclass(frozen=True, slots=True)
class Letting:
    """What could be had if one wish were let go of."""

    wish: Wish
    said: str


@dataclass(frozen=True, slots=True)
class Later:
    """What there is by the same wishes from a later day on."""

    day: dt.date
    said: str


@dataclass(frozen=True, slots=True)
class Why:
    """In words why nothing is proposed, and what would help."""

    said: str
    lettings: list[Letting]
    later: Later | None = None
    otherwise: str = ""  # what helps where no single wish is in the way


def proposals(at_desk: Desk, wishes: Wishes) -> list[Proposal] | Lacking:
    """The best series of times for all missing sessions, best first, or what is lacking."""
    try:
        found = rules.propose(at_desk.question(), wishes)
    except rules.Further:
        found = rules.propose(at_desk.further().question(), wishes)
    if isinstance(found, Lacking):
        return found
    return [_proposal(at_desk, offer.slots, offer.cost.gaps) for offer in found]


def still_free(at_desk: Desk, pinned: Iterable[Slot]) -> list[Slot]:
    """The chosen times of missing sessions that can be had."""
    missing = set(at_desk.series.missing)
    return [slot for slot in pinned if slot.number in missing and at_desk.is_free(slot)]


def mended(at_desk: Desk, wishes: Wishes, kept: Sequence[Slot]) -> Proposal:
    """The times that were chosen, and the best for the other sessions."""
    question = at_desk.question(kept)
    if not question.series.missing:
        return _proposal(at_desk, kept)
    found = rules.propose(question, wishes, most=1)
    if isinstance(found, Lacking):
        return Proposal(_rows(at_desk, kept), lacking=words.lacking_said(found, wishes, at_desk))
    return _proposal(at_desk, [*kept, *found[0].slots])


def why_none(at_desk: Desk, wishes: Wishes, lacking: Lacking, *, treatment: str = "") -> Why:
    """Why there is no proposal. `at_desk` knows everybody who may treat: each wish is dropped to see what it costs.

    `treatment`: what it is called to whoever may know it.
    """
    found = rules.loosened(at_desk.question(), wishes)
    lettings = [Letting(wish, words.letting_said(wish, offer, at_desk)) for wish, offer in found.items()]
    otherwise = ""
    if not lettings and len(wishes.stated) > 1:
        free = rules.propose(at_desk.question(), wishes.without(*wishes.stated), most=1)
        otherwise = words.otherwise_said(free, wishes, at_desk)
    said = words.lacking_said(lacking, wishes, at_desk, treatment)
    return Why(said, lettings, _later(at_desk, wishes), otherwise)


def later_until(at_desk: Desk, wishes: Wishes) -> dt.date:
    """How late a course may begin that is offered instead."""
    zone = at_desk.clock.zone
    last = rules.day_of(at_desk.at, zone) + rules.BOOKABLE_AHEAD
    return min(rules.day_of(wishes.earliest, zone) + rules.LATER_WITHIN, last)


def _later(at_desk: Desk, wishes: Wishes) -> Later | None:
    found = rules.later(at_desk.question(), wishes, until=later_until(at_desk, wishes))
    if found is None:
        return None
    day = rules.day_of(found.slots[0].starts_at, at_desk.clock.zone)
    return Later(day, words.later_said(found, at_desk))


def _proposal(at_desk: Desk, slots: Iterable[Slot], gaps: int = 0) -> Proposal:
    rows = _rows(at_desk, slots)
    return Proposal(rows, deviations=words.deviations(rows, at_desk.course.interval_target, gaps))


def _rows(at_desk: Desk, slots: Iterable[Slot]) -> list[Row]:
    faults = dict(interval_faults(at_desk, list(slots)))
    rows = [_standing(session) for session in at_desk.standing]
    rows += [_proposed(at_desk, slot, faults.get(slot.number, "")) for slot in slots]
    rows.sort(key=lambda row: row.number)
    for index, (before, row) in enumerate(itertools.pairwise(rows), 1):
        if before.number + 1 == row.number:
            zone = at_desk.clock.zone
            gap = rules.day_of(row.starts_at, zone) - rules.day_of(before.starts_at, zone)
            rows[index] = replace(row, days=gap.days)
    return rows


def _standing(session: Session) -> Row:
    return Row(
        session.number,
        session.starts_at,
        session.ends_at,
        session.practitioner,
        session.room,
        session=session,
    )


def _proposed(at_desk: Desk, slot: Slot, fault: str) -> Row:
    _begin, ends_at = rules.shifted(slot.starts_at, (0, at_desk.takes.minutes))
    room, who = at_desk.rooms[slot.room], at_desk.people[slot.practitioner or 0]
    return Row(slot.number, slot.starts_at, ends_at, who, room, slot=slot, fault=fault)


def interval_faults(at_desk: Desk, slots: Iterable[Slot]) -> list[tuple[int, str]]:
    """(session number, words) where the days between sessions are not what the protocol says."""
    chosen = {slot.number: slot.starts_at for slot in slots}
    faults = rules.interval_faults(chosen, at_desk.series, at_desk.clock)
    return [(number, words.fault_said(fault, at_desk.course)) for number, fault in sorted(faults)]


def clearance_today(course: Course, *, day: dt.date) -> Clearance | None:
    """What may happen with the course on `day`; None where it cannot be screened. Nothing is written."""
    try:
        rule_set, compiled = rules_in_force()
        dossier = load_one(course.pk)
        return clearance(dossier.evaluate(rule_set, compiled, day=day), dossier.decisions)
    except CannotScreen:
        return None
