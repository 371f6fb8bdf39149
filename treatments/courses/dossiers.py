"""All that screening needs of many courses at once, in a number of queries that does not grow with them."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contraindications import rules
from contraindications.models import Decision, RuleSet
from contraindications.outlook import Outlook
from contraindications.screening import CannotScreen, Evaluation
from patients.models import Interview, Report
from treatments.catalogue.models import Area, Goal, Product, Technique
from treatments.courses.models import Course
from treatments.courses.plans import CONTENT_UNKNOWN, assembled, known_ingredients
from treatments.courses.querysets import CourseQuerySet

CHOSEN: tuple[tuple[str, Any], ...] = (("goal", Goal), ("area", Area), ("technique", Technique))
# Read for nothing, for thousands of rows; whoever wants one of these asks for it.
NOT_SCREENED = ("parameters", "patient__phone", "patient__email", "patient__note", "patient__search")
Chosen = Mapping[int, frozenset[Any]]  # pk of a course -> what is on one of its lists


@dataclass(slots=True)
class Dossier:
    """A course with what is known of its patient. `plan` is None where what it holds cannot be read."""

    course: Course
    interview: Interview | None
    report: Report | None
    plan: rules.Plan | None
    decisions: list[Decision]
    _outlooks: dict[str, Outlook] = field(default_factory=dict)

    def evaluate(self, rule_set: RuleSet, compiled: rules.RuleSet, *, day: dt.date) -> Evaluation:
        """The plan's verdict on `day` under this rule set; no SQL. Raises CannotScreen."""
        return self.outlook(rule_set, compiled).on(day)

    def outlook(self, rule_set: RuleSet, compiled: rules.RuleSet) -> Outlook:
        """How the plan looks on any day under this rule set. Raises CannotScreen where it cannot be read."""
        if self.plan is None:
            raise CannotScreen(CONTENT_UNKNOWN)
        outlook = self._outlooks.get(rule_set.digest)
        if outlook is None:
            patient = self.course.patient
            outlook = Outlook(patient, self.interview, self.report, self.plan, rule_set, compiled)
            self._outlooks[rule_set.digest] = outlook
        return outlook


def load(courses: CourseQuerySet) -> list[Dossier]:
    """A dossier of each of the courses, in their order. The same number of SQL queries for one and for all."""
    rows = list(courses.select_related("patient").defer(*NOT_SCREENED))
    _with_catalogue(rows)
    patients = {row.patient_id for row in rows}
    interviews = {one.patient_id: one for one in Interview.objects.standing_of(patients)}
    reports = {one.patient_id: one for one in Report.objects.unsettled().filter(patient__in=patients)}
    decisions = _decisions(patients)
    return [
        Dossier(
            row,
            interviews.get(row.patient_id),
            reports.get(row.patient_id),
            plan,
            decisions.get(row.patient_id, []),
        )
        for row, plan in zip(rows, _plans(rows), strict=True)
    ]


def _with_catalogue(rows: list[Course]) -> None:
    """Goal, area and technique of each, every one loaded once."""
    known = [
        (name, model.objects.in_bulk({getattr(row, f"{name}_id") for row in rows})) for name, model in CHOSEN
    ]
    for row in rows:
        for name, found in known:
            setattr(row, name, found[getattr(row, f"{name}_id")])


def _decisions(patients: Iterable[int]) -> dict[int, list[Decision]]:
    made: dict[int, list[Decision]] = defaultdict(list)
    for decision in Decision.objects.filter(patient__in=patients):
        made[decision.patient_id].append(decision)
    return made


def _plans(rows: list[Course]) -> list[rules.Plan | None]:
    """The plan of each course; equal plans are one object."""
    catalogue, content = known_ingredients(), _contents()
    ingredients = _chosen(rows, Course.ingredients.through, "ingredient__code")
    products = _chosen(rows, Course.products.through, "product_id")
    around = _chosen(rows, Course.procedure_substances.through, "ingredient__code")
    known: dict[tuple[Any, ...], rules.Plan | None] = {}
    plans = []
    nothing: frozenset[Any] = frozenset()
    for row in rows:
        lists = [chosen.get(row.pk, nothing) for chosen in (ingredients, products, around)]
        key = (row.technique_id, row.area_id, row.goal_id, *lists)
        if key not in known:
            known[key] = _plan(row, *lists, catalogue=catalogue, content=content)
        plans.append(known[key])
    return plans


def _plan(
    row: Course,
    ingredients: frozenset[str],
    products: frozenset[int],
    around: frozenset[str],
    *,
    catalogue: Mapping[str, rules.Ingredient],
    content: Chosen,
) -> rules.Plan | None:
    if not all(content.get(product) for product in products):
        return None
    chosen = ingredients.union(*(content[product] for product in products))
    return assembled(row.technique, row.area, row.goal, chosen, around, catalogue)


def _contents() -> Chosen:
    """Product -> codes of what is in it, of all products: the catalogue is small. One SQL query."""
    return _grouped(Product.ingredients.through.objects.values_list("product_id", "ingredient__code"))


def _chosen(rows: list[Course], through: Any, what: str) -> Chosen:
    pks = [row.pk for row in rows]
    return _grouped(through.objects.filter(course__in=pks).values_list("course_id", what))


def _grouped(pairs: Iterable[tuple[int, Any]]) -> Chosen:
    found: dict[int, set[Any]] = defaultdict(set)
    for pk, one in pairs:
        found[pk].add(one)
    return {pk: frozenset(ones) for pk, ones in found.items()}
