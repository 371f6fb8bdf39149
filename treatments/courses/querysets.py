"""Questions about courses."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, models
from django.db.models import Exists, OuterRef, Q, Subquery

from contraindications.models import Question, RuleSet
from patients.models import Interview, Report

# Raw, since one statement for a whole batch says it shorter and faster than a CASE for each row.
STAND_ON = """
UPDATE courses_course SET screening_id = kept.screening
FROM unnest(%s::bigint[], %s::bigint[]) AS kept (course, screening) WHERE id = kept.course
"""

CHECKED = """
INSERT INTO courses_check (course_id, rule_set_id, day, at, outcome)
SELECT course, %s, %s, %s, outcome FROM unnest(%s::bigint[], %s::text[]) AS made (course, outcome)
ON CONFLICT (course_id) DO UPDATE
SET rule_set_id = excluded.rule_set_id, day = excluded.day, at = excluded.at, outcome = excluded.outcome
"""

# Raw, since it is one statement for three lists.
CHOSEN = """
SELECT course_id, 'ingredients', code
FROM courses_course_ingredients JOIN catalogue_ingredient AS row ON row.id = ingredient_id
WHERE course_id = ANY(%(courses)s)
UNION ALL
SELECT course_id, 'products', code
FROM courses_course_products JOIN catalogue_product AS row ON row.id = product_id
WHERE course_id = ANY(%(courses)s)
UNION ALL
SELECT course_id, 'procedure_substances', code
FROM courses_course_procedure_substances JOIN catalogue_ingredient AS row ON row.id = ingredient_id
WHERE course_id = ANY(%(courses)s)
"""


# What areas say at length; nothing of it is asked where times are.
NOT_FOR_BOOKING = ["area__citations", "area__note", "area__parent__citations", "area__parent__note"]

LISTS = ("ingredients", "products", "procedure_substances")


class Names(NamedTuple):
    """What is done where and what for, as screening asks for it."""

    technique: str
    family: str
    area: str
    region: str
    goal: str
    disease_fact: str


class Planned(NamedTuple):
    """Of a course what screening asks for, without the rest of the row."""

    course: int
    screening: int | None
    patient: int
    birth_date: dt.date
    sex: str
    names: Names


def planned(row: Sequence[Any]) -> Planned:
    """A row of `for_screening`."""
    return Planned._make((*row[:5], Names._make(row[5:])))


class Chosen(NamedTuple):
    """One thing on one of the lists of a course's plan: "ingredients", "products" or "procedure_substances"."""

    course: int
    list: str
    code: str


class CheckQuerySet(models.QuerySet):
    """What courses were last held against."""

    def of_lists_in_force(self):
        """Those made under the published rule set: what any other course stands on is of before."""
        return self.filter(
            rule_set=Subquery(RuleSet.objects.published().order_by("-version").values("pk")[:1])
        )

    def made(self, outcomes: Mapping[int, str], *, rule_set: int, day: dt.date, at: dt.datetime) -> None:
        """Write the checks of many courses, {course: outcome}, over those before, in one statement."""
        with connection.cursor() as cursor:
            cursor.execute(CHECKED, [rule_set, day, at, list(outcomes), list(outcomes.values())])


class CourseQuerySet(models.QuerySet):
    """Courses."""

    def visible_to(self, user):
        """Clinical staff see the plan of every course, nobody else any."""
        return self if user.is_clinical else self.none()

    def for_page(self):
        """A course with all that its page shows beside the cocktail, in one query."""
        return self.select_related(
            "patient",
            "goal",
            "area",
            "technique",
            "injection_method",
            "protocol",
            "screening__rule_set",
            "confirmed_by",
        ).defer("screening__rule_set__content")

    def for_booking(self):
        """A course with all that says what its sessions take and may be, in one query.

        `used`: the codes of the substances used around the treatment.
        """
        through = apps.get_model("courses", "Course").procedure_substances.through.objects.filter(
            course=OuterRef("pk")
        )
        rows = self.select_related("patient", "area__parent").defer(*NOT_FOR_BOOKING)
        return rows.annotate(used=ArraySubquery(through.values("ingredient__code")))

    def maintained_by(self, course):
        """The course whose result `course` keeps, or None: of one session, by the protocol of one that is finished."""
        if course.sessions_planned != 1 or course.protocol_id is None:
            return None
        before = self.filter(patient=course.patient_id, protocol=course.protocol_id, state="finished")
        return before.order_by("-finished_at").first()

    def for_list(self):
        """Courses with what a line about each shows, newest first, in one query."""
        return self.select_related("goal", "area", "technique", "screening", "created_by").order_by(
            "-created_at"
        )

    def open(self):
        """Plans and courses under way: neither finished nor given up."""
        return self.filter(state__in=["planned", "confirmed"])

    def unchecked(self, rule_set: int, day: dt.date | None = None):
        """Open plans and courses not yet held against `rule_set`, with `day` also those last checked before it."""
        missed = Q(checked=None) | ~Q(checked__rule_set=rule_set)
        return self.open().filter(missed | Q(checked__day__lt=day) if day else missed)

    def made_with(self, changed: Mapping[str, Collection[str]]):
        """Those whose plan holds one of these rows of the catalogue, {kind of row: codes}, be it inside a product.

        A new substance is no part of a plan yet, but may be what an allergy names that is told or reported.
        """
        substances = list(changed.get("ingredient", ()))
        named = Q(allergies__texts__has_any_keys=substances) | Q(
            allergies__substances__has_any_keys=substances
        )
        told = Interview.objects.filter(named).values("patient")
        reported = Report.objects.unsettled().filter(named).values("patient")
        touched = (
            Q(ingredients__code__in=substances)
            | Q(products__ingredients__code__in=substances)
            | Q(procedure_substances__code__in=substances)
            | Q(products__code__in=changed.get("product", ()))
            | Q(technique__code__in=changed.get("technique", ()))
            | Q(area__code__in=changed.get("area", ()))
            | Q(goal__code__in=changed.get("goal", ()))
        )
        found = self.model._default_manager.filter(touched).values("pk")
        return self.filter(Q(pk__in=found) | Q(patient__in=told) | Q(patient__in=reported))

    def for_screening(self):
        """All of them with what screening asks for, in one query: rows for `planned`."""
        patient = ("patient", "patient__birth_date", "patient__sex")
        technique, area = ("technique__code", "technique__family"), ("area__code", "area__region")
        goal = ("goal__code", "goal__disease_fact")
        return self.values_list("pk", "screening", *patient, *technique, *area, *goal)

    def for_screening_alone(self):
        """The same rows, each with the codes of what is on the LISTS of its plan behind it; meant for one course.

        There to look a row up by its key takes less than to plan one more join.
        """
        patient = [self._looked_up("patient", name) for name in ("birth_date", "sex")]
        technique = [self._looked_up("technique", name) for name in ("code", "family")]
        area = [self._looked_up("area", name) for name in ("code", "region")]
        goal = [self._looked_up("goal", name) for name in ("code", "disease_fact")]
        names = [*patient, *technique, *area, *goal]
        return self.values_list("pk", "screening", "patient", *names, *map(self._codes, LISTS))

    def _looked_up(self, relation: str, name: str) -> Subquery:
        rows = getattr(apps.get_model("courses", "Course"), relation).field.related_model._base_manager
        return Subquery(rows.order_by().filter(pk=OuterRef(relation)).values(name))

    def _codes(self, name: str) -> ArraySubquery:
        links = getattr(apps.get_model("courses", "Course"), name).through.objects.filter(
            course=OuterRef("pk")
        )
        return ArraySubquery(links.values("product__code" if name == "products" else "ingredient__code"))

    def chosen(self, courses: Collection[int]) -> list[Chosen]:
        """What is on the lists of the plans of these courses, in one statement."""
        with connection.cursor() as cursor:
            cursor.execute(CHOSEN, {"courses": list(courses)})
            return list(map(Chosen._make, cursor.fetchall()))

    def stand_on(self, screenings: Mapping[int, int]) -> None:
        """Point courses to new screenings, {course: screening}, in one statement."""
        with connection.cursor() as cursor:
            cursor.execute(STAND_ON, [list(screenings), list(screenings.values())])

    def for_a_doctor(self):
        """Plans and courses under way that wait for a doctor, or did: by verdict a hold, or a stop of a patient about
        whom a nurse has asked. Oldest first; none of a record that has ended.
        """
        asked = Question.objects.unanswered().filter(patient=OuterRef("patient"))
        hold, stop = Q(screening__verdict="hold"), Q(Exists(asked), screening__verdict="stop")
        goes_on = {"patient__died_on": None, "patient__duplicate_of": None}
        return self.open().filter(hold | stop, **goes_on).order_by("screening__at")
