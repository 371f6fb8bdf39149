"""What other apps ask of the catalogue's rows, as loaded. Two of these read the database themselves, and say so.

`shelf.Shelf.load()` brings all rows with what hangs on them, in a number of queries that never changes.
"""

from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from clinic.prepared import Prepared
from treatments.catalogue import rules
from treatments.catalogue.models import Area, Goal, Ingredient, Protocol, Synergy, Technique, VisitStep

AS_STEP_ROW = (
    "code",
    "label",
    "minutes",
    "minutes_by_area",
    "area_codes",
    "optional",
    "frees_practitioner",
)


def site_of(area: Area) -> rules.Site:
    """The area as the rules see it. If its parent is not loaded already, one SQL query."""
    return rules.Site(area.code, area.region, area.parent.code if area.parent else None)


def names_area(goal: Goal, area: Area) -> bool:
    """Does a document name the goal for this area?"""
    return rules.names_area(_codes(goal.areas.all()), site_of(area))


def documented(technique: Technique, goal: Goal, area: Area) -> bool:
    """Does a document name this technique for the goal and area?"""
    areas = _codes(goal.areas.all())
    return rules.documented(technique.code, technique.family, goal.families, areas, site_of(area))


def why_suggested(row: Ingredient, goal: Goal, area: Area) -> str | None:
    """Why an ingredient is suggested: "goal", "scalp mix" or None (no document names it, so it is not)."""
    goals, areas = _codes(row.for_goals.all()), _codes(row.areas.all())
    return rules.why_suggested(goal.code, goals, areas, site_of(area), scalp_mix=row.scalp_mix)


def protocol_for(protocols: Iterable[Protocol], area: Area, family: str) -> Protocol | None:
    """The protocol for this area and technique family, the part's before the whole's. None: the clinic has none."""
    fitting = [protocol for protocol in protocols if family in protocol.families]
    for place in filter(None, (area, area.parent)):
        for protocol in fitting:
            if place in protocol.areas.all():
                return protocol
    return None


def steps(rows: Iterable[rules.StepRow], area: Area, substances: Collection[str]) -> tuple[rules.Step, ...]:
    """The steps of a session, in order; `substances` are the codes of all that the plan uses."""
    return rules.steps_of_day(rows, site_of(area), substances)


SITES = Prepared(lambda: Area.objects.values_list("code", "region", "parent__code").order_by())


def shortest_session(rows: Iterable[rules.StepRow]) -> int:
    """Minutes of the shortest session that any area can have; 0 without areas. One SQL query."""
    known = list(rows)
    days = (rules.steps_of_day(known, rules.Site(*site), ()) for site in SITES.rows())
    return min((sum(step.minutes for step in day) for day in days), default=0)


def _steps_in_use() -> "QuerySet[VisitStep, tuple[Any, ...]]":
    links = VisitStep.areas.through.objects.filter(visitstep=OuterRef("pk"))
    steps = VisitStep.objects.in_use().annotate(area_codes=ArraySubquery(links.values("area__code")))
    return steps.values_list(*AS_STEP_ROW)


STEPS_IN_USE = Prepared(_steps_in_use)


def steps_in_use() -> list[rules.StepRow]:
    """All steps that a session can have, in order, read from the database. One SQL query."""
    return [rules.StepRow(*row) for row in STEPS_IN_USE.rows()]


def pairs(
    ingredients: Iterable[Ingredient], synergies: Iterable[Synergy]
) -> list[tuple[Ingredient, Ingredient, Synergy | None]]:
    """Every pair of the ingredients, with the documented synergy or None: no data."""
    by_code = {row.code: row for row in ingredients}
    known = {frozenset((row.one.code, row.other.code)): row for row in synergies}
    return [(by_code[one], by_code[other], said) for one, other, said in rules.pairs(by_code, known)]


def _codes(rows: Iterable) -> frozenset[str]:
    return frozenset(row.code for row in rows)
