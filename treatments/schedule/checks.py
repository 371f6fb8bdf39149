"""What must hold before anything is booked or moved. Called inside the transaction of the change."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import Room, User
from clinic.prepared import Prepared, asked
from clinic.versions import ChangedMeanwhile
from contraindications.screening import CannotScreen
from patients.models import Patient
from treatments.courses.events import CoursesScreened
from treatments.courses.models import Cause, Course, CourseState
from treatments.courses.rescreening import look_again
from treatments.schedule import rules
from treatments.schedule.away import presence
from treatments.schedule.away.duty import count_on_doctors
from treatments.schedule.models import Reservation, Session
from treatments.schedule.occupations import hours_of
from treatments.schedule.places import Chosen, wanted
from treatments.schedule.refusals import NotBookable, SlotTaken, WrongTimes
from treatments.schedule.rules import Clock, Fault, Series, Slot
from treatments.schedule.transactions import lock_resources
from treatments.schedule.waiting.holding import release_lapsed

ROOMS_IN_USE = Prepared(lambda: Room.objects.filter(active=True, pk__among=asked("rooms")))
PEOPLE = Prepared(lambda: User.objects.filter(pk__among=asked("people")))
WHO_MAY_TREAT = Prepared(
    lambda: User.objects.who_may_treat().filter(pk__among=asked("people")).values_list("pk")
)


def rooms_of(slots: Iterable[Slot]) -> dict[int, Room]:
    """The rooms of the slots, in use all of them. Raises NotBookable."""
    wanted = {slot.room for slot in slots}
    rooms = {room.pk: room for room in ROOMS_IN_USE.objects(rooms=list(wanted))}
    if rooms.keys() != wanted:
        raise NotBookable(_("This room is not in use any more."))
    return rooms


def check_record(patient: Patient) -> None:
    """The record of the patient goes on. No SQL. Raises NotBookable."""
    if patient.died_on:
        raise NotBookable(_("This patient has died."))
    if patient.duplicate_of_id:
        raise NotBookable(_("This record is closed: open the other one of the same person."))


def check_missing(series: Series, chosen: Sequence[Chosen], *, some: bool = False) -> None:
    """Exactly the missing sessions are chosen, or `some` of them, each once. Raises ChangedMeanwhile or WrongTimes."""
    numbers = [one.number for one in chosen]
    if not series.standing.keys().isdisjoint(numbers):
        raise ChangedMeanwhile
    some = some and len(set(numbers)) == len(numbers) and set(numbers) <= set(series.missing)
    if not some and sorted(numbers) != series.missing:
        raise WrongTimes((number, Fault.NUMBERS) for number in {*numbers, *series.missing})


def practitioners_of(slots: Iterable[Slot], practitioner: User | None) -> dict[int, User]:
    """Who treats in each slot, by session number; whom a slot does not name is `practitioner`. Raises NotBookable."""
    slots = list(slots)
    pks = list({slot.practitioner for slot in slots if slot.practitioner is not None})
    named = {person.pk: person for person in PEOPLE.objects(people=pks)} if pks else {}
    found = {
        slot.number: practitioner if slot.practitioner is None else named.get(slot.practitioner)
        for slot in slots
    }
    who = {number: person for number, person in found.items() if person is not None}
    if who.keys() != found.keys():
        raise NotBookable(_("Nobody is named who treats."))
    return who


def check_bookable(
    course: Course, practitioners: Iterable[User], *, by: User | None, at: dt.datetime
) -> CoursesScreened:
    """The course is confirmed, cleared for booking today, and the practitioners may treat. Raises NotBookable.

    Returns what it was screened on, which the caller announces, for the days of the sessions.
    """
    if course.state != CourseState.CONFIRMED:
        raise NotBookable(_("Only a confirmed course can be booked."))
    people = {person.pk: person for person in practitioners}
    for pk in sorted(people.keys() - set(WHO_MAY_TREAT.column(people=list(people)))):
        raise NotBookable(_("%(name)s may not treat at present.") % {"name": people[pk]})
    try:
        cleared, screened = look_again(course, cause=Cause.DAY, by=by, at=at)
    except CannotScreen as error:
        raise NotBookable(_("Not bookable: it cannot be screened.")) from error
    if not cleared.bookable:
        raise NotBookable(
            _("%(word)s: a doctor or nurse must look at it first.") % {"word": cleared.booking_said}
        )
    return screened


def check_times(
    chosen: Sequence[Chosen],
    series: Series,
    time: Clock,
    *,
    by: User | None,
    at: dt.datetime,
    interval_reason: str,
    moved: Collection[Session] = (),
) -> set[int]:
    """Which sessions a doctor puts outside the interval for a reason; every other fault raises WrongTimes.

    `series`: what else stands of the course. `moved`: its sessions that are moved, in the order of `chosen`. As long as
    all stay on their day their intervals are what they were, and nobody is asked for a reason.
    """
    people = {one.place.practitioner for one in chosen}
    count_on_doctors(people)
    hours = hours_of(people)
    faults = rules.faults(
        {one.number: one.starts_at for one in chosen},
        series,
        {one.number: one.takes for one in chosen},
        {one.number: hours[one.place.practitioner.pk] for one in chosen},
        at=at,
        clock=time,
    )
    if moved and stay_on_their_day(chosen, moved):
        faults = {(number, fault) for number, fault in faults if fault != Fault.INTERVAL}
    faults |= presence.faults_of(chosen, faults)
    allowed = by is not None and by.is_doctor and bool(interval_reason.strip())
    wrong = [(number, fault) for number, fault in faults if fault != Fault.INTERVAL or not allowed]
    if wrong:
        raise WrongTimes(wrong)
    return {number for number, _fault in faults}


def stay_on_their_day(chosen: Iterable[Chosen], moved: Iterable[Session]) -> bool:
    """Do all sessions stay on the clinic's day that they are on?"""
    pairs = zip(chosen, moved, strict=True)
    return all(timezone.localdate(one.starts_at) == timezone.localdate(row.starts_at) for one, row in pairs)


def check_free(
    chosen: Sequence[Chosen], *, at: dt.datetime, devices: Collection[int] = (), over: bool = False
) -> None:
    """Lock all resources and look; the constraint has the last word. Raises SlotTaken.

    `devices`: resources to lock as well, of which some will be chosen. `over`: somebody may book over others here, and
    what is met is judged by `squeezing`. What was held for the waiting list and has lapsed by `at` is released where it
    may be in the way.
    """
    resources = {*devices, *(resource for one in chosen for resource in one.place.resources)}
    lock_resources(resources)
    if not (over or devices or Reservation.objects.taken(wanted(chosen))):
        return
    release_lapsed(resources, at=at)
    numbers = [] if over else Reservation.objects.taken(wanted(chosen))
    if numbers:
        raise SlotTaken(numbers)
