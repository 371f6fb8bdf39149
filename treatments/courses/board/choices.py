"""Goal, area, technique and how it is done: what the documents name together comes first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from contraindications.citations import Citation
from contraindications.reading import undocumented_site
from treatments.catalogue import questions
from treatments.catalogue.models import Area, Family, Goal, Technique
from treatments.catalogue.rules import outside_documented
from treatments.catalogue.shelf import Shelf
from treatments.courses.board.options import Group, Option, documented_first
from treatments.courses.forms import PARAMETERS
from treatments.courses.models import InjectionDepth
from treatments.courses.picked import Picked

SHOWN_GOALS = 6


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number of the technique, with the documented range beside it."""

    name: str
    label: str
    value: str
    documented: str
    citations: Sequence[Citation]
    outside: bool


def goals(shelf: Shelf, picked: Picked) -> Group:
    """Every goal that is offered; those for clinicians only come last and say so."""

    def option(goal):
        named = _families(goal.families)
        return Option(
            value=goal.code,
            label=goal.label,
            hint=_("%(families)s; a clinician's choice") % {"families": named}
            if goal.clinician_only
            else named,
            citations=goal.cited,
            checked=goal == picked.goal,
        )

    rows = sorted(shelf.goals, key=lambda goal: (goal != picked.goal, goal.clinician_only))
    options = [option(goal) for goal in rows]
    more = _("Show all %(n)s goals") % {"n": len(options)}
    return Group("goal", "radio", options[:SHOWN_GOALS], options[SHOWN_GOALS:], more)


def areas(shelf: Shelf, picked: Picked) -> Group:
    """The areas that a document names for the goal first; where it names none, all of them."""

    def option(area):
        documented = picked.goal is None or questions.names_area(picked.goal, area)
        return Option(
            value=area.code,
            label=area.label,
            hint=area.note if documented else _("not documented for this goal"),
            citations=area.cited if documented else (),
            checked=area == picked.area,
            documented=documented,
        )

    return documented_first("area", "radio", map(option, shelf.areas), _("Show all areas"))


def techniques(shelf: Shelf, picked: Picked) -> Group:
    """The techniques whose family a document names for the goal first; the eyelids are the derma pen's (S1 L123)."""

    goal, area = picked.goal, picked.area

    def option(technique):
        refused = undocumented_site(technique.code, area.code) if area else None
        documented = refused is None and _named(technique, goal, area)
        return Option(
            value=technique.code,
            label=technique.label,
            hint=ranges_said(technique) if documented else refused or _("not documented for this goal"),
            citations=technique.cited if documented else (),
            checked=technique == picked.technique,
            documented=documented,
        )

    return documented_first("technique", "radio", map(option, shelf.techniques), _("Show all techniques"))


def _named(technique: Technique, goal: Goal | None, area: Area | None) -> bool:
    """Does a document name the technique for what is chosen so far?"""
    if goal is None:
        return True
    return questions.documented(technique, goal, area) if area else technique.family in goal.families


def methods(shelf: Shelf, picked: Picked) -> Group:
    """How the needle is led; the needle family only (S1 L59)."""
    if picked.technique is None or picked.technique.family != Family.NEEDLE:
        return Group("injection_method", "radio", [])

    def option(method):
        documented = picked.goal in method.for_goals.all()
        return Option(
            value=method.code,
            label=method.label,
            hint=_("named for this goal") if documented else _("not named for this goal"),
            citations=method.cited,
            checked=method == picked.injection_method,
            documented=documented,
        )

    return Group("injection_method", "radio", [option(method) for method in shelf.methods])


def depths(picked: Picked) -> Group:
    """Intradermal or subcutaneous (S1 L57)."""
    return Group(
        "injection_depth",
        "radio",
        [
            Option(value=value, label=str(label), checked=value == picked.injection_depth)
            for value, label in InjectionDepth.choices
        ],
    )


def parameters(picked: Picked) -> list[Parameter]:
    """The numbers of the technique that a document gives a range for."""
    if picked.technique is None:
        return []
    return [
        Parameter(
            name=name,
            label=str(label),
            value=str(picked.parameters.get(name, "")),
            documented=_("documented: %(range)s") % {"range": range_said(picked.technique.ranges[name])},
            citations=picked.technique.cited,
            outside=name in picked.parameters
            and outside_documented(picked.parameters[name], picked.technique.ranges[name]),
        )
        for name, label in PARAMETERS.items()
        if name in picked.technique.ranges
    ]


def _families(families: Iterable[str]) -> str:
    return ", ".join(str(Family(family).label).lower() for family in families)


def range_said(values: Sequence[float]) -> str:
    """ "4–13", or "27, 30, 32" where single values are documented."""
    return ", ".join(map(str, values)) if len(values) > 2 else "–".join(map(str, values))


UNITS = {"needle_length_mm": "mm", "depth_mm": "mm", "spacing_mm": "mm", "gauge": "G"}


def ranges_said(technique: Technique) -> str:
    """The documented ranges in short: "4–13 mm · 27, 30, 32 G"."""
    return " · ".join(
        f"{range_said(v)} {UNITS[name]}" for name, v in technique.ranges.items() if name != "spacing_mm"
    )
