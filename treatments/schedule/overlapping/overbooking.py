"""Booking a course with times that are taken, by those who may book over others: which ones, and what is said of it."""

from collections.abc import Collection, Sequence
from uuid import uuid4

from django.utils.translation import gettext as _

from clinic.models import User
from treatments.schedule import actions
from treatments.schedule.models import Session
from treatments.schedule.overlapping.encounters import encounters, over_whom
from treatments.schedule.places import Place
from treatments.schedule.proposing.desk import Desk
from treatments.schedule.rules import Slot


def wanted_over(user: User, at_desk: Desk, pinned: Sequence[Slot], asked: Collection[str]) -> list[Slot]:
    """The chosen times of missing sessions that are taken and that this person `asked` for all the same, by number."""
    if not user.may_overlap:
        return []
    known = [slot for slot in pinned if slot.room in at_desk.rooms and slot.practitioner in at_desk.people]
    missing = {str(number) for number in at_desk.series.missing} & set(asked)
    return [slot for slot in known if str(slot.number) in missing and not at_desk.is_free(slot)]


def word(at_desk: Desk, slots: Sequence[Slot], over: Sequence[Slot], *, by: User) -> dict:
    """What the page says of booking all `slots`: `over`, the sessions met, or in words why not (`not_over`)."""
    numbers = [slot.number for slot in over]
    met = over_whom(lambda: _booked(at_desk, slots, by), by=by)
    if met:
        return {"over": met, "over_numbers": numbers}
    return {
        "over_numbers": numbers,
        "not_over": [said for slot in over for said in _in_the_way(at_desk, slot)],
    }


def _booked(at_desk: Desk, slots: Sequence[Slot], by: User) -> list[Session]:
    """The sessions of these slots, booked over whatever is there."""
    standing = actions.book_course(
        at_desk.course, slots, by=by, at=at_desk.at, key=uuid4(), squeeze_reason="?", interval_reason="?"
    )
    numbers = {slot.number for slot in slots}
    return [session for session in standing if session.number in numbers]


def _in_the_way(at_desk: Desk, slot: Slot) -> list[str]:
    """Why this cannot be booked over: who is there or away; if nobody, it is the hours."""
    who, room = at_desk.people[slot.practitioner or 0], at_desk.rooms[slot.room]
    spans = Place.of(who, room, at_desk.course.patient).spans(slot.starts_at, at_desk.takes)
    met = [one.said for one in encounters(spans, at=at_desk.asked_at) if not one.may_be_squeezed]
    return [
        _("Session %(number)s: %(said)s.") % {"number": slot.number, "said": said}
        for said in met or [_("it cannot be booked then")]
    ]
