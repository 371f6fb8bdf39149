"""The catalogue as the plan's page lays it out: loaded whole, in a number of queries that never changes."""

from dataclasses import dataclass

from treatments.catalogue import questions, rules
from treatments.catalogue.models import (
    Area,
    CompositionConcept,
    Goal,
    Ingredient,
    InjectionMethod,
    Product,
    Protocol,
    Synergy,
    Technique,
)


@dataclass(frozen=True, slots=True)
class Shelf:
    """All rows that may be chosen today, with what hangs on them already fetched."""

    goals: list[Goal]
    areas: list[Area]
    techniques: list[Technique]
    methods: list[InjectionMethod]
    ingredients: list[Ingredient]
    products: list[Product]
    protocols: list[Protocol]
    synergies: list[Synergy]
    concepts: list[CompositionConcept]
    steps: list[rules.StepRow]

    @classmethod
    def load(cls) -> "Shelf":
        return cls(
            goals=list(Goal.objects.in_use().filter(offered=True).prefetch_related("areas")),
            areas=list(Area.objects.in_use().select_related("parent")),
            techniques=list(Technique.objects.in_use()),
            methods=list(InjectionMethod.objects.in_use().prefetch_related("for_goals")),
            ingredients=list(
                Ingredient.objects.in_use().prefetch_related("for_goals", "areas", "may_contain")
            ),
            products=list(
                Product.objects.in_use()
                .filter(ingredients__isnull=False)  # without them nothing could be screened
                .distinct()
                .prefetch_related("ingredients__may_contain")
            ),
            protocols=list(Protocol.objects.in_use().prefetch_related("areas")),
            synergies=list(Synergy.objects.select_related("one", "other")),
            concepts=list(CompositionConcept.objects.in_use()),
            steps=questions.steps_in_use(),
        )
