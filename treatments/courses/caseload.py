"""Whom a draft of the lists is previewed against: every plan under way as of today, and the worked cases."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from contraindications import rules
from contraindications.cases import worked
from contraindications.reading import Catalogue, UnreadableCase, read_case
from contraindications.rulebook.caseload import Case, Caseload
from contraindications.screening import CannotScreen, facts_of, failing_closed, rules_in_force
from treatments.courses import dossiers
from treatments.courses.dossiers import Dossier
from treatments.courses.models import Course
from treatments.courses.plans import case_catalogue


def case_of(course: Course, dossier: Dossier, key: int, day: dt.date) -> Case:
    """A course with its dossier as of `day`; without facts where the record cannot be read."""
    return Case(
        key=key,
        facts=_facts(dossier, day),
        plan=dossier.plan,
        day=day,
        what=str(course),
        url=course.get_absolute_url(),
        patient_id=course.patient_id,
    )


def _facts(dossier: Dossier, day: dt.date) -> rules.Patient | None:
    try:
        with failing_closed(dossier.patient.pk):
            return facts_of(dossier.patient, dossier.interview, dossier.report, day=day)
    except CannotScreen:
        return None


def _plans_after(day: dt.date, key: int, size: int) -> list[Case]:
    rows = Course.objects.open().filter(pk__gt=key).select_related("goal", "area").order_by("pk")[:size]
    courses = Course.objects.filter(pk__among=[row.pk for row in rows])
    found = {dossier.course: dossier for dossier in dossiers.load(courses)}
    return [case_of(row, found[row.pk], row.pk, day) for row in rows]


def _worked_after(day: dt.date, key: int, size: int) -> list[Case]:
    known = case_catalogue(rules_in_force()[1])
    rows = list(enumerate(worked()))[key + 1 :][:size]
    return [_worked(place, raw, known, day) for place, raw in rows]


def _worked(place: int, raw: Mapping[str, Any], known: Catalogue, day: dt.date) -> Case:
    """A worked case; without facts where the clinic's catalogue does not know a word of it any more."""
    what = f"{raw['id']}: {raw['title']}"
    try:
        case = read_case(raw, known)
    except UnreadableCase:
        return Case(place, None, None, day, what)
    return Case(place, case.patient, case.plan, case.as_of, what)


PLANS = Caseload("plans", _("Plans under way"), lambda day: Course.objects.open().count(), _plans_after)
WORKED_CASES = Caseload("worked", _("Worked cases"), lambda day: len(worked()), _worked_after)
