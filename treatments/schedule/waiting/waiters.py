"""All that is known of those whom a freed time may fit, asked at once, and whom it fits best."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone

from clinic.models import Clinic
from treatments.catalogue import questions
from treatments.catalogue.rules import StepRow
from treatments.courses.models import Course
from treatments.courses.rescreening import bookable
from treatments.schedule import rules
from treatments.schedule.models import FreedTime, Resource, Session, Waiting
from treatments.schedule.occupations import clock, occupation_in, series_with
from treatments.schedule.proposing.several import FreeTimes
from treatments.schedule.querysets import LONGEST_RESERVATION
from treatments.schedule.rules import Fit, Occupation, Slot, Span, Vacancy, Waiter
from treatments.schedule.rules.waiting import fits

BEFORE = dt.timedelta(hours=1)  # the longest that a clinic keeps free before a session


@dataclass(frozen=True, slots=True)
class Crowd:
    """Those whom a freed time may fit, with all that is known of them: a fixed number of SQL queries."""

    entries: Mapping[int, Waiting]
    sessions: Mapping[int, Sequence[Session]]  # that stand, by course
    times: FreeTimes  # as if all their sessions were nowhere
    steps: Sequence[StepRow]
    clinic: Clinic

    @classmethod
    def gather(cls, span: Span, clinic: Clinic, *, at: dt.datetime) -> "Crowd":
        """Everybody whose dates and weekdays reach into this time."""
        days = [timezone.localdate(moment) for moment in span]
        entries = {entry.pk: entry for entry in Waiting.objects.whom_it_may_fit(*days)}
        courses = {entry.course_id: entry.course for entry in entries.values()}
        sessions = _sessions(courses)
        moving = [
            row.pk for one in entries.values() for row in sessions[one.course_id] if row.number == one.number
        ]
        around = span[0] - BEFORE, span[1] + LONGEST_RESERVATION
        times = FreeTimes.ask(courses.values(), around, at=at, moving=moving)
        return cls(entries, sessions, times, questions.steps_in_use(), clinic)

    def session(self, entry: Waiting) -> Session | None:
        """The session that is wished at another time; None where it is missing."""
        return next((row for row in self.sessions[entry.course_id] if row.number == entry.number), None)

    def takes(self, entry: Waiting) -> Occupation:
        """What the session takes."""
        session = self.session(entry)
        planned = occupation_in(entry.course, self.steps, self.clinic)
        return planned.longer(session.added_minutes) if session else planned

    def waiters(self, *, soonest: dt.datetime) -> list[Waiter]:
        """Each as the rules see them; nobody whose session is about to begin."""
        rows = [(entry, self.session(entry)) for entry in self.entries.values()]
        return [
            self._waiter(entry, has, soonest) for entry, has in rows if has is None or has.starts_at > soonest
        ]

    def _waiter(self, entry: Waiting, has: Session | None, soonest: dt.datetime) -> Waiter:
        takes = self.takes(entry)
        others = [row for row in self.sessions[entry.course_id] if row != has]
        return Waiter(
            entry=entry.pk,
            number=entry.number,
            since=entry.added_at,
            wishes=entry.wishes(at=soonest, zone=timezone.get_default_timezone()),
            series=series_with(entry.course, others),
            takes=takes,
            free=self.times.of(entry.course, takes, own=[has.pk] if has else []),
            has=Slot(has.number, has.starts_at, has.room_id, has.practitioner_id) if has else None,
            patient=entry.course.patient_id,
            told=tuple((offer.starts_at, offer.ends_at) for offer in entry.offers.all()),
        )


def best(crowd: Crowd, freed: FreedTime, *, at: dt.datetime, soonest: dt.datetime) -> list[Fit]:
    """Those whom the time fits best, the best first, at most as many as the clinic set.

    None whose course may not be booked now; only those whom the time fits are screened.
    """
    time, vacancy = clock(), _vacancy(freed, soonest)
    fitting = [one for one in crowd.waiters(soonest=soonest) if next(fits(one, vacancy, time), None)]
    if not fitting:
        return []
    courses = {one.entry: crowd.entries[one.entry].course_id for one in fitting}
    may = bookable(Course.objects.filter(pk__in=courses.values()), day=timezone.localdate(at))
    cleared = [one for one in fitting if courses[one.entry] in may]
    return rules.choose(cleared, vacancy, time, most=crowd.clinic.offer_to)


def _vacancy(freed: FreedTime, soonest: dt.datetime) -> Vacancy:
    rows = Resource.objects.filter(pk__in=freed.resources)
    people = frozenset(row.practitioner_id for row in rows if row.practitioner_id)
    rooms = frozenset(row.room_id for row in rows if row.room_id)
    return Vacancy(max(freed.begin, soonest), freed.until, people, rooms)


def _sessions(courses: Iterable[int]) -> dict[int, list[Session]]:
    """The standing sessions of each course, by number. One SQL query."""
    found: dict[int, list[Session]] = {course: [] for course in courses}
    for row in Session.objects.standing().filter(course__in=found).order_by("number"):
        found[row.course_id].append(row)
    return found
