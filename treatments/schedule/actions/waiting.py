"""The waiting list: who is put on it, who comes off it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.versions import ChangedMeanwhile
from treatments.courses.events import CourseCancelled
from treatments.courses.models import Course, CourseState
from treatments.schedule.actions.common import lock_to_book
from treatments.schedule.actions.offering import make_void
from treatments.schedule.events import CourseBooked
from treatments.schedule.models import OfferState, SessionState, Waiting
from treatments.schedule.occupations import series_of
from treatments.schedule.refusals import NotBookable

WISHES = ("practitioner", "room", "weekdays", "not_before", "over_by", "earliest", "latest")


@transaction.atomic
def put_on_list(
    course: Course, number: int, wishes: Mapping[str, Any], *, by: User, at: dt.datetime
) -> Waiting:
    """Session `number` waits for a time as it is wished; put on again, it keeps its place with the new wishes.

    `wishes`: the fields of WISHES. Raises NotBookable, ChangedMeanwhile when the session was performed.
    """
    locked = lock_to_book([course])[course.pk]
    if locked.state != CourseState.CONFIRMED:
        raise NotBookable(_("Only a confirmed course can be booked."))
    if number not in may_wait(locked):
        raise ChangedMeanwhile
    known = locked.waiting.standing().select_for_update(of=("self",)).filter(number=number).first()
    entry = known or Waiting(course=locked, number=number, added_at=at, added_by=by)
    for name in WISHES:
        setattr(entry, name, wishes[name])
    entry.save(update_fields=WISHES if known else None)
    return entry


def may_wait(course: Course) -> list[int]:
    """The sessions that can wait for a time: those that are booked, and the missing ones that can be next."""
    standing = dict(course.sessions.standing().values_list("number", "state"))
    booked = [number for number, state in standing.items() if state == SessionState.BOOKED]
    following = [number for number in series_of(course).missing if number == 1 or number - 1 in standing]
    return sorted([*booked, *following])


def withdraw(entry: Waiting, *, by: User, at: dt.datetime) -> None:
    """Take an entry off the list; what was offered to it goes to the next. Raises ChangedMeanwhile if it is off."""
    with transaction.atomic():
        mine = Waiting.objects.filter(pk=entry.pk, withdrawn_at=None, served_at=None)
        if not mine.update(withdrawn_at=at, withdrawn_by=by):
            raise ChangedMeanwhile
    for offer in entry.offers.filter(state=OfferState.OPEN):
        make_void(offer, at=at)


# What happens elsewhere


def course_booked(event: CourseBooked) -> None:
    """What was missing has a time."""
    Waiting.objects.serve(event.course_id, [booked.number for booked in event.sessions], at=event.at)


def course_cancelled(event: CourseCancelled) -> None:
    """Nobody waits for a course that was given up."""
    rows = Waiting.objects.filter(course=event.course_id, withdrawn_at=None, served_at=None)
    if rows:
        by = Course.objects.values_list("cancelled_by", flat=True).get(pk=event.course_id)
        rows.update(withdrawn_at=event.at, withdrawn_by=by)
