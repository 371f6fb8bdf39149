"""What other apps ask the catalogue. The number of queries is the same however long the catalogue is."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model

from contraindications.citations import Citation
from treatments.catalogue import rules
from treatments.catalogue.models import Area, Goal, Ingredient, Protocol, Synergy, Technique, VisitStep

T = TypeVar("T", bound=Model)


@dataclass(frozen=True, slots=True)
class Choice(Generic[T]):
    """A row that may be chosen; `documented`: a document names the combination."""

    row: T
    documented: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An ingredient that a document names for the goal and area: why, and where it is written."""

    ingredient: Ingredient
    because: str  # "goal" or "scalp mix"

    @property
    def citations(self) -> list[Citation]:
        return self.ingredient.cited


@dataclass(frozen=True, slots=True)
class Pair:
    """Two ingredients and the document's word on them; `synergy` None: no data."""

    one: Ingredient
    other: Ingredient
    synergy: Synergy | None


def site_of(area: Area) -> rules.Site:
    """The area as the rules see it. If its parent is not loaded already, one SQL query."""
    return rules.Site(area.code, area.region, area.parent.code if area.parent else None)


def goals_for(area: Area, technique: Technique) -> list[Choice[Goal]]:
    """The goals that are offered, those documented for this area and technique first."""
    site = site_of(area)
    rows = Goal.objects.in_use().filter(offered=True).prefetch_related("areas")
    return _documented_first(Choice(goal, _documented(technique, goal, _areas(goal), site)) for goal in rows)


def techniques_for(goal: Goal, area: Area) -> list[Choice[Technique]]:
    """The techniques in use, those documented for this goal and area first."""
    site, areas = site_of(area), _areas(goal)
    rows = Technique.objects.in_use()
    return _documented_first(
        Choice(technique, _documented(technique, goal, areas, site)) for technique in rows
    )


def ingredients_for(goal: Goal, area: Area) -> list[Suggestion]:
    """The ingredients that a document names for the goal and area. Empty: no document names one, suggest nothing."""
    site = site_of(area)
    rows = Ingredient.objects.in_use().prefetch_related("for_goals", "areas")
    reasons = ((row, _why(row, goal, site)) for row in rows)
    return [Suggestion(row, because) for row, because in reasons if because]


def protocol_for(area: Area, family: str) -> Protocol | None:
    """The protocol for this area and technique family, the part's before the whole's. None: the clinic has none."""
    places = [place for place in (area.pk, area.parent_id) if place]
    rows = (
        Protocol.objects.in_use()
        .filter(families__contains=[family], areas__in=places)
        .prefetch_related("areas")
    )
    found = {place.pk: row for row in reversed(rows) for place in row.areas.all()}
    return next((found[place] for place in places if place in found), None)


def session_steps(area: Area, substances: Collection[str]) -> tuple[rules.Step, ...]:
    """The steps of a session, in order; `substances` are the codes of all that the plan uses."""
    rows = VisitStep.objects.in_use().prefetch_related("areas")
    return rules.steps_of_day([step_row(row) for row in rows], site_of(area), substances)


def session_minutes(area: Area, substances: Collection[str]) -> int:
    """How long room and patient are occupied."""
    return sum(step.minutes for step in session_steps(area, substances))


def step_row(row: VisitStep) -> rules.StepRow:
    """A step as the rules see it; its areas should be fetched."""
    return rules.StepRow(
        code=row.code,
        label=row.label,
        minutes=row.minutes,
        minutes_by_area=row.minutes_by_area,
        areas=frozenset(area.code for area in row.areas.all()),
        optional=row.optional,
        frees_practitioner=row.frees_practitioner,
    )


def pairs_among(ingredients: Iterable[Ingredient]) -> list[Pair]:
    """Every pair of the ingredients, with the documented synergy or none."""
    by_code = {row.code: row for row in ingredients}
    known = {
        frozenset((row.one.code, row.other.code)): row
        for row in Synergy.objects.filter(one__code__in=by_code, other__code__in=by_code).select_related(
            "one", "other"
        )
    }
    return [Pair(by_code[one], by_code[other], says) for one, other, says in rules.pairs(by_code, known)]


def _areas(goal: Goal) -> frozenset[str]:
    return frozenset(area.code for area in goal.areas.all())


def _documented(technique: Technique, goal: Goal, areas: Collection[str], site: rules.Site) -> bool:
    return rules.documented(technique.code, technique.family, goal.families, areas, site)


def _why(row: Ingredient, goal: Goal, site: rules.Site) -> str | None:
    goals, areas = ({related.code for related in rows.all()} for rows in (row.for_goals, row.areas))
    return rules.why_suggested(goal.code, goals, areas, site, scalp_mix=row.scalp_mix)


def _documented_first(choices: Iterable[Choice[T]]) -> list[Choice[T]]:
    return sorted(choices, key=lambda choice: not choice.documented)
