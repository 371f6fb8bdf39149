"""All that screening needs of many courses at once, in a number of queries that does not grow with them."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from clinic.prepared import Prepared, asked
from contraindications import rules
from contraindications.models import Decision, RuleSet
from contraindications.outlook import Outlook
from contraindications.screening import CannotScreen, Evaluation, Person
from patients.models import Interview, Report
from patients.querysets import Told
from treatments.catalogue.models import Product
from treatments.courses.models import Course
from treatments.courses.plans import CONTENT_UNKNOWN, assembled, known_ingredients
from treatments.courses.querysets import LISTS, Chosen, CourseQuerySet, Names, Planned, planned

TO_SCREEN = Prepared(lambda: Course.objects.filter(pk=asked("course")).for_screening_alone())
MADE = Prepared(lambda: Decision.objects.filter(patient__among=asked("patients")))


@dataclass(slots=True)
class Dossier:
    """A course with what is known of its patient: plain values, since a run reads thousands of them.

    `course` and `screening`, the one that it stands on, are keys. `plan` is None where what it holds cannot be read.
    """

    course: int
    screening: int | None
    patient: Person
    interview: Told | None
    report: Told | None
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
            outlook = Outlook(self.patient, self.interview, self.report, self.plan, rule_set, compiled)
            self._outlooks[rule_set.digest] = outlook
        return outlook


def load(courses: CourseQuerySet) -> list[Dossier]:
    """A dossier of each of the courses, in their order. The same number of SQL queries for one and for all."""
    rows = [planned(row) for row in courses.for_screening()]
    return _dossiers(rows, Course.objects.chosen([row.course for row in rows]))


def load_one(course: int) -> Dossier:
    """The dossier of one course. One SQL query less."""
    ((*row, ingredients, products, around),) = TO_SCREEN.rows(course=course)
    codes = zip(LISTS, (ingredients, products, around), strict=True)
    chosen = [Chosen(course, name, code) for name, found in codes for code in found]
    (dossier,) = _dossiers([planned(row)], chosen)
    return dossier


def _dossiers(rows: list[Planned], chosen: Iterable[Chosen]) -> list[Dossier]:
    patients = {row.patient for row in rows}
    interviews = Interview.objects.standing_of(patients)
    reports = Report.objects.pending_of(patients)
    decisions = _decisions(patients)
    return [
        Dossier(
            row.course,
            row.screening,
            Person(row.patient, row.birth_date, row.sex),
            interviews.get(row.patient),
            reports.get(row.patient),
            plan,
            decisions.get(row.patient, []),
        )
        for row, plan in zip(rows, _plans(rows, chosen), strict=True)
    ]


def _decisions(patients: Collection[int]) -> dict[int, list[Decision]]:
    made: dict[int, list[Decision]] = defaultdict(list)
    for decision in MADE.objects(patients=list(patients)):
        made[decision.patient_id].append(decision)
    return made


def _plans(rows: list[Planned], chosen: Iterable[Chosen]) -> list[rules.Plan | None]:
    """The plan of each course; equal plans are one object."""
    lists: dict[str, dict[int, set[str]]] = {name: defaultdict(set) for name in LISTS}
    for one in chosen:
        lists[one.list][one.course].add(one.code)
    shelf = _Shelf(opens=bool(lists["products"]))
    known: dict[tuple[Any, ...], rules.Plan | None] = {}
    plans = []
    for row in rows:
        codes = [frozenset(lists[name].get(row.course, ())) for name in LISTS]
        key: tuple[Any, ...] = (row.names, *codes)
        if key not in known:
            known[key] = shelf.plan(*key)
        plans.append(known[key])
    return plans


class _Shelf:
    """Of the catalogue what plans hold. Two SQL queries, one if no products are to be opened."""

    def __init__(self, *, opens: bool):
        self.ingredients, self.content = known_ingredients(), _contents() if opens else {}

    def plan(
        self, names: Names, ingredients: frozenset[str], products: frozenset[str], around: frozenset[str]
    ) -> rules.Plan | None:
        if not all(self.content.get(product) for product in products):
            return None
        chosen = ingredients.union(*(self.content[product] for product in products))
        return assembled(names, chosen, around, self.ingredients)


def _contents() -> Mapping[str, Collection[str]]:
    """Product -> what is in it, of all products, by their codes: the catalogue is small. One SQL query."""
    found: dict[str, set[str]] = defaultdict(set)
    for product, ingredient in Product.ingredients.through.objects.values_list(
        "product__code", "ingredient__code"
    ):
        found[product].add(ingredient)
    return found
