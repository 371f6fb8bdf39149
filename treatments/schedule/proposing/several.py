"""The free time of those who treat several courses, and of their patients: asked for all at once."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from patients.models import Patient
from treatments.courses.models import Course
from treatments.schedule.equipment import Able, able_by_technique, resources_in
from treatments.schedule.models import Reservation, Resource
from treatments.schedule.places import MOMENTS
from treatments.schedule.resources import Thing, known_resources, resources_of
from treatments.schedule.rules import Free, Occupation, Span, Times
from treatments.schedule.rules.taking import without

Spans = Sequence[Span]


@dataclass(frozen=True, slots=True)
class FreeTimes:
    """When everybody and everything is free, as if the sessions that may move were nowhere, and what these take.

    A patient who was never booked is always free.
    """

    span: Span
    able: Mapping[int, Able]  # by technique
    resources: Mapping[Thing, int]
    free: Mapping[int, Spans]  # by resource
    taken: Mapping[int, Sequence[tuple[int, Span]]]  # by resource: which session takes it, and when
    left: Mapping[int, Spans]  # by resource, as they all stand

    @classmethod
    def ask(
        cls,
        courses: Collection[Course],
        span: Span,
        *,
        at: dt.datetime,
        moving: Collection[int],
        make: bool = True,
    ) -> "FreeTimes":
        """Of all who could treat these courses, asked at `at`. As many SQL queries for many courses as for one.

        Without `make` as `resources.resources_of`.
        """
        able = able_by_technique({course.technique_id for course in courses}, make=make)
        resources = _resources(able.values(), {course.patient for course in courses}, make=make)
        devices = resources_in(pool for one in able.values() for pool in one.pools)
        free = Resource.objects.free_time({*resources.values(), *devices}, *span, at=at, but=moving)
        taken = _taken(moving)
        left = {one: without(free[one], (gone for _row, gone in taken[one])) for one in taken if one in free}
        return cls(span, able, resources, free, taken, {**free, **left})

    def of(self, course: Course, takes: Occupation, *, own: Collection[int]) -> Free:
        """What is free for a course: of all the sessions that may move only its `own` are not in its way."""
        able = self.able[course.technique_id]
        patient = self.resources.get(course.patient)
        devices = {resource: self._left(resource, own) for resource in resources_in(able.pools)}
        return Free(
            {one.pk: self._left(self.resources[one], own) for one in able.people},
            Times.of([self.span]) if patient is None else self._left(patient, own),
            {one.pk: self._left(self.resources[one], own) for one in able.rooms},
            tuple(pool.need(takes, devices) for pool in able.pools),
        )

    def _left(self, resource: int, own: Collection[int]) -> Spans:
        taken = self.taken.get(resource, ())
        if not any(session in own for session, _span in taken):
            return self.left[resource]
        return without(self.free[resource], (span for session, span in taken if session not in own))


def _resources(able: Iterable[Able], patients: Collection[Patient], *, make: bool) -> dict[Thing, int]:
    """Of all who treat and all rooms, and of the patients who were ever booked."""
    things: list[Thing] = list({thing for one in able for thing in one.things})
    known = dict(zip(things, resources_of(things, make=make), strict=True))
    asked = list(patients)
    booked = zip(asked, known_resources(asked), strict=True)
    return known | {patient: resource for patient, resource in booked if resource is not None}


def _taken(sessions: Collection[int]) -> dict[int, list[tuple[int, Span]]]:
    """What these sessions take, by resource. One SQL query."""
    found: dict[int, list[tuple[int, Span]]] = {}
    rows = Reservation.objects.filter(session__in=sessions).values_list("session", "resource", *MOMENTS)
    for session, resource, begins, ends in rows:
        found.setdefault(resource, []).append((session, (begins, ends)))
    return found
