"""What a practitioner has chosen so far on the plan's page."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from treatments.catalogue.models import Area, Goal, Ingredient, InjectionMethod, Product, Technique
from treatments.courses.models import Course


@dataclass(frozen=True, slots=True)
class Picked:
    """What is chosen so far; None and empty where nothing is."""

    goal: Goal | None = None
    area: Area | None = None
    technique: Technique | None = None
    injection_method: InjectionMethod | None = None
    injection_depth: str = ""
    ingredients: Sequence[Ingredient] = ()
    products: Sequence[Product] = ()
    procedure_substances: Sequence[Ingredient] = ()
    composition_reason: str = ""
    sessions: int | None = None
    interval: int | None = None
    parameters: dict[str, Decimal] = field(default_factory=dict)
    readable: bool = (
        True  # False: substances were chosen that nobody offers, so there is more than stands here
    )

    def inside(self) -> list[Ingredient]:
        """The ingredients of the cocktail, each once, those inside ready-made products included."""
        rows = [*self.ingredients, *(i for product in self.products for i in product.ingredients.all())]
        return list({row.code: row for row in rows}.values())

    def without(self, codes: Collection[str]) -> "Picked":
        """The same choices with these ingredients and products taken out."""
        return replace(
            self,
            ingredients=[row for row in self.ingredients if row.code not in codes],
            products=[row for row in self.products if row.code not in codes],
            procedure_substances=[row for row in self.procedure_substances if row.code not in codes],
        )


def picked_of(course: Course) -> Picked:
    """The choices that a saved plan holds, of rows that may still be chosen."""
    return Picked(
        goal=course.goal,
        area=course.area,
        technique=course.technique,
        injection_method=course.injection_method,
        injection_depth=course.injection_depth,
        ingredients=tuple(course.ingredients.in_use().prefetch_related("may_contain")),
        products=tuple(course.products.in_use().prefetch_related("ingredients__may_contain")),
        procedure_substances=tuple(course.procedure_substances.in_use().prefetch_related("may_contain")),
        composition_reason=course.composition_reason,
        sessions=course.sessions_planned,
        interval=course.interval_target,
        parameters={name: Decimal(value) for name, value in course.parameters.items()},
    )


def no_longer_offered(course: Course) -> list[str]:
    """The labels of what a saved plan puts into or onto the skin and nobody may choose any more."""
    rows = [*course.ingredients.all(), *course.products.all(), *course.procedure_substances.all()]
    return [row.label for row in rows if row.retired_on]
