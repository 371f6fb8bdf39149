"""From the catalogue's rows to the plain values that screening takes."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from clinic.prepared import Prepared
from contraindications import rules
from contraindications.reading import Catalogue
from contraindications.screening import CannotScreen
from patients.models import HealthFact
from treatments.catalogue.models import Area, Goal, Ingredient, Product, Technique
from treatments.catalogue.rules import outside_documented
from treatments.courses.forms import PARAMETERS
from treatments.courses.models import Course
from treatments.courses.querysets import Names

INGREDIENTS = Prepared(lambda: Ingredient.objects.order_by().values_list("code", "role", "may_contain__code"))
CONTENT_UNKNOWN = "what a product of the plan contains is not in the catalogue"


def rules_plan(
    *,
    technique: Technique,
    area: Area,
    goal: Goal,
    ingredients: Iterable[Ingredient],
    products: Iterable[Product] = (),
    procedure_substances: Iterable[Ingredient] = (),
) -> rules.Plan:
    """The plan as screening sees it, ready-made products opened up to their ingredients.

    Asks for the whole catalogue of ingredients at once: one query. Prefetch the products' ingredients.
    Raises CannotScreen for a product that nobody says the content of: without it the verdict might be milder.
    """
    products = list(products)
    if not all(product.ingredients.all() for product in products):
        raise CannotScreen(CONTENT_UNKNOWN)
    chosen = {i.code for i in ingredients} | {i.code for p in products for i in p.ingredients.all()}
    around = {i.code for i in procedure_substances}
    names = Names(technique.code, technique.family, area.code, area.region, goal.code, goal.disease_fact)
    return assembled(names, chosen, around, known_ingredients())


def assembled(
    names: Names,
    chosen: Collection[str],
    around: Collection[str],
    catalogue: Mapping[str, rules.Ingredient],
) -> rules.Plan:
    """The plan as screening sees it, from the codes of what is `chosen` and used `around` it. No SQL."""
    return rules.Plan(
        technique=names.technique,
        family=names.family,
        area=names.area,
        region=names.region,
        goal=names.goal,
        disease_fact=names.disease_fact or None,
        ingredients=tuple(catalogue[code] for code in sorted(chosen)),
        procedure_substances=tuple(catalogue[code] for code in sorted(around)),
        catalogue=frozenset(catalogue),
    )


def plan_of(course: Course) -> rules.Plan:
    """The plan of a course as it stands in the database. Raises CannotScreen as `rules_plan`."""
    return rules_plan(
        technique=course.technique,
        area=course.area,
        goal=course.goal,
        ingredients=course.ingredients.only("code").order_by(),
        products=course.products.order_by().prefetch_related("ingredients"),
        procedure_substances=course.procedure_substances.all(),
    )


def cocktail_of(course: Course) -> list[dict[str, str]]:
    """What the plan puts into the skin, as a record keeps it: [{"code", "label", "role"}], products opened up."""
    inside = Ingredient.objects.filter(products__courses=course)
    rows = {i.code: i for i in [*course.ingredients.all(), *inside]}
    return [{"code": i.code, "label": i.label, "role": i.role} for _code, i in sorted(rows.items())]


def parameters_said(course: Course) -> list[tuple[str, str, bool]]:
    """(name, value, outside the documented range?) of each number of the plan."""
    ranges = course.technique.ranges
    return [
        (str(PARAMETERS[name]), value, name in ranges and outside_documented(Decimal(value), ranges[name]))
        for name, value in course.parameters.items()
        if name in PARAMETERS
    ]


def plain(row: Ingredient) -> rules.Ingredient:
    """An ingredient as the rules see it. Prefetch `may_contain`."""
    return rules.Ingredient(row.code, row.role, frozenset(s.code for s in row.may_contain.all()))


def known_ingredients() -> dict[str, rules.Ingredient]:
    """Every ingredient ever known, retired ones included: an allergy to one of them is not free text. One query."""
    roles: dict[str, str] = {}
    holds: dict[str, set[str]] = defaultdict(set)
    for code, role, substance in INGREDIENTS.rows():
        roles[code] = role
        holds[code] |= {substance} if substance else set()
    return {code: rules.Ingredient(code, role, frozenset(holds[code])) for code, role in roles.items()}


def case_catalogue(compiled: rules.RuleSet) -> Catalogue:
    """What the codes of a case may be: the clinic's catalogue, retired rows included. Four SQL queries."""
    asked = {fact for facts in compiled.asked.values() for fact in facts}
    return Catalogue(
        facts=asked | set(HealthFact.objects.values_list("code", flat=True)),
        techniques=dict(Technique.objects.values_list("code", "family")),
        areas=dict(Area.objects.values_list("code", "region")),
        goals={code: fact or None for code, fact in Goal.objects.values_list("code", "disease_fact")},
        ingredients=known_ingredients(),
    )
