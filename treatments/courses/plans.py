"""From the catalogue's rows to the plain values that screening takes."""

from collections.abc import Iterable

from contraindications import rules
from treatments.catalogue.models import Area, Goal, Ingredient, Product, Technique
from treatments.courses.models import Course


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

    Asks for the whole catalogue of ingredients at once: two queries, three with products.
    """
    catalogue = _catalogue()
    inside = Ingredient.objects.filter(products__in=products) if products else Ingredient.objects.none()
    chosen = {i.code for i in ingredients} | {i.code for i in inside}
    return rules.Plan(
        technique=technique.code,
        family=technique.family,
        area=area.code,
        region=area.region,
        goal=goal.code,
        disease_fact=goal.disease_fact or None,
        ingredients=tuple(catalogue[code] for code in sorted(chosen)),
        procedure_substances=tuple(
            catalogue[code] for code in sorted({i.code for i in procedure_substances})
        ),
        catalogue=frozenset(catalogue),
    )


def plan_of(course: Course) -> rules.Plan:
    """The plan of a course as it stands in the database."""
    return rules_plan(
        technique=course.technique,
        area=course.area,
        goal=course.goal,
        ingredients=course.ingredients.all(),
        products=course.products.all(),
        procedure_substances=course.procedure_substances.all(),
    )


def cocktail_of(course: Course) -> list[dict[str, str]]:
    """What the plan puts into the skin, as a record keeps it: [{"code", "label", "role"}], products opened up."""
    inside = Ingredient.objects.filter(products__courses=course)
    rows = {i.code: i for i in [*course.ingredients.all(), *inside]}
    return [{"code": i.code, "label": i.label, "role": i.role} for _code, i in sorted(rows.items())]


def _catalogue() -> dict[str, rules.Ingredient]:
    """Every ingredient ever known, retired ones included: an allergy to one of them is not free text."""
    rows = Ingredient.objects.prefetch_related("may_contain")
    return {
        row.code: rules.Ingredient(row.code, row.role, frozenset(s.code for s in row.may_contain.all()))
        for row in rows
    }
