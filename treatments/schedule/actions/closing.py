"""The gap that a session leaves is closed: it is booked anew and the later ones give way, in one transaction."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from clinic.models import User
from treatments.courses.models import Course
from treatments.schedule.actions.booking import book_course
from treatments.schedule.actions.common import first_come, lock_booked, lock_to_book
from treatments.schedule.actions.rearranging import Change, rearrange
from treatments.schedule.checks import practitioners_of, rooms_of
from treatments.schedule.equipment import pools_of, resources_in
from treatments.schedule.models import Booking, Session
from treatments.schedule.places import held_by
from treatments.schedule.resources import resources_of
from treatments.schedule.rules import Slot
from treatments.schedule.transactions import lock_resources


def close_gap(
    course: Course,
    slots: Sequence[Slot],
    changes: Sequence[Change],
    *,
    by: User,
    at: dt.datetime,
    key: UUID,
    interval_reason: str = "",
) -> list[Session]:
    """Book the missing sessions and make these changes of the others, or nothing. Returns the sessions that stand.

    The same `key` again changes nothing. Raises what `book_course` and `rearrange` raise.
    """

    def change() -> list[Session]:
        lock_to_book([course])
        fresh = bool(changes) and not Booking.objects.filter(key=key, course=course).exists()
        if fresh:
            lock_booked({one.session.pk: one.version for one in changes})
        lock_resources(_concerned(course, slots, changes))
        if fresh:
            rearrange(changes, by=by, at=at, interval_reason=interval_reason)
        return book_course(course, slots, by=by, at=at, key=key, interval_reason=interval_reason)

    return first_come(change, list)


def _concerned(course: Course, slots: Sequence[Slot], changes: Sequence[Change]) -> set[int]:
    """All that is taken or given up, to be locked at once: what is locked bit by bit can deadlock."""
    people = {*practitioners_of(slots, None).values(), *(one.practitioner for one in changes)}
    rooms = {*rooms_of(slots).values(), *(one.room for one in changes)}
    things = resources_of([course.patient, *people, *rooms])
    return {*things, *resources_in(pools_of(course)), *held_by([one.session for one in changes])}
