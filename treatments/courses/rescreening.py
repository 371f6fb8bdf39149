"""Screening again what others have changed: facts, decisions, the catalogue, the lists, or the day.

Everything that calls this only picks the courses. Locks are taken in one order: patient row, course rows by pk, then
what the schedule locks. The rules are read after the courses are locked, so that no check names a rule set older than
the one that the last holder of the lock saw.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from contextlib import suppress

from django.db import transaction
from django.utils import timezone

from clinic import events
from clinic.models import User
from clinic.prepared import Prepared, asked
from contraindications import rules
from contraindications.actions import store_screenings
from contraindications.clearance import Clearance, clearance
from contraindications.models import RuleSet, Screening
from contraindications.outlook import outcome_of
from contraindications.screening import CannotScreen, Evaluation, rules_in_force
from treatments.courses import dossiers
from treatments.courses.dossiers import Dossier
from treatments.courses.events import CoursesScreened
from treatments.courses.models import Cause, Check, Course
from treatments.courses.querysets import CourseQuerySet

DIGEST = Prepared(lambda: Screening.objects.filter(pk=asked("screening")).values_list("digest"))
Seen = tuple[str, Evaluation | None]  # outcome, verdict


@transaction.atomic
def rescreen_courses(
    courses: CourseQuerySet, *, cause: Cause, by: User | None, at: dt.datetime, at_most: int | None = None
) -> int:
    """Hold open courses and their sessions against what is so now; returns how many.

    With `at_most` it takes so many that nobody else has locked, instead of waiting for all.

    A screening is stored only where its outcome is another than that of the one before. What cannot be screened keeps
    its old, dated verdict, and its sessions are held. As many SQL queries for one course as for all.
    """
    skip = at_most is not None
    locked = courses.open().select_for_update(of=("self",), skip_locked=skip, no_key=True)
    pks = list(locked.order_by("pk").values_list("pk", flat=True)[:at_most])
    if not pks:
        return 0
    try:
        rule_set, compiled = rules_in_force()
    except CannotScreen:  # unchecked is held
        Check.objects.filter(course__among=pks).delete()
        return 0
    found = dossiers.load(Course.objects.filter(pk__among=pks).order_by("pk"))
    day = timezone.localdate(at)
    seen = {one.course: _seen(one, rule_set, compiled, day) for one in found}
    outcomes = {pk: outcome for pk, (outcome, _evaluation) in seen.items()}
    screened = CoursesScreened(found, outcomes, rule_set, compiled, cause, by, at)
    _keep_changed(screened, seen)
    _check(screened, day=day)
    events.announce(screened)
    return len(pks)


def _seen(dossier: Dossier, rule_set: RuleSet, compiled: rules.RuleSet, day: dt.date) -> Seen:
    """The verdict on `day` with its outcome; nothing where there can be none."""
    try:
        outlook = dossier.outlook(rule_set, compiled)
        return outlook.outcome(day), outlook.on(day)
    except CannotScreen:
        return "", None


def _keep_changed(screened: CoursesScreened, seen: Mapping[int, Seen]) -> None:
    """Store a screening for each course that has come to another outcome."""
    before = dict(Check.objects.filter(course__among=seen).values_list("course", "outcome"))
    changed = {pk: one for pk, (outcome, one) in seen.items() if one and outcome != before.get(pk)}
    if changed:
        stored = store_screenings(changed.values(), by=screened.by, at=screened.at)
        _point(screened.dossiers, dict(zip(changed, stored, strict=True)))


def _point(found: Collection[Dossier], stored: dict[int, Screening]) -> None:
    Course.objects.stand_on({pk: screening.pk for pk, screening in stored.items()})
    for dossier in found:
        if dossier.course in stored:
            dossier.screening = stored[dossier.course].pk


def _check(screened: CoursesScreened, *, day: dt.date) -> None:
    Check.objects.made(screened.outcomes, rule_set=screened.rule_set.pk, day=day, at=screened.at)


def screen_now(
    course: Course, *, cause: Cause, by: User | None, at: dt.datetime, day: dt.date | None = None
) -> tuple[Screening, Clearance, CoursesScreened]:
    """Screen one course, locked, for the clinic's day of `at` or for `day`, and say what may happen.

    Somebody asked for this one, so a screening is stored unless the very same, of the same day, is there already.
    Raises CannotScreen.
    """
    cleared, screened = look_again(course, cause=cause, by=by, at=at, day=day)
    events.announce(screened)
    course.screening = Screening.objects.get(courses=course.pk)
    return course.screening, cleared, screened


def look_again(
    course: Course, *, cause: Cause, by: User | None, at: dt.datetime, day: dt.date | None = None
) -> tuple[Clearance, CoursesScreened]:
    """The same without the screening itself, and not announced yet: whoever calls announces it in this transaction."""
    rule_set, compiled = rules_in_force()
    dossier = dossiers.load_one(course.pk)
    day = day or timezone.localdate(at)
    evaluation = dossier.evaluate(rule_set, compiled, day=day)
    outcomes = {course.pk: outcome_of(evaluation)}
    screened = CoursesScreened([dossier], outcomes, rule_set, compiled, cause, by, at)
    if DIGEST.column(screening=dossier.screening) != [evaluation.digest]:
        _point([dossier], {course.pk: store_screenings([evaluation], by=by, at=at)[0]})
    course.screening_id = dossier.screening
    _check(screened, day=day)
    return clearance(evaluation, dossier.decisions), screened


def bookable(courses: CourseQuerySet, *, day: dt.date) -> set[int]:
    """Which of these courses may be booked as things stand on `day`; none that cannot be screened. Nothing is written.

    As many SQL queries for one course as for all.
    """
    found: set[int] = set()
    with suppress(CannotScreen):
        rule_set, compiled = rules_in_force()
        for dossier in dossiers.load(courses):
            with suppress(CannotScreen):
                evaluation = dossier.evaluate(rule_set, compiled, day=day)
                if clearance(evaluation, dossier.decisions).bookable:
                    found.add(dossier.course)
    return found
