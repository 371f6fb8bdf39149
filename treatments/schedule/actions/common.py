"""What every change of the calendar does alike."""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from typing import TypeVar

from clinic.models import User
from clinic.prepared import Prepared, asked
from clinic.versions import ChangedMeanwhile
from contraindications.screening import CannotScreen
from patients.models import Patient
from treatments.courses import actions as courses
from treatments.courses.models import Course
from treatments.schedule.checks import check_record
from treatments.schedule.events import Booked
from treatments.schedule.models import Session
from treatments.schedule.refusals import NotBookable, SlotTaken
from treatments.schedule.transactions import Busy, Overlap, all_or_nothing

T = TypeVar("T")
# Who ends a record holds its row (`patients.actions.closing`): so the end is seen here, or sees what is booked here.
# The lock that a foreign key takes would not do: it lets both go on.
RECORDS = Prepared(
    lambda: (
        Patient.objects.select_for_update(no_key=True)
        .filter(pk__among=asked("patients"))
        .order_by("pk")
        .only("died_on", "duplicate_of")
    )
)
# Its key stays: who writes a row about the course need not wait, nor can a worker and a booking wait for each other.
LOCKED = Prepared(
    lambda: Course.objects.select_for_update(no_key=True).filter(pk__among=asked("courses")).order_by("pk")
)


def first_come(change: Callable[[], T], taken: Callable[[], list[int]]) -> T:
    """Run `change`; where others were faster say which sessions are gone, as SlotTaken."""
    try:
        return all_or_nothing(change)
    except (Overlap, Busy) as error:
        raise SlotTaken(taken()) from error


def lock_records(patients: Collection[int]) -> list[Patient]:
    """The records of these patients as they stand, locked before all else, in the order of their keys. One query."""
    return RECORDS.objects(patients=list(patients))


def lock_to_book(courses: Iterable[Course]) -> dict[int, Course]:
    """The courses, locked after the records of their patients, which go on. Raises NotBookable."""
    courses = list(courses)
    for patient in lock_records({course.patient_id for course in courses}):
        check_record(patient)
    return lock_courses([course.pk for course in courses])


def lock_courses(pks: Collection[int]) -> dict[int, Course]:
    """The courses, locked in the order of their keys."""
    return {course.pk: course for course in LOCKED.objects(courses=list(pks))}


def lock_booked(versions: Mapping[int, int]) -> dict[int, Session]:
    """The sessions of {key: version}, locked, if all are booked and as they were opened. Raises ChangedMeanwhile."""
    rows = Session.objects.booked().select_for_update(of=("self",)).filter(pk__in=versions).order_by("pk")
    found = {row.pk: row for row in rows.select_related("practitioner", "room")}
    if {pk: row.version for pk, row in found.items()} != dict(versions):
        raise ChangedMeanwhile
    return found


def told(row: Session) -> Booked:
    """A session as the events of the calendar tell of it."""
    return Booked(row.pk, row.number, row.starts_at, row.ends_at, row.version)


def keep_verdict(refused: Exception, *asked: Course, by: User | None, at: dt.datetime) -> None:
    """After a NotBookable, whose transaction is gone: keep the verdicts it rested on, so that they reach who decides.

    Where it was refused for anything else nothing is done.
    """
    for course in asked if isinstance(refused, NotBookable) else ():
        with suppress(ChangedMeanwhile, CannotScreen):
            courses.screen_again(course, by=by, at=at)
